import assert from "node:assert/strict";
import test from "node:test";
import { limitHere } from "../../bench/harness/yardstick";

test("a limit grows with what the yardstick takes around the measurement", () => {
  assert.equal(limitHere(20, [1.5, 1.7]), 32);
  assert.equal(limitHere(0.5, [2]), 1);
});

test("a machine faster than the reference is held to the limit as it is written", () => {
  assert.equal(limitHere(20, [0.5, 0.75]), 20);
});
