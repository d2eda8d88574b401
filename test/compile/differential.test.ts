// Random modules against Node's own WebAssembly. FUZZ_SEEDS=5000 npm test -- differential runs
// more; a failure names its seed, which FUZZ_FIRST=<seed> FUZZ_SEEDS=1 plays again.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compareSeed } from "./differential";
import { cannotRun, type RunOptions } from "./native";

const SEEDS = Number(process.env.FUZZ_SEEDS ?? 25);
const FIRST = Number(process.env.FUZZ_FIRST ?? 1);

const MODES: Readonly<Record<string, RunOptions>> = {
  "as they are": {},
  "at -O0": { level: 0 },
  "at -O1": { level: 1 },
  "with every value in memory": { stress: { spillsAll: true } },
  "with four registers": { stress: { fewRegisters: true } },
  "with four registers and nothing joined": {
    stress: { fewRegisters: true },
    without: ["coalesce"],
  },
  "without folding, blocks reversed": {
    without: ["fold"],
    stress: { reversedBlocks: true },
  },
};

describe("random modules compute what Node computes", { skip: cannotRun() }, () => {
  for (const [name, options] of Object.entries(MODES)) {
    it(name, () => {
      for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
        assert.equal(compareSeed(seed, options), undefined);
      }
    });
  }
});
