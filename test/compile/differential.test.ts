// Random modules against Node's own WebAssembly. FUZZ_SEEDS=5000 npm test -- differential runs
// more; a failure names its seed, which FUZZ_FIRST=<seed> FUZZ_SEEDS=1 plays again.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compareSeed } from "./differential";
import { MODES } from "./modes";
import { cannotRun } from "./native";

const SEEDS = Number(process.env.FUZZ_SEEDS ?? 25);
const FIRST = Number(process.env.FUZZ_FIRST ?? 1);

describe("random modules compute what Node computes", { skip: cannotRun() }, () => {
  for (const [name, options] of Object.entries(MODES)) {
    it(name, () => {
      for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
        assert.equal(compareSeed(seed, options), undefined);
      }
    });
  }
});
