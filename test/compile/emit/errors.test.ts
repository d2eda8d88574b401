// Code that returns errors is short in a kernel, and means the same as elsewhere.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compileModule } from "../../../src/compile/compile";
import { compileSources } from "../assemblyscript/asc-program";
import { MODES } from "../modes";
import { disassemble } from "../native/disassemble";
import { cannotRun, runNative } from "../native/native";

const PROGRAM = `
  export function check(a: i32, b: i32, c: i32): i32 {
    if (a < 0) return -22;
    const x = b / (a | 1) * c;
    if (x == 3) return -14;
    store<i32>(64, load<i32>(64) + x);
    if (c == 5) return -22;
    store<i32>(68, load<i32>(64) * a + b);
    if (load<i32>(68) == 9) return -1000;
    return load<i32>(68) + b + c;
  }
`;

describe("returns of errors", () => {
  const { module } = compileSources({ "main.ts": PROGRAM }, { target: "user" });
  const countOf = (target: "user" | "kernel", pattern: RegExp) => {
    // Early exits have returns of their own.
    const object = compileModule(module, { target, name: "test", without: ["shrink-wrap"] });
    return disassemble(object, "check").filter((line) => pattern.test(line)).length;
  };

  it("are there once for each error, and one epilogue for all, in a kernel", () => {
    assert.equal(countOf("kernel", /^ret/), 1);
    assert.equal(countOf("kernel", /0xffffffea/), 1);
    assert.ok(countOf("user", /^ret/) > 3);
  });

  it("take small numbers over the stack, and larger ones as they are", () => {
    assert.equal(countOf("kernel", /^push 0xffffff(f2|ea)$/), 2);
    assert.equal(countOf("kernel", /^mov eax,0xfffffc18$/), 1);
    assert.equal(countOf("user", /^push 0x/), 0);
  });

  it("mean the same in all modes", { skip: cannotRun() }, () => {
    const events = [
      [-1, 0, 0],
      [1, 3, 1],
      [2, 8, 5],
      [1, 2, 1],
      [1, 1, 7],
      [0, 9, 4],
    ].map((args) => ({ name: "check", args: args.map(BigInt) }));
    const expected = runNative(module, events, {});
    assert.deepEqual(
      expected.slice(0, 3),
      [-22, -14, -22].map((each) => BigInt(each >>> 0)),
    );
    for (const [mode, options] of Object.entries(MODES)) {
      const stress = { ...options.stress, isSmall: true };
      assert.deepEqual(runNative(module, events, { ...options, stress }), expected, mode);
    }
  });
});
