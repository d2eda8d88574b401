// The scripts that `isthmus script` writes, read by the linkers that they are for: the same
// addresses and bytes as from our own linker, and nothing for `check` to find.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it, type TestContext } from "node:test";
import { PT_LOAD } from "../../../src/abi/elf";
import { check } from "../../../src/link/check/check";
import { type ElfFile, readElf } from "../../../src/link/elf/read";
import { readElfObject } from "../../../src/link/input/elf-object";
import type { Layout } from "../../../src/link/layout/layout";
import { resolveLayout } from "../../../src/link/layout/resolve";
import { link } from "../../../src/link/link";
import { elfFile } from "../../../src/link/output/elf-files";
import { writeHeader, writeTable } from "../../../src/link/script/c-header";
import { type Dialect, writeLinkerScript } from "../../../src/link/script/linker-script";
import { ASSEMBLY, isSerious, makeKernel } from "../check/make-kernel";
import { diagnosed } from "../expect-diagnostic";
import { run, scratch, unlessInstalled } from "../tools";

const LINKERS = { bfd: "ld", gold: "ld.gold", lld: "ld.lld" } as const;

/** Everything that a layout can say and a script can too. */
const LAYOUT: Layout = {
  boot: "multiboot",
  regions: {
    kernel: { start: 0x100000, end: 0x400000 },
    top: { start: 0xffff0000, end: 2 ** 32, anchor: "end" },
  },
  sections: [
    { name: ".boot", inputs: [{ sections: ".multiboot", keep: true }, ".boot"], permissions: "rx" },
    { name: ".shared_text", region: "top", load: "kernel", permissions: "rx" },
    { name: ".text", maxSize: 65536 },
    ".rodata",
    { name: ".data", inputs: [".data", { symbol: "edata", align: 64 }, ".got", ".got.plt"] },
    { name: ".bss", align: 16, end: 0x200000 },
    { name: ".shared_data", region: "top", load: "kernel" },
  ],
  symbols: { kernel_image_end: { of: "kernel", edge: "end" } },
  closed: [
    { name: "trampoline", sections: [".shared_text", ".shared_data"], exits: ["kernel_main"] },
  ],
};

/** The same in the higher half, but for the code before paging. */
const HIGHER: Layout = {
  ...LAYOUT,
  regions: { ...LAYOUT.regions, high: { load: "kernel", offset: 0xc0000000 } },
  sections: (LAYOUT.sections ?? []).map((section) => {
    const { end: _, ...long } = typeof section === "string" ? { name: section } : section;
    const stays = /^\.(boot|shared_.*)$/.test(long.name);
    return stays ? long : { ...long, region: "high" };
  }),
};

function make(t: TestContext, dialect: Dialect, layout = LAYOUT, assembly = ASSEMBLY) {
  const script = writeLinkerScript(resolveLayout(layout), dialect);
  const flags = dialect === "bfd" ? ["--orphan-handling=error"] : [];
  return makeKernel(t, { script, assembly, linker: LINKERS[dialect], flags });
}

function pages(size: number): number {
  return Math.ceil(size / 4096);
}

/** The rows of `layout_sections` in a linked file. */
function tableRows(elf: ElfFile, bytes: Uint8Array, at: number, count: number) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const offsetOf = (address: number) => {
    const home = elf.segments.find((s) => address >= s.address && address < s.address + s.fileSize);
    assert.ok(home, address.toString(16));
    return home.offset + address - home.address;
  };
  return Array.from({ length: count }, (_, index) => {
    const row = offsetOf(at) + 20 * index;
    const word = (field: number) => view.getUint32(row + 4 * field, true);
    const name = offsetOf(word(0));
    return {
      name: new TextDecoder().decode(bytes.subarray(name, bytes.indexOf(0, name))),
      vma: word(1),
      lma: word(2),
      size: word(3),
      flags: word(4),
    };
  });
}

/** What is loaded: physical address to linear address and byte. */
function loaded(file: ElfFile, bytes: Uint8Array): Map<number, string> {
  const memory = new Map<number, string>();
  for (const { type, loadAddress, address, fileSize, memorySize, offset } of file.segments) {
    if (type !== PT_LOAD) continue;
    for (let at = 0; at < memorySize; at++) {
      const byte = at < fileSize ? bytes[offset + at] : 0;
      memory.set(loadAddress + at, `${address + at}: ${byte}`);
    }
  }
  return memory;
}

for (const dialect of ["bfd", "gold", "lld"] as const) {
  const skip = unlessInstalled("gcc") || unlessInstalled(LINKERS[dialect]);
  describe(`a script for ${dialect}`, { skip }, () => {
    it("links a kernel in which check finds nothing", (t) => {
      const { bytes } = make(t, dialect);
      const report = check(bytes, "kernel.elf", { layout: resolveLayout(LAYOUT) });
      assert.deepEqual(report.findings.filter(isSerious), []);
      assert.deepEqual(report.shared?.proof.leaving, []);
      for (const { loader, outcome } of report.verdicts) {
        if (loader !== "limine") assert.equal(outcome, "loads", loader);
      }
    });

    for (const [where, layout] of [
      ["at 1 MiB", LAYOUT],
      ["in the higher half", HIGHER],
    ] as const) {
      it(`places and fills every byte as our own linker does, ${where}`, (t) => {
        compare(t, layout);
      });
    }

    function compare(t: TestContext, layout: Layout): void {
      const { bytes, objects } = make(t, dialect, layout);
      const inputs = objects.map((path) => readElfObject(readFileSync(path), path));
      const ourBytes = elfFile(link(inputs, { ...layout, debug: false }));
      const [ours, theirs] = [readElf(ourBytes, "ours"), readElf(bytes, "theirs")];
      assert.equal(theirs.entry, ours.entry);
      const [expected, actual] = [loaded(ours, ourBytes), loaded(theirs, bytes)];
      for (const [address, byte] of expected) {
        // What lld must not pad is not in its file.
        if (dialect === "lld" && !actual.has(address)) continue;
        assert.equal(actual.get(address), byte, `at ${address.toString(16)}`);
      }
      for (const address of actual.keys()) assert.ok(expected.has(address), address.toString(16));
      const valueIn = (file: ElfFile, name: string) =>
        file.symbols.find((symbol) => symbol.name === name)?.value;
      for (const { name, value } of ours.symbols) {
        if (/_(start|end|size|load)$|^[a-z]/.test(name) && valueIn(theirs, name) !== undefined) {
          assert.equal(valueIn(theirs, name), value, name);
        }
      }
      for (const name of ["kernel_image_end", "edata"]) {
        assert.equal(valueIn(theirs, name), valueIn(ours, name), name);
      }
      assert.equal(valueIn(theirs, "top_end"), 0);
    }

    it("has an offset that check looks for", (t) => {
      const { bytes } = make(t, dialect, HIGHER);
      const other = { ...HIGHER.regions, high: { load: "kernel", offset: 0xc0001000 } };
      const codes = (layout: Layout) => {
        const { findings } = check(bytes, "kernel.elf", { layout: resolveLayout(layout) });
        return findings.filter(({ code }) => code === "LAY023");
      };
      assert.deepEqual(codes(HIGHER), []);
      assert.match(JSON.stringify(codes({ ...HIGHER, regions: other })), /not at its offset/);
    });

    it("survives shared data that fills its pages exactly", (t) => {
      const assembly = `${ASSEMBLY}\n.section .shared_data, "aw"\n.skip 8192 - (. - idt)\n`;
      const { bytes } = make(t, dialect, LAYOUT, assembly);
      const report = check(bytes, "kernel.elf", { layout: resolveLayout(LAYOUT) });
      assert.deepEqual(report.findings.filter(isSerious), []);
    });

    it("says when something does not fit", (t) => {
      const sections = LAYOUT.sections ?? [];
      const small = sections.map((section) =>
        typeof section === "object" && section.name === ".text"
          ? { ...section, maxSize: 4 }
          : section,
      );
      assert.throws(() => make(t, dialect, { ...LAYOUT, sections: small }), /more than 4 bytes/);
    });
  });
}

/** What goes wrong without the scripts' detours, until a linker does better. */
describe("the quirks that scripts avoid", { skip: unlessInstalled("gcc") }, () => {
  const naive = (rest: string) => `
ENTRY(_start)
SECTIONS {
  .boot 0x100000 : { *(.multiboot) *(.boot .text .rodata .data .bss) image_end = .; }
  ${rest}
  /DISCARD/ : { *(.note*) *(.comment) *(.eh_frame*) }
}`;
  const LAST = "0xffffe000 : AT(ALIGN(image_end, 4096)) { *(.shared_*) . = ALIGN(4096); end = .; }";
  const parked = naive(`.shared ${LAST}`);
  const twoPages = `${ASSEMBLY}\n.section .shared_data, "aw"\n.skip 4096 - (. - idt)\n`;
  const wrapped = parked.replace("/DISCARD/", ".late : { *(.late) }\n  /DISCARD/");
  const late = `${twoPages}\n.section .late, "aw"\nlate: .long 1\n`;
  type Linker = (typeof LINKERS)[Dialect];
  const build = (t: TestContext, linker: Linker, script: string, assembly: string) => {
    // The wrapped section is in no one's way; the test is about lld's check.
    const flags = linker === "ld.lld" ? [] : ["--no-check-sections"];
    return readElf(makeKernel(t, { script, assembly, linker, flags }).bytes, "kernel.elf");
  };

  for (const linker of ["ld", "ld.gold"] as const) {
    it(`${linker} continues at 0 after a section that ends at 4 GiB, and its end is 0`, {
      skip: unlessInstalled(linker),
    }, (t) => {
      const { sections, symbols } = build(t, linker, wrapped, late);
      assert.equal(sections.find(({ name }) => name === ".late")?.address, 0);
      assert.equal(symbols.find(({ name }) => name === "end")?.value, 0);
    });
  }

  it("ld.lld refuses such a section", { skip: unlessInstalled("ld.lld") }, (t) => {
    assert.throws(() => build(t, "ld.lld", parked, twoPages), /exceeds available address space/);
  });

  it("ld.gold does not align load addresses", { skip: unlessInstalled("ld.gold") }, (t) => {
    const script = `
ENTRY(_start)
MEMORY { LOW : ORIGIN = 1M, LENGTH = 2M  TOP : ORIGIN = 0xfff00000, LENGTH = 512K }
SECTIONS {
  .boot : { *(.multiboot) *(.boot .text .rodata .data .bss) } >LOW
  .shared : ALIGN(4096) { *(.shared_*) } >TOP AT>LOW
  /DISCARD/ : { *(.note*) *(.comment) *(.eh_frame*) }
}`;
    const { segments } = build(t, "ld.gold", script, `${ASSEMBLY}\n.text\nnop\n`);
    const shared = segments.find(({ address }) => address === 0xfff00000);
    assert.notEqual((shared?.loadAddress ?? 0) % 4096, 0);
  });
});

describe("what belongs to a script", { skip: unlessInstalled("gcc") }, () => {
  it("has a header and a table that C and C++ take", (t) => {
    const file = scratch(t);
    const layout = resolveLayout({ ...LAYOUT, spaces: { user: { regions: ["top"] } } });
    file("kernel-layout.h", writeHeader(layout));
    file("table.h", writeTable(layout, "kernel-layout.h"));
    const source = `#include "table.h"
unsigned long f(void) { return LAYOUT_SIZE(shared_text) + (unsigned long)layout_sections[1].vma; }
#ifdef __cplusplus
static_assert(LAYOUT_SECTIONS == 7, "rows");
#endif
`;
    for (const [name, compiler] of [
      ["a.c", "gcc"],
      ["a.cpp", "g++"],
    ] as const) {
      const options = ["-m32", "-ffreestanding", "-Wall", "-Wextra", "-Werror"];
      run(compiler, ...options, "-c", file(name, source), "-o", file("a.o"));
    }
    assert.match(writeTable(layout, "x.h"), /"\.shared_text".*LAYOUT_EXECUTE \| LAYOUT_SHARED/);
  });

  for (const dialect of ["bfd", "gold", "lld"] as const) {
    const without = unlessInstalled(LINKERS[dialect]);
    it(`tells a page-table builder in C what ${dialect} has done`, { skip: without }, (t) => {
      const file = scratch(t);
      const layout = resolveLayout({ ...LAYOUT, spaces: { a: { regions: ["top"] } } });
      file("kernel-layout.h", writeHeader(layout));
      const table = file("table.h", writeTable(layout, "kernel-layout.h"));
      const source = `#include "${table}"
unsigned page_table[1024];
void build(void) {
  for (unsigned i = 0; i < LAYOUT_SECTIONS; i++) {
    const struct layout_section *s = &layout_sections[i];
    for (unsigned at = 0; at < (unsigned)s->size; at += 4096)
      page_table[((unsigned)s->vma + at) / 4096 % 1024] =
        ((unsigned)s->lma + at) | 1 | (s->flags & LAYOUT_WRITE);
  }
}`;
      const { bytes } = makeKernel(t, {
        c: source,
        script: writeLinkerScript(layout, dialect),
        linker: LINKERS[dialect],
      });
      const elf = readElf(bytes, "kernel.elf");
      const entry = elf.symbols.find(({ name }) => name === "layout_sections");
      assert.ok(entry, "the table is there");
      for (const row of tableRows(elf, bytes, entry.value, layout.sections.length)) {
        const section = elf.sections.find(({ name }) => name === row.name);
        if (!section) continue; // Nothing was put into it.
        const segment = elf.segments.find(({ address, memorySize }) => {
          return section.address >= address && section.address < address + memorySize;
        });
        assert.ok(segment, row.name);
        assert.equal(row.vma, section.address, row.name);
        assert.equal(row.lma, segment.loadAddress + section.address - segment.address, row.name);
        // lld's last section is not padded, so its pages are counted.
        assert.equal(pages(row.size), pages(section.size), row.name);
        assert.equal((row.flags & 2) !== 0, (segment.flags & 2) !== 0, row.name);
        assert.equal((row.flags & 8) !== 0, row.name.startsWith(".shared"), row.name);
      }
    });
  }

  it("refuses what only our own linker can do", () => {
    const layout = resolveLayout({ sections: [".text", { name: ".symbols", content: "symbols" }] });
    assert.match(
      diagnosed("SCRIPT001", () => writeLinkerScript(layout, "bfd")),
      /npx isthmus link/,
    );
  });
});
