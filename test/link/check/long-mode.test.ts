// x86-64 kernels, linked by others: in the higher half, with a trampoline at the end of the address
// space as Linux's page-table isolation has one, and 32-bit code before paging. What the code names
// is found by disassembly.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it, type TestContext } from "node:test";
import { check } from "../../../src/link/check/check";
import { run, scratch, unlessInstalled } from "../tools";
import { change, isSerious, makeKernel } from "./make-kernel";

const BASE = "0xffffffff80000000";

const ASSEMBLY = `
.section .multiboot, "a"
.balign 4
.long 0x1badb002, 3, -(0x1badb002 + 3)

.section .boot, "ax"
.code32
.globl _start
_start:
  mov $(stack_top - ${BASE}), %esp
  mov $(page_map - ${BASE}), %eax
  mov %eax, %cr3
  mov $0xc0000080, %ecx
  rdmsr
  or $0x100, %eax
  wrmsr
  mov %cr0, %eax
  or $0x80010000, %eax
  mov %eax, %cr0
  ljmp $8, $long_mode
.code64
long_mode:
  movabs $kernel_main, %rax
  call *%rax
1:
  hlt
  jmp 1b

.text
.globl kernel_main
.type kernel_main, @function
kernel_main:
  mov counter(%rip), %eax
  jmp system_call
.data
.globl counter
counter: .long 1
.bss
.balign 4096
page_map: .skip 4096
.skip 4096
stack_top:

.section .shared_text, "ax"
.globl entry
.type entry, @function
entry:
  swapgs
  mov %rsp, %gs:8
  mov %rax, scratch(%rip)
  mov kernel_cr3(%rip), %rax
  mov %rax, %cr3
  mov %gs:16, %rsp
  call system_call
  mov user_cr3(%rip), %rax
  mov %rax, %cr3
  mov scratch(%rip), %rax
  swapgs
  sysretq
.size entry, . - entry

.globl interrupt
.type interrupt, @function
interrupt:
  testb $3, 8(%rsp)
  je 1f
  swapgs
  push %rax
  mov kernel_cr3(%rip), %rax
  mov %rax, %cr3
  pop %rax
1:
  call handle_interrupt
  testb $3, 8(%rsp)
  je 2f
  push %rax
  mov user_cr3(%rip), %rax
  mov %rax, %cr3
  pop %rax
  swapgs
2:
  iretq
.size interrupt, . - interrupt

.section .shared_data, "aw"
.balign 8
.globl idt
.type idt, @object
idt: .skip 4096 - 24, 1
.size idt, 4096 - 24
kernel_cr3: .quad 0
user_cr3: .quad 0
scratch: .quad 0
`;

const C = `
extern int counter;
long system_call(long number, long first) {
  static const char *const names[] = { "read", "write", "exit" };
  switch (number) { case 0: return first; case 1: return ++counter; case 2: return -1;
    case 3: return names[first & 1][0]; case 4: return counter * 10; default: return -38; }
}
void handle_interrupt(void) { counter += 2; }
`;

const place = (name: string) => `${name} ALIGN(4096) : AT(ADDR(${name}) - ${BASE})`;
const SCRIPT = `
ENTRY(_start)
SECTIONS {
  . = 1M;
  .boot : { KEEP(*(.multiboot)) *(.boot) }
  . += ${BASE};
  ${place(".text")} { *(.text .text.*) }
  ${place(".rodata")} { *(.rodata .rodata.*) }
  ${place(".data")} { *(.data .data.*) }
  ${place(".bss")} { *(.bss) }
  shared_load = ALIGN(4096) - ${BASE};
  .shared_text 0xffffffffffffe000 : AT(shared_load) { *(.shared_text) . = ALIGN(4096); }
  .shared_data 0xfffffffffffff000 : AT(shared_load + 4096) { *(.shared_data) }
  /DISCARD/ : { *(.note*) *(.comment) *(.eh_frame*) }
}
`;

interface Parts {
  readonly assembly?: string;
  readonly flags?: readonly string[];
  readonly cFlags?: readonly string[];
}

function judge(t: TestContext, { assembly = ASSEMBLY, flags = [], cFlags = [] }: Parts = {}) {
  const { bytes } = makeKernel(t, {
    bits: 64,
    assembly,
    script: SCRIPT,
    flags,
    c: C,
    cFlags: ["-fno-pic", "-fno-pie", "-mcmodel=kernel", "-mno-red-zone", ...cFlags],
  });
  const report = check(bytes, "kernel.elf");
  const allow = new Set(["LAY020"]); // A 64-bit file with a Multiboot 1 header, for GRUB.
  const findings = report.findings.filter(isSerious).filter(({ code }) => !allow.has(code));
  return { report, findings: findings.map(({ code, what }) => `${code} ${what}`) };
}

const edit = (from: string, to: string) => change(ASSEMBLY, from, to);
const skip = unlessInstalled("gcc") || unlessInstalled("ld");

describe("an x86-64 kernel with a trampoline", { skip }, () => {
  it("has no mistakes, and its trampoline is proven closed", (t) => {
    for (const cFlags of [["-O0"], ["-O2"], ["-O2", "-fcf-protection=full"]]) {
      const { report, findings } = judge(t, { cFlags });
      assert.deepEqual(findings, []);
      const { shared } = report;
      assert.equal(shared?.proof.method, "disassembly");
      assert.deepEqual([shared.proof.leaving, shared.proof.unproven], [[], []]);
      assert.equal(shared.proof.allowed, 2, "both calls are made on the kernel's CR3");
    }
  });

  it("is judged alike by the relocations that ld -q keeps", (t) => {
    const { report, findings } = judge(t, { flags: ["-q"] });
    assert.deepEqual(findings, []);
    assert.equal(report.shared?.proof.method, "relocations");
    assert.equal(report.shared.proof.allowed, 2);
  });

  const wrong: readonly [string, RegExp, string, string][] = [
    [
      "relative to the instruction",
      /LAY018 entry.* refers to counter .*before CR3/,
      "mov %rax, scratch(%rip)",
      "mov counter(%rip), %ebx",
    ],
    [
      "as an absolute address",
      /LAY018 entry.* refers to counter/,
      "mov %rax, scratch(%rip)",
      "mov counter, %ebx",
    ],
    [
      "as a constant of 32 bits",
      /LAY018 entry.* refers to counter/,
      "mov %rax, scratch(%rip)",
      "mov $counter, %rbx",
    ],
    [
      "as a constant of 64 bits",
      /LAY018 entry.* refers to counter/,
      "mov %rax, scratch(%rip)",
      "movabs $counter, %rbx",
    ],
    [
      "by LEA",
      /LAY018 entry.* refers to counter/,
      "mov %rax, scratch(%rip)",
      "lea counter(%rip), %rbx",
    ],
    [
      "by a call",
      /LAY018 entry.* refers to handle_interrupt/,
      "mov %rax, scratch(%rip)",
      "call handle_interrupt",
    ],
    [
      "after it has gone back to the user's CR3",
      /LAY018 entry.* refers to counter/,
      "  swapgs\n  sysretq",
      "  swapgs\n  mov counter(%rip), %ebx\n  sysretq",
    ],
  ];
  for (const [how, says, from, to] of wrong) {
    it(`may not name the kernel before MOV CR3: ${how}`, (t) => {
      const { findings } = judge(t, { assembly: edit(from, to) });
      assert.ok(
        findings.some((text) => says.test(text)),
        findings.join("\n") || "nothing was found",
      );
    });
  }

  it("says which jumps it cannot follow before MOV CR3", (t) => {
    const assembly = edit("mov %rax, scratch(%rip)", "jmp *handlers(,%rax,8)\nhandlers: .quad 0");
    const { report } = judge(t, { assembly });
    const unproven = report.shared?.proof.unproven ?? [];
    assert.match(unproven.join("; "), /where the jump at 0xffffffffffffe0\w\w leads/);
  });

  it("may not refer to a section that is loaded elsewhere before paging", (t) => {
    const moved = change(SCRIPT, `  . += ${BASE};`, "  . = 0x40100000;");
    const script = change(moved, ` - ${BASE}`, " - 0x3ff00000");
    const assembly = change(ASSEMBLY, ` - ${BASE}`, " - 0x3ff00000");
    const right = check(makeKernel(t, { bits: 64, assembly: alone(assembly), script }).bytes, "k");
    const codes = (report: typeof right) =>
      report.findings.filter(isSerious).map(({ code }) => code);
    assert.ok(!codes(right).includes("LAY012"), codes(right).join());
    const early = change(assembly, "  rdmsr\n", "  rdmsr\n  mov counter, %ebx\n");
    const wrong = check(makeKernel(t, { bits: 64, assembly: alone(early), script }).bytes, "k");
    assert.ok(codes(wrong).includes("LAY012"), codes(wrong).join());
  });
});

/** The kernel without its part in C. */
function alone(assembly: string): string {
  return `${assembly}\n.text\nsystem_call: ret\nhandle_interrupt: ret\n`;
}

describe("an x86-64 kernel compiled by Clang", { skip: skip || unlessInstalled("clang") }, () => {
  it("is understood to its end", (t) => {
    const file = scratch(t);
    const options = ["-m64", "-O2", "-ffreestanding", "-mcmodel=kernel", "-fno-pic", "-c"];
    run("clang", ...options, file("more.c", C), "-o", file("more.o"));
    run("gcc", "-m64", "-c", file("kernel.S", ASSEMBLY), "-o", file("kernel.o"));
    const script = file("kernel.ld", SCRIPT);
    const inputs = [file("kernel.o"), file("more.o")];
    run("ld", "-z", "max-page-size=4096", "-T", script, "-o", file("kernel.elf"), ...inputs);
    const { findings, shared } = check(readFileSync(file("kernel.elf")), "kernel.elf");
    assert.deepEqual(
      findings.filter(isSerious).map(({ code }) => code),
      ["LAY020"],
    );
    assert.deepEqual(shared?.proof.unproven, []);
  });
});
