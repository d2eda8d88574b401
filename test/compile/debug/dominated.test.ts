// Which instructions of WebAssembly run only after another one.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dominatedEnd } from "../../../src/compile/debug/dominated";
import type { Code } from "../../../src/compile/wasm/code";
import { Op } from "../../../src/compile/wasm/opcodes";

/** Code of these instructions, each with its first immediate; labels of `br_table` are given. */
function codeOf(text: string, targets: readonly number[] = []): Code {
  const rows = text.split(";").map((each) => each.trim().split(" "));
  const op = Uint16Array.from(rows, ([name = ""]) => Op[name as keyof typeof Op]);
  const a = Int32Array.from(rows, ([, immediate = "0"]) => Number(immediate));
  const b = new Int32Array(rows.length);
  const open: number[] = [];
  for (const [i, [name = ""]] of rows.entries()) {
    if (name === "br_table") b[i] = targets.length - 1;
    if (name === "else" || name === "end") b[open.pop() ?? i] = i;
    if (["block", "loop", "if", "else"].includes(name)) open.push(i);
  }
  return { length: rows.length, op, a, b, at: new Uint32Array(rows.length), targets };
}

describe("what an instruction dominates", () => {
  const cases: readonly [title: string, code: string, from: number, end: number][] = [
    ["is all of a function after it", "nop; nop; nop; end", 1, 3],
    ["ends with the arm of a condition", "if; nop; else; nop; end; nop; end", 1, 1],
    ["is in the other arm what is there", "if; nop; else; nop; end; nop; end", 3, 3],
    [
      "goes on after a block that was never left before",
      "block; nop; br_if 0; end; nop; end",
      1,
      5,
    ],
    ["ends with a block that a branch left before", "block; br_if 0; nop; end; nop; end", 2, 2],
    ["goes on after a loop", "loop; nop; br_if 0; end; nop; end", 1, 5],
    [
      "counts branches from blocks within",
      "block; block; br_if 1; end; nop; nop; end; nop; end",
      5,
      5,
    ],
    ["counts branches further out", "block; loop; br_if 1; nop; br 0; end; end; nop; end", 3, 5],
  ];
  for (const [title, text, from, end] of cases) {
    it(title, () => assert.equal(dominatedEnd(codeOf(text), from), end));
  }

  it("counts all labels of a table", () => {
    const text = "block; block; br_table; end; nop; nop; end; nop; end";
    assert.equal(dominatedEnd(codeOf(text, [0, 1]), 5), 5);
    assert.equal(dominatedEnd(codeOf(text, [0, 0]), 5), 8);
  });
});
