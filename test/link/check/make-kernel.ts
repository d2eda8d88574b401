// Builds minimal kernels with third-party tools: the thread's idea, right in every respect, and
// changed where a test says so.
//
//   .boot at 1 MiB: Multiboot header, _start; turns paging on .text … the kernel .shared_* the
//   trampoline, at the end of the address space, loaded past the kernel

import { readFileSync } from "node:fs";
import type { TestContext } from "node:test";
import type { CodedFinding } from "../../../src/link/check/mistake";
import { run, scratch } from "../tools";

export const ASSEMBLY = `
.section .multiboot, "a"
.balign 4
.long 0x1badb002, 3, -(0x1badb002 + 3)

.section .boot, "ax"
.globl _start
_start:
  mov $stack_top, %esp
  mov $page_directory, %eax
  mov %eax, %cr3
  mov %cr0, %eax
  or $0x80000000, %eax
  mov %eax, %cr0
  call kernel_main
1:
  hlt
  jmp 1b

.text
.globl kernel_main
.type kernel_main, @function
kernel_main:
  mov counter, %eax
  mov message, %ecx
  mov shared_value, %edx
  ret
.size kernel_main, . - kernel_main

.section .rodata
.type message, @object
message: .long 1
.data
.globl counter
counter: .long 2
.bss
.balign 4096
.type page_directory, @object
page_directory: .skip 4096
.size page_directory, 4096
.skip 4096
stack_top:

.section .shared_text, "ax"
.globl entry
entry:
  pusha
  mov kernel_cr3, %eax
  mov %eax, %cr3
  call kernel_main
  mov user_cr3, %eax
  mov %eax, %cr3
  popa
  iret

.section .shared_data, "aw"
.balign 8
.type idt, @object
idt: .skip 2048
.size idt, 2048
.globl kernel_cr3
kernel_cr3: .long 0
user_cr3: .long 0
shared_value: .long 3
`;

export const SCRIPT = `
ENTRY(_start)
SECTIONS {
  . = 1M;
  .boot : { KEEP(*(.multiboot)) *(.boot) }
  .text ALIGN(4096) : { *(.text .text.*) }
  .rodata ALIGN(4096) : { *(.rodata .rodata.*) }
  .data ALIGN(4096) : { *(.data .data.*) }
  .bss : { bss_start = .; *(.bss .bss.*) *(COMMON) bss_end = .; }
  shared_load = ALIGN(4096);
  .shared_text 0xffffe000 : AT(shared_load) { *(.shared_text) . = ALIGN(4096); }
  .shared_data 0xfffff000 : AT(shared_load + 4096) { *(.shared_data) . = ALIGN(4096); }
  shared_size = 8192;
  kernel_end = shared_load + shared_size;
  /DISCARD/ : { *(.note*) *(.comment) *(.eh_frame*) }
}
`;

/** A kernel for long mode, as Limine takes it. */
export const ASSEMBLY_64 = `
.section .requests, "aw"
.balign 8
.quad 0xc7b1dd30df4c8b88, 0x0a82e883a194f07b, 0xf55038d8e2a1202f, 0x279426fcf5f59740, 0, 0
.text
.globl _start
_start:
  hlt
  jmp _start
.data
.quad 1
`;

export const SCRIPT_64 = `
ENTRY(_start)
SECTIONS {
  . = 0xffffffff80000000;
  .text : { *(.text) }
  .data ALIGN(4096) : { *(.requests) *(.data) }
  /DISCARD/ : { *(.note*) *(.comment) *(.eh_frame*) }
}
`;

export interface KernelParts {
  readonly assembly?: string;
  /** Another source, in C. */
  readonly c?: string;
  readonly cFlags?: readonly string[];
  readonly script?: string;
  readonly linker?: "ld" | "ld.gold" | "ld.lld";
  readonly flags?: readonly string[];
  readonly bits?: 32 | 64;
  /** With source lines. */
  readonly debug?: boolean;
}

export interface MadeKernel {
  readonly bytes: Uint8Array;
  readonly path: string;
  readonly objects: readonly string[];
}

/** Compiles and links the parts; what is left out is right. */
export function makeKernel(t: Pick<TestContext, "after">, parts: KernelParts = {}): MadeKernel {
  const file = scratch(t);
  const bits = parts.bits ?? 32;
  const machine = `-m${bits}`;
  const source = file("kernel.S", parts.assembly ?? (bits === 32 ? ASSEMBLY : ASSEMBLY_64));
  const objects = [file("kernel.o")];
  const lines = parts.debug ? ["-Wa,-g"] : [];
  run("gcc", machine, ...lines, "-c", source, "-o", file("kernel.o"));
  if (parts.c !== undefined) {
    const flags = parts.cFlags ?? ["-fno-pic", "-fno-pie"];
    const options = ["-O1", "-ffreestanding", "-fno-asynchronous-unwind-tables", ...flags];
    run("gcc", machine, ...options, "-c", file("more.c", parts.c), "-o", file("more.o"));
    objects.push(file("more.o"));
  }
  const script = file("kernel.ld", parts.script ?? (bits === 32 ? SCRIPT : SCRIPT_64));
  const emulation = bits === 32 ? "elf_i386" : "elf_x86_64";
  const linker = parts.linker ?? "ld";
  const quiet = linker === "ld" ? ["--no-warn-rwx-segments"] : [];
  const page = linker === "ld.gold" ? [] : ["-z", "max-page-size=4096"];
  const path = file("kernel.elf");
  const flags = ["-m", emulation, ...quiet, ...page, ...(parts.flags ?? [])];
  run(linker, ...flags, "-T", script, "-o", path, ...objects);
  return { bytes: readFileSync(path), path, objects };
}

/** `text` with `from` replaced by `to`; a test whose text has no `from` is wrong itself. */
export function change(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`the text has no ${JSON.stringify(from)}`);
  return text.replaceAll(from, to);
}

/** Whether a finding is more than a note, which kernels without mistakes have as well. */
export function isSerious({ severity }: CodedFinding): boolean {
  return severity !== "note";
}
