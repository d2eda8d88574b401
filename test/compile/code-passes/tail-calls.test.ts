// Calls right before a return, in programs of TypeScript: jumps, which need no stack.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compileModule } from "../../../src/compile/compile";
import { compileSources } from "../assemblyscript/asc-program";
import { disassemble } from "../native/disassemble";
import { cannotRun, runNative } from "../native/native";

const PROGRAM = `
// @ts-ignore: a decorator of AssemblyScript
@inline function step(x: u32): u32 { return (x >> 1) ^ (-(x & 1) & 0xedb88320); }
export function even(count: u32, x: u32): u32 {
  return count == 0 ? x : odd(count - 1, step(x));
}
export function odd(count: u32, x: u32): u32 {
  return count == 0 ? ~x : even(count - 1, step(x) + 1);
}
export function wide(a: i32, b: i32, c: i32, d: i32): i32 {
  return d == 0 ? a : wide(b, c, d - 1, d - 1);
}
`;

describe("a call right before a return", () => {
  const compile = (target: "user" | "kernel") => {
    const { module } = compileSources({ "main.ts": PROGRAM }, { target });
    return { module, object: compileModule(module, { target, name: "test" }) };
  };
  const calls = (code: readonly string[]) => code.filter((line) => line.startsWith("call"));

  it("is a jump, unless an argument is on the stack", () => {
    const { object } = compile("user");
    assert.deepEqual(calls(disassemble(object, "even")), []);
    assert.equal(calls(disassemble(object, "wide")).length, 1);
  });

  it("stays a call in a kernel, whose backtraces name every caller", () => {
    assert.equal(calls(disassemble(compile("kernel").object, "even")).length, 1);
  });

  it("needs no stack, however deep it goes", { skip: cannotRun() }, () => {
    const { module } = compile("user");
    let [x, isEven] = [1, true];
    const depth = 3_000_000;
    for (let i = 0; i < depth; i++, isEven = !isEven) {
      x = (x >>> 1) ^ (x & 1 ? 0xedb88320 : 0);
      if (!isEven) x += 1;
      x >>>= 0;
    }
    const expected = BigInt((isEven ? x : ~x) >>> 0);
    const found = runNative(module, [{ name: "even", args: [BigInt(depth), 1n] }], {
      checksCalls: false,
    });
    assert.deepEqual(found, [expected]);
  });
});
