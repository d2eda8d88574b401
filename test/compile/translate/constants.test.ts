// Constants that are computed from another module's globals, when the program starts.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeModule } from "../../../src/compile/wasm/decode";
import { validateModule } from "../../../src/compile/wasm/validate";
import { cannotRun, NativeProcess } from "../native/native";
import { i32, i64 } from "../random/code";
import { body, section, text, vector, wasm } from "../wasm/wasm-bytes";

const I32 = 0x7f;
const I64 = 0x7e;
const GET = 0x23;
const [WORD, WIDE] = [0, 1];

/** Exports a word of 5 and an i64 of 0x1_0000_0003. */
const PROVIDER = wasm(
  section(6, vector([I32, 0, ...i32(5), 0x0b], [I64, 0, ...i64(0x1_0000_0003n), 0x0b])),
  section(7, vector([...text("word"), 3, WORD], [...text("wide"), 3, WIDE])),
);

const NAMES = ["product", "sum", "square", "less", "carry"];

/** Globals computed from those two, and a segment that one of them places in memory. */
const CONSUMER = wasm(
  section(1, vector([0x60, 1, I32, 1, I32])),
  section(
    2,
    vector([...text("m"), ...text("word"), 3, I32, 0], [...text("m"), ...text("wide"), 3, I64, 0]),
  ),
  section(3, vector([0])),
  section(5, vector([0, 1])),
  section(
    6,
    vector(
      [I32, 0, GET, WORD, ...i32(3), 0x6c, ...i32(2), 0x6b, 0x0b],
      [I32, 0, ...i32(100), GET, WORD, 0x6b, GET, WORD, 0x6a, 0x0b],
      [I64, 0, GET, WIDE, GET, WIDE, 0x7e, 0x0b],
      [I64, 0, ...i64(-1n), GET, WIDE, 0x7d, 0x0b],
      [I64, 0, GET, WIDE, ...i64(0xffff_ffffn), 0x7c, 0x0b],
    ),
  ),
  section(7, vector(...NAMES.map((name, i) => [...text(name), 3, 2 + i]), [...text("load"), 0, 0])),
  section(10, vector(body(0x20, 0, 0x2d, 0, 0, 0x0b))),
  section(11, vector([0, GET, WORD, ...i32(8), 0x6a, 0x0b, ...vector([77])])),
);

function decoded(bytes: Uint8Array) {
  const module = decodeModule(bytes, "constants.wasm");
  validateModule(module);
  return module;
}

describe("constants computed from imported globals", { skip: cannotRun() }, () => {
  it("are computed when the program starts", () => {
    const process = new NativeProcess();
    const provider = process.add(decoded(PROVIDER));
    const consumer = process.add(decoded(CONSUMER), () => provider);
    for (const name of NAMES) process.read(consumer, name);
    process.call(consumer, { name: "load", args: [13n] });
    const [started, ...found] = process.run();
    assert.equal(started, undefined);
    const less = BigInt.asUintN(64, -0x1_0000_0004n);
    assert.deepEqual(found, [13n, 100n, 0x6_0000_0009n, less, 0x2_0000_0002n, 77n]);
  });
});
