// The start of every measured program: assembly that calls `run(arena, rounds)` once and reports.
//
// One file is both a Multiboot kernel and an executable of Linux, so that instructions are counted
// and time is measured on the same bytes at the same addresses. EAX tells it which it is: a boot
// loader leaves MULTIBOOT_BOOT_MAGIC there, Linux 0.
//
//   in QEMU    record -> port DEBUG_PORT, then EXIT_PORT ends the machine
//                0  checksum      what `run` returned
//                4  count         RDTSC's difference: instructions, under -icount shift=0
//
//   in Linux   rounds <- standard input (4 bytes); record -> standard output
//                0  checksum
//                4  nanoseconds   of this process's processor time (clock_gettime)
//
// `run` has the calling convention of GCC's regparm(3): EAX = arena, EDX = rounds, result in EAX.
// The arena is zero, mapped, and its pages have been touched.

import { MULTIBOOT_BOOT_MAGIC, MULTIBOOT_HEADER_MAGIC } from "../../src/abi/multiboot";
import type { ObjectFile } from "../../src/object/object";
import { Assembler } from "../../src/x86/assembler";
import { mem32, symbol } from "../../src/x86/operand";
import { cr0, cr4, dx, eax, ebx, ecx, edi, edx, esi, esp } from "../../src/x86/registers";

/** The name of the driver's object. */
export const DRIVER = "driver";
export const DEBUG_PORT = 0xe9;
export const EXIT_PORT = 0xf4;
export const RECORD_SIZE = 12;
/** What programs may use of memory besides their own static data. */
export const ARENA_SIZE = 4 << 20;

const STACK_SIZE = 64 << 10;
const SYS_EXIT = 1;
const SYS_READ = 3;
const SYS_WRITE = 4;
const SYS_CLOCK_GETTIME = 265;
const CLOCK_PROCESS_CPUTIME_ID = 2;
const NANOSECONDS = 1_000_000_000;

/** @param rounds how often `run` does its work in QEMU */
export function driver(rounds: number): ObjectFile {
  const a = new Assembler(DRIVER);
  a.section(".driver", { execute: true });
  a.align(4);
  a.long(MULTIBOOT_HEADER_MAGIC, 0, -MULTIBOOT_HEADER_MAGIC);
  a.function("_start", () => {
    a.cmp(eax, MULTIBOOT_BOOT_MAGIC);
    a.je("counted");
    timed(a);
  });
  a.function("counted", () => counted(a));
  a.section(".data");
  a.local("rounds", "object");
  a.long(rounds);
  a.section(".bss");
  a.local("record", "object");
  a.space(RECORD_SIZE);
  a.local("begin", "object");
  a.space(8);
  a.section(".arena", { write: true, nobits: true });
  a.align(4096);
  a.local("arena", "object");
  a.space(ARENA_SIZE);
  a.local("stack", "object");
  a.space(STACK_SIZE);
  return a.finish();
}

/** EAX = run(arena, rounds), kept in the record. */
function callRun(a: Assembler): void {
  a.mov(eax, symbol("arena"));
  a.mov(edx, mem32({ symbol: "rounds" }));
  a.call("run");
  a.mov(mem32({ symbol: "record" }), eax);
}

/** Subtracts the time at `begin` from that in EDX:EAX. */
function subtractBegin(a: Assembler): void {
  a.sub(eax, mem32({ symbol: "begin" }));
  a.sbb(edx, mem32({ symbol: "begin", disp: 4 }));
}

function counted(a: Assembler): void {
  a.mov(esp, symbol("stack", STACK_SIZE));
  enableSse(a);
  a.rdtsc();
  a.mov(mem32({ symbol: "begin" }), eax);
  a.mov(mem32({ symbol: "begin", disp: 4 }), edx);
  callRun(a);
  a.rdtsc();
  subtractBegin(a);
  a.mov(mem32({ symbol: "record", disp: 4 }), eax);
  a.mov(mem32({ symbol: "record", disp: 8 }), edx);
  a.mov(esi, symbol("record"));
  a.mov(ecx, RECORD_SIZE);
  a.mov(edx, DEBUG_PORT);
  a.repOutsb();
  a.mov(edx, EXIT_PORT);
  a.out(dx, eax);
  a.label("forever");
  a.hlt();
  a.jmp("forever");
}

/** CR0: EM off, MP on; CR4: OSFXSR and OSXMMEXCPT. SDM vol. 3A, 2.5. */
function enableSse(a: Assembler): void {
  a.mov(eax, cr0);
  a.and(eax, ~(1 << 2));
  a.or(eax, 1 << 1);
  a.mov(cr0, eax);
  a.mov(eax, cr4);
  a.or(eax, (1 << 9) | (1 << 10));
  a.mov(cr4, eax);
  a.fninit();
}

function timed(a: Assembler): void {
  transfer(a, SYS_READ, 0, "rounds", 4);
  a.mov(edi, symbol("arena"));
  a.mov(ecx, ARENA_SIZE / 4);
  a.xor(eax, eax);
  a.repStosd();
  readClock(a);
  a.mov(mem32({ symbol: "begin" }), eax);
  a.mov(mem32({ symbol: "begin", disp: 4 }), edx);
  callRun(a);
  readClock(a);
  subtractBegin(a);
  a.mov(mem32({ symbol: "record", disp: 4 }), eax);
  a.mov(mem32({ symbol: "record", disp: 8 }), edx);
  transfer(a, SYS_WRITE, 1, "record", RECORD_SIZE);
  a.mov(eax, SYS_EXIT);
  a.xor(ebx, ebx);
  a.int(0x80);
}

function transfer(a: Assembler, call: number, file: number, at: string, size: number): void {
  a.mov(eax, call);
  a.mov(ebx, file);
  a.mov(ecx, symbol(at));
  a.mov(edx, size);
  a.int(0x80);
}

/** EDX:EAX = this process's processor time in nanoseconds. */
function readClock(a: Assembler): void {
  a.mov(eax, SYS_CLOCK_GETTIME);
  a.mov(ebx, CLOCK_PROCESS_CPUTIME_ID);
  a.sub(esp, 8);
  a.mov(ecx, esp);
  a.int(0x80);
  a.mov(eax, mem32({ base: esp }));
  a.mov(ecx, NANOSECONDS);
  a.mul(ecx);
  a.add(eax, mem32({ base: esp, disp: 4 }));
  a.adc(edx, 0);
  a.add(esp, 8);
}
