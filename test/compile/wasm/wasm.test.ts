// Reading, decoding and validating WebAssembly modules.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeModule } from "../../../src/compile/wasm/decode";
import { Op } from "../../../src/compile/wasm/opcodes";
import { WasmDiagnostic, WasmReader } from "../../../src/compile/wasm/reader";
import { validateModule } from "../../../src/compile/wasm/validate";
import { suite } from "../suite/wasm-suite";
import { body, leb, oneFunction, section, signedLeb, text, vector, wasm } from "./wasm-bytes";

function load(bytes: Uint8Array) {
  const module = decodeModule(bytes, "test.wasm");
  validateModule(module);
  return module;
}

function refuse(bytes: Uint8Array, code: string, pattern: RegExp): void {
  assert.throws(
    () => load(bytes),
    (error) => {
      assert.ok(error instanceof WasmDiagnostic, String(error));
      assert.equal(error.code, code);
      assert.match(error.message, pattern);
      return true;
    },
  );
}

describe("the WebAssembly reader", () => {
  it("reads signed numbers of 32 and 64 bits at every power of two", () => {
    for (let shift = 0n; shift < 64n; shift++) {
      for (const value of [1n << shift, -(1n << shift), (1n << shift) - 1n, 1n - (1n << shift)]) {
        const wanted = BigInt.asIntN(64, value);
        const { low, high } = new WasmReader(new Uint8Array(signedLeb(wanted)), "").s64();
        assert.equal((BigInt(high) << 32n) | BigInt(low >>> 0), wanted);
        const small = BigInt.asIntN(32, value);
        assert.equal(new WasmReader(new Uint8Array(signedLeb(small)), "").s32(), Number(small));
      }
    }
  });

  it("refuses numbers that are too long or have bits beyond their width", () => {
    const reader = (...bytes: number[]) => new WasmReader(new Uint8Array(bytes), "");
    const long = /more than (32|64) bits/;
    assert.throws(() => reader(0x80, 0x80, 0x80, 0x80, 0x10).u32(), long);
    assert.throws(() => reader(0x80, 0x80, 0x80, 0x80, 0x80, 0x00).u32(), long);
    assert.throws(() => reader(0xff, 0xff, 0xff, 0xff, 0x0f).s32(), long);
    assert.throws(() => reader(0x80, 0x80, 0x80, 0x80, 0x70).s32(), long);
    assert.throws(() => reader(...new Array(9).fill(0xff), 0x01).s64(), long);
    assert.equal(reader(0xff, 0xff, 0xff, 0xff, 0x0f).u32(), 0xffff_ffff);
    assert.equal(reader(0xff, 0xff, 0xff, 0xff, 0x7f).s32(), -1);
  });
});

describe("the WebAssembly decoder", () => {
  it("gives every instruction its opcode, immediates, offset and matching end", () => {
    const module = load(
      oneFunction([0x7f], [0x7f], 0x20, 0, 0x04, 0x7f, 0x41, 0x7f, 0x05, 0x41, 5, 0x0b, 0x0b),
    );
    const code = module.functions[0]?.body?.code;
    assert.ok(code);
    const names = ["local.get", "if", "i32.const", "else", "i32.const", "end", "end"] as const;
    assert.deepEqual(
      [...code.op],
      names.map((name) => Op[name]),
    );
    assert.deepEqual([...code.a], [0, -1, -1, 0, 5, 0, 0]);
    assert.deepEqual([...code.b], [0, 3, 0, 5, 0, 0, 0]);
    const start = code.at[0] ?? 0;
    assert.deepEqual(
      [...code.at].map((at) => at - start),
      [0, 2, 4, 6, 7, 9, 10],
    );
  });

  it("expands br_table with its default last, and splits 64-bit constants", () => {
    const constant = signedLeb(-0x1234_5678_9abc_def0n);
    const module = load(
      oneFunction([], [], 0x42, ...constant, 0x1a, 0x41, 0, 0x0e, 2, 0, 0, 0, 0x0b),
    );
    const code = module.functions[0]?.body?.code;
    assert.equal(code?.a[0], 0x6543_2110);
    assert.equal(code?.b[0], ~0x1234_5678);
    assert.equal(code?.b[3], 2);
    assert.deepEqual(code?.targets, [0, 0, 0]);
  });

  it("names functions from the name section, and makes names unique", () => {
    const functions = vector([0, ...text("dup")], [1, ...text("dup")]);
    const module = load(
      wasm(
        section(1, vector([0x60, 0, 0])),
        section(3, vector([0], [0], [0])),
        section(10, vector(body(0x0b), body(0x0b), body(0x0b))),
        section(0, [...text("name"), ...section(1, functions)]),
      ),
    );
    assert.deepEqual(
      module.functions.map(({ name }) => name),
      ["dup", "dup#1", "function2"],
    );
  });

  it("ignores a damaged name section", () => {
    const broken = [...text("name"), 1, 100, 5];
    assert.equal(load(wasm(section(0, broken))).custom.length, 1);
  });

  it("says at which byte and in which function a module is damaged", () => {
    const good = oneFunction([], [], 0x01, 0x0b);
    const bad = good.slice();
    bad[bad.length - 2] = 0xff;
    const at = (bad.length - 2).toString(16);
    refuse(bad, "WASM001", new RegExp(`no instruction 0xff, at byte 0x${at} in function f`));
  });

  it("refuses every truncation of a module without any other error", () => {
    const good = oneFunction([0x7f], [0x7f], 0x20, 0, 0x28, 2, 0, 0x0b);
    load(good);
    for (let length = 0; length < good.length; length++) {
      const cut = good.subarray(0, length);
      try {
        load(cut);
      } catch (error) {
        assert.ok(error instanceof WasmDiagnostic, `${length}: ${error}`);
      }
    }
    refuse(good.subarray(0, good.length - 1), "WASM001", /malformed/);
  });

  it("answers every one-byte change with a module or a diagnostic", () => {
    const good = oneFunction([0x7f], [0x7e], 0x20, 0, 0x29, 3, ...leb(300), 0x42, 7, 0x7c, 0x0b);
    for (let at = 0; at < good.length; at++) {
      for (let value = 0; value < 256; value++) {
        const bad = good.slice();
        bad[at] = value;
        try {
          load(bad);
        } catch (error) {
          assert.ok(error instanceof WasmDiagnostic, `byte ${at} = ${value}: ${error}`);
        }
      }
    }
  });

  it("names what it does not support", () => {
    refuse(oneFunction([], [], 0xfd, 0, 0x0b), "WASM002", /vector instruction/);
    refuse(oneFunction([], [], 0xfe, 3, 0, 0x0b), "WASM002", /atomic instruction/);
    refuse(wasm(section(5, vector([3, 1, 1]))), "WASM002", /shared memory/);
  });

  it("names the proposal of a valid module that it does not support, and the function", () => {
    const throwing = [0x1f, 0x40, 0, 0x0b, 0x0b];
    refuse(oneFunction([], [], ...throwing), "WASM002", /with exnref.* in function f/);
    refuse(oneFunction([], [], 0xd0, 0x69, 0x1a, 0x0b), "WASM002", /exnref.* in function f/);
    refuse(oneFunction([], [], 0x02, 0x7b, 0x00, 0x0b, 0x1a, 0x0b), "WASM002", /SIMD/);
    refuse(oneFunction([], [], 0xfb, 1, 0, 0x0b), "WASM002", /GC.* in function f/);
    refuse(oneFunction([], [], 0xfc, 19, 0x0b), "WASM002", /wide arithmetic.* in function f/);
    const second = [0x41, 0, 0x28, 0x42, 1, 0, 0x1a, 0x0b];
    refuse(oneFunction([], [], ...second), "WASM002", /multi-memory.* in function f/);
    refuse(wasm(section(5, vector([0, 1], [0, 1]))), "WASM002", /multi-memory/);
    refuse(wasm(section(5, vector([4, 1]))), "WASM002", /memory64/);
    refuse(wasm(section(5, vector([8, 1, 0]))), "WASM002", /custom page size/);
    refuse(wasm(section(4, vector([0x70, 4, 1]))), "WASM002", /table of 64-bit.*memory64/);
    refuse(wasm(section(4, vector([0x40, 0, 0x70, 0, 1]))), "WASM002", /typed function ref/);
    refuse(wasm(section(1, vector([0x5f, 0]))), "WASM002", /GC/);
    refuse(wasm(section(1, vector([0x60, 1, 0x6e, 0]))), "WASM002", /GC/);
    refuse(wasm(section(1, vector([0x60, 1, 0x64, 0x70, 0]))), "WASM002", /typed function ref/);
    refuse(oneFunction([], [], 0x15, 0, 0x0b), "WASM002", /typed function ref.* in function f/);
  });

  it("takes 500 loops inside each other, and any number one after the other", () => {
    const loop = [0x03, 0x40];
    const nested = (count: number) => [
      ...Array.from({ length: count }, () => loop).flat(),
      ...new Array<number>(count).fill(0x0b),
    ];
    load(oneFunction([], [], ...nested(500), ...nested(500), 0x0b));
    const pattern = /more than 500 loops inside each other, .*at byte 0x40d in function f/;
    refuse(oneFunction([], [], ...nested(501), 0x0b), "WASM002", pattern);
  });

  it("links the parts of a try block", () => {
    const code = [0x06, 0x40, 0x07, 0, 0x1a, 0x19, 0x0b, 0x06, 0x40, 0x18, 0, 0x0b];
    const module = load(
      wasm(
        section(1, vector([0x60, 0, 0], [0x60, 1, 0x7f, 0])),
        section(3, vector([0])),
        section(13, vector([0, 1])),
        section(10, vector(body(...code))),
      ),
    );
    const { op, b } = module.functions[0]!.body!.code;
    const names = ["try", "catch", "drop", "catch_all", "end", "try", "delegate", "end"] as const;
    assert.deepEqual(
      [...op],
      names.map((name) => Op[name]),
    );
    assert.deepEqual([...b], [1, 3, 0, 4, 0, 6, 0, 0]);
  });

  it("refuses parts of a try block where they cannot be", () => {
    const parts = (...code: number[]) => oneFunction([], [], ...code, 0x0b);
    refuse(parts(0x19, 0x0b), "WASM001", /catch_all stands without its try or catch/);
    refuse(parts(0x06, 0x40, 0x19, 0x18, 0, 0x0b), "WASM001", /delegate stands without its try/);
    refuse(parts(0x06, 0x40, 0x19, 0x19, 0x0b), "WASM001", /catch_all stands without/);
    refuse(parts(0x06, 0x40, 0x07, 0, 0x0b), "WASM003", /there is no tag 0/);
    refuse(parts(0x02, 0x40, 0x09, 0, 0x0b), "WASM003", /label 0 is not a catch/);
    refuse(parts(0x06, 0x40, 0x18, 9), "WASM003", /there is no label 9/);
    refuse(
      wasm(section(1, vector([0x60, 0, 1, 0x7f])), section(13, vector([0, 0]))),
      "WASM003",
      /a tag gives values/,
    );
    refuse(wasm(section(13, vector([0, 0]))), "WASM003", /there is no type 0/);
  });

  it("keeps constants that imported globals decide", () => {
    const start = [
      section(1, vector()),
      section(2, vector([...text("m"), ...text("g"), 3, 0x7f, 0])),
    ];
    const module = load(
      wasm(...start, section(6, vector([0x7f, 0, 0x23, 0, 0x41, 4, 0x6c, 0x0b]))),
    );
    const { op, steps } = module.globals[1]!.init!;
    assert.deepEqual([op, steps?.map((step) => step.op)], [0x6c, [0x23, 0x41, 0x6c]]);
    const wrong = section(6, vector([0x7f, 0, 0x23, 0, 0x42, 4, 0x6a, 0x0b]));
    refuse(wasm(...start, wrong), "WASM003", /operands of the wrong type/);
  });

  it("computes extended constants", () => {
    const globals = (type: number, ...code: number[]) =>
      wasm(section(6, vector([type, 0, ...code, 0x0b])));
    const first = (bytes: Uint8Array) => load(bytes).globals[0]!.init!;
    const sum = first(globals(0x7f, 0x41, 4, 0x41, 5, 0x41, 3, 0x6c, 0x6a));
    assert.deepEqual([sum.op, sum.a, sum.b], [0x41, 19, 0]);
    const wrapped = first(globals(0x7f, 0x41, 0, 0x41, 1, 0x6b));
    assert.deepEqual([wrapped.op, wrapped.a], [0x41, -1]);
    const wide = first(globals(0x7e, 0x42, 0x7f, 0x42, 2, 0x7d, 0x42, 3, 0x7e));
    assert.deepEqual([wide.op, wide.a, wide.b], [0x42, -9, -1]);
    refuse(globals(0x7f, 0x41, 4, 0x6a), "WASM003", /lacks an operand/);
    refuse(globals(0x7f, 0x41, 4, 0x42, 4, 0x6a), "WASM003", /operands of the wrong type/);
    refuse(globals(0x7f, 0x41, 4, 0x41, 4), "WASM003", /does not leave one value/);
    refuse(globals(0x7f, 0x41, 4, 0x41, 4, 0x71), "WASM003", /constant expression is required/);
  });
});

describe("the WebAssembly validator", () => {
  it("refuses a tail call of a function with other results", () => {
    const other = wasm(
      section(1, vector([0x60, 0, 0], [0x60, 0, 1, 0x7f])),
      section(3, vector([0], [1])),
      section(10, vector(body(0x0b), body(0x12, 0, 0x0b))),
    );
    refuse(other, "WASM003", /return_call: the callee gives other results/);
  });

  it("names function, instruction and byte of a type error", () => {
    refuse(
      oneFunction([0x7e], [0x7f], 0x20, 0, 0x45, 0x0b),
      "WASM003",
      /i32\.eqz: the operand should be i32 but is i64, at byte 0x[0-9a-f]+ in function f/,
    );
  });

  it("lets anything follow an instruction that never returns", () => {
    load(oneFunction([], [0x7f], 0x00, 0x6a, 0x0b));
    refuse(oneFunction([], [0x7f], 0x00, 0x6a, 0x50, 0x6a, 0x0b), "WASM003", /should be i64/);
  });
});

describe("the WebAssembly core test suite", { skip: suite.missing }, () => {
  it("has each of its modules accepted and each invalid or malformed one refused", () => {
    let accepted = 0;
    let refused = 0;
    for (const file of suite.files) {
      for (const { type, filename, module_type, line, text: why } of suite.commands(file)) {
        if (!filename || module_type === "text") continue;
        const bytes = suite.module(filename);
        if (type === "assert_invalid" || type === "assert_malformed") {
          assert.throws(() => load(bytes), WasmDiagnostic, `${file}.wast:${line}: ${why}`);
          refused++;
        } else {
          assert.doesNotThrow(() => load(bytes), `${file}.wast:${line}`);
          accepted++;
        }
      }
    }
    assert.ok(accepted > 900 && refused > 1300, `${accepted} accepted, ${refused} refused`);
  });
});
