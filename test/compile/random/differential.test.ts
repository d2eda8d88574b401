// Random modules against Node's own WebAssembly. A failure names its seed and mode, which
// `node --import ./bin/loader.js tools/fuzz.ts --first SEED --mode MODE --shrink` makes small.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { OPCODES } from "../../../src/compile/wasm/opcodes";
import { MODES } from "../modes";
import { executedIn } from "../native/executed";
import { cannotRun } from "../native/native";
import { compareCases, isComparable, seedCase } from "./differential";
import { randomModule } from "./module";
import { Random } from "./random";

/** Seeds for each mode; CI has a minute for all of them. */
const SEEDS = 48;
const FIRST = 1;

const cases = Array.from({ length: SEEDS }, (_, i) => seedCase(FIRST + i));

describe("random modules compute what Node computes", { skip: cannotRun() }, () => {
  for (const [mode, options] of Object.entries(MODES)) {
    it(`in mode ${mode}`, () => {
      const comparable = cases.filter((each) => isComparable(each, options));
      assert.ok(comparable.length > SEEDS / 4);
      assert.deepEqual(compareCases(comparable, options), []);
    });
  }
});

describe("the generator of random modules", () => {
  it("runs every instruction that there is, and most of what it makes", () => {
    const ran = new Set<number>();
    const counts = { all: 0, ran: 0 };
    for (let seed = 1; seed <= 200; seed++) {
      const { module, calls } = seedCase(seed);
      const executed = executedIn(module.bytes, calls);
      for (const op of executed.ops) ran.add(op);
      counts.all += executed.all;
      counts.ran += executed.ran;
    }
    const missing = OPCODES.filter(({ code }) => !ran.has(code)).map(({ name }) => name);
    assert.deepEqual(missing, []);
    assert.ok(counts.ran > 0.7 * counts.all, `${counts.ran} of ${counts.all} ran`);
  });

  it("makes the same module from its answers as from the seed", () => {
    const random = new Random(7);
    const { bytes } = randomModule(random);
    assert.deepEqual(randomModule(new Random(random.taken)).bytes, bytes);
  });
});
