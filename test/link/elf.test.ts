// The files that the linker writes and reads, judged by other people's tools where they are there.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { layout as kernelLayout } from "../../kernel/layout";
import { PT_LOAD, SHT_NOBITS } from "../../src/abi/elf";
import { MULTIBOOT_HEADER_MAGIC } from "../../src/abi/multiboot";
import { Diagnostic } from "../../src/base/diagnostic";
import { readElf } from "../../src/link/elf/read";
import { readElfObject } from "../../src/link/input/elf-object";
import type { Layout } from "../../src/link/layout/layout";
import { link } from "../../src/link/link";
import { elfFile } from "../../src/link/output/elf-files";
import { writeElf } from "../../src/link/output/write-elf";
import { writeElfObject } from "../../src/link/output/write-elf-object";
import type { ObjectFile } from "../../src/object/object";
import { userLayout } from "../../user/layout";
import { nops, objectFile, type SectionSpec } from "./build-object";
import { diagnosed } from "./expect-diagnostic";
import { run, scratch, unlessInstalled } from "./tools";

function words(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of values.entries()) view.setUint32(index * 4, value, true);
  return bytes;
}

const header = words(MULTIBOOT_HEADER_MAGIC, 3, -(MULTIBOOT_HEADER_MAGIC + 3));

/** A kernel in the shape of ours, small. */
function tinyKernel(more: Record<string, SectionSpec> = {}): ObjectFile {
  return objectFile("kernel.o", {
    ".boot": {
      bytes: [...header, ...nops(20)],
      symbols: { multiboot_header: { type: "object" }, _start: 12 },
      refs: [{ at: 16, to: "kernelMain" }],
    },
    ".text.kernelMain": { bytes: nops(100), symbols: { kernelMain: 0 } },
    ".data": { bytes: nops(5000), address: 0x101000 },
    ".trampoline.text": { bytes: nops(300), symbols: { entry: 0 } },
    ".trampoline.rodata": { bytes: nops(2048), symbols: { idt: 0 } },
    ".trampoline.data": { bytes: nops(500), symbols: { gdt: 0 } },
    ...more,
  });
}

const layout: Layout = {
  ...kernelLayout,
  closed: [],
  beforePaging: { roots: ["_start"] },
};

const program = objectFile("hello.o", {
  ".text": { bytes: [...nops(20)], symbols: { _start: 0 }, refs: [{ at: 4, to: "counter" }] },
  ".data.counter": { bytes: [1, 0, 0, 0], align: 4, symbols: { counter: 0 } },
  ".data": { bytes: nops(300), address: 0x100000 },
  ".bss": { zeros: 9000, address: 0x10012c },
});

test("our kernel's layout: VMA and LMA differ for the trampoline alone", () => {
  const { segments } = readElf(elfFile(link([tinyKernel()], layout)), "kernel.elf");
  const loads = segments.filter(({ type }) => type === PT_LOAD);
  const high = loads.filter(({ address }) => address >= 0xffffd000);
  assert.deepEqual(
    high.map(({ address, memorySize, flags }) => [address, memorySize, flags]),
    [
      [0xffffd000, 4096, 5],
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

test("Multiboot header and program headers lie in the first 8 KiB, however much follows", () => {
  const big = tinyKernel({ ".text.big": { bytes: nops(200000), symbols: { big: 0 } } });
  const bytes = elfFile(link([big], { ...layout, keep: ["big"] }));
  const view = new DataView(bytes.buffer);
  const at = Array.from({ length: 2048 }, (_, index) => index * 4).find(
    (offset) => view.getUint32(offset, true) === MULTIBOOT_HEADER_MAGIC,
  );
  assert.ok(at !== undefined && at % 4 === 0 && at <= 8192 - 12);
});

test("a kernel without a Multiboot header is refused", () => {
  const object = objectFile("k.o", { ".boot": { bytes: nops(4), symbols: { _start: 0 } } });
  diagnosed("LINK020", () => elfFile(link([object], layout)));
  const late = objectFile("k.o", {
    ".boot": { bytes: [...nops(2), ...header, ...nops(2)], symbols: { _start: 0 } },
  });
  diagnosed("LINK020", () => elfFile(link([late], layout)));
});

test("an entry point that is not where it is loaded, or is no code, is refused", () => {
  const entries = [
    { entry: "entry", beforePaging: { roots: [] } },
    { entry: "idt", beforePaging: { roots: [] } },
  ];
  for (const fields of entries) {
    diagnosed("LINK022", () => elfFile(link([tinyKernel()], { ...layout, ...fields })));
  }
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

test("text that grows into the data of a user program is refused", () => {
  const big = objectFile("big.o", {
    ".text": { bytes: nops(0x100000), symbols: { _start: 0 } },
    ".data": { bytes: [1], address: 0x100000 },
  });
  assert.match(
    diagnosed("LINK009", () => link([big], userLayout())),
    /\.data must begin at 0x00100000, but what lies before it reaches to 0x00101000/,
  );
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

test("grub-file accepts the kernel", { skip: unlessInstalled("grub-file") }, (t) => {
  const path = scratch(t)("kernel.elf", elfFile(link([tinyKernel()], layout)));
  run("grub-file", "--is-x86-multiboot", path);
});

test("an object survives being written and read, but for lines and fixed addresses", () => {
  const object = objectFile("a.o", {
    ".text": {
      bytes: nops(40),
      align: 16,
      symbols: { f: 4, local: { offset: 8, binding: "local", size: 3 } },
      refs: [
        { at: 0, to: "f", addend: 0x1234 },
        { at: 4, to: "outside", kind: "relative", addend: -4 },
        { at: 8, to: "local", kind: "absolute", width: 2, addend: -2 },
        { at: 10, to: "local", kind: "relative", width: 2, addend: -2 },
        { at: 12, to: "f", kind: "absolute", width: 1, addend: 5 },
        { at: 13, to: "f", kind: "relative", width: 1, addend: -1 },
      ],
    },
    ".bss": { zeros: 100, align: 32, symbols: { space: { type: "object", binding: "weak" } } },
    ".comment": { bytes: [1, 2, 3], alloc: false },
  });
  const again = readElfObject(writeElfObject(object), "a.o");
  const byName = <T extends { readonly name: string }>(list: readonly T[]) =>
    [...list].sort((a, b) => (a.name < b.name ? -1 : 1));
  const content = again.sections.filter(({ name }) => name !== ".note.GNU-stack");
  assert.deepEqual(content.map(comparable), object.sections.map(comparable));
  assert.deepEqual(byName(again.symbols), byName(object.symbols));
  assert.deepEqual(targets(again), targets(object));
});

/** What shall survive; bytes that a relocation patches count for nothing. */
function comparable(section: ObjectFile["sections"][number]) {
  const { name, type, flags, align, size, lines } = section;
  const bytes = section.bytes.slice();
  for (const { offset, width } of section.relocations) bytes.fill(0, offset, offset + width);
  const relocations = section.relocations.map((relocation) => ({ ...relocation, symbol: 0 }));
  return { name, type, flags, align, size, lines, bytes, relocations };
}

function targets(object: ObjectFile): (string | undefined)[] {
  return object.sections.flatMap(({ relocations }) =>
    relocations.map(({ symbol }) => object.symbols[symbol]?.name),
  );
}

test("an addend that REL cannot hold is refused", () => {
  const object = objectFile("a.o", {
    ".text": {
      bytes: nops(4),
      symbols: { f: 0 },
      refs: [{ at: 0, to: "f", kind: "absolute", width: 1, addend: 999 }],
    },
  });
  diagnosed("ELF005", () => writeElfObject(object));
});

test("gcc's objects are read: relocations, common and absolute symbols", {
  skip: unlessInstalled("gcc"),
}, (t) => {
  const file = scratch(t);
  const source = `
    int table[3] = {1, 2, 3};
    int zeros[50];
    int common_word;
    extern int outside(int *);
    __asm__(".globl magic\\nmagic = 0x1234");
    int main_loop(int i) { return outside(&table[i]) + common_word + zeros[i]; }
  `;
  const c = file("a.c", source);
  const o = file("a.o");
  run("gcc", "-m32", "-O1", "-fno-pic", "-fcommon", "-ffunction-sections", "-c", c, "-o", o);
  const object = readElfObject(readFileSync(o), "a.o");
  const symbol = (name: string) => object.symbols.find((candidate) => candidate.name === name);
  assert.equal(symbol("magic")?.absolute, true);
  assert.equal(symbol("magic")?.offset, 0x1234);
  assert.equal(symbol("outside")?.section, undefined);
  assert.equal(symbol("common_word")?.common, 4);
  assert.equal(symbol("common_word")?.section, undefined);
  const code = object.sections.find(({ name }) => name === ".text.main_loop");
  assert.ok((code?.relocations.length ?? 0) >= 4);
});

test("thread-local variables are refused with a remedy", {
  skip: unlessInstalled("gcc"),
}, (t) => {
  const file = scratch(t);
  const c = file("a.c", "__thread int x; int f(void) { return x; }");
  const o = file("a.o");
  run("gcc", "-m32", "-O1", "-fno-pic", "-c", c, "-o", o);
  const text = diagnosed("ELF003", () => readElfObject(readFileSync(o), "a.o"));
  assert.match(text, /R_386_TLS_LE.*\.text\+0x[\s\S]*thread_local/);
});

test("what is no i386 ELF file is told apart", () => {
  const good = writeElfObject(tinyKernel());
  const change = (offset: number, value: number) => {
    const bytes = good.slice();
    bytes[offset] = value;
    return bytes;
  };
  const cases: [Uint8Array, RegExp][] = [
    [new Uint8Array(0), /is not an ELF file/],
    [good.slice(0, 51), /is not an ELF file/],
    [change(4, 2), /64-bit ELF file/],
    [change(5, 2), /big-endian/],
    [change(18, 62), /machine 62/],
    [change(16, 2), /type 2, not a relocatable object/],
  ];
  for (const [bytes, expected] of cases) {
    assert.match(
      diagnosed("ELF001", () => readElfObject(bytes, "x.o")),
      expected,
    );
  }
});

test("damaged objects give a Diagnostic or an object that links or is refused: no crash", () => {
  const good = writeElfObject(tinyKernel());
  let seed = 3;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const tail = good.length - 1200;
  for (let round = 0; round < 2000; round++) {
    let bytes = good.slice();
    // Headers and tables are where damage is dangerous.
    for (let hit = 0; hit < 3; hit++) {
      const at = random(2) === 0 ? random(52) : tail + random(1200);
      bytes[at] = random(3) === 0 ? 0xff : random(256);
    }
    if (round % 5 === 0) bytes = bytes.slice(0, random(bytes.length));
    try {
      link([readElfObject(bytes, "x.o")], { ...layout, boot: "none" });
    } catch (error) {
      if (!(error instanceof Diagnostic)) throw error;
    }
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
