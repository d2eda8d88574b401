// The ELF files that the linker writes, judged by readelf where it is installed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { PT_LOAD, SHT_NOBITS } from "../../../src/abi/elf";
import { readElf } from "../../../src/link/elf/read";
import { link } from "../../../src/link/link";
import { elfFile } from "../../../src/link/output/elf-files";
import { writeElf } from "../../../src/link/output/write-elf";
import { writeElfObject } from "../../../src/link/output/write-elf-object";
import { userLayout } from "../../../user/layout";
import { nops, objectFile } from "../build-object";
import { layout, program, tinyKernel } from "../tiny-kernel";
import { run, scratch, unlessInstalled } from "../tools";

test("our kernel's layout: VMA and LMA differ only for the trampoline", () => {
  const { segments } = readElf(elfFile(link([tinyKernel()], layout)), "kernel.elf");
  const loads = segments.filter(({ type }) => type === PT_LOAD);
  const high = loads.filter(({ address }) => address >= 0xffffd000);
  assert.deepEqual(
    high.map(({ address, memorySize, flags }) => [address, memorySize, flags]),
    [
      [0xffffd000, 300, 5], // the code; the kernel fills the rest of its page
      [0xffffe000, 4096, 4],
      [0xfffff000, 4096, 6],
    ],
  );
  const low = loads.filter((segment) => !high.includes(segment));
  for (const { address, loadAddress } of low) assert.equal(address, loadAddress);
  const end = Math.max(...low.map(({ loadAddress, memorySize }) => loadAddress + memorySize));
  const first = high[0]?.loadAddress ?? 0;
  assert.equal(first, Math.ceil(end / 4096) * 4096, "its load images follow the image");
  assert.deepEqual(
    high.map(({ loadAddress }) => loadAddress - first),
    [0, 4096, 8192],
  );
});

test("a user program: no page has two permissions, offsets are congruent to addresses", () => {
  const image = link([program], userLayout());
  const { segments, sections } = readElf(writeElf(image), "hello");
  const loads = segments.filter(({ type }) => type === PT_LOAD);
  assert.deepEqual(
    loads.map(({ address, flags, fileSize, memorySize }) => [address, flags, fileSize, memorySize]),
    [
      [0x1000, 5, 20, 20],
      [0x2000, 6, 4, 4],
      [0x100000, 6, 300, 9300],
    ],
  );
  for (const { address, offset } of loads) assert.equal((address - offset) % 4096, 0);
  const table = sections.find(({ name }) => name === ".isthmus.symbols");
  assert.equal(table?.flags, 0, "the symbol table is in no segment");
  assert.ok((table?.size ?? 0) > 24);
});

test("a segment of zeros among others takes no room, and its offset is congruent too", () => {
  const zeros = { ".bss.globals": { zeros: 40, symbols: { space: 0 } } };
  const start = { ".text": { bytes: nops(20), symbols: { _start: 0 } } };
  const data = { ".data": { bytes: nops(300), address: 0x100000 } };
  const object = objectFile("a.o", { ...start, ...zeros, ...data });
  const bytes = writeElf(link([object], { ...userLayout(), keep: ["space"] }));
  const { segments } = readElf(bytes, "a");
  const empty = segments.find(({ fileSize, type }) => type === PT_LOAD && fileSize === 0);
  assert.equal(empty?.address, 0x2000);
  assert.equal(empty?.memorySize, 40);
  for (const { type, address, offset } of segments) {
    if (type === PT_LOAD) assert.equal((address - offset) % 4096, 0);
    assert.ok(offset <= bytes.length);
  }
});

test("a stripped program has its compact symbol table and no other", () => {
  const image = link([program], userLayout());
  const { sections, symbols } = readElf(writeElf(image, { symbols: false }), "hello");
  assert.equal(symbols.length, 0);
  assert.ok(sections.some(({ name }) => name === ".isthmus.symbols"));
  assert.ok(!sections.some(({ name }) => name === ".strtab"));
});

test("readelf finds nothing to complain about", { skip: unlessInstalled("readelf") }, (t) => {
  const file = scratch(t);
  const outputs = {
    "kernel.elf": elfFile(link([tinyKernel()], layout)),
    "hello.elf": elfFile(link([program], userLayout())),
    "kernel.o": writeElfObject(tinyKernel()),
  };
  for (const [name, bytes] of Object.entries(outputs)) {
    const text = run("readelf", "-aW", file(name, bytes));
    assert.doesNotMatch(text, /warning|error|corrupt/i, name);
    assert.match(text, /ELF32/);
  }
});

test("a section of zeros takes no room in the file", () => {
  const image = link([tinyKernel({ ".bss": { zeros: 100000, symbols: { zeros: 0 } } })], {
    ...layout,
    keep: ["zeros"],
  });
  const bytes = writeElf(image);
  assert.ok(bytes.length < 40000, `${bytes.length}`);
  const { sections } = readElf(bytes, "k");
  assert.equal(sections.find(({ name }) => name === ".bss")?.type, SHT_NOBITS);
});
