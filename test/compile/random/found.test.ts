// What random programs have found, each as the smallest function that shows it.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeModule } from "../../../src/compile/wasm/decode";
import { MODES } from "../modes";
import { cannotRun, runNative } from "../native/native";
import { runInNode } from "../native/run-in-node";
import { oneFunction } from "../wasm/wasm-bytes";

const I32 = 0x7f;
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
  "a pointer on the stack, whose word decides whether a frame is opened": {
    params: [I32, I32, I32, I32],
    results: [I32],
    code: [
      // store(8, 7); if (!(a = load(p + 4))) return 0
      ...[0x41, 8, 0x41, 7, 0x36, 2, 0],
      ...[0x20, 3, 0x28, 2, 4, 0x22, 0, 0x45, 0x04, 0x40, 0x41, 0, 0x0f, 0x0b],
      // f(a, b, c, 1024); return load(p + 4) + b
      ...[0x20, 0, 0x20, 1, 0x20, 2, 0x41, 0x80, 0x08, 0x10, 0, 0x1a],
      ...[0x20, 3, 0x28, 2, 4, 0x20, 1, 0x6a, 0x0b],
    ],
    args: [1n, 2n, 3n, 4n],
  },
  "two comparisons of a difference that overflows with zero, for equality and for order": {
    params: [I32, I32, I32],
    results: [I32],
    code: [
      // a -= b; c = a == 0 ? c : 77
      ...[0x20, 0, 0x20, 1, 0x6b, 0x21, 0],
      ...[0x20, 2, 0x41, 0xcd, 0, 0x20, 0, 0x45, 0x1b, 0x21, 2],
      // return a > 0 ? c * a : c
      ...[0x20, 0, 0x41, 0, 0x4a, 0x04, I32, 0x20, 2, 0x20, 0, 0x6c, 0x05, 0x20, 2, 0x0b, 0x0b],
    ],
    args: [0x8000_0000n, 1n, 5n],
  },
  "a quotient of pairs of words right before a return": {
    params: [I64, I64],
    results: [I64],
    code: [0x20, 0, 0x20, 1, 0x7f, 0x0b],
    args: [0x1234_5678_9abc_def0n, 0x1234n],
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
