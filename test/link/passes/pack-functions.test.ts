// Functions are ordered so that hot loops do not cross pages.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Layout } from "../../../src/link/layout/layout";
import { link } from "../../../src/link/link";
import { nops, objectFile, type SectionSpec } from "../build-object";

const PAGE = 4096;
const layout: Layout = {
  name: "t",
  entry: "f0",
  keep: ["*"],
  regions: { low: { start: 0x100000 } },
  sections: [{ name: ".text", pack: true }],
};

function linkSizes(sizes: readonly number[], align = 16) {
  const sections: Record<string, SectionSpec> = {};
  for (const [index, size] of sizes.entries()) {
    sections[`.text.f${index}`] = { bytes: nops(size), align, symbols: { [`f${index}`]: 0 } };
  }
  const image = link([objectFile("a.o", sections)], layout);
  const [text] = image.sections;
  assert.ok(text);
  const crossing = text.inputs.filter(
    ({ offset, section }) =>
      Math.floor(offset / PAGE) !== Math.floor((offset + section.size - 1) / PAGE),
  );
  return { text, crossing, used: sizes.reduce((sum, size) => sum + size, 0) };
}

/** Sizes as a compiler makes them: many small, some large; the same in every run. */
function typicalSizes(count: number): number[] {
  let seed = 7;
  return Array.from({ length: count }, () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    const unit = seed / 2 ** 32;
    return Math.floor(20 + 1500 * unit ** 6 + 150 * unit);
  });
}

test("no function of a typical kernel crosses a page, at the cost of a few percent of room", () => {
  const { text, crossing, used } = linkSizes(typicalSizes(700));
  assert.equal(crossing.length, 0);
  const aligned = text.inputs.reduce(
    (sum, { section }) => sum + Math.ceil(section.size / 16) * 16,
    0,
  );
  assert.ok(text.size < aligned * 1.04, `${text.size} bytes for ${used} (${aligned} aligned)`);
});

test("a small function goes back to fill a hole", () => {
  const { text } = linkSizes([4000, 200, 64]);
  const offsets = Object.fromEntries(
    text.inputs.map(({ section, offset }) => [section.name, offset]),
  );
  assert.deepEqual(offsets, { ".text.f0": 0, ".text.f1": 4096, ".text.f2": 4000 });
});

test("what alignment leaves free before a function is filled with small ones", () => {
  const sections: Record<string, SectionSpec> = {};
  const shapes = [
    [100, 4],
    [200, 64],
    [PAGE - 328, 4],
    [28, 4],
    [60, 4],
  ] as const;
  for (const [index, [size, align]] of shapes.entries()) {
    sections[`.text.f${index}`] = { bytes: nops(size), align, symbols: { [`f${index}`]: 0 } };
  }
  const [text] = link([objectFile("a.o", sections)], layout).sections;
  const offsets = text?.inputs.map(({ section, offset }) => [section.name, offset]);
  assert.deepEqual(Object.fromEntries(offsets ?? []), {
    ".text.f0": 0,
    ".text.f1": 128,
    ".text.f2": 328,
    ".text.f3": 100,
    ".text.f4": PAGE,
  });
});

test("a function of more than a page begins a page, and its last page is filled", () => {
  const { text } = linkSizes([100, 5000, 3000]);
  const offsets = Object.fromEntries(
    text.inputs.map(({ section, offset }) => [section.name, offset]),
  );
  assert.deepEqual(offsets, { ".text.f1": 0, ".text.f2": 5008, ".text.f0": 8016 });
});

test("functions that fit in no order cross a page rather than waste half of memory", () => {
  const { text, crossing, used } = linkSizes(Array.from({ length: 20 }, () => 2200));
  assert.ok(crossing.length > 0);
  assert.ok(text.size < used * 1.04);
});

test("functions do not overlap, whatever their sizes and alignments", () => {
  for (const align of [1, 16, 64]) {
    const { text } = linkSizes([...typicalSizes(200), 9000, 4096, 4097, 1, 0], align);
    let end = 0;
    for (const { offset, section } of text.inputs) {
      assert.ok(offset >= end);
      assert.equal(offset % align, 0);
      end = offset + section.size;
    }
    assert.equal(text.contentSize, end);
  }
});
