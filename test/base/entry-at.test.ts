// The search in tables of ascending offsets.

import assert from "node:assert/strict";
import { test } from "node:test";
import { entryAt } from "../../src/base/entry-at";

const entries = [{ offset: 4 }, { offset: 8 }, { offset: 8 }, { offset: 20 }];

test("the last entry that begins at or before the offset is found", () => {
  assert.equal(entryAt(entries, 4), entries[0]);
  assert.equal(entryAt(entries, 7), entries[0]);
  assert.equal(entryAt(entries, 8), entries[2]);
  assert.equal(entryAt(entries, 19), entries[2]);
  assert.equal(entryAt(entries, 1000), entries[3]);
});

test("before the first entry, and without entries, nothing is found", () => {
  assert.equal(entryAt(entries, 3), undefined);
  assert.equal(entryAt([], 0), undefined);
});
