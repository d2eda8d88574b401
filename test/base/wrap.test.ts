import assert from "node:assert/strict";
import { it } from "node:test";
import { wrap } from "../../src/base/wrap";

it("breaks lines between words only, as late as they fit", () => {
  assert.deepEqual(wrap("one two three", 7), ["one two", "three"]);
  assert.deepEqual(wrap(" one\n  two ", 80), ["one two"]);
  assert.deepEqual(wrap("a incomprehensible b", 5), ["a", "incomprehensible", "b"]);
  assert.deepEqual(wrap("", 5), [""]);
});
