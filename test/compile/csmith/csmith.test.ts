// A dozen programs of csmith; tools/csmith.ts runs any number.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { CLANG_LEVELS, cannotGenerate, compareProgram } from "./csmith";

const folder = mkdtempSync(join(tmpdir(), "isthmus-csmith-"));
after(() => rmSync(folder, { recursive: true }));

/** Programs that take no more than a moment, so that CI can afford them. */
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 105, 12];

describe("programs of csmith compute what clang -m32 makes of them", {
  skip: cannotGenerate(),
}, () => {
  for (const seed of SEEDS) {
    const level = CLANG_LEVELS[seed % CLANG_LEVELS.length]!;
    it(`seed ${seed} at -O${level}`, () => {
      assert.deepEqual(compareProgram(seed, level, folder) ?? [], []);
    });
  }
});
