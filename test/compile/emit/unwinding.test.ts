// What the unwinder is told of a function's stack is so at each of its instructions, whichever way
// control came: as far as this test can follow it, by pushes, pops and sums of ESP.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compileModule } from "../../../src/compile/compile";
import { decode } from "../../../src/x86/decode";
import { print } from "../../../src/x86/print";
import { compileSources } from "../assemblyscript/asc-program";
import { MODES } from "../modes";
import { checkFrames } from "./check-frames";

const PROGRAM = `
  function work(x: u32): u32 { return x > 99 ? x : insert(x, x * 3) * x; }
  export function insert(node: usize, key: u32): u32 {
    if (!node) return key;
    if (key > 1000) return <u32>-22;
    if (load<u32>(node) == key) return work(node);
    if (key & 1) return insert(load<usize>(node + 4), key) + key;
    const left = insert(load<usize>(node + 8), key);
    if (left == 7) return <u32>-22;
    store<u32>(node + 8, left);
    return work(left) + node + key;
  }
  export function many(a: u32, b: u32, c: u32, d: u32): u32 {
    if (d > 9) return b;
    let sum: u32 = 0;
    for (let i: u32 = 0; i < d; i++) sum += many(a + i, b - sum, c ^ a, d - 1) * (a + b + c);
    return sum / d;
  }
  export function rare(a: u32, b: u32, c: u32, d: u32, e: u32): u32 {
    if (a + b > 99) return a;
    return rare(b, c, d, e, a) * b + c;
  }
`;

describe("what unwinding is told", () => {
  const { module } = compileSources({ "main.ts": PROGRAM }, { target: "user" });
  for (const [mode, { level = 2, without = [], stress = {} }] of Object.entries(MODES)) {
    it(`is so at each instruction, ${mode}`, () => {
      for (const target of ["user", "kernel"] as const) {
        const options = { target, name: "test", level, without, stress };
        const { sections, symbols } = compileModule(module, options);
        for (const name of ["insert", "many", "rare"]) {
          const symbol = symbols.find((each) => each.name === name);
          assert.ok(checkFrames(sections[symbol?.section ?? -1]!) > 15);
        }
      }
    });
  }

  it("has the frame open after early exits, and not before", () => {
    const { sections, symbols } = compileModule(module, { target: "user", name: "test" });
    const symbol = symbols.find(({ name }) => name === "insert");
    const { bytes } = sections[symbol?.section ?? -1]!;
    const first = print(decode(bytes, 0)!, { address: 0 }).replace(/\s+/g, " ");
    assert.equal(first, "test eax,eax");
  });
});
