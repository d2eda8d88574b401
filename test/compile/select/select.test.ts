// Selection: what becomes of values, in the forms of src/compile/ir/print.ts and
// src/compile/code/print.ts.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { printMachine } from "../../../src/compile/code/print";
import { parseFunctions } from "../../../src/compile/ir/parse";
import { verify } from "../../../src/compile/passes/verify";
import { select } from "../../../src/compile/select/select";

/** The instructions of block b1 of a function with these blocks. */
function selected(...lines: string[]): string[] {
  const [fn] = parseFunctions(`function f(i32, i32): i32\n${lines.join("\n")}\n`);
  assert.ok(fn);
  verify(fn, "input");
  const machine = select(fn, { folds: true, fewRegisters: false, memoryBase: 0 });
  const text = printMachine(machine).split("\n");
  const begin = text.findIndex((line) => line.startsWith("b1:"));
  const end = text.findIndex((line, i) => i > begin && !line.startsWith("  "));
  return text.slice(begin + 1, end).map((line) => line.trim());
}

describe("selection", () => {
  const loop = (...body: string[]): string[] =>
    selected(
      "b0:",
      "  v0 = param 0",
      "  v1 = param 1",
      "  jump b1",
      "b1: from b0 b3",
      "  v2 = phi v0 v3",
      ...body,
      "  branch v4 b3 b2",
      "b2: from b1",
      "  return v1",
      "b3: from b1",
      "  jump b1",
    );

  it("addresses by a sum that the block computes anyway", () => {
    assert.deepEqual(loop("  v3 = add v2 1", "  v4 = load8_u v3 offset=4"), [
      "mov r17 r16",
      "add r17 1",
      "cmp byte[r17+4] 0",
      "branch ne b3 b2",
    ]);
  });

  it("folds a sum that is nothing but addresses", () => {
    assert.deepEqual(loop("  v5 = add v2 8", "  v4 = load32 v5", "  v3 = load32 v5 offset=4"), [
      "mov r17 dword[r16+12]",
      "cmp dword[r16+8] 0",
      "branch ne b3 b2",
    ]);
  });

  it("stores a byte from where a loop finds it, and a copy of what the loop computes", () => {
    assert.deepEqual(loop("  v3 = load32 v2", "  store8 v2 v1", "  v4 = lt_u v3 100"), [
      "mov r17 dword[r16]",
      "mov byte[r16] r18b",
      "cmp r17 100",
      "branch b b3 b2",
    ]);
    assert.deepEqual(loop("  v3 = load32 v2", "  store8 v2 v3", "  v4 = lt_u v3 100"), [
      "mov r17 dword[r16]",
      "mov r19 r17",
      "mov byte[r16] r19b",
      "cmp r17 100",
      "branch b b3 b2",
    ]);
  });
});
