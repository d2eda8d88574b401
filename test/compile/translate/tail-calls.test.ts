// Calls that a function ends with, of WebAssembly: the stack does not grow, whatever they pass.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compileModule } from "../../../src/compile/compile";
import { decodeModule } from "../../../src/compile/wasm/decode";
import { validateModule } from "../../../src/compile/wasm/validate";
import type { WasmModule } from "../../../src/compile/wasm/wasm";
import { MODES } from "../modes";
import { type Call, cannotRun, runNative } from "../native/native";
import { runInNode } from "../native/run-in-node";
import {
  ELSE,
  END,
  I32_ADD,
  I32_EQZ,
  I32_MUL,
  I32_SUB,
  IF,
  i32,
  i64,
  LOCAL_GET,
  RETURN_CALL,
  RETURN_CALL_INDIRECT,
} from "../random/code";
import { body, section, text, vector, wasm } from "../wasm/wasm-bytes";

const I32 = 0x7f;
const I64 = 0x7e;
const F64 = 0x7c;

const type = (params: number[], results: number[]) => [
  0x60,
  ...vector(...params.map((each) => [each])),
  ...vector(...results.map((each) => [each])),
];
const get = (...locals: number[]) => locals.flatMap((local) => [LOCAL_GET, local]);
const lessOne = [...get(0), ...i32(1), I32_SUB];

const WORD = type([I32], [I32]);
const THREE = type([I32, I32, I32], [I64]);
const MANY = type([I32, I32, I32, I32, F64, I32], [I64]);
const FLOATS = type([I32, I32, I32, F64, F64, F64, F64, I32, F64, I32], [F64]);
const SEVERAL = type([I32, I32, I32, I32], [I32, I64, I32]);
const STARTS_SEVERAL = type([I32], [I32, I64, I32]);

/** even and odd call each other. */
const even = body(
  ...[...get(0), I32_EQZ, IF, I32, ...i32(1), ELSE, ...lessOne, RETURN_CALL, 1, END, END],
);
const odd = body(
  ...[...get(0), I32_EQZ, IF, I32, ...i32(0), ELSE, ...lessOne, RETURN_CALL, 0, END, END],
);
/** three and many too, by way of a table: three has all arguments in registers. */
const three = body(
  ...[...get(0), IF, I64, ...lessOne, ...get(2, 1, 0, 2), 0xb7, ...get(1)],
  ...[...i32(1), RETURN_CALL_INDIRECT, 2, 0],
  ...[ELSE, ...get(1), ...i32(1000), I32_MUL, ...get(2), I32_ADD, 0xac, END, END],
);
const many = body(
  ...[...get(0, 1, 5), I32_ADD, ...get(2, 4), 0xaa, I32_ADD],
  ...[...i32(0), RETURN_CALL_INDIRECT, 1, 0, END],
);
/** Arguments on the stack change places, words with halves of floats. */
const floats = body(
  ...[...get(0), IF, F64, ...lessOne, ...get(2, 1, 4, 3, 6, 8, 9, 5, 7), RETURN_CALL, 4],
  ...[ELSE, ...get(3, 6), 0xa1, ...get(8), 0xa2, ...get(7, 9), I32_SUB, 0xb7, 0xa0, END, END],
);
/** Several results, past arguments of which the caller has none. */
const several = body(...get(3), ...i64(5n), ...get(0), END);
const startsSeveral = body(...get(0), ...i32(2), ...i32(3), ...i32(4), RETURN_CALL, 5, END);

const NAMES = ["even", "odd", "three", "many", "floats", "several", "startsSeveral"];
const module = (exportsTable: boolean) =>
  wasm(
    section(1, vector(WORD, THREE, MANY, FLOATS, SEVERAL, STARTS_SEVERAL)),
    section(3, vector([0], [0], [1], [2], [3], [4], [5])),
    section(4, vector([0x70, 0, 2])),
    section(
      7,
      vector(
        ...NAMES.map((name, i) => [...text(name), 0, i]),
        ...(exportsTable ? [[...text("table"), 1, 0]] : []),
      ),
    ),
    section(9, vector([0, ...i32(0), END, ...vector([2], [3])])),
    section(10, vector(even, odd, three, many, floats, several, startsSeveral)),
  );
const BYTES = module(false);

const bits = (value: number) => {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0);
};
const DEEP = 200_000n;
const CALLS: Call[] = [
  { name: "even", args: [DEEP] },
  { name: "three", args: [DEEP, 3n, 4n] },
  { name: "many", args: [DEEP + 1n, 3n, 4n, 5n, bits(6), 7n] },
  ...[0n, 1n, 2n, 7n].map((turns) => ({
    name: "floats",
    args: [turns, 1n, 2n, bits(3), bits(4), bits(5), bits(6), 7n, bits(8), 9n],
  })),
  { name: "startsSeveral", args: [9n] },
  { name: "several", args: [1n, 2n, 3n, 4n] },
];

function decoded(bytes: Uint8Array): WasmModule {
  const read = decodeModule(bytes, "tail.wasm");
  validateModule(read);
  return read;
}

describe("tail calls", { skip: cannotRun() }, () => {
  const expected = runInNode(BYTES, CALLS);

  for (const [mode, options] of Object.entries(MODES)) {
    it(`give what they give in Node, ${mode}`, () => {
      assert.equal(expected[0], 1n);
      assert.deepEqual(runNative(decoded(BYTES), CALLS, options), expected);
    });
  }

  it("are refused where another module could call without leaving them room", () => {
    assert.throws(() => compileModule(decoded(module(true)), { target: "user", name: "tail" }), {
      code: "COMP001",
      message: /tail calls with more arguments .* shares a table/,
    });
  });
});
