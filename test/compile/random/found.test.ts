// What random programs have found, each as the smallest function that shows it.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeModule } from "../../../src/compile/wasm/decode";
import { MODES } from "../modes";
import { cannotRun, runNative } from "../native/native";
import { runInNode } from "../native/run-in-node";
import { oneFunction } from "../wasm/wasm-bytes";

const I64 = 0x7e;

interface Found {
  readonly params: readonly number[];
  readonly results: readonly number[];
  readonly code: readonly number[];
  readonly args: readonly bigint[];
}

const FOUND: Readonly<Record<string, Found>> = {
  "a product whose left word becomes constant when a division is lowered": {
    params: [I64, I64],
    results: [I64],
    // x % 15 * y: the remainder has no high word
    code: [0x20, 0, 0x42, 15, 0x82, 0x20, 1, 0x7e, 0x0b],
    args: [0x1234_5678_9abc_def0n, 0xfedc_ba98_7654_3210n],
  },
};

describe("as Node computes it", { skip: cannotRun() }, () => {
  for (const [name, { params, results, code, args }] of Object.entries(FOUND)) {
    for (const [mode, options] of Object.entries(MODES)) {
      it(`${name}, ${mode}`, () => {
        const bytes = oneFunction(params, results, ...code);
        const calls = [{ name: "f", args }];
        const expected = runInNode(bytes, calls);
        assert.deepEqual(runNative(decodeModule(bytes, "found"), calls, options), expected);
      });
    }
  }
});
