// The same objects linked by us and by GNU ld, from an equivalent script: the same bytes in memory.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type ElfFile, readElf } from "../../src/link/elf/read";
import type { Layout } from "../../src/link/layout/layout";
import { link } from "../../src/link/link";
import { writeElf } from "../../src/link/output/write-elf";
import { writeElfObject } from "../../src/link/output/write-elf-object";
import { objectFile, type SectionSpec } from "./build-object";
import { loadedBytes } from "./loaded-bytes";
import { run, scratch, unlessInstalled } from "./tools";

const layout: Layout = {
  name: "kernel",
  regions: { low: { start: 0x100000 }, top: { end: 0x1_0000_0000 } },
  sections: [
    { name: ".text", pack: false },
    { name: ".rodata" },
    { name: ".data" },
    { name: ".bss", align: 16 },
    { name: ".top.text", region: "top", load: "low", pack: false },
    { name: ".top.data", region: "top", load: "low" },
  ],
};

/** GNU ld cannot park a section: the sizes of what follows must be subtracted by hand. */
const SCRIPT = `
ENTRY(_start)
PHDRS { text PT_LOAD; rodata PT_LOAD; data PT_LOAD; toptext PT_LOAD; topdata PT_LOAD; }
SECTIONS {
  . = 0x100000;
  .text : { text_start = .; *(.text .text.*) text_end = .; } :text =0xcccccccc
  . = ALIGN(4096);
  .rodata : { *(.rodata .rodata.*) } :rodata
  . = ALIGN(4096);
  .data : { *(.data .data.*) } :data
  . = ALIGN(16);
  .bss : { *(.bss .bss.*) }
  low_end = ALIGN(4096);
  .top.text 0x100000000 - ALIGN(SIZEOF(.top.data), 4096) - ALIGN(SIZEOF(.top.text), 4096)
    : AT(low_end) { *(.top.text) . = ALIGN(4096); } :toptext =0xcccccccc
  .top.data 0x100000000 - ALIGN(SIZEOF(.top.data), 4096)
    : AT(low_end + SIZEOF(.top.text)) { *(.top.data) . = ALIGN(4096); } :topdata =0
  /DISCARD/ : { *(.note*) }
}
text_size = text_end - text_start;
`;

let seed = 11;
function random(below: number): number {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
}

/** Objects full of code and data that refer to each other in every way that REL can express. */
function objects() {
  const names = ["_start", "f1", "f2", "table", "text_size", "word", "zeros", "entry", "gdt"];
  const spec = (symbol: string, count: number, alone = false): SectionSpec => ({
    bytes: Array.from({ length: 16 + count * 8 }, () => random(256)),
    align: 2 ** random(6),
    symbols: { [symbol]: random(16) },
    refs: Array.from({ length: count }, (_, index) => {
      const kind = random(2) === 0 ? "absolute" : "relative";
      const to = alone ? symbol : (names[random(names.length)] ?? symbol);
      return { at: 16 + index * 8 + random(4), to, kind, addend: random(4000) - 2000 } as const;
    }),
  });
  const a = objectFile("a.o", {
    ".text": spec("_start", 20),
    ".data": spec("word", 5),
    ".rodata": spec("table", 30),
    ".top.data": spec("gdt", 9),
  });
  const b = objectFile("b.o", {
    ".text.f1": spec("f1", 40),
    ".text.f2": spec("f2", 3),
    ".bss": { zeros: 5000, align: 32, symbols: { zeros: 64 } },
    ".top.text": spec("entry", 12),
  });
  return [a, b];
}

test("GNU ld puts the same bytes at the same addresses", { skip: unlessInstalled("ld") }, (t) => {
  for (let round = 0; round < 10; round++) {
    const file = scratch(t);
    const input = objects();
    const paths = input.map((object) => file(object.name, writeElfObject(object)));
    const out = file("ld.elf");
    const script = file("kernel.ld", SCRIPT);
    run("ld", "-m", "elf_i386", "--no-warn-rwx-segments", "-T", script, "-o", out, ...paths);
    const theirs = readFileSync(out);
    const ours = writeElf(link(input, { ...layout, keep: ["*"] }));

    const theirFile = readElf(theirs, "ld.elf");
    const ourFile = readElf(ours, "kernel.elf");
    assert.equal(ourFile.entry, theirFile.entry);
    const expected = loadedBytes(theirFile, theirs);
    const actual = loadedBytes(ourFile, ours);
    assert.equal(actual.size, expected.size);
    for (const [address, byte] of actual) {
      assert.equal(byte, expected.get(address), `at ${address.toString(16)}`);
    }
    const value = (elf: ElfFile, name: string) =>
      elf.symbols.find((symbol) => symbol.name === name)?.value;
    for (const { name } of input.flatMap((object) => object.symbols)) {
      assert.equal(value(ourFile, name), value(theirFile, name), name);
    }
  }
});
