// The forum thread that this project comes from: its linker script, judged. It carves the last
// megabyte out of the address space with MEMORY, and puts the trampoline there with AT>KERNEL.
//
// The script as printed is read from the thread's text if that is available; a similar one is
// tested everywhere.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, it, type TestContext } from "node:test";
import { check } from "../../../src/link/check/check";
import { readInput } from "../../../src/link/input/read-input";
import type { Layout } from "../../../src/link/layout/layout";
import { parseLayout } from "../../../src/link/layout/parse";
import { resolveLayout } from "../../../src/link/layout/resolve";
import { link } from "../../../src/link/link";
import { elfFile } from "../../../src/link/output/elf-files";
import { run, scratch, unlessInstalled } from "../tools";
import { isSerious } from "./make-kernel";

const THREAD = "../shared/thread.txt";
const TUTORIAL = "examples/cpp-kernel/README.md";

const IN_ITS_MANNER = `
ENTRY(boot)
MEMORY { LOW : ORIGIN = 1M, LENGTH = 4094M   TOP : ORIGIN = 4095M, LENGTH = 1M }
SECTIONS {
  .multiboot : ALIGN(4K) { *(.multiboot) } >LOW
  .shared_text : ALIGN(4K) { top_start = .; *trampoline.o(.text) } >TOP AT>LOW
  .text : ALIGN(4K) { *(.text) } >LOW
  .rodata : ALIGN(4K) { *(.rodata) } >LOW
  .data : ALIGN(4K) { *(.data) } >LOW
  .bss : ALIGN(4K) { *(COMMON) *(.bss) } >LOW
  _link_end = ALIGN(4K);
}
`;

const KERNEL = `
.section .multiboot, "a"
.long 0x1badb002, 3, -(0x1badb002 + 3)
.text
.globl boot
boot: hlt
  jmp boot
.globl interrupt
interrupt: ret
.section .rodata
.long 1
.data
.balign 8
.type idt, @object
idt: .skip 2048, 1
.size idt, 2048
.bss
.skip 4096
`;

/** As its author says: in assembly, and with nothing but a text section. */
const TRAMPOLINE = `
.text
.globl enter
enter:
  pusha
  mov kernel_directory, %eax
  mov %eax, %cr3
  call interrupt
  popa
  iret
kernel_directory: .long 0
`;

/** What its author wanted: parked at the end, and the tables of the processor with it. */
const WANTED: Layout = {
  entry: "boot",
  regions: {
    kernel: { start: 0x100000, end: 0xfff00000 },
    shared: { start: 0xfff00000, end: 2 ** 32, anchor: "end" },
  },
  sections: [
    ...[".multiboot", ".text", ".rodata", ".data", ".bss"],
    { name: ".shared_text", region: "shared", load: "kernel" },
  ],
};

/** The layout that the tutorial gives for the thread's script. */
function tutorialLayout(): Layout {
  const text = readFileSync(TUTORIAL, "utf8");
  const section = text.slice(text.indexOf("## The thread's own script"));
  const [, json = ""] = /```json\n([\s\S]*?)\n```/.exec(section) ?? [];
  return parseLayout(JSON.parse(json), TUTORIAL);
}

/** @param how what the trampoline's file is: an object under its name, or an archive of one */
function build(t: TestContext, script: string, how: "object" | "archive", linker = "ld") {
  const file = scratch(t);
  for (const [name, text] of [
    ["kernel", KERNEL],
    ["trampoline", TRAMPOLINE],
  ] as const) {
    run("gcc", "-m32", "-c", file(`${name}.S`, text), "-o", file(`${name}.o`));
  }
  const archive = file("trampoline.a");
  if (how === "archive") run("ar", "rcs", archive, file("trampoline.o"));
  else run("ld", "-m", "elf_i386", "-r", file("trampoline.o"), "-o", archive);
  const isNamed = script.includes("trampoline.a");
  const text = script.replaceAll("trampoline.a", archive);
  const inputs = [file("kernel.o"), isNamed ? archive : file("trampoline.o")];
  const options = ["-m", "elf_i386", "-u", "enter", "-T", file("thread.ld", text)];
  run(linker, ...options, "-o", file("kernel.elf"), ...inputs);
  return readFileSync(file("kernel.elf"));
}

/** The script as the thread prints it. */
function printedScript(): string {
  const text = readFileSync(THREAD, "utf8");
  const start = text.indexOf("ENTRY(boot)");
  return text.slice(start, text.indexOf("\n}\n", text.indexOf("SECTIONS", start)) + 3);
}

function judge(bytes: Uint8Array) {
  const report = check(bytes, "kernel.elf");
  const codes = report.findings.filter(isSerious).map(({ code, subject }) => `${code} ${subject}`);
  return { report, codes };
}

function isRightButForWhereItEnds(bytes: Uint8Array): void {
  const { report, codes } = judge(bytes);
  // Right: it loads, and the trampoline is closed. Wrong: what the processor needs is not with it.
  assert.deepEqual(codes, ["LAY017 idt"]);
  for (const { loader, outcome } of report.verdicts) {
    if (loader !== "limine") assert.equal(outcome, "loads", loader);
  }
  const { shared } = report;
  assert.deepEqual(
    shared?.part.sections.map(({ name }) => name),
    [".shared_text"],
  );
  assert.equal(shared.part.how, "inferred");
  assert.equal(shared.part.start, 0xfff00000n);
  assert.equal(shared.part.slack, 0xff000n, "it begins at the region's origin");
  assert.deepEqual(shared.proof.leaving, []);
  const wanted = check(bytes, "kernel.elf", { layout: resolveLayout(WANTED) });
  assert.ok(
    wanted.findings.some(
      ({ code, what }) =>
        code === "LAY023" && /\.shared_text ends at 0xfff0.*not at the end of region/.test(what),
    ),
  );
}

describe("the thread's kernel", { skip: unlessInstalled("gcc") || unlessInstalled("ld") }, () => {
  it("is loaded, but its shared section is at the origin of its region", (t) => {
    isRightButForWhereItEnds(build(t, IN_ITS_MANNER, "object"));
  });

  const skip = existsSync(THREAD) ? false : "the thread's text is not here";

  it("the same, by the script as it is printed, if trampoline.a is an object", { skip }, (t) => {
    isRightButForWhereItEnds(build(t, printedScript(), "object"));
  });

  it("by the script as it is printed, shares nothing if trampoline.a is an archive", {
    skip,
  }, (t) => {
    const { report, codes } = judge(build(t, printedScript(), "archive"));
    assert.deepEqual(codes, ["LAY017 _shared_start_virtual"]);
    assert.match(report.findings[0]?.change ?? "", /\*trampoline\.a:\*\(\.text\)/);
    assert.equal(report.shared, undefined);
  });

  it("does what its author wanted by the tutorial's layout", (t) => {
    const file = scratch(t);
    const objects = { "kernel.o": KERNEL, "trampoline.o": TRAMPOLINE };
    for (const [name, text] of Object.entries(objects)) {
      run("gcc", "-m32", "-c", file(`${name}.S`, text), "-o", file(name));
    }
    run("ar", "rcs", file("trampoline.a"), file("trampoline.o"));
    const inputs = ["kernel.o", "trampoline.a"].map((name) => {
      return readInput(readFileSync(file(name)), name);
    });
    const layout = tutorialLayout();
    const image = link(inputs, layout);
    const { report, codes } = judge(elfFile(image));
    // Its tables are where they were, which the layout does not decide.
    assert.deepEqual(codes, ["LAY017 idt"]);
    const { shared } = report;
    assert.equal(shared?.part.slack, 0n, "it is parked");
    assert.deepEqual([shared.proof.leaving, shared.proof.unproven], [[], []]);
    const value = (name: string) => image.symbols.find((each) => each.name === name)?.value;
    assert.equal(value("_shared_start_virtual"), 0xfffff000);
    assert.equal(value("_shared_size"), 4096);
    assert.equal(value("_shared_start_physical"), 0x101000);
    assert.equal(value("_shared_end_physical"), 0x102000);
    assert.deepEqual(
      check(elfFile(image), "kernel.elf", { layout: resolveLayout(layout) })
        .findings.filter(isSerious)
        .map(({ code }) => code),
      ["LAY017"],
    );
  });

  it("is loaded where no page can map it, by gold", { skip: unlessInstalled("ld.gold") }, (t) => {
    const { codes } = judge(build(t, IN_ITS_MANNER, "object", "ld.gold"));
    assert.ok(codes.includes("LAY007 .shared_text"), codes.join(", "));
    assert.ok(codes.includes("LAY023 .shared_text"), codes.join(", "));
  });
});
