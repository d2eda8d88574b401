// The suite's host module `spectest`, as a module of WebAssembly.
//
// Source: https://github.com/WebAssembly/spec/tree/main/test/core, "Spectest host module".

import { decodeModule } from "../../../src/compile/wasm/decode";
import type { WasmModule } from "../../../src/compile/wasm/wasm";
import { body, leb, section, text, vector, wasm } from "../wasm/wasm-bytes";

const I32 = 0x7f;
const I64 = 0x7e;
const F32 = 0x7d;
const F64 = 0x7c;

const PRINT: Readonly<Record<string, readonly number[]>> = {
  print: [],
  print_i32: [I32],
  print_i64: [I64],
  print_f32: [F32],
  print_f64: [F64],
  print_i32_f32: [I32, F32],
  print_f64_f64: [F64, F64],
};

const bytesOf = (array: Float32Array | Float64Array) => [...new Uint8Array(array.buffer)];
/** 666 as a signed LEB128 number. */
const NUMBER = [0x9a, 0x05];
const GLOBALS: Readonly<Record<string, readonly number[]>> = {
  global_i32: [I32, 0, 0x41, ...NUMBER, 0x0b],
  global_i64: [I64, 0, 0x42, ...NUMBER, 0x0b],
  global_f32: [F32, 0, 0x43, ...bytesOf(new Float32Array([666.6])), 0x0b],
  global_f64: [F64, 0, 0x44, ...bytesOf(new Float64Array([666.6])), 0x0b],
};

/** Functions that do nothing, constants, a table of 10 to 20 entries, a memory of 1 to 2 pages. */
export function spectestModule(): WasmModule {
  const types = Object.values(PRINT);
  const bytes = wasm(
    section(1, vector(...types.map((params) => [0x60, ...vector(...params.map((p) => [p])), 0]))),
    section(3, vector(...types.map((_, i) => leb(i)))),
    section(4, vector([0x70, 1, 10, 20])),
    section(5, vector([1, 1, 2])),
    section(6, vector(...Object.values(GLOBALS))),
    section(
      7,
      vector(
        ...Object.keys(PRINT).map((name, i) => [...text(name), 0, i]),
        [...text("table"), 1, 0],
        [...text("memory"), 2, 0],
        ...Object.keys(GLOBALS).map((name, i) => [...text(name), 3, i]),
      ),
    ),
    section(10, vector(...types.map(() => body(0x0b)))),
  );
  return decodeModule(bytes, "spectest");
}
