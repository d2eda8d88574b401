import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadKernelPart } from "../kernel-part";

const part = loadKernelPart('export { isInside } from "./kernel/memory/range";');
const isInside = (offset: number, length: number, size: number) =>
  part.call.isInside?.(offset, length, size) === 1;

describe("a range of bytes", () => {
  it("may fill what it lies in to the last byte", () => {
    assert.equal(isInside(0, 10, 10), true);
    assert.equal(isInside(4, 6, 10), true);
    assert.equal(isInside(4, 7, 10), false);
  });

  it("may be empty at the end, but not past it", () => {
    assert.equal(isInside(10, 0, 10), true);
    assert.equal(isInside(11, 0, 10), false);
  });

  it("does not wrap at 4 GiB", () => {
    assert.equal(isInside(8, 0xfffffffc, 10), false);
    assert.equal(isInside(0xfffffffc, 8, 10), false);
  });
});
