// Scripts of many kinds, obeyed by us and by GNU ld with the same objects: the same loaded bytes,
// VMA, LMA, entry, sections and symbols.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { DEFAULT_OPTIONS, type ScriptOptions } from "../../../src/link/by-script/scripted-image";
import { defaultScript } from "../../../src/link/gnu-script/default-script";
import { parseScript } from "../../../src/link/gnu-script/parse-script";
import { readInput } from "../../../src/link/input/read-input";
import { linkByScript } from "../../../src/link/link-by-script";
import { writeProgram } from "../../../src/link/output/write-program";
import { run, unlessInstalled } from "../tools";
import { programFacts } from "./program-facts";

const C_SOURCE = `
extern char kernel_end[];
extern void (*ctors_start[])(void), (*ctors_end[])(void);
int counter; static int hidden = 3; int array[100]; int values[4] = {1, 2, 3, 4};
const char *names[] = {"alpha", "beta", "gamma", "beta"};
const char message[] = "hello";
static void first(void) __attribute__((constructor)); static void first(void) { counter++; }
static void second(void) __attribute__((constructor(200)));
static void second(void) { counter += 2; }
__attribute__((section(".init.text"))) int early(int x) { return x + hidden; }
__attribute__((section(".special"))) int special = 7;
__attribute__((aligned(64))) char buffer[100];
int shared __attribute__((common));
int kmain(int x) {
  for (void (**each)(void) = ctors_start; each < ctors_end; each++) (*each)();
  return early(x) + array[x] + values[x] + (int)kernel_end + special + shared + buffer[x]
    + names[x][0];
}
`;
const ASSEMBLY = `
.section .multiboot, "a"
.align 4
header: .long 0x1BADB002, 0, -(0x1BADB002)
.section .boot, "ax"
.globl start
start: mov $stack_top, %esp
 call kmain
1: hlt
 jmp 1b
.text
.globl assembly
assembly: ret
.section .bss
.align 16
.skip 4096
.globl stack_top
stack_top:
.section .rodata
.string "alpha"
.section .note.GNU-stack, "", @progbits
`;

const HEAD = "OUTPUT_FORMAT(elf32-i386) ENTRY(start)";
/** The constructors' table. */
const TABLE = `ctors_start = .; KEEP(*(SORT_BY_INIT_PRIORITY(.init_array.*)))
  KEEP(*(.init_array)) ctors_end = .;`;
const REST = `.data : { ${TABLE} *(.data*) } .bss : { *(.bss*) *(COMMON) } kernel_end = .;`;

const SCRIPTS: Readonly<Record<string, string>> = {
  "an identity-mapped kernel, each section on pages of its own": `SECTIONS { . = 1M;
    .boot : { KEEP(*(.multiboot)) *(.boot) } .text : ALIGN(4K) { *(.text*) }
    .rodata : ALIGN(4K) { *(.rodata*) } .data : ALIGN(4K) { ${TABLE} *(.data*) }
    .bss : ALIGN(4K) { *(COMMON) *(.bss*) } kernel_end = .; }`,
  "a higher half with AT (ADDR - BASE)": `BASE = 0xC0000000; SECTIONS { . = 1M;
    .boot : { KEEP(*(.multiboot)) *(.boot) } . += BASE;
    .text ALIGN(4096) : AT(ADDR(.text) - BASE) { *(.text .text.*) text_end = .; }
    .rodata ALIGN(4096) : AT(ADDR(.rodata) - BASE) { *(.rodata .rodata.*) ${TABLE} }
    .data ALIGN(4096) : AT(ADDR(.data) - BASE) { *(.data .data.*) }
    .bss ALIGN(4096) : AT(ADDR(.bss) - BASE) { first_zero = .; *(COMMON) *(.bss) }
    kernel_end = .; physical_end = . - BASE; }`,
  "memory regions, with initial values loaded elsewhere": `MEMORY {
    rom (rx) : ORIGIN = 0x100000, LENGTH = 1M  ram (rwx) : org = 0x400000, len = 0x100000 }
    SECTIONS { .boot : { *(.multiboot) *(.boot) } >rom .text : { *(.text*) } >rom
    .rodata : { *(.rodata*) } >rom
    .data : { ${TABLE} *(.data*) . = ALIGN(4); } >ram AT>rom  loaded = LOADADDR(.data);
    .bss (NOLOAD) : { *(.bss*) *(COMMON) } >ram kernel_end = .;
    .stack (NOLOAD) : { . = . + 0x1000; stack_end = .; } >ram
    ASSERT(SIZEOF(.text) < 1M, "too large") }`,
  "a region that attributes choose, and an alias": `MEMORY {
    low (rx) : ORIGIN = 0x100000, LENGTH = 64K  high (w!x) : ORIGIN = 4M, LENGTH = 1M }
    REGION_ALIAS("code", low); SECTIONS { .boot : { *(.multiboot) *(.boot) } >code
    .text : { *(.text*) *(.rodata*) } ${REST} size = LENGTH(high) + ORIGIN(code); }`,
  "PHDRS with flags": `PHDRS { text PT_LOAD FLAGS(5); data PT_LOAD FLAGS(6); } SECTIONS { . = 1M;
    .boot : { *(.multiboot) *(.boot) } :text .text : { *(.text*) } :text
    .rodata : { *(.rodata*) } :text . = ALIGN(4K); .data : { ${TABLE} *(.data*) } :data
    .bss : { *(.bss*) *(COMMON) kernel_end = .; } :data
    /DISCARD/ : { *(.comment) *(.eh_frame) *(.note*) } }`,
  "PHDRS with the headers loaded": `PHDRS { headers PT_PHDR PHDRS; text PT_LOAD FILEHDR PHDRS;
    data PT_LOAD; stack 0x6474e551 FLAGS(6); } SECTIONS { . = 1M + SIZEOF_HEADERS;
    .boot : { *(.multiboot) *(.boot) } :text .text : { *(.text*) } .rodata : { *(.rodata*) }
    . = ALIGN(4K); .data : { ${TABLE} *(.data*) } :data
    .bss : { *(.bss*) *(COMMON) kernel_end = .; } }`,
  "orphans of every kind": `SECTIONS { . = 1M; .text : { *(.text) } . = ALIGN(4K);
    .data : { ${TABLE} *(.data) } .bss : { *(.bss) } kernel_end = .; }`,
  "no section named at all": "kernel_end = 5; ctors_start = 0; ctors_end = 0;",
  "fills, data and the location counter": `SECTIONS { . = 1M; .text : { *(.multiboot)
    . = ALIGN(64); *(.text*) . = ALIGN(32); FILL(0xAABB) . = ALIGN(128); BYTE(1) SHORT(2)
    LONG(kernel_end) QUAD(start) LONG(. - 4) SQUAD(-1) . += 5; } =0x9090
    .data : { ${TABLE} *(.data*) . = ALIGN(256); } =0xDEADBEEF01
    .bss : { *(.bss*) *(COMMON) } kernel_end = ALIGN(4096); }`,
  "fills in parentheses": `SECTIONS { . = 1M; .text : { *(.multiboot) . = ALIGN(64); FILL((0x91))
    . = ALIGN(128); *(.text*) . = ALIGN(256); } =(0x9091) ${REST} }`,
  "PHDRS without a segment": `PHDRS { } SECTIONS { . = 1M; .text : { *(.text*) } ${REST} }`,
  "debug sections, and names that are provided": `SECTIONS { . = 1M;
    .text : { KEEP(*(.multiboot)) *(.boot) *(.text*) } ${REST}
    .debug_info 0 : { *(.debug_info) } PROVIDE(kernel_end = 3); PROVIDE_HIDDEN(unused = 7); }`,
  "sorted inputs and excluded files": `SECTIONS { . = 1M;
    .text : { *(SORT(.text*)) *(.boot .multiboot) } .data : { ${TABLE}
    *(SORT_BY_ALIGNMENT(.data*) SORT_BY_ALIGNMENT(.bss*)) *(EXCLUDE_FILE(*start.o) .special) }
    kernel_end = .; }`,
  "inputs chosen by file, and SUBALIGN": `SECTIONS { . = 1M;
    .text : { *start.o(.boot .multiboot) *(EXCLUDE_FILE(*start.o) .text* .rodata*) }
    .data : SUBALIGN(16) { ${TABLE} *(.data* .bss*) } .last : { *(.special) } kernel_end = .; }`,
  "a flat image that ends with a signature": `SECTIONS { .all 0x7c00 : { *(.boot) *(.text*)
    *(.rodata*) *(.data*) ${TABLE} . = 0x1fe; SHORT(0xAA55) *(.bss*) *(COMMON) } kernel_end = .;
    /DISCARD/ : { *(.eh_frame .comment .note*) } }`,
  "a data segment that becomes read-only": `SECTIONS { . = 0x400000 + SIZEOF_HEADERS;
    .text : { *(.text*) } .rodata : { *(.rodata*) } . = DATA_SEGMENT_ALIGN(4096, 4096);
    .special : { *(.special) } . = DATA_SEGMENT_RELRO_END(0, .);
    .data : { ${TABLE} *(.data*) } .bss : { *(.bss) } . = DATA_SEGMENT_END(.); kernel_end = .; }`,
  "pages of two sizes around what becomes read-only": `SECTIONS { . = 0x400000 + SIZEOF_HEADERS;
    .text : { *(.text*) } .rodata : { *(.rodata*) } . = DATA_SEGMENT_ALIGN(0x4000, 0x1000);
    .special : { *(.special) } . = DATA_SEGMENT_RELRO_END(0, .);
    .data : { ${TABLE} *(.data*) } .bss : { *(.bss) } . = DATA_SEGMENT_END(.); kernel_end = .; }`,
  "values that count from sections": `SECTIONS { . = 1M; .text : { *(.text*) } .one : { a = 5;
    b = . + 5; c = ABSOLUTE(5); BYTE(1) d = ADDR(.text); e = d; f = start; g = ~b; h = -b;
    i = MAX(start, 5); j = ALIGN(start, 16); k = . & ~0xf; l = NEXT(64); m = start - b;
    n = SIZEOF_HEADERS; o = DEFINED(start) ? . : 3; p = b + b; q = start == b; r = LOG2CEIL(5);
    s = a < b && !0; t = 7 % 4 << 2 | 1; u = MIN(4, 3) * 2 / 3; } v = start + 4; w = a; x = .;
    y = ALIGN(8); z = b - a; aa = SIZEOF(.one); bb = ADDR(.one); cc = b + 1; dd = ALIGNOF(.data);
    ee = 0x10K; ff = 10H; ${REST} x += 3; ff <<= 2; }`,
  "empty sections, with and without a symbol": `SECTIONS { . = 1M; .text : { *(.text*) }
    .a 0x200000 : { } .b 0x300000 : { b = .; } .c : ALIGN(64) { *(.nothing) }
    .d : ALIGN(64) { d = .; } .e : { . = .; } .f : { . = . + 0; } .g : { . = ALIGN(1); }
    .h : { . = ALIGN(. != 0 ? 4096 : 1); } ${REST} }`,
};

/** With --gc-sections. */
const THINNED: Readonly<Record<string, string>> = {
  "names that EXTERN keeps": `EXTERN(assembly special) SECTIONS { . = 1M; .boot : { *(.boot) }
    .text : { *(.text*) } .rodata : { *(.rodata*) } ${REST} }`,
};

const DEFAULTS: Readonly<Record<string, readonly [string[], Partial<ScriptOptions>]>> = {
  "the default script": [[], {}],
  "the default script with -N": [["-N"], { magic: "omagic" }],
  "the default script with -n": [["-n"], { magic: "nmagic" }],
  "the default script, code not kept apart": [["-z", "noseparate-code"], { separatesCode: false }],
  "the default script with -Ttext": [
    ["-Ttext=0x7c00"],
    { sectionStarts: new Map([[".text", 0x7c00n]]) },
  ],
};

describe("linking by a script", { skip: unlessInstalled("gcc") }, () => {
  let folder = "";
  const file = (name: string) => join(folder, name);
  const objects = () => [file("start.o"), file("kernel.o")];

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "isthmus-script-"));
    writeFileSync(file("kernel.c"), C_SOURCE);
    writeFileSync(file("start.s"), ASSEMBLY);
    const options = ["-m32", "-ffreestanding", "-fno-pic", "-fno-pie", "-O1", "-g", "-c"];
    run("gcc", ...options, "-Wno-pointer-to-int-cast", file("kernel.c"), "-o", file("kernel.o"));
    run("gcc", "-m32", "-c", file("start.s"), "-o", file("start.o"));
  });
  after(() => rmSync(folder, { recursive: true }));

  /** Our image and GNU ld's are the same. */
  function compare(script: string, ld: readonly string[], options: Partial<ScriptOptions>) {
    const output = file("gnu.elf");
    const shown = ["-m", "elf_i386", "--no-warn-rwx-segments", ...ld, ...objects(), "-o", output];
    run("ld", ...shown);
    const image = linkByScript({
      inputs: objects().map((path) => readInput(readFileSync(path), path)),
      script: parseScript(script, "kernel.ld", () => undefined),
      options: { ...DEFAULT_OPTIONS, ...options },
      name: "kernel",
    });
    const ours = programFacts(writeProgram(image), "ours");
    assert.deepEqual(ours, programFacts(readFileSync(output), "GNU ld's"));
  }

  for (const [name, script] of Object.entries(SCRIPTS)) {
    it(name, () => {
      writeFileSync(file("kernel.ld"), `${HEAD} ${script}`);
      compare(`${HEAD} ${script}`, ["-T", file("kernel.ld")], {});
    });
  }

  for (const [name, script] of Object.entries(THINNED)) {
    it(name, () => {
      writeFileSync(file("kernel.ld"), `${HEAD} ${script}`);
      const ld = ["-T", file("kernel.ld"), "--gc-sections"];
      compare(`${HEAD} ${script}`, ld, { gcSections: true });
    });
  }

  for (const [name, [ld, options]] of Object.entries(DEFAULTS)) {
    it(name, () => {
      const magic = options.magic ?? "paged";
      const separatesCode = options.separatesCode ?? true;
      const edges = ["kernel_end", "ctors_start", "ctors_end"];
      const text = defaultScript({ bits: 32, magic, separatesCode });
      const defined = edges.map((each) => `${each} = 0;`).join(" ");
      const asked = ["-e", "start", ...edges.map((each) => `--defsym=${each}=0`)];
      compare(`${text} ${defined}`, [...ld, ...asked], { ...options, entry: "start" });
    });
  }
});
