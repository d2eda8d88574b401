// Page tables written from a layout, in each language and each format: compiled, linked, loaded
// into CR3 by a kernel that boots, and then read by the page walker. They show what it says.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it, type TestContext } from "node:test";
import { pagingMode } from "../../../src/inspect/paging-format";
import { walk } from "../../../src/inspect/walk";
import { check } from "../../../src/link/check/check";
import { kernelRanges } from "../../../src/link/check/kernel-ranges";
import { readLinkedElf } from "../../../src/link/check/linked-file";
import { Subject } from "../../../src/link/check/subject";
import type { Layout } from "../../../src/link/layout/layout";
import { resolveLayout } from "../../../src/link/layout/resolve";
import type { ResolvedLayout } from "../../../src/link/layout/resolved";
import { PAGINGS, type Paging, pageTables } from "../../../src/link/script/page-tables";
import { distanceOfTables, layoutRanges } from "../../../src/link/script/table-ranges";
import { type TableLanguage, writeTables } from "../../../src/link/script/write-tables";
import type { MachineName, QemuProgram, Snapshot } from "../../../src/machine/machine";
import { openMachine } from "../../../src/machine/open-machine";
import { isthmus } from "../../cli/isthmus";
import { HANG_MS } from "../../hang-guard";
import { skipReason } from "../../machine/installed";
import { run, scratch, unlessInstalled } from "../tools";

const OFFSET = 0x40000000;

/** A kernel 1 GiB above where it is loaded, start-up code apart. */
const LAYOUT: Layout = {
  regions: { low: { start: 0x100000 }, high: { load: "low", offset: OFFSET } },
  sections: [
    { name: ".boot", region: "low", permissions: "rx", inputs: [".multiboot", ".pvh", ".boot"] },
    ...[".text", ".rodata", ".data", ".bss"].map((name) => ({ name, region: "high" })),
  ],
};

/** The same for GNU ld, as 64-bit kernels need it. */
const SCRIPT = `ENTRY(_start) SECTIONS {
  . = 1M; .pvh : { *(.pvh) } .boot : { *(.multiboot) *(.boot) }
  . = ALIGN(4096) + ${OFFSET};
  .text : AT(ADDR(.text) - ${OFFSET}) { *(.text .text.*) }
  .rodata ALIGN(4096) : AT(ADDR(.rodata) - ${OFFSET}) { *(.rodata .rodata.*) }
  .data ALIGN(4096) : AT(ADDR(.data) - ${OFFSET}) { *(.data .data.*) }
  .bss ALIGN(4096) : AT(ADDR(.bss) - ${OFFSET}) { *(.bss) }
  /DISCARD/ : { *(.note.gnu*) *(.comment) *(.eh_frame*) }
}`;

/** Turns paging on as each format wants it, and stops at the linked address. */
const HOW: Readonly<Record<Paging, string>> = {
  "two-level": "",
  pae: `  mov $0x20, %ecx
  mov %ecx, %cr4
  mov $0xc0000080, %ecx
  rdmsr
  or $0x800, %eax
  wrmsr
`,
  "4-level": `  mov $0x20, %ecx
  mov %ecx, %cr4
  mov $0xc0000080, %ecx
  rdmsr
  or $0x900, %eax
  wrmsr
`,
};
const PVH = '.section .pvh, "a", @note\n.long 4, 4, 18\n.asciz "Xen"\n.long _start\n';
const MULTIBOOT = '.section .multiboot, "a"\n.balign 4\n.long 0x1badb002, 3, -(0x1badb002 + 3)\n';

const kernelSource = (paging: Paging) => `
${paging === "4-level" ? PVH : MULTIBOOT}
.section .boot, "ax"
.code32
.globl _start
_start:
${HOW[paging]}
  mov $boot_cr3, %eax
  mov %eax, %cr3
  mov %cr0, %eax
  or $0x80010000, %eax
  mov %eax, %cr0
  mov $high, %eax
  jmp *%eax
.text
.globl high
high: mov $stack_top, %esp
  push %eax
  cli
1: hlt
  jmp 1b
.section .rodata
.skip 5000, 1
.data
.skip 9000, 1
.bss
.skip 20000
stack_top:
`;

interface Kind {
  readonly language: TableLanguage;
  readonly paging: Paging;
  readonly machine: MachineName;
  readonly program: QemuProgram;
  readonly needs: readonly string[];
}

const KINDS: readonly Kind[] = [
  {
    language: "c",
    paging: "two-level",
    machine: "v86",
    program: "qemu-system-i386",
    needs: ["gcc"],
  },
  { language: "asm", paging: "pae", machine: "qemu", program: "qemu-system-i386", needs: ["gcc"] },
  {
    language: "rust",
    paging: "4-level",
    machine: "qemu",
    program: "qemu-system-x86_64",
    needs: ["gcc", "rustc"],
  },
];

const layout = resolveLayout(LAYOUT);
const bitsOf = (paging: Paging) => (paging === "4-level" ? 64 : 32);

function compile(t: TestContext, text: string, { language, paging }: Kind): string {
  const file = scratch(t);
  const machine = `-m${bitsOf(paging)}`;
  const out = file("tables.o");
  if (language === "rust") {
    file("tables.rs", text);
    const main =
      "#![no_std]\nmod tables;\n#[no_mangle]\n" +
      'pub extern "C" fn cr3() -> u32 { tables::boot_cr3() }\n';
    const options = ["--crate-type", "lib", "--emit", "obj", "-C", "relocation-model=static"];
    run("rustc", ...options, "-C", "panic=abort", "-O", "-o", out, file("main.rs", main));
  } else {
    const source = file(language === "c" ? "tables.c" : "tables.s", text);
    run("gcc", machine, "-c", "-ffreestanding", "-fno-pic", "-Wall", "-Werror", source, "-o", out);
  }
  return out;
}

/** Links the kernel with tables of this text. */
function linked(t: TestContext, tables: string, kind: Kind): string {
  const file = scratch(t);
  const bits = bitsOf(kind.paging);
  const source = file("kernel.S", kernelSource(kind.paging));
  run("gcc", `-m${bits}`, "-c", source, "-o", file("kernel.o"));
  const emulation = bits === 32 ? "elf_i386" : "elf_x86_64";
  const options = ["-m", emulation, "-z", "max-page-size=4096", "-T", file("kernel.ld", SCRIPT)];
  run("ld", ...options, file("kernel.o"), compile(t, tables, kind), "-o", file("kernel.elf"));
  return file("kernel.elf");
}

function tablesOf(kernel: Uint8Array | undefined, { language, paging }: Kind): string {
  const subject = kernel && new Subject(readLinkedElf(kernel, "kernel.elf"));
  const ranges = subject ? kernelRanges(subject, layout) : layoutRanges(layout, paging);
  const tables = pageTables(ranges, paging, true);
  const distance = distanceOfTables(layout, paging);
  return writeTables({ tables, distance, summary: [] }, language);
}

/** Linked with tables that do not change any more. */
function kernelOf(t: TestContext, kind: Kind): Uint8Array {
  let text = tablesOf(undefined, kind);
  for (let round = 0; round < 4; round++) {
    const kernel = readFileSync(linked(t, text, kind));
    const next = tablesOf(kernel, kind);
    if (next === text) return kernel;
    text = next;
  }
  return assert.fail("the tables change with each link");
}

/** `0x40101000 -> 0x00101000 r-x`, … as the layout and the file have it. */
function expectedPages(kernel: Uint8Array, resolved: ResolvedLayout, hasNx: boolean): string[] {
  const subject = new Subject(readLinkedElf(kernel, "kernel.elf"));
  const pages: string[] = [];
  for (const { name, permissions } of resolved.sections) {
    const section = subject.sections.find((each) => each.name === name);
    if (!section) continue;
    const distance = name === ".boot" ? 0 : OFFSET;
    const start = Number(section.address);
    for (let va = start - (start % 4096); va < start + Number(section.size); va += 4096) {
      pages.push(pageText(va, va - distance, permissions, hasNx));
    }
  }
  return pages.sort();
}

function pageText(va: number, pa: number, permissions: string, hasNx: boolean): string {
  const execute = permissions.includes("x") || !hasNx ? "x" : "-";
  const write = permissions.includes("w") ? "w" : "-";
  return `${va.toString(16)} -> ${pa.toString(16)} r${write}${execute}`;
}

function shownPages({ memory, registers }: Snapshot): string[] {
  const space = walk(memory, registers.cr3, pagingMode(registers));
  assert.deepEqual(space.defects, []);
  assert.ok(space.mappings.every(({ user, size }) => !user && size === 4096));
  return space.mappings
    .map(({ va, pa, writable, executable }) => {
      const permissions = `r${writable ? "w" : ""}${executable ? "x" : ""}`;
      return pageText(va, pa, permissions, true);
    })
    .sort();
}

/** What is wrong after a change of the entry for the first page of .text. */
const CHANGES: readonly (readonly [string, (entry: bigint) => bigint])[] = [
  ["LAY033", () => 0n],
  ["LAY036", (entry) => entry + 0x8000n],
  ["LAY037", (entry) => entry | (1n << 63n)],
];

/** The kernel with another entry for the first page of .text. */
function damaged(kernel: Uint8Array, paging: Paging, change: (entry: bigint) => bigint) {
  const subject = new Subject(readLinkedElf(kernel, "kernel.elf"));
  const name = `boot_page_table_${OFFSET.toString(16)}`;
  const table = subject.symbolNamed(name);
  const text = subject.sections.find((section) => section.name === ".text");
  const segment = table && subject.segmentAt(table.address);
  assert.ok(table && text && segment);
  const size = paging === "two-level" ? 4 : 8;
  const index = Number(text.address - BigInt(OFFSET)) >> 12;
  const at = segment.offset + Number(table.address - segment.address) + index * size;
  const bytes = Uint8Array.from(kernel);
  const view = new DataView(bytes.buffer);
  const entry = size === 4 ? BigInt(view.getUint32(at, true)) : view.getBigUint64(at, true);
  if (size === 4) view.setUint32(at, Number(BigInt.asUintN(32, change(entry))), true);
  else view.setBigUint64(at, change(entry), true);
  return bytes;
}

describe("page tables from a layout", () => {
  for (const kind of KINDS) {
    const { language, paging, machine, program, needs } = kind;
    const skip = [...needs, "ld"].map(unlessInstalled).find(Boolean) || skipReason(machine);
    it(`in ${language}, ${paging}, show in ${machine} what it says`, { skip }, async (t) => {
      const kernel = kernelOf(t, kind);
      const options = { kernel, commandLine: "", memoryMiB: 16 };
      const guest = openMachine(machine, options, { program });
      try {
        await guest.start();
        const pages = await guest.inspectWhen(
          ({ halted }) => halted,
          (snapshot) => {
            assert.ok(snapshot.registers.eip > OFFSET, "it runs where it is linked");
            return shownPages(snapshot);
          },
          HANG_MS,
        );
        assert.deepEqual(pages, expectedPages(kernel, layout, paging !== "two-level"));
      } finally {
        await guest.close();
      }
      assert.deepEqual(check(kernel, "kernel.elf").findings, []);
      for (const [code, change] of CHANGES) {
        const { findings } = check(damaged(kernel, paging, change), "kernel.elf");
        const found = findings.map((finding) => finding.code);
        const has = paging !== "two-level" || code !== "LAY037";
        assert.deepEqual(found, has ? [code] : [], `${code} by ${findings[0]?.what}`);
      }
    });
  }
});

describe("tables in C and in assembler", { skip: unlessInstalled("gcc") }, () => {
  for (const paging of PAGINGS) {
    it(`have the same bytes, ${paging}`, (t) => {
      const bytesIn = (language: TableLanguage) => {
        const kind = { language, paging, machine: "v86", program: "qemu-system-i386" } as const;
        const text = tablesOf(undefined, { ...kind, needs: [] });
        const file = readLinkedElf(
          readFileSync(linked(t, text, { ...kind, needs: [] })),
          "kernel.elf",
        );
        const data = file.sections.find(({ name }) => name === ".data");
        return Buffer.from(data?.bytes ?? []).toString("hex");
      };
      const c = bytesIn("c");
      assert.ok(c.length > 8192);
      assert.equal(bytesIn("asm"), c);
    });
  }
});

describe("isthmus script --tables", () => {
  const layoutFile = (t: TestContext) => scratch(t)("l.json", JSON.stringify(LAYOUT));

  it("shows whole regions while there is no kernel, and where start-up code runs", async (t) => {
    const words = ["script", "--layout", layoutFile(t), "--tables", "asm"];
    const { status, stdout } = await isthmus(words);
    assert.equal(status, 0);
    assert.match(stdout, /^# region high: 0x40100000 to 0x40500000, at 0x00100000, rwx$/m);
    assert.match(stdout, /^# region low: 0x00100000 to 0x00500000, at 0x00100000, r-x$/m);
    assert.match(stdout, /^\.set boot_cr3, boot_page_directory - 0x40000000$/m);
  });

  it("shows what the kernel's own space has, and no program's", async (t) => {
    const spaces = { kernel: { regions: ["low"] }, user: { regions: ["high"] } };
    const file = scratch(t)("l.json", JSON.stringify({ ...LAYOUT, spaces }));
    const tables = ["--tables", "asm", "--layout", file];
    const { stdout } = await isthmus(["script", ...tables]);
    assert.match(stdout, /^# region low: /m);
    assert.doesNotMatch(stdout, /^# region high: /m);
  });

  it("shows other memory that is asked for, without NX if there is none", async (t) => {
    const file = scratch(t)("tables.c");
    const more = ["--paging", "pae", "--no-nx", "--identity", "0xb8000-0xc0000", "-o", file];
    const words = ["script", "--layout", layoutFile(t), "--tables", "c", ...more];
    assert.equal((await isthmus(words)).status, 0);
    const text = readFileSync(file, "utf8");
    assert.match(text, /\[368\] = 0xb8003u, 0x0u,/);
    assert.doesNotMatch(text, /0x80000000u/);
  });

  it("refuses what makes no sense, each with its reason", async (t) => {
    const parked: Layout = {
      regions: { kernel: { start: 0x100000 }, top: { end: 2 ** 32 } },
      sections: [".text", ".data", { name: ".shared", region: "top", load: "kernel" }],
    };
    const top = scratch(t)("top.json", JSON.stringify(parked));
    const cases: readonly [readonly string[], RegExp][] = [
      [["--tables", "c", "--layout", top], /TABLES001.*region "top".*\n.*--kernel FILE/],
      [["--tables", "pascal", "--layout", top], /not one of c, asm, rust/],
      [["--paging", "pae", "--layout", top], /--paging is for page tables: give --tables too/],
      [["--tables", "c", "--linker", "lld", "--layout", top], /--linker exclude each other/],
      [["--tables", "c", "--identity", "5", "--layout", layoutFile(t)], /not a range such as/],
      [
        ["--tables", "c", "--identity", "0x40100000-0x40200000", "--layout", layoutFile(t)],
        /TABLES002.*both seen at 0x40100000, in different frames/,
      ],
    ];
    for (const [words, expected] of cases) {
      const { status, stderr } = await isthmus(["script", ...words]);
      assert.equal(status, 2, words.join(" "));
      assert.match(stderr, expected);
    }
  });
});
