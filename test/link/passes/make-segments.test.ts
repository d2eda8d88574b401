// What a loader copies and what it zeroes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { link } from "../../../src/link/link";
import { objectFile } from "../build-object";
import { flat, start } from "../small-layouts";

test("whole pages of zeros within data are left to the loader", () => {
  const bytes = new Uint8Array(5 * 4096);
  bytes[100] = 1;
  bytes[4 * 4096 + 7] = 2;
  const object = objectFile("a.o", { ...start, ".data": { bytes, address: 0x200000 } });
  const image = link([object], flat);
  const data = image.segments.filter(({ permissions }) => permissions === "rw");
  assert.deepEqual(
    data.map((segment) => [segment.address, segment.fileSize, segment.memorySize]),
    [
      [0x200000, 101, 4 * 4096],
      [0x204000, 8, 4096],
    ],
  );
});

test("where loaders copy the file, shorter runs of zeros are left to them, too", () => {
  const bytes = new Uint8Array(4096);
  bytes[100] = 1;
  bytes[100 + 1 + 255] = 2;
  bytes[2000] = 3;
  const object = objectFile("a.o", { ...start, ".data": { bytes, address: 0x200000 } });
  const image = link([object], { ...flat, fileAlign: 4 });
  const data = image.segments.filter(({ permissions }) => permissions === "rw");
  assert.deepEqual(
    data.map((segment) => [segment.address, segment.fileSize, segment.memorySize]),
    [
      [0x200000, 357, 2000],
      [0x200000 + 2000, 1, 4096 - 2000],
    ],
  );
});
