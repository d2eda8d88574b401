// Random modules against Node's own WebAssembly. FUZZ_SEEDS=5000 npm test -- differential runs
// more; a failure names its seed, which FUZZ_FIRST=<seed> FUZZ_SEEDS=1 plays again.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Stress } from "../../src/compile/compile";
import { compareSeed } from "./differential";
import { cannotRun } from "./native";

const SEEDS = Number(process.env.FUZZ_SEEDS ?? 25);
const FIRST = Number(process.env.FUZZ_FIRST ?? 1);

const MODES: Readonly<Record<string, Stress>> = {
  "as they are": {},
  "with every value in memory": { spillsAll: true },
  "with four registers": { fewRegisters: true },
  "with four registers and nothing joined": { fewRegisters: true, noCoalescing: true },
  "without folding, blocks reversed": { noFolding: true, reversedBlocks: true },
};

describe("random modules compute what Node computes", { skip: cannotRun() }, () => {
  for (const [name, stress] of Object.entries(MODES)) {
    it(name, () => {
      for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
        assert.equal(compareSeed(seed, { stress }), undefined);
      }
    });
  }
});
