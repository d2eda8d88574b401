// Our unpacking of zlib data, checked against Node's packing.

import assert from "node:assert/strict";
import { test } from "node:test";
import { constants, deflateSync } from "node:zlib";
import { inflate } from "../../src/base/inflate";

let seed = 5;
function random(below: number): number {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
}

const SAMPLES = {
  "no bytes": new Uint8Array(0),
  "one byte": Uint8Array.of(7),
  "zeros, matches of the greatest length": new Uint8Array(100_000),
  "random bytes, which are stored": Uint8Array.from({ length: 70_000 }, () => random(256)),
  "few different bytes": Uint8Array.from({ length: 50_000 }, () => random(5) * 3),
  "text with distant matches": new TextEncoder().encode(
    Array.from({ length: 9_000 }, (_, n) => `kernel/${(n * n) % 977}.ts line ${n}\n`).join(""),
  ),
};

for (const [name, bytes] of Object.entries(SAMPLES)) {
  test(`unpacks ${name}`, () => {
    for (const level of [0, 1, 6, 9]) {
      for (const strategy of [constants.Z_DEFAULT_STRATEGY, constants.Z_FIXED]) {
        const packed = deflateSync(bytes, { level, strategy });
        assert.deepEqual(inflate(packed, bytes.length), bytes, `level ${level}, ${strategy}`);
      }
    }
  });
}

test("damage gives nothing, and never more bytes than were expected", () => {
  const bytes = SAMPLES["text with distant matches"];
  const packed = deflateSync(bytes);
  assert.equal(inflate(packed, bytes.length - 1), undefined);
  assert.equal(inflate(packed, bytes.length + 1), undefined);
  assert.equal(inflate(packed.subarray(0, -1), bytes.length), undefined);
  assert.equal(inflate(packed.subarray(1), bytes.length), undefined);
  assert.equal(inflate(new Uint8Array(0), 0), undefined);
  assert.equal(
    inflate(packed, 2 ** 32),
    undefined,
    "a size that no stream of this length can have",
  );
  for (let round = 0; round < 300; round++) {
    const damaged = Uint8Array.from(packed);
    damaged[random(damaged.length)]! ^= 1 << random(8);
    assert.equal(inflate(damaged, bytes.length), undefined, `round ${round}`);
  }
});
