// Random modules against Node's own WebAssembly. A failure names its seed and mode, which
// `node --import ./bin/loader.js tools/fuzz.ts --first SEED --mode MODE --shrink` makes small.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeModule } from "../../src/compile/wasm/decode";
import { OPCODES } from "../../src/compile/wasm/opcodes";
import { compareSeeds } from "./differential";
import { MODES } from "./modes";
import { cannotRun } from "./native";
import { Random } from "./random";
import { randomModule } from "./random-module";

/** Seeds for each mode; CI has a minute for all of them. */
const SEEDS = 40;
const FIRST = 1;

const seeds = Array.from({ length: SEEDS }, (_, i) => FIRST + i);

describe("random modules compute what Node computes", { skip: cannotRun() }, () => {
  for (const [mode, options] of Object.entries(MODES)) {
    it(`in mode ${mode}`, () => {
      assert.deepEqual(compareSeeds(seeds, options), []);
    });
  }
});

describe("the generator of random modules", () => {
  it("uses every instruction that there is", () => {
    const used = new Set<number>();
    for (let seed = 1; seed <= 300; seed++) {
      for (const { body } of decodeModule(randomModule(seed).bytes, "random").functions) {
        for (const op of body?.code.op ?? []) used.add(op);
      }
    }
    const missing = OPCODES.filter(({ code }) => !used.has(code)).map(({ name }) => name);
    assert.deepEqual(missing, []);
  });

  it("makes the same module from its answers as from the seed", () => {
    const random = new Random(7);
    const { bytes } = randomModule(random);
    assert.deepEqual(randomModule(new Random(random.taken)).bytes, bytes);
  });
});
