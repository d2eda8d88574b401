import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadKernelPart } from "../kernel-part";

const part = loadKernelPart(`export { sameBytes } from "./kernel/log/same-bytes";`);
const OTHER = 64;

function same(one: string, other: string, size: number): number | undefined {
  part.write(part.area, one);
  part.write(part.area + OTHER, other);
  return part.call.sameBytes?.(part.area, part.area + OTHER, size);
}

describe("two runs of bytes", () => {
  it("are the same if no byte differs, whatever comes after them", () => {
    assert.equal(same("abcd", "abce", 3), 1);
    assert.equal(same("abcd", "abcd", 4), 1);
    assert.equal(same("x", "y", 0), 1);
  });

  it("differ in their first byte, their last, or one between", () => {
    for (const other of ["xbcd", "axcd", "abcx"]) assert.equal(same("abcd", other, 4), 0);
  });
});
