// Calls through tables: which checks there are, and which are proven instead.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compileModule } from "../../../src/compile/compile";
import { decodeModule } from "../../../src/compile/wasm/decode";
import { validateModule } from "../../../src/compile/wasm/validate";
import { disassemble } from "../native/disassemble";
import { cannotRun, runNative } from "../native/native";
import { body, leb, section, text, vector, wasm } from "../wasm/wasm-bytes";

const I32 = 0x7f;
const I64 = 0x7e;
const FUNCREF = 0x70;

/** `seven`, `wide`, and `call(i)` through a table of `size` with `entries` from 0 on. */
function tableModule(
  entries: readonly number[],
  { index = [0x20, 0], size = entries.length, extra = [] as readonly number[][] } = {},
) {
  const bytes = wasm(
    section(1, vector([0x60, 0, 1, I32], [0x60, 0, 1, I64], [0x60, 1, I32, 1, I32])),
    section(3, vector([0], [1], [2], ...extra.map(() => [2]))),
    section(4, vector([FUNCREF, 0, ...leb(size)])),
    section(7, vector(...[..."swcx"].slice(0, 3 + extra.length).map((f, i) => [...text(f), 0, i]))),
    section(9, vector([0, 0x41, 0, 0x0b, ...vector(...entries.map((f) => [f]))])),
    section(
      10,
      vector(
        body(0x41, 7, 0x0b),
        body(0x42, 9, 0x0b),
        body(...index, 0x11, 0, 0, 0x0b),
        ...extra.map((code) => body(...code)),
      ),
    ),
  );
  const module = decodeModule(bytes, "table.wasm");
  validateModule(module);
  return module;
}

function traps(module: ReturnType<typeof tableModule>, checksCalls: boolean): string[] {
  const object = compileModule(module, { target: "user", name: "test", checksCalls });
  return disassemble(object, "c").filter((line) => line.startsWith("ud"));
}

const CONST_0 = [0x41, 0];

describe("a call through a table", () => {
  it("is checked for index, entry and type", () => {
    assert.equal(traps(tableModule([0, 1], { size: 3 }), true).length, 3);
  });

  it("is not checked unless asked for", () => {
    const module = tableModule([0, 1], { size: 3 });
    assert.deepEqual(traps(module, false), []);
    const object = compileModule(module, { target: "user", name: "test" });
    const code = disassemble(object, "c");
    assert.equal(code.filter((line) => /^(call|jmp) /.test(line)).length, 1);
    assert.ok(!code.some((line) => line.startsWith("cmp")), code.join("\n"));
  });

  it("needs no check of types where all are equal, nor of entries where none is free", () => {
    assert.equal(traps(tableModule([0, 0]), true).length, 1);
    assert.equal(traps(tableModule([0, 0], { size: 3 }), true).length, 2);
  });

  it("needs all checks of a table that changes", () => {
    const set = [...CONST_0, 0xd0, FUNCREF, 0x26, 0, 0x20, 0, 0x0b];
    assert.equal(traps(tableModule([0, 0], { extra: [set] }), true).length, 3);
  });

  it("is a direct call where the entry is known", () => {
    const object = compileModule(tableModule([0, 1], { index: CONST_0 }), {
      target: "user",
      name: "test",
      checksCalls: true,
    });
    const [first, ...rest] = disassemble(object, "c");
    assert.match(first ?? "", /^call 0x/);
    assert.deepEqual(rest, ["ret"]);
  });
});

describe("a call through a table, running,", { skip: cannotRun() }, () => {
  const call = (index: bigint) => ({ name: "c", args: [index] });

  it("finds its function or says why not", () => {
    const calls = [0n, 1n, 2n, 3n, 0xffff_ffffn].map(call);
    assert.deepEqual(runNative(tableModule([0, 1], { size: 3 }), calls), [
      7n,
      "indirect call type mismatch",
      "uninitialized element",
      "undefined element",
      "undefined element",
    ]);
  });

  it("sees what was set, grown and filled", () => {
    // x(n): grows the table by n entries that hold `s`, and answers with the new size.
    const grow = [0xd2, 0, 0x20, 0, 0xfc, 15, 0, 0x1a, 0xfc, 16, 0, 0x0b];
    const module = tableModule([1], { extra: [grow] });
    const calls = [call(1n), { name: "x", args: [2n] }, call(1n), call(2n), call(3n)];
    assert.deepEqual(runNative(module, [...calls, { name: "x", args: [1n << 20n] }]), [
      "undefined element",
      3n,
      7n,
      7n,
      "undefined element",
      3n,
    ]);
  });
});
