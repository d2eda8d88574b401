// Copies and fills by blocks: what is left to the compiler's own, before and after them.

import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { loadKernelPart } from "../kernel-part";

const BLOCK = 128;
const FROM = 64;
const TO = 8192 + 3;
const SIZES = [0, 1, BLOCK, 2 * BLOCK - 1, 2 * BLOCK, 2 * BLOCK + 1, 4095, 3 * BLOCK + 60];

/** What block.asm.ts was asked for: the sizes. */
let asked: number[] = [];

const part = loadKernelPart(
  `
  import { startFloatingPoint } from "./kernel/machine/i686/floating-point";
  export { copyBytes, clearBytes } from "./kernel/machine/i686/block";
  export function offer(isThere: bool): void { startFloatingPoint(isThere); }
`,
  {
    imports: {
      x86: { readcr0: () => 0, writecr0: () => 0, readcr4: () => 0, writecr4: () => 0 },
      block: {
        copy_blocks(to = 0, from = 0, size = 0) {
          part.write(to, part.read(from, size));
          return asked.push(size);
        },
        clear_blocks(at = 0, size = 0) {
          part.write(at, new Uint8Array(size));
          return asked.push(size);
        },
      },
    },
  },
);

const SOURCE = Uint8Array.from({ length: 4096 }, (_, i) => (i * 7) & 0xff);

/** The bytes at TO, and one before and behind, after `run` of `size` of them. */
function after(size: number, run: () => void): Uint8Array {
  part.write(part.area + FROM, SOURCE);
  part.write(part.area + TO - 1, new Uint8Array(size + 2).fill(0xaa));
  asked = [];
  run();
  return part.read(part.area + TO - 1, size + 2);
}

for (const isThere of [true, false]) {
  describe(`many bytes ${isThere ? "with" : "without"} XMM registers`, () => {
    beforeEach(() => void part.call.offer!(Number(isThere)));

    it("are copied, and none beside them", () => {
      for (const size of SIZES) {
        const copied = after(size, () => {
          part.call.copyBytes!(part.area + TO, part.area + FROM, size);
        });
        assert.deepEqual([...copied], [0xaa, ...SOURCE.subarray(0, size), 0xaa]);
        const blocks = isThere && size >= 2 * BLOCK ? [size - (size % BLOCK)] : [];
        assert.deepEqual(asked, blocks);
      }
    });

    it("are cleared, and none beside them", () => {
      for (const size of SIZES) {
        const cleared = after(size, () => void part.call.clearBytes!(part.area + TO, size));
        assert.deepEqual([...cleared], [0xaa, ...Array(size).fill(0), 0xaa]);
        const blocks = isThere && size >= 2 * BLOCK ? [size - (size % BLOCK)] : [];
        assert.deepEqual(asked, blocks);
      }
    });
  });
}
