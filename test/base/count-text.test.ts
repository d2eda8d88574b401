import assert from "node:assert/strict";
import test from "node:test";
import { countText } from "../../src/base/count-text";

test("one is one, and all else are several", () => {
  assert.equal(countText(1, "page"), "1 page");
  assert.equal(countText(0, "page"), "0 pages");
  assert.equal(countText(3, "change of CR3", "changes of CR3"), "3 changes of CR3");
});
