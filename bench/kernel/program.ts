// The program that takes the steps of all rows: one static executable for our kernel and for Linux.
//
// It reads the time-stamp counter before and after a row's body. Under `-icount shift=0` that
// counts instructions, those of the kernel included. For each row it prints a line
//
//   row ID RESULT TICKS RESULT TICKS ...
//
// of hexadecimal numbers, a pair for each sample. The first row, `nothing`, has an empty body: its
// ticks are those of measuring. At the end it prints `end` and restarts the machine, so it must
// never run on a host.
//
// BODY_START and BODY_END name the ends of a body, for a program with one row (sample.ts).

import { SystemCall } from "../../src/abi/linux/i386";
import { REBOOT_MAGIC1, REBOOT_MAGIC2, REBOOT_RESTART } from "../../src/abi/reboot";
import type { Layout } from "../../src/link/layout/layout";
import { link } from "../../src/link/link";
import { elfFile } from "../../src/link/output/elf-files";
import { type ArchiveEntry, fileEntry } from "../../src/machine/initramfs";
import { type Assembler, assembleModule } from "../../src/x86/assembler";
import { mem8, mem32, symbol } from "../../src/x86/operand";
import { dl, eax, ebp, ebx, ecx, edx, esi } from "../../src/x86/registers";
import { type CallRow, DATA, DATA_SIZE, DEEP, PREPARATION, TINY, TINY_STEPS } from "./rows";
import { call, HEAP_WORD, SCRATCH_PAGE } from "./steps";

export const NOTHING: CallRow = { id: "nothing", what: "nothing", body: [] };
export const SAMPLES = 15;
export const BODY_START = "body_start";
export const BODY_END = "body_end";
/** The traditional start of programs for Linux on i386. */
const START = 0x0804_8000;
const PAGE = 4096;
const CONSOLE = 1;
const LINE_SIZE = 512;
const TEXT_WIDTH = 64;

const layout: Layout = { regions: { program: { start: START } } };

/** The files of the system that runs it; `/init` is the program, which measures `rows`. */
export function benchmarkFiles(rows: readonly CallRow[]): ArchiveEntry[] {
  return [
    fileEntry("init", benchmarkProgram(rows), 0o755),
    fileEntry(TINY.slice(1), executable("tiny", tiny), 0o755),
    fileEntry(DATA.slice(1), text()),
    fileEntry(DEEP.slice(1), new Uint8Array(1)),
  ];
}

export function benchmarkProgram(rows: readonly CallRow[]): Uint8Array {
  return executable("init", (a) => benchmark(a, rows));
}

function executable(name: string, module: (a: Assembler) => void): Uint8Array {
  return elfFile(link([assembleModule(name, module)], layout, { name }));
}

/** Lines as a program prints them. */
function text(): Uint8Array {
  return Uint8Array.from({ length: DATA_SIZE }, (_, at) =>
    at % TEXT_WIDTH === TEXT_WIDTH - 1 ? 0x0a : 0x21 + (at % 94),
  );
}

function tiny(a: Assembler): void {
  a.section(".text");
  a.function("_start", () => {
    for (const step of TINY_STEPS) step.emit(a);
  });
}

function benchmark(a: Assembler, rows: readonly CallRow[]): void {
  a.section(".bss");
  a.align(PAGE);
  a.local(SCRATCH_PAGE, "object");
  a.space(PAGE);
  for (const [name, size] of Object.entries({ [HEAP_WORD]: 4, left: 4, line: LINE_SIZE })) {
    a.local(name, "object");
    a.space(size);
  }
  a.section(".text");
  a.label("append");
  append(a);
  a.global("_start");
  call(SystemCall.brk, 0).emit(a);
  a.mov(mem32({ symbol: HEAP_WORD }), eax);
  for (const step of PREPARATION) step.emit(a);
  for (const row of [NOTHING, ...rows]) measure(a, row, rows.length === 1 && row !== NOTHING);
  call(SystemCall.write, CONSOLE, "end\n", 4).emit(a);
  call(SystemCall.reboot, REBOOT_MAGIC1, REBOOT_MAGIC2, REBOOT_RESTART).emit(a);
}

function measure(a: Assembler, row: CallRow, named: boolean): void {
  const { id, before = [], body, after = [], samples = SAMPLES } = row;
  const again = a.newLabel("again");
  a.mov(mem32({ symbol: "left" }), samples);
  a.mov(esi, symbol("line"));
  a.label(again);
  for (const step of before) step.emit(a);
  a.rdtsc();
  a.mov(ebp, eax);
  if (named) a.global(BODY_START);
  for (const step of body) step.emit(a);
  if (named) a.global(BODY_END);
  a.mov(ebx, eax);
  a.rdtsc();
  a.sub(eax, ebp);
  a.xchg(eax, ebx);
  a.call("append");
  a.mov(eax, ebx);
  a.call("append");
  for (const step of after) step.emit(a);
  a.dec(mem32({ symbol: "left" }));
  a.jnz(again);
  const head = `row ${id}`;
  call(SystemCall.write, CONSOLE, head, head.length).emit(a);
  printLine(a);
}

/** append(number: EAX): adds a space and eight digits to the line at ESI. Keeps EBX and EDI. */
function append(a: Assembler): void {
  a.mov(mem8({ base: esi }), 0x20);
  a.inc(esi);
  a.mov(ecx, 8);
  a.label("digit");
  a.rol(eax, 4);
  a.mov(edx, eax);
  a.and(edx, 15);
  a.movzx(edx, mem8({ base: edx, symbol: "digits" }));
  a.mov(mem8({ base: esi }), dl);
  a.inc(esi);
  a.dec(ecx);
  a.jnz("digit");
  a.ret();
  a.section(".rodata");
  a.local("digits", "object");
  a.ascii("0123456789abcdef");
  a.section(".text");
}

function printLine(a: Assembler): void {
  a.mov(mem8({ base: esi }), 0x0a);
  a.lea(edx, mem32({ base: esi, disp: 1 }));
  a.mov(ecx, symbol("line"));
  a.sub(edx, ecx);
  a.mov(ebx, CONSOLE);
  a.mov(eax, SystemCall.write);
  a.int(0x80);
}
