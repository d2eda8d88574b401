// A dozen programs of csmith; tools/csmith.ts runs any number. And programs that do not end, which
// would keep such a run from ending.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { CLANG_LEVELS, cannotGenerate, compareProgram, inNode, nativeChecksum } from "./csmith";

const skip = await cannotGenerate();
const folder = mkdtempSync(join(tmpdir(), "isthmus-csmith-"));
after(() => rmSync(folder, { recursive: true }));

/** Programs that take no more than a moment, so that CI can afford them. */
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 105, 12];

describe("programs of csmith compute what clang -m32 makes of them", {
  skip,
}, () => {
  for (const seed of SEEDS) {
    const level = CLANG_LEVELS[seed % CLANG_LEVELS.length]!;
    it(`seed ${seed} at -O${level}`, () => {
      assert.deepEqual(compareProgram(seed, level, folder) ?? [], []);
    });
  }
});

/** For clang, unless told otherwise, the loop ends: it has a condition, and changes nothing. */
const ENDLESS = `
#include <stdio.h>
int main(int argc, char **argv) {
  unsigned n = argc;
  while (n) n *= n;
  return printf("checksum = %X\\n", 1) < 0;
}
`;

/** (func (export "run") (result i32) (loop $again (br $again)) (i32.const 1)) */
const ENDLESS_MODULE = [
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, 5, 1, 0x60, 0, 1, 0x7f],
  ...[3, 2, 1, 0],
  ...[7, 7, 1, 3, 0x72, 0x75, 0x6e, 0, 0],
  ...[10, 11, 1, 9, 0, 3, 0x40, 0x0c, 0, 0x0b, 0x41, 1, 0x0b],
];

describe("a program of csmith that does not end", { skip }, () => {
  it("has no checksum natively, though C lets a compiler end it", () => {
    const source = join(folder, "endless.c");
    writeFileSync(source, ENDLESS);
    assert.equal(nativeChecksum(source, folder), undefined);
  });

  it("is ended in Node by processor time, which its outcome says", () => {
    const wasm = join(folder, "endless.wasm");
    writeFileSync(wasm, new Uint8Array(ENDLESS_MODULE));
    assert.equal(inNode(wasm, 1), "the process ended with SIGKILL");
  });
});
