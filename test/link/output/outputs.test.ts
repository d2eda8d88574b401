// The files beside an image: map, symbols, listing, drawing.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import type { Layout } from "../../../src/link/layout/layout";
import { link } from "../../../src/link/link";
import { AddressIndex } from "../../../src/link/output/address-index";
import { drawLayout } from "../../../src/link/output/draw-layout";
import { listingFile } from "../../../src/link/output/listing-file";
import { mapFile } from "../../../src/link/output/map-file";
import { symbolFile } from "../../../src/link/output/symbol-file";
import { outputFiles, writeOutputs } from "../../../src/link/output/write-outputs";
import { objectFile } from "../build-object";
import { start } from "../small-layouts";
import { run, scratch, unlessInstalled } from "../tools";

const layout: Layout = {
  name: "demo",
  gcSections: true,
  regions: {
    low: { start: 0x100000, title: "the image" },
    heap: { end: 0xffff0000, reserved: true, title: "heap <of everything>" },
    guard: { start: 0xffffe000, end: 0xfffff000, reserved: true, title: "guard" },
    top: { start: 0xfffff000, end: 0x1_0000_0000, anchor: "end" },
    program: { start: 0x1000, end: 0xffffe000, reserved: true, title: "a program" },
  },
  spaces: {
    kernel: { regions: ["low", "heap", "guard", "top"] },
    user: { regions: ["program", "guard", "top"] },
  },
  sections: [
    { name: ".text" },
    { name: ".data" },
    { name: ".bss" },
    { name: ".top.text", region: "top", load: "low", keep: true },
  ],
};

const object = objectFile("demo.o", {
  ".text.start": {
    // push ebp; call +0; ret; int3
    bytes: [0x55, 0xe8, 0, 0, 0, 0, 0xc3, 0xcc],
    symbols: { _start: { size: 7 } },
    refs: [{ at: 2, to: "helper", kind: "relative", addend: -4 }],
    lines: [
      { offset: 0, file: "demo/main.ts", line: 3, column: 1 },
      { offset: 6, file: "demo/main.ts", line: 4, column: 1 },
    ],
  },
  ".text.helper": {
    bytes: [0x8b, 0x0d, 0, 0, 0, 0, 0xc3],
    align: 16,
    symbols: { helper: { size: 7, binding: "local" } },
    refs: [{ at: 2, to: "word" }],
  },
  ".text.unused": { bytes: [0xc3], symbols: { unused: 0 } },
  ".data": { bytes: [1, 2, 3, 4], symbols: { word: { type: "object", size: 4 } } },
  ".bss": { zeros: 8, symbols: { space: { type: "object", size: 8 } } },
  ".top.text": { bytes: [0x90], symbols: { entry: 0 } },
});

const image = link([object], { ...layout, keep: ["space"] });

test("the map shows every input with VMA, LMA, size and object, and what was left out", () => {
  const map = mapFile(image);
  assert.match(map, /^Image demo: entry 00100000 <_start>/);
  assert.match(map, /^00100000 00104000 +16384 low \(the image\)/m);
  assert.match(map, /^fffff000 00000000 +4096 top \(top, parked at its end\)/m);
  assert.match(map, /^00100010 00100010 +7 +\.text\.helper +demo\.o/m);
  assert.match(map, /^fffff000 00103000 +1 +\.top\.text +demo\.o/m);
  assert.match(map, /^fffff001 00103001 +4095 +\(fill\)/m);
  assert.match(map, /Left out[\s\S]*\.text\.unused +demo\.o/);
});

test("the symbol file is sorted by address, in nm's letters", () => {
  const lines = symbolFile(image).trimEnd().split("\n");
  const addresses = lines.map((line) => Number.parseInt(line, 16));
  assert.deepEqual(
    addresses,
    [...addresses].sort((a, b) => a - b),
  );
  for (const expected of [
    /^00100000 00000007 T _start$/m,
    /^00100010 00000007 t helper$/m,
    /^00101000 00000004 D word$/m,
    /^00102000 00000008 B space$/m,
    /^00001000 00000000 A top_size$/m,
  ]) {
    assert.match(lines.join("\n"), expected);
  }
});

test("the listing has symbols, source lines and targets by name", () => {
  const text = listingFile(image);
  assert.match(text, /^00100000 <_start>:\n; demo\/main\.ts:3\n +100000 +55 +push +ebp/m);
  assert.match(text, /call +0x100010 <helper>\n; demo\/main\.ts:4\n +100006 +c3 +ret/m);
  assert.match(text, /^00100010 <helper>:/m);
  assert.match(text, /^; section \.top\.text\n\nfffff000 <entry>:/m);
});

test("an address index finds symbol and line, and nothing between sections", () => {
  const index = new AddressIndex(image);
  assert.deepEqual(index.symbolAt(0x100012), { name: "helper", offset: 2 });
  assert.deepEqual(index.symbolAt(0x101003), { name: "word", offset: 3 });
  assert.equal(index.symbolAt(0x101004), undefined);
  assert.equal(index.symbolAt(4), undefined);
  assert.equal(index.lineAt(0x100006)?.line, 4);
  assert.equal(index.lineAt(0x100010), undefined, "helper has no lines");
});

test("the drawing names every section and region, and is well-formed", {
  skip: unlessInstalled("rsvg-convert"),
}, (t) => {
  const svg = drawLayout(image);
  for (const name of [
    ".text",
    ".data",
    ".bss",
    ".top.text",
    "heap &lt;of everything&gt;",
    "guard",
  ]) {
    assert.ok(svg.includes(`>${name}<`), name);
  }
  assert.match(svg, /<title>\.top\.text rx\nVMA 0xfffff000 to 0x100000000\nLMA 0x00103000/);
  const file = scratch(t);
  run("rsvg-convert", file("demo.svg", svg), "-o", file("demo.png"));
});

test("what is higher in memory is higher in the drawing", () => {
  const svg = drawLayout(image);
  const y = (tip: string) => {
    const found = new RegExp(`<rect x="[0-9.]+" y="([0-9.]+)"[^>]*><title>${tip}`).exec(svg);
    assert.ok(found, tip);
    return Number(found[1]);
  };
  const order = ["guard", "heap", "\\.bss", "\\.data", "\\.text"].map(y);
  assert.deepEqual(
    order,
    [...order].sort((a, b) => a - b),
  );
});

test("all five files are written, and every one is deterministic", (t) => {
  const paths = writeOutputs(image, scratch(t)("out"));
  assert.deepEqual(
    paths.map((path) => path.replace(/.*[\\/]/, "")),
    ["demo.elf", "demo.map", "demo.sym", "demo.asm", "demo.svg"],
  );
  for (const path of paths) assert.ok(existsSync(path));
  const again = link([object], { ...layout, keep: ["space"] });
  assert.deepEqual(outputFiles(again), outputFiles(image));
});

test("a program is named by the link, not by the layout that it shares", () => {
  const files = outputFiles(link([object], { ...layout, keep: ["space"] }, { name: "hello" }));
  assert.ok(files.has("hello.elf"));
});

test("the drawing says how far a region is above what it loads into", () => {
  const higher = link([objectFile("a.o", start)], {
    regions: { high: { load: "low", offset: 0xc0000000 }, low: { start: 0x100000 } },
    sections: [".text"],
  });
  const svg = drawLayout(higher);
  assert.ok(svg.includes(">VMA: LMA + 0xc0000000<"));
  assert.match(svg, /LMA 0x00100000 to 0x00100004\nVMA = LMA \+ 0xc0000000/);
});
