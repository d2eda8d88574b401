// Damaged ELF files: whatever is broken, the check ends quickly, in a report or in a Diagnostic.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Diagnostic } from "../../../src/base/diagnostic";
import { check } from "../../../src/link/check/check";
import { unlessInstalled } from "../tools";
import { makeKernel } from "./make-kernel";

const ROUNDS = Number(process.env.DAMAGE_ROUNDS ?? 400);
const SLOWEST_MS = 1000;
/** Most damage goes where structure is: the headers, and the tables at the end. */
const HOT = 512;

let seed = 7;
function random(below: number): number {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
}

function damage(bytes: Uint8Array): Uint8Array {
  const broken = Uint8Array.from(bytes);
  for (let count = 1 + random(8); count > 0; count--) {
    const at = [random(HOT), bytes.length - 1 - random(4 * HOT), random(bytes.length)][random(3)];
    broken[at ?? 0] = [0, 0xff, 0x7f, 0x80, random(256)][random(5)] ?? 0;
  }
  return random(4) === 0 ? broken.subarray(0, random(broken.length)) : broken;
}

describe("a damaged kernel", { skip: unlessInstalled("gcc") || unlessInstalled("ld") }, () => {
  for (const [name, parts] of [
    ["of 32 bits, with relocations", { flags: ["-q"] }],
    ["of 64 bits", { bits: 64 }],
  ] as const) {
    it(`${name}, gives a report or a message, and that soon`, (t) => {
      const { bytes } = makeKernel(t, parts);
      for (let round = 0; round < ROUNDS; round++) {
        const broken = damage(bytes);
        const start = performance.now();
        try {
          const { findings, verdicts } = check(broken, "broken.elf");
          for (const { what } of findings) assert.doesNotMatch(what, /undefined|NaN/);
          assert.equal(verdicts.length, 4);
        } catch (error) {
          if (!(error instanceof Diagnostic)) throw error;
        }
        const took = performance.now() - start;
        assert.ok(took < SLOWEST_MS, `round ${round} took ${Math.round(took)} ms`);
      }
    });
  }
});
