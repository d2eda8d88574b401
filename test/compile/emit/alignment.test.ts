// Where functions may begin: at any byte in a kernel, whose image is to be small.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compileModule } from "../../../src/compile/compile";
import { compileSources } from "../assemblyscript/asc-program";

const PROGRAM = `
  export function sum(from: usize, count: u32): u32 {
    let sum: u32 = 0;
    for (let i: u32 = 0; i < count; i++) sum = sum * 31 + load<u8>(from + i);
    return sum;
  }
  export function twice(x: u32): u32 { return 2 * x; }
`;

describe("functions", () => {
  const alignments = (target: "user" | "kernel") => {
    const { module } = compileSources({ "main.ts": PROGRAM }, { target });
    const { sections, symbols } = compileModule(module, { target, name: "test" });
    return ["sum", "twice"].map((name) => {
      const symbol = symbols.find((each) => each.name === name);
      return sections[symbol?.section ?? -1]?.align;
    });
  };

  it("are aligned in a program, and its loops to lines of the cache", () => {
    assert.deepEqual(alignments("user"), [64, 4]);
  });

  it("follow each other without a gap in a kernel", () => {
    assert.deepEqual(alignments("kernel"), [1, 1]);
  });
});
