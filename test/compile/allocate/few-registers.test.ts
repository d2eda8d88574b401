// The instructions that would need more than three general registers, made with three.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compileModule } from "../../../src/compile/compile";
import { decodeModule } from "../../../src/compile/wasm/decode";
import { compileSources } from "../assemblyscript/asc-program";
import { disassemble } from "../native/disassemble";
import { cannotRun, runNative } from "../native/native";
import { runInNode } from "../native/run-in-node";
import { body, section, text, vector, wasm } from "../wasm/wasm-bytes";

const I32 = 0x7f;
const FEW = { stress: { fewRegisters: true } };

const get = (...locals: number[]) => locals.flatMap((local) => [0x20, local]);
const add = 0x6a;
/** Of the address that locals 1 and 2 are the sum of. */
const load = [...get(1, 2), add, 0x28, 2, 0];

/** `f`: local 0 divided by a word, in four ways, and a call with three arguments. */
const MODULE = wasm(
  section(1, vector([0x60, 3, I32, I32, I32, 1, I32])),
  section(3, vector([0], [0], [0])),
  section(4, vector([0x70, 0, 2])),
  section(5, vector([0, 1])),
  section(7, vector([...text("divide"), 0, 0], [...text("relay"), 0, 1])),
  section(9, vector([0, 0x41, 0, 0x0b, ...vector([2], [2])])),
  section(
    10,
    vector(
      body(
        ...[...get(0), ...load, 0x6d],
        ...[...get(0), ...load, 0x6e, add],
        ...[...get(0), ...load, 0x6f, add],
        ...[...get(0), ...load, 0x70, add, 0x0b],
      ),
      body(...[...get(0, 1, 2), ...get(0, 1), add, 0x41, 1, 0x71], ...[0x11, 0, 0, 0x0b]),
      body(...get(0, 1), 0x6b, ...get(2), 0x6c, 0x0b),
    ),
  ),
  section(11, vector([0, 0x41, 16, 0x0b, ...vector([7], [0], [0], [0])])),
);

describe("with three registers", () => {
  for (const checksCalls of [true, false]) {
    const name = checksCalls ? "checked" : "unchecked";
    it(`divisors at a sum and ${name} calls of entries`, { skip: cannotRun() }, () => {
      const calls = [
        { name: "divide", args: [100n, 6n, 10n] },
        { name: "divide", args: [0xffff_ff00n, 20n, 0xffff_fffcn] },
        { name: "relay", args: [50n, 8n, 3n] },
      ];
      const found = runNative(decodeModule(MODULE, "few"), calls, { ...FEW, checksCalls });
      assert.deepEqual(found, runInNode(MODULE, calls));
    });
  }

  it("every instruction of x86 that takes several", () => {
    const { module, sourceMap } = compileSources({
      "main.ts": `
        import { cmpxchg32, cpuid, xchg32 } from "./src/abi/x86";
        export function exchange(at: usize, i: usize, old: u32, value: u32): u32 {
          return cmpxchg32(at + (i << 2), old, value) + xchg32(at + i, old);
        }
        export function identify(leaf: u32, sub: u32, out: usize): u32 {
          cpuid(leaf, sub, out);
          return leaf + sub;
        }`,
    });
    const object = compileModule(module, { target: "kernel", name: "few", sourceMap, ...FEW });
    for (const name of ["exchange", "identify"]) {
      const code = disassemble(object, name).filter((line) => !/^(push|pop)/.test(line));
      assert.ok(!code.some((line) => /\b(esi|edi|ebp)\b/.test(line)), code.join("\n"));
    }
  });
});
