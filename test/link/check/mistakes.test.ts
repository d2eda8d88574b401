// Each mistake of the table is made on purpose in a minimal kernel, and reported with its code; the
// twin without it gives no finding at all.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it, type TestContext } from "node:test";
import { buildProject } from "../../../src/cli/build-project";
import { findProject } from "../../../src/cli/project";
import { type CheckInput, check } from "../../../src/link/check/check";
import { type CodedFinding, isAtLeast } from "../../../src/link/check/mistake";
import { MISTAKES, mistakeOf } from "../../../src/link/check/mistakes";
import { readElfObject } from "../../../src/link/input/elf-object";
import type { Layout } from "../../../src/link/layout/layout";
import { resolveLayout } from "../../../src/link/layout/resolve";
import { unlessInstalled } from "../tools";
import {
  ASSEMBLY,
  ASSEMBLY_64,
  change,
  isSerious,
  type KernelParts,
  makeKernel,
  SCRIPT,
  SCRIPT_64,
} from "./make-kernel";

interface Made extends KernelParts {
  /** Damages the file where no toolchain would. */
  readonly mutate?: (bytes: Uint8Array) => Uint8Array;
  readonly input?: CheckInput;
  /** Gives the objects to the check too. */
  readonly withObjects?: boolean;
}

interface Case {
  readonly name: string;
  readonly code: string;
  readonly wrong: Made;
  /** Default: the kernel as it is. */
  readonly right?: Made;
  /** What at least one of the findings says. */
  readonly says: RegExp;
  /** What the same finding says is to be changed. */
  readonly change?: RegExp;
  /** Other mistakes that this one cannot be made without. */
  readonly also?: readonly string[];
}

const script = (from: string, to: string) => change(SCRIPT, from, to);
const assembly = (from: string, to: string) => change(ASSEMBLY, from, to);
const addAssembly = (text: string) => `${ASSEMBLY}\n${text}\n`;

const SHARED_LAYOUT: Layout = {
  entry: "_start",
  regions: { kernel: { start: 0x100000, end: 0x400000 }, top: { start: 0xffff0000, end: 2 ** 32 } },
  sections: [
    ...[".boot", ".text", ".rodata", ".data", ".bss"],
    { name: ".shared_text", region: "top", load: "kernel" },
    { name: ".shared_data", region: "top", load: "kernel" },
  ],
  closed: [
    { name: "trampoline", sections: [".shared_text", ".shared_data"], exits: ["kernel_main"] },
  ],
};
const parked: Layout = {
  ...SHARED_LAYOUT,
  regions: { ...SHARED_LAYOUT.regions, top: { start: 0xffff0000, end: 2 ** 32, anchor: "end" } },
};

const inModule = resolveLayout({
  ...parked,
  sections: (parked.sections ?? []).map((section) =>
    typeof section === "object" && section.name === ".shared_text"
      ? { name: ".shared_text", region: "top", module: "trampoline" }
      : section,
  ),
});

/** A Multiboot 2 header with these tags, instead of Multiboot 1's. */
const multiboot2 = (tags: string) =>
  assembly(
    ".balign 4\n.long 0x1badb002, 3, -(0x1badb002 + 3)",
    `.balign 8
mb: .long 0xe85250d6, 0, mb_end - mb, -(0xe85250d6 + (mb_end - mb))
${tags}
.short 0, 0
.long 8
mb_end:`,
  );

const MEMORY_MAP = (type: string, test: string) => `
struct entry { unsigned size; ${type} } __attribute__((packed));
unsigned add(unsigned base, unsigned length);
unsigned count(struct entry *e, char *end) {
  unsigned sum = 0;
  for (; (char *)e < end; e = (struct entry *)((char *)e + e->size + 4))
    if (e->type == 1 && ${test}) sum += (unsigned)e->base + (unsigned)e->length;
  return sum;
}`;

/** Moves the program headers to the end of a large file, as tools that edit files do. */
function moveHeaders(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = view.getUint32(28, true);
  const size = view.getUint16(42, true) * view.getUint16(44, true);
  const at = Math.max(bytes.length, 8192);
  const moved = new Uint8Array(at + size);
  moved.set(bytes);
  moved.set(bytes.subarray(start, start + size), at);
  new DataView(moved.buffer).setUint32(28, at, true);
  return moved;
}

/** The kernel with its stack in a section of its own. */
const stackIn = (section: string) => {
  const apart = assembly(".skip 4096\nstack_top:\n", "");
  return `${apart}\n.section ${section}\n.skip 16384\nstack_top:\n`;
};
const withStack = script("*(.bss .bss.*)", "*(.bss .bss.*) *(.boot_stack)");

/** The kernel with a test of the magic number that its loader leaves. */
const expecting = (text: string, magic: string) => {
  return change(text, "_start:\n", `_start:\n  cmp $${magic}, %eax\n  jne 1f\n`);
};

/** A kernel that is linked 3 GiB above where it is loaded, code and all. */
const atLoadAddress = (entry: string): Made => ({
  assembly: `
.section .multiboot, "a"
.balign 4
.long 0x1badb002, 3, -(0x1badb002 + 3)
.text
.globl _start
_start = begin
begin: hlt
  jmp begin
`,
  script: `ENTRY(${entry}) SECTIONS { . = 0xc0100000; .text : AT(1M) { *(.multiboot) *(.text) }
    /DISCARD/ : { *(.note*) } }`,
});

/** A kernel 3 GiB above where it is loaded, with static tables and `size` bytes of .bss. */
const higherHalf = (entry: string, size: number, before = ""): Made => {
  const place = (name: string) => `${name} ALIGN(4096) : AT(ADDR(${name}) - 0xc0000000)`;
  return {
    assembly: `
.section .multiboot, "a"
.balign 4
.long 0x1badb002, 3, -(0x1badb002 + 3)
.section .boot, "ax"
.globl _start
_start:
  ${before}
  mov $(boot_pages - 0xc0000000), %eax
  mov %eax, %cr3
  mov %cr4, %eax
  or $0x10, %eax
  mov %eax, %cr4
  mov %cr0, %eax
  or $0x80000000, %eax
  mov %eax, %cr0
  lea high, %ecx
  jmp *%ecx
.text
high: mov $stack_top, %esp
1: hlt
  jmp 1b
.data
.balign 4096
boot_pages: .long 0x83
.skip 767 * 4
${entry}
.balign 4096
boot_table: .set frame, 0
.rept 1024
.long frame + 3
.set frame, frame + 4096
.endr
.bss
.skip ${size}
stack_top:
`,
    script: `ENTRY(_start) SECTIONS { . = 1M; .boot : { *(.multiboot) *(.boot) } . += 0xc0000000;
      ${place(".text")} { *(.text) } ${place(".data")} { *(.data) } ${place(".bss")} { *(.bss) }
      /DISCARD/ : { *(.note*) } }`,
  };
};
const MIB = 1 << 20;
/** The parts with another text in the assembly. */
const inAssembly = (parts: Made, from: string, to: string): Made => ({
  ...parts,
  assembly: change(parts.assembly ?? "", from, to),
});
/** A directory entry, and a table for the first 4 MiB whose pages have these bits. */
const readOnlyTable = (bits: string) => `.long pages - 0xc0000000 + 3
.balign 4096
pages: .set page, ${bits}
.rept 1024
.long page
.set page, page + 4096
.endr`;
const TABLE_ENTRY = ".long boot_table - 0xc0000000 + 3";

/** The kernel with a GDT of its own, and `after` what comes after it is loaded. */
const withGdt = (after: string, more = "") => `${assembly(
  "  call kernel_main\n1:\n",
  `  lgdt gdt_descriptor\n${after}  sti\n  call kernel_main\n1:\n`,
)}
.section .shared_data, "aw"
.balign 8
table: .quad 0, 0x00cf9a000000ffff, 0x00cf92000000ffff
.section .rodata
gdt_descriptor: .word 23
.long table
.text
${more}
`;

/** The same, loaded by a function that the first processor calls, and another one. */
const loadedTwice = (after: string) => {
  const load = "load: lgdt gdt_descriptor\n ret";
  const other = `other_processor: call load\n${after}  sti\n  hlt`;
  const first = change(
    withGdt("", `${load}\n${other}`),
    "  lgdt gdt_descriptor\n  sti",
    "  call load",
  );
  return change(
    first,
    "  call load\n  call kernel_main",
    `  call load\n${after.replaceAll("2", "3")}  call kernel_main`,
  );
};

const CASES: readonly Case[] = [
  {
    name: "code and data without ALIGN between them",
    code: "LAY001",
    wrong: { script: script(" ALIGN(4096) : { *(.", " : { *(.") },
    says: /can be written and executed/,
  },
  {
    name: "the header after 12 KiB of code",
    code: "LAY002",
    wrong: {
      script: script("KEEP(*(.multiboot)) *(.boot)", "*(.boot) . += 0x3000; KEEP(*(.multiboot))"),
    },
    says: /offset \d+ of the file, beyond the first 8192 bytes/,
  },
  {
    name: "a pointer to the header, in its place",
    code: "LAY002",
    wrong: {
      assembly: change(
        assembly(".balign 4\n.long 0x1badb002, 3, -(0x1badb002 + 3)", ".long header, 12"),
        "message: .long 1",
        "message: .long 1\n.skip 9000\n.balign 4\n" +
          "header: .long 0x1badb002, 3, -(0x1badb002 + 3)",
      ),
    },
    says: /header lies in \.rodata, at offset \d+ of the file; at 0x00100000, .* only its address/,
  },
  {
    name: "a header at an odd offset",
    code: "LAY002",
    wrong: { assembly: assembly(".balign 4\n", ".balign 4\n.byte 0\n") },
    says: /not aligned/,
  },
  {
    name: "a header that --gc-sections dropped",
    code: "LAY003",
    wrong: {
      script: script("KEEP(*(.multiboot))", "*(.multiboot)"),
      flags: ["--gc-sections", "-u", "entry", "-u", "idt"],
      withObjects: true,
    },
    says: /kernel\.o has a section \.multiboot, but the file has no boot header/,
    also: ["LAY017"],
  },
  {
    name: "a header section without flags",
    code: "LAY003",
    wrong: {
      assembly: assembly('.section .multiboot, "a"', ".section .multiboot"),
      script: script("KEEP(*(.multiboot)) ", ""),
    },
    says: /\.multiboot is in the file, but in no part of it that is loaded/,
  },
  {
    name: "program headers that were moved to the end of the file",
    code: "LAY004",
    wrong: { mutate: moveHeaders },
    says: /GRUB reads 8192 bytes/,
  },
  {
    name: "two sections loaded to one place",
    code: "LAY005",
    wrong: {
      script: script(".rodata ALIGN(4096) :", ".rodata ALIGN(4096) : AT(LOADADDR(.text))"),
      flags: ["--no-check-sections"],
    },
    says: /overlaps/,
    also: ["LAY009"],
  },
  {
    name: "code and data in one page, in two segments",
    code: "LAY005",
    wrong: {
      script: change(
        script(" ALIGN(4096) : { *(.data", " : { *(.data"),
        "SECTIONS {",
        `PHDRS { boot PT_LOAD; text PT_LOAD; ro PT_LOAD; data PT_LOAD; st PT_LOAD; sd PT_LOAD; }
         SECTIONS {`,
      )
        .replace("*(.boot) }", "*(.boot) } :boot")
        .replace("*(.text .text.*) }", "*(.text .text.*) } :text")
        .replace("*(.rodata .rodata.*) }", "*(.rodata .rodata.*) } :ro")
        .replace("*(.data .data.*) }", "*(.data .data.*) } :data")
        .replace("*(.shared_text) . = ALIGN(4096); }", "*(.shared_text) . = ALIGN(4096); } :st")
        .replace("*(.shared_data) . = ALIGN(4096); }", "*(.shared_data) . = ALIGN(4096); } :sd"),
    },
    says: /share the page/,
  },
  {
    name: "strings that the script does not name",
    code: "LAY006",
    wrong: {
      assembly: addAssembly('.section .rodata.str1.1, "aMS", @progbits, 1\n.string "text"'),
      script: script("*(.rodata .rodata.*)", "*(.rodata)"),
    },
    right: { assembly: addAssembly('.section .rodata.str1.1, "aMS", @progbits, 1\n.string "x"') },
    says: /\.rodata\.str1\.1 .* the script does not name/,
  },
  {
    name: "constructors that nothing calls",
    code: "LAY006",
    wrong: {
      assembly: addAssembly('.section .init_array, "aw"\n.long kernel_main'),
      script: script("*(.data .data.*)", "*(.data .data.*) } .init_array : { *(.init_array)"),
    },
    right: {
      assembly: addAssembly('.section .init_array, "aw"\n.long kernel_main'),
      script: script(
        "*(.data .data.*)",
        "*(.data .data.*) } .init_array : { init_start = .; KEEP(*(.init_array)) init_stop = .;",
      ),
    },
    says: /nothing calls them/,
  },
  {
    name: "a load address that is not page-aligned",
    code: "LAY007",
    wrong: {
      script: change(
        script("AT(shared_load)", "AT(shared_load + 16)"),
        "AT(shared_load + 4096)",
        "AT(shared_load + 4112)",
      ),
    },
    says: /their offsets in a page differ/,
    also: ["LAY001", "LAY005", "LAY009", "LAY015", "LAY017"],
  },
  {
    name: "high sections without AT",
    code: "LAY008",
    wrong: {
      script: change(script("AT(shared_load) ", ""), "AT(shared_load + 4096) ", ""),
    },
    says: /loaded at 0xffffe000, where a PC has no memory/,
  },
  {
    name: "a section loaded apart from its neighbours",
    code: "LAY009",
    wrong: { script: script(".rodata ALIGN(4096) :", ".rodata ALIGN(4096) : AT(0x180000)") },
    says: /\.rodata follows \.text .* is loaded at 0x00180000/,
    also: ["LAY015"],
  },
  {
    name: "code that NOLOAD has emptied",
    code: "LAY009",
    wrong: { script: script(".rodata ALIGN(4096) :", ".rodata ALIGN(4096) (NOLOAD) :") },
    says: /NOLOAD has made it zeros/,
  },
  {
    name: "a section after the one that ends at 4 GiB",
    code: "LAY010",
    wrong: {
      assembly: addAssembly('.section .late, "aw"\n.long 1'),
      script: script("shared_size = 8192;", ".late : { *(.late) } shared_size = 8192;"),
    },
    right: {
      assembly: addAssembly('.section .late, "aw"\n.long 1'),
      script: script("*(.data .data.*)", "*(.data .data.*) *(.late)"),
    },
    says: /the address has wrapped to 0/,
    also: ["LAY006"],
  },
  {
    name: "a symbol for the end at 4 GiB",
    code: "LAY010",
    wrong: {
      script: script(
        "*(.shared_data) . = ALIGN(4096);",
        "*(.shared_data) . = ALIGN(4096); top_end = .;",
      ),
    },
    says: /top_end is 0/,
  },
  {
    name: "an entry point that nothing defines",
    code: "LAY011",
    wrong: { script: script("ENTRY(_start)", "ENTRY(begin)") },
    says: /is the start of \.text, not _start/,
    also: ["LAY012"],
  },
  {
    name: "an entry point that is the header",
    code: "LAY011",
    wrong: { flags: ["-e", "0x100000"] },
    says: /is the Multiboot header/,
  },
  {
    name: "an entry point that is given as a load address",
    code: "LAY011",
    wrong: { ...atLoadAddress("_start"), flags: ["-e", "0x0010000c"] },
    right: atLoadAddress("_start"),
    says: /0x0010000c is where begin is loaded, not where it is linked \(0xc010000c\)/,
    change: /Name the linked address: `ENTRY\(begin\)`/,
  },
  {
    name: "an entry point outside every segment",
    code: "LAY011",
    wrong: { flags: ["-e", "0x300000"] },
    says: /lies in no segment/,
  },
  {
    name: "a high variable that is read before paging",
    code: "LAY012",
    wrong: {
      assembly: assembly("  mov $page_directory, %eax\n", "  mov shared_value, %eax\n"),
    },
    says: /_start.* runs before paging and reads or writes shared_value at 0xfffff/,
  },
  {
    name: "position-independent code",
    code: "LAY013",
    wrong: { c: "extern int counter; int get(void) { return counter; }", cFlags: ["-fpic"] },
    right: { c: "extern int counter; int get(void) { return counter; }" },
    says: /compiled with -fpic/,
    also: ["LAY006"],
  },
  {
    name: "a kernel linked as PIE",
    code: "LAY013",
    wrong: { flags: ["-pie", "--no-dynamic-linker", "-z", "notext", "--no-check-sections"] },
    says: /linked as PIE/,
    also: ["LAY005", "LAY001", "LAY006", "LAY010", "LAY009"],
  },
  {
    name: "common symbols past the end of .bss",
    code: "LAY014",
    wrong: {
      assembly: addAssembly(".comm shared_counter, 64, 4"),
      script: script("*(COMMON) bss_end = .;", "bss_end = .; *(COMMON)"),
    },
    right: { assembly: addAssembly(".comm shared_counter, 64, 4") },
    says: /\.bss .* is not between bss_start/,
  },
  {
    name: "the end of the kernel marked before .bss",
    code: "LAY015",
    wrong: {
      script: change(
        script("  kernel_end = shared_load + shared_size;\n", ""),
        "  .bss :",
        "  kernel_end = .;\n  .bss :",
      ),
    },
    says: /kernel_end is 0x[0-9a-f]+, but \.bss reaches up to/,
  },
  {
    name: "the shared pages loaded past the end of the kernel",
    code: "LAY015",
    wrong: { script: script("kernel_end = shared_load + shared_size", "kernel_end = shared_load") },
    says: /the load image of \.shared_text/,
  },
  {
    name: "the end of the kernel taken for a variable",
    code: "LAY015",
    wrong: { c: END_IN_C("extern unsigned kernel_end;", "kernel_end") },
    right: { c: END_IN_C("extern char kernel_end[];", "(unsigned)kernel_end") },
    says: /first_free.* reads or writes memory at 0x[0-9a-f]+, where kernel_end marks an end/,
  },
  {
    name: "a kernel at 0x8000",
    code: "LAY016",
    wrong: { script: script(". = 1M;", ". = 0x8000;") },
    says: /QEMU's Multiboot record/,
  },
  {
    name: "an IDT outside the shared part",
    code: "LAY017",
    wrong: {
      assembly: assembly("idt: .skip 2048", '.data\nidt: .skip 2048\n.section .shared_data, "aw"'),
    },
    says: /idt is at 0x[0-9a-f]+, outside the shared part/,
  },
  {
    name: "an IDT of another name outside the shared part",
    code: "LAY017",
    wrong: { assembly: addAssembly(LIDT(".data")) },
    right: { assembly: addAssembly(LIDT('.section .shared_data, "aw"')) },
    says: /the IDT that LIDT loads at load_vectors\+0xa is at 0x[0-9a-f]+, outside the shared part/,
  },
  {
    name: "kernel data in a frame of the shared part",
    code: "LAY017",
    wrong: {
      script: change(
        script("shared_load = ALIGN(4096);", "shared_load = ALIGN(4096) - 4096;"),
        "AT(shared_load + 4096)",
        "AT(shared_load + 8192)",
      ),
      flags: ["--no-check-sections"],
    },
    says: /in a frame of \.shared_text: user processes would have it mapped/,
    also: ["LAY005", "LAY009", "LAY015"],
  },
  {
    name: "a trampoline that reads the kernel before it switches (by disassembly)",
    code: "LAY018",
    wrong: {
      assembly: assembly("  pusha\n  mov kernel_cr3", "  mov counter, %ecx\n  mov kernel_cr3"),
    },
    says: /entry refers to counter .*before CR3 is the kernel's/,
  },
  {
    name: "a trampoline that calls the kernel before it switches (by kept relocations)",
    code: "LAY018",
    wrong: {
      assembly: assembly("  pusha\n  mov kernel_cr3", "  call kernel_main\n  mov kernel_cr3"),
      flags: ["-q"],
    },
    right: { flags: ["-q"] },
    says: /refers to kernel_main/,
  },
  {
    name: "a trampoline that refers to the kernel early (by the objects)",
    code: "LAY018",
    wrong: {
      assembly: assembly("  pusha\n  mov kernel_cr3", "  mov $counter, %ecx\n  mov kernel_cr3"),
      withObjects: true,
    },
    right: { withObjects: true },
    says: /of .*kernel\.o refers to counter/,
  },
  {
    name: "a trampoline that leaves other than by an exit of the layout",
    code: "LAY018",
    wrong: {
      assembly: assembly("  call kernel_main\n  mov user", "  mov counter, %ecx\n  mov user"),
      input: { layout: resolveLayout(SHARED_LAYOUT) },
    },
    right: { input: { layout: resolveLayout(SHARED_LAYOUT) } },
    says: /refers to counter/,
  },
  {
    name: "start-up code for processors that does not begin a page",
    code: "LAY019",
    wrong: {
      assembly: addAssembly('.section .ap_trampoline, "ax"\nhlt'),
      script: script(
        "  shared_load = ",
        `  .ap_trampoline 0x2010 : AT(bss_end + 16) { *(.ap_trampoline) }
  . = bss_end + 32;
  shared_load = `,
      ),
    },
    right: {
      assembly: addAssembly('.section .ap_trampoline, "ax"\nhlt'),
      script: script(
        "  shared_load = ",
        `  ap_load = ALIGN(4096);
  .ap_trampoline 0x2000 : AT(ap_load) { *(.ap_trampoline) }
  . = ap_load + 4096;
  shared_load = `,
      ),
    },
    says: /does not begin a page/,
    also: ["LAY007", "LAY015", "LAY010", "LAY017"],
  },
  {
    name: "a 64-bit file with only a Multiboot 1 header",
    code: "LAY020",
    wrong: {
      bits: 64,
      assembly: change(
        ASSEMBLY_64,
        ".quad 0xc7b1dd30df4c8b88",
        ".long 0x1badb002, 3, -(0x1badb002 + 3)\n.quad 0",
      ),
      script: change(
        change(SCRIPT_64, "0xffffffff80000000", "0x100000"),
        "{ *(.text) }",
        "{ *(.requests) *(.text) }",
      ),
    },
    right: { bits: 64 },
    says: /a 64-bit ELF file has only a Multiboot 1 header/,
  },
  {
    name: "a PVH note of the wrong size",
    code: "LAY020",
    wrong: {
      assembly: addAssembly(
        '.section .pvh, "a", @note\n.long 4, 12, 18\n.asciz "Xen"\n.long 0,0,0',
      ),
      script: script("*(.boot) }", "*(.boot) } .pvh : { KEEP(*(.pvh)) }"),
    },
    right: {
      assembly: addAssembly(
        '.section .pvh, "a", @note\n.long 4, 4, 18\n.asciz "Xen"\n.long _start',
      ),
      script: script("*(.boot) }", "*(.boot) } .pvh : { KEEP(*(.pvh)) }"),
    },
    says: /a note in .* claims a size that it does not have/,
  },
  {
    name: "a section 256 MiB away",
    code: "LAY021",
    wrong: {
      assembly: addAssembly('.section .far, "aw"\n.long 1'),
      script: script(
        "shared_size = 8192;",
        ".far 0x10000000 : AT(0x10000000) { *(.far) } shared_size = 8192;",
      ),
    },
    right: {
      assembly: addAssembly('.section .far, "aw"\n.long 1'),
      script: script(
        "shared_load = ALIGN(4096);",
        "far_load = ALIGN(4096); .far 0x10000000 : AT(far_load) { *(.far) } " +
          "shared_load = far_load + 4096;",
      ),
    },
    says: /its load addresses span/,
  },
  {
    name: "a Limine kernel in the lower half",
    code: "LAY022",
    wrong: { bits: 64, script: change(SCRIPT_64, "0xffffffff80000000", "0x200000") },
    right: { bits: 64 },
    says: /in the lower half/,
  },
  {
    name: "a Limine kernel with a section at the end of the address space",
    code: "LAY022",
    wrong: {
      bits: 64,
      assembly: `${ASSEMBLY_64}.section .far, "aw"\n.quad 1\n`,
      script: change(SCRIPT_64, "/DISCARD/", ".far 0xffffffffffffe000 : { *(.far) }\n  /DISCARD/"),
    },
    right: { bits: 64 },
    says: /\.far.* is so far from the others that Limine asks for 2147475464 bytes/,
  },
  {
    name: "a Limine kernel with a section that ends at 2^64",
    code: "LAY022",
    wrong: {
      bits: 64,
      assembly: `${ASSEMBLY_64}.section .far, "aw"\n.skip 4096, 1\n`,
      script: change(SCRIPT_64, "/DISCARD/", ".far 0xfffffffffffff000 : { *(.far) }\n  /DISCARD/"),
    },
    right: { bits: 64 },
    says: /\.far.* ends at 2\^64, which Limine takes for 0/,
  },
  {
    name: "a section that is not parked where the layout says",
    code: "LAY023",
    wrong: {
      input: { layout: resolveLayout(parked) },
      script: change(script("0xffffe000", "0xffffc000"), "0xfffff000", "0xffffd000"),
    },
    right: { input: { layout: resolveLayout(parked) } },
    says: /\.shared_data ends at 0xffffe000, not at the end of region "top"/,
  },
  {
    name: "an EFI kernel without the relocatable tag",
    code: "LAY024",
    wrong: { assembly: multiboot2(".short 7, 0\n.long 8") },
    right: {
      assembly: multiboot2(".short 7, 0\n.long 8\n.short 10, 0\n.long 24, 0x100000, -1, 4096, 1"),
    },
    says: /EFI tags but no relocatable tag/,
  },
  {
    name: "a memory map read by its low words",
    code: "LAY025",
    wrong: {
      c: MEMORY_MAP("unsigned base, base_high, length, length_high, type;", "e->length"),
    },
    right: {
      c: MEMORY_MAP("unsigned long long base, length; unsigned type;", "e->base < 0x100000000ull"),
    },
    says: /count reads type and base of memory-map entries/,
  },
  {
    name: "a page directory that does not begin a page",
    code: "LAY026",
    wrong: { assembly: assembly(".type page_directory", ".skip 4\n.type page_directory") },
    says: /page_directory at 0x[0-9a-f]+ does not begin a page/,
  },
  {
    name: "a page table that gives user mode the kernel",
    code: "LAY026",
    wrong: { assembly: addAssembly(table(7)) },
    right: { assembly: addAssembly(table(3)) },
    says: /entry 0 of boot_page_table .* gives user mode the frame 0x00100000/,
  },
  {
    // What a module can have wrong is in module.test.ts.
    name: "a layout with a module that was not given",
    code: "LAY027",
    wrong: { script: script(".shared_text 0x", ".other 0x"), input: { layout: inModule } },
    right: { script: SCRIPT, input: { layout: resolveLayout(parked) } },
    says: /puts \.shared_text into trampoline\.elf, which was not given/,
    also: ["LAY006"],
  },
  {
    name: "a framebuffer tag without padding before the end tag",
    code: "LAY028",
    wrong: { assembly: multiboot2(".short 5, 0\n.long 20, 1024, 768, 32") },
    right: { assembly: multiboot2(".short 5, 0\n.long 20, 1024, 768, 32\n.balign 8") },
    says: /the tag of type 5 at offset 16 .* has 20 bytes, so loaders .* at offset 40/,
  },
  {
    name: "a tag without a size",
    code: "LAY028",
    wrong: { assembly: multiboot2(".short 6, 1\n.long 0") },
    right: { assembly: multiboot2(".short 6, 1\n.long 8") },
    says: /the tag at offset 16 .* has a size of 0/,
  },
  {
    name: "a tag after the end tag",
    code: "LAY028",
    wrong: { assembly: multiboot2(".short 0, 0\n.long 8\n.short 6, 0\n.long 8") },
    right: { assembly: multiboot2(".short 6, 0\n.long 8") },
    says: /an end tag comes before the end/,
  },
  {
    name: "a header without an end tag",
    code: "LAY028",
    wrong: {
      assembly: change(
        multiboot2(".short 6, 1\n.long 8"),
        ".short 0, 0\n.long 8\nmb_end:",
        "mb_end:\n.short 6, 1\n.long 8\n.short 0, 0\n.long 8",
      ),
    },
    right: { assembly: multiboot2(".short 6, 1\n.long 8") },
    says: /has no end tag/,
  },
  {
    name: "a header without flags",
    code: "LAY029",
    wrong: { assembly: assembly("3, -(0x1badb002 + 3)", "-0x1badb002") },
    says: /a Multiboot magic at 0x00100000, but magic \+ flags \+ checksum is not 0/,
  },
  {
    name: "a header without flags, for a loader that is named",
    code: "LAY029",
    wrong: {
      assembly: assembly("3, -(0x1badb002 + 3)", "-0x1badb002"),
      input: { loaders: ["grub"] },
    },
    says: /no loader takes it for a header/,
    also: ["LAY035"],
  },
  {
    name: "a Multiboot 2 header with the checksum of another length",
    code: "LAY029",
    wrong: {
      assembly: change(
        multiboot2(".short 6, 1\n.long 8"),
        "-(0xe85250d6 + (mb_end - mb))",
        "-(0xe85250d6 + 16)",
      ),
    },
    right: { assembly: multiboot2(".short 6, 1\n.long 8") },
    says: /a Multiboot 2 magic .* magic \+ architecture \+ length \+ checksum is not 0/,
  },
  {
    name: "a stack in a section without flags",
    code: "LAY030",
    wrong: { assembly: stackIn(".boot_stack"), script: SCRIPT },
    right: { assembly: stackIn('.boot_stack, "aw", @nobits'), script: withStack },
    says: /_start uses stack_top \(0x00004000\), which lies in \.boot_stack.* no "a" flag/,
  },
  {
    name: "such a stack that code with paging on uses",
    code: "LAY030",
    wrong: {
      assembly: change(
        change(stackIn(".boot_stack"), "  mov $stack_top, %esp\n", ""),
        "kernel_main:\n",
        "kernel_main:\n  mov $stack_top, %esp\n",
      ),
      script: SCRIPT,
    },
    right: { assembly: stackIn('.boot_stack, "aw", @nobits'), script: withStack },
    says: /kernel_main uses stack_top/,
  },
  {
    name: "a Multiboot 2 header with code for Multiboot 1",
    code: "LAY031",
    wrong: { assembly: expecting(multiboot2(""), "0x2badb002") },
    right: { assembly: expecting(multiboot2(""), "0x36d76289") },
    says: /expects 0x2badb002, the magic number of Multiboot 1, .* of Multiboot 2/,
  },
  {
    name: "a Multiboot 1 header with code for Multiboot 2",
    code: "LAY031",
    wrong: { assembly: expecting(ASSEMBLY, "0x36d76289") },
    right: { assembly: expecting(ASSEMBLY, "0x2badb002") },
    says: /expects 0x36d76289, the magic number of Multiboot 2, but the header is of Multiboot 1/,
  },
  {
    name: "a GDT, and the loader's CS",
    code: "LAY032",
    wrong: { assembly: withGdt("  mov $16, %ax\n  mov %ax, %ds\n") },
    right: { assembly: withGdt("  ljmp $8, $2f\n2:\n  mov $16, %ax\n  mov %ax, %ds\n") },
    says: /CS is not reloaded after LGDT at _start\+0x.*the loader's when _start\+0x/,
  },
  {
    name: "a GDT that a function of its own loads without a far return",
    code: "LAY032",
    wrong: { assembly: withGdt("  call reload\n", "reload: mov $16, %ax\n mov %ax, %ds\n ret") },
    right: {
      assembly: withGdt("  call reload\n", "reload: pop %eax\n push $8\n push %eax\n lret"),
    },
    says: /CS is not reloaded after LGDT/,
  },
  {
    name: "a GDT that a function loads, which leaves CS to its caller",
    code: "LAY032",
    wrong: {
      assembly: change(
        withGdt("", "load: lgdt gdt_descriptor\n ret"),
        "  lgdt gdt_descriptor\n  sti",
        "  call load\n  sti",
      ),
    },
    right: {
      assembly: change(
        withGdt("", "load: lgdt gdt_descriptor\n ret"),
        "  lgdt gdt_descriptor\n  sti",
        "  call load\n  ljmp $8, $2f\n2: sti",
      ),
    },
    says: /CS is not reloaded after LGDT at load/,
  },
  {
    name: "a GDT that a function loads, which is called from two places",
    code: "LAY032",
    wrong: { assembly: loadedTwice("") },
    right: { assembly: loadedTwice("  ljmp $8, $2f\n2:\n") },
    says: /CS is not reloaded after LGDT at load: .* when other_processor\+0x5 lets interrupts in/,
  },
  {
    name: "one page of 4 MiB for a kernel of 6",
    code: "LAY033",
    wrong: higherHalf(".long 0x83", 6 * MIB),
    right: higherHalf(".long 0x83, 0x400083", 6 * MIB),
    says: /\(boot_pages\) show 0xc0000000 to 0xc0400000, but the kernel reaches to 0xc0704000/,
  },
  {
    name: "one page table for a kernel of 6 MiB",
    code: "LAY033",
    wrong: higherHalf(TABLE_ENTRY, 6 * MIB),
    right: higherHalf(TABLE_ENTRY, 2 * MIB),
    says: /show 0xc0000000 to 0xc0400000/,
  },
  {
    name: "one page of 4 MiB, and one that code writes",
    code: "LAY033",
    wrong: higherHalf(".long 0x83", 6 * MIB),
    right: higherHalf(".long 0x83", 6 * MIB, "movl $0x400083, boot_pages - 0xc0000000 + 769 * 4"),
    says: /show 0xc0000000 to 0xc0400000/,
  },
  {
    name: "tables without the addresses that the kernel is linked at",
    code: "LAY033",
    wrong: higherHalf(".long 0", MIB),
    right: higherHalf(".long 0x83", MIB),
    says: /show nothing at 0xc010[0-9a-f]{4}, where segment \d+ \(\.text\) is linked/,
  },
  {
    name: "a Multiboot 2 header for MIPS",
    code: "LAY034",
    wrong: {
      assembly: change(multiboot2(""), "d6, 0, mb", "d6, 4, mb").replace("d6 +", "d6 + 4 +"),
    },
    right: { assembly: multiboot2("") },
    says: /architecture in the Multiboot 2 header is 4, MIPS: GRUB on a PC passes over it/,
  },
  {
    name: "a 32-bit kernel for Limine",
    code: "LAY035",
    wrong: { input: { loaders: ["qemu", "limine"] } },
    right: { input: { loaders: ["qemu"] } },
    says: /for limine, which does not load it: .*Limine/,
  },
  {
    name: "a page of other frames than the kernel's",
    code: "LAY036",
    wrong: higherHalf(".long 0x83, 0x800083", 6 * MIB),
    right: higherHalf(".long 0x83, 0x400083", 6 * MIB),
    says: /the frame 0x00800000 at 0xc0400000, but .*\.bss.* is loaded to 0x00400000/,
  },
  {
    name: "tables that do not show the code which turns paging on",
    code: "LAY036",
    wrong: inAssembly(
      higherHalf(".long 0x83", MIB),
      "boot_pages: .long 0x83",
      "boot_pages: .long 0",
    ),
    right: higherHalf(".long 0x83", MIB),
    says: /_start.* turns paging on at 0x001000.*show nothing: the next instruction is not/,
  },
  {
    name: "a page of data that cannot be written",
    code: "LAY037",
    wrong: higherHalf(readOnlyTable("1"), MIB, "or $0x80010000, %ecx"),
    right: higherHalf(readOnlyTable("3"), MIB, "or $0x80010000, %ecx"),
    says: /pages of what .* \(boot_pages\) show cannot be written once CR0.WP is set, .*\.data/,
  },
  {
    name: "boot tables that code builds",
    code: "LAY038",
    wrong: {},
    right: higherHalf(".long 0x83", MIB),
    says: /the page tables that _start\+0xa loads are built by code, or not found in the file/,
  },
  {
    name: "an allowed mistake that was not made",
    code: "LAY039",
    wrong: { input: { allow: ["LAY001@.text=it was once"] } },
    right: { input: { allow: [] } },
    says: /--allow names LAY001@\.text, but nothing of that kind was found/,
  },
];

function END_IN_C(declaration: string, use: string): string {
  return `${declaration}\nunsigned first_free(void) { return (${use} + 4095) & ~4095u; }`;
}

/** Loads an IDT that lies in `section`, after one that does not count: it is in the kernel. */
function LIDT(section: string): string {
  return `.text
.globl load_vectors
.type load_vectors, @function
load_vectors:
  nop
  nop
  nop
  lidt early
  lidt descriptor
  ret
.size load_vectors, . - load_vectors
.data
early: .word 7
.long early_vectors
descriptor: .word 1023
.long vectors
early_vectors: .skip 8
${section}
.balign 8
vectors: .skip 1024
`;
}

function table(flags: number): string {
  return `.data
.balign 4096
.type boot_page_table, @object
boot_page_table: .long 0x100000 + ${flags}
.skip 4092
.size boot_page_table, 4096`;
}

function findings(t: TestContext, made: Made) {
  const kernel = makeKernel(t, made);
  const bytes = made.mutate ? made.mutate(kernel.bytes) : kernel.bytes;
  const objects = made.withObjects
    ? kernel.objects.map((path) => readElfObject(readFileSync(path), path))
    : [];
  return check(bytes, "kernel.elf", { ...made.input, objects }).findings;
}

/** Notes come with many kernels: each has a case of its own. */
function isWeighty(finding: CodedFinding, tested: string): boolean {
  const isOwn = finding.code === tested && mistakeOf(tested)?.severity === "note";
  return isSerious(finding) || isOwn;
}

/** A finding weighs what its row says, or less if the row says when. */
function assertWeight({ code, severity }: CodedFinding) {
  const row = mistakeOf(code);
  assert.ok(row && isAtLeast(row.severity, severity), code);
  const mayBeLess = row.milder !== undefined || row.loading !== undefined;
  assert.ok(severity === row.severity || mayBeLess, `${code} is only a ${severity}`);
}

const skip = unlessInstalled("gcc") || unlessInstalled("ld");

describe("each mistake, made on purpose and then not", { skip }, () => {
  for (const { name, code, wrong, right, says, change: remedy = /./, also = [] } of CASES) {
    it(`${code}: ${name}`, (t) => {
      const made = findings(t, wrong);
      const text = made.map((finding) => `${finding.code} ${finding.what}`);
      const own = made.filter((finding) => finding.code === code);
      assert.ok(
        own.some((each) => says.test(each.what) && remedy.test(each.change)),
        `${code} ${says} in\n${text.join("\n")}`,
      );
      const others = made.filter(
        (finding) =>
          isWeighty(finding, code) && finding.code !== code && !also.includes(finding.code),
      );
      assert.deepEqual(
        others.map((finding) => `${finding.code} ${finding.what}`),
        [],
      );
      for (const finding of own) {
        assert.ok(finding.change.length > 10);
        assertWeight(finding);
      }
      const twin = findings(t, { ...right });
      assert.deepEqual(
        twin
          .filter((finding) => isWeighty(finding, code))
          .map((finding) => `${finding.code} ${finding.what}`),
        [],
      );
    });
  }

  it("has a case for every row of the table", () => {
    const tested = new Set(CASES.map(({ code }) => code));
    assert.deepEqual(
      MISTAKES.map(({ code }) => code).filter((code) => !tested.has(code)),
      [],
    );
  });
});

describe("a kernel without mistakes", () => {
  it("ours gives no finding, with and without its layout", async () => {
    const { kernel } = await buildProject(findProject(process.cwd()), { force: false });
    const { layout } = await import("../../../kernel/layout");
    const bytes = readFileSync(kernel);
    for (const input of [{}, { layout: resolveLayout(layout) }]) {
      const report = check(bytes, "kernel.elf", input);
      assert.deepEqual(report.findings.filter(isSerious), []);
      assert.deepEqual(report.shared?.proof.leaving, []);
      assert.deepEqual(report.shared?.proof.unproven, []);
    }
  });

  it("one in the higher half, whose boot section has no x, gives no finding", { skip }, (t) => {
    const base = "0xc0000000";
    const assembly = `
.section .multiboot, "a"
.balign 4
.long 0x1badb002, 3, -(0x1badb002 + 3)
.section .boot, "a"
.globl _start
_start:
  movl $(boot_table - ${base} + 3), boot_directory - ${base}
  mov $(boot_directory - ${base}), %ecx
  mov %ecx, %cr3
  mov %cr0, %ecx
  or $0x80010000, %ecx
  mov %ecx, %cr0
  lea high, %ecx
  jmp *%ecx
.text
high:
  mov counter, %eax
  hlt
.data
counter: .long 1
.bss
.balign 4096
boot_directory: .skip 4096
boot_table: .skip 4096`;
    const place = (name: string) => `${name} ALIGN(4096) : AT(ADDR(${name}) - ${base})`;
    const higherHalf = `
ENTRY(_start)
SECTIONS {
  . = 1M;
  .boot : { KEEP(*(.multiboot)) *(.boot) }
  . += ${base};
  ${place(".text")} { *(.text) }
  ${place(".data")} { *(.data) }
  ${place(".bss")} { *(.bss) }
  kernel_end = .;
  /DISCARD/ : { *(.note*) }
}`;
    const { bytes } = makeKernel(t, { assembly, script: higherHalf });
    assert.deepEqual(check(bytes, "kernel.elf").findings.filter(isSerious), []);
    const early = change(assembly, "lea high", "mov counter");
    const wrong = change(early, "  mov %cr0, %ecx", "  mov counter, %eax\n  mov %cr0, %ecx");
    const { bytes: broken } = makeKernel(t, { assembly: wrong, script: higherHalf });
    const found = check(broken, "kernel.elf").findings.filter(isSerious);
    const codes = found.map(({ code }) => code);
    assert.deepEqual(codes, ["LAY012"]);
  });
});
