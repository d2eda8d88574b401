// Tables of stores: what is in memory after one, and who gets them.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compileModule } from "../../../src/compile/compile";
import { compileSources } from "../assemblyscript/asc-program";
import { MODES } from "../modes";
import { disassemble } from "../native/disassemble";
import { cannotRun, runNative } from "../native/native";
import { runInNode } from "../native/run-in-node";
import { Random } from "../random/random";

const START = 0x8000;
const SIZE = 0x1_8000;
/** Values of each number of bytes, and at their edges. */
const VALUES = [
  0, 1, 0x7f, 0x80, 0xff, 0x100, 0x8000, 0xffff, 0x1_0000, 0xff_ffff, -1, -0x8000_0000,
];
/** From one address to the next: by steps, by more than those, back, by more than two bytes say. */
const DISTANCES = [0, 1, 4, 8, 52, 56, -1, -4, -0x8000, 0x7fff, -0x8001, 0x8000, 0xfff0];

/** Stores at random, in one run. */
function randomStores(count: number): string {
  const random = new Random(16);
  let address = START;
  const lines = Array.from({ length: count }, () => {
    const next = address + random.pick(DISTANCES);
    if (next >= START && next < START + SIZE) address = next;
    const value = random.pick(VALUES);
    switch (random.pick([8, 16, 32, 64])) {
      case 8:
        return `store<u8>(${address}, ${value & 0xff});`;
      case 16:
        return `store<u16>(${address}, ${value & 0xffff});`;
      case 32:
        return `store<i32>(${address}, ${value});`;
      default:
        return `store<i64>(${address}, ${value});`;
    }
  });
  return lines.join("\n");
}

const PROGRAM = `
export function fill(a: i32, b: i32): i32 {
  ${randomStores(600)}
  return a * b;
}
export function hash(): u32 {
  let sum: u32 = 0;
  for (let at = ${START}; at < ${START + SIZE + 8}; at++) sum = sum * 31 + load<u8>(at);
  return sum;
}
`;

describe("a table of stores", () => {
  const { module, wasm } = compileSources({ "main.ts": PROGRAM }, { target: "user" });
  const calls = (options: Partial<Parameters<typeof compileModule>[1]>) => {
    const object = compileModule(module, { target: "user", name: "test", ...options });
    return disassemble(object, "fill").filter((line) => line.startsWith("call"));
  };

  it("is what a kernel's long run becomes, and a program's does not", () => {
    assert.equal(calls({ target: "kernel" }).length, 1);
    assert.equal(calls({}).length, 0);
    assert.equal(calls({ stress: { tabulatesStores: true } }).length, 1);
  });

  it("is left out where the pass is, and at lower levels", () => {
    assert.equal(calls({ target: "kernel", without: ["tabulate-stores"] }).length, 0);
    assert.equal(calls({ target: "kernel", level: 1 }).length, 0);
  });

  it("leaves in memory what the stores would, in all modes", { skip: cannotRun() }, () => {
    const events = [
      { name: "fill", args: [6n, 7n] },
      { name: "hash", args: [] },
    ];
    const expected = runInNode(wasm, events);
    for (const [mode, options] of Object.entries(MODES)) {
      const stress = { ...options.stress, tabulatesStores: true };
      assert.deepEqual(runNative(module, events, { ...options, stress }), expected, mode);
    }
  });
});
