// A link is a function of its input.

import assert from "node:assert/strict";
import { test } from "node:test";
import { link } from "../../src/link/link";
import { writeElf } from "../../src/link/output/write-elf";
import { nops, objectFile } from "./build-object";
import { parked, start } from "./small-layouts";

test("the same input gives the same bytes", () => {
  const objects = () => [
    objectFile("a.o", { ...start, ".top.text": { bytes: nops(9), symbols: { t: 0 } } }),
    objectFile("b.o", { ".text.b": { bytes: nops(90), symbols: { b: 0 } } }),
  ];
  const layout = { ...parked, keep: ["b"] };
  assert.deepEqual(writeElf(link(objects(), layout)), writeElf(link(objects(), layout)));
});
