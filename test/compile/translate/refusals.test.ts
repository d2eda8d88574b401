// What the compiler refuses in a kernel, and the data and frames of what it compiles.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compileModule } from "../../../src/compile/compile";
import { decodeModule } from "../../../src/compile/wasm/decode";
import { compileSources } from "../assemblyscript/asc-program";
import { checkFrames } from "../emit/check-frames";
import { disassemble } from "../native/disassemble";
import { oneFunction } from "../wasm/wasm-bytes";

const F32 = 0x7d;

/** Compiles for the kernel what the front end takes for a user program. */
function compileKernel(text: string) {
  const { module, sourceMap } = compileSources({ "main.ts": text }, { target: "user" });
  return compileModule(module, { target: "kernel", name: "test", sourceMap });
}

describe("the compiler refuses", () => {
  it("floating-point numbers in a kernel, with file, line and function", () => {
    const text = `
      export function half(x: i32): i32 {
        return i32(f64(x) * 0.5);
      }`;
    assert.throws(() => compileKernel(text), {
      code: "COMP001",
      message: /floating-point numbers .* in main\/half/,
      place: { file: "main.ts", line: 3, column: 20 },
    });
  });

  it("floats as parameters, in a module without a source map", () => {
    const module = decodeModule(oneFunction([F32], [], 0x0b), "module.wasm");
    assert.throws(() => compileModule(module, { target: "kernel", name: "test" }), {
      code: "COMP001",
      message: /floating-point numbers in f/,
      place: { file: "module.wasm" },
    });
  });

  it("growing the kernel's memory", () => {
    const module = decodeModule(oneFunction([], [], 0x3f, 0, 0x1a, 0x0b), "module.wasm");
    assert.throws(() => compileModule(module, { target: "kernel", name: "test" }), {
      code: "COMP001",
      message: /memory\.size in f/,
    });
  });
});

describe("the compiler emits", () => {
  it("static data at its address, with long runs of zeros as zeros", () => {
    const { module } = compileSources({
      "main.ts": `
        const table = memory.data<u32>([-1, 2, -3]);
        const buffer = memory.data(4096);
        let counter: u32 = 5;
        let idle: u64 = 0;
        export function run(i: u32): u32 {
          counter++;
          idle += 2;
          return load<u32>(table + 4 * i) + load<u32>(buffer);
        }`,
    });
    const object = compileModule(module, {
      target: "kernel",
      name: "test",
      data: { start: 0x101000, end: 0x102010 },
    });
    const fixed = object.sections.filter(({ address }) => address !== undefined);
    assert.deepEqual(
      fixed.map(({ type, address, size }) => [type, address, size]),
      [
        ["progbits", 0x101000, 12],
        ["nobits", 0x10100c, 0x1004],
      ],
    );
    const counter = object.symbols.find(({ name }) => name === "main/counter");
    const section = object.sections[counter?.section ?? -1];
    assert.deepEqual([...(section?.bytes ?? [])], [5, 0, 0, 0]);
    assert.equal(section?.address, undefined);
  });

  it("frames that unwind at every instruction: the CFA follows pushes and pops", () => {
    const { module } = compileSources({
      "main.ts": `
        declare function work(a: u32, b: u32, c: u32, d: u32): u32;
        declare function many(a: u32, b: u32, c: u32, d: u32, e: u32, f: u32): u32;
        export function pushing(a: u32, b: u32): u32 {
          return many(b, a, b, a, a, b) * a + 1;
        }
        export function reserving(a: u32, b: u32): u32 {
          return work(a, b, a, b) + work(b, a, b, a) * a + many(a, b, a, b, a, b);
        }`,
    });
    const object = compileModule(module, { target: "kernel", name: "test" });
    const counts = ["pushing", "reserving"].map((name) => {
      const section = object.sections.find((each) => each.name.endsWith(`main/${name}`));
      const lines = disassemble(object, `main/${name}`);
      assert.equal(checkFrames(section!), lines.length);
      return lines.filter((line) => line.startsWith("push ")).length;
    });
    assert.ok(counts[0]! >= 1 + 3, "a register, and three arguments");
    assert.ok(counts[1]! <= 4, "only registers");
  });
});
