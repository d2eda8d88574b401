// The first instructions of every user program.
//
// The kernel leaves on the stack what the i386 System V ABI says:
//
//   ESP -> argc | argv[0] ... argv[argc-1] | 0 | envp[0] ... | 0 | auxiliary vector
//
// The program's initialisers run first, then main(argc, argv, envp); its result is the exit status.
// EBP is 0 and the frame is marked as the outermost, so a backtrace ends here.
//
// The allocators expect the heap to begin where the static data ends, as it does on our kernel.
// Linux puts the first brk at a random distance after that, so there the gap is mapped first:
//
//   static data | gap: mmap here    | heap: brk
//               ^ data_end          ^ brk(0)

import { SystemCall } from "../src/abi/linux/i386";
import type { Assembler } from "../src/x86/assembler";
import { mem, mem32, symbol } from "../src/x86/operand";
import { eax, ebp, ebx, ecx, edi, edx, esi, esp } from "../src/x86/registers";
import { MAP_ZEROS_HERE, MMAP2, PROT_READ_WRITE } from "./runtime/mmap.asm";

/** What the start code has to call in a program. */
export interface StartOptions {
  /** A function to call before all others. */
  readonly protect?: string;
  /** A function to call after that, as main(argc, argv, envp) is. */
  readonly prepare?: string;
  /** The function that runs the initialisers of the top level. */
  readonly initialise?: string;
  /** Whether there is a `main`, and whether it returns the exit status, which is otherwise 0. */
  readonly main: "none" | "void" | "status";
  /** A function to call after `main`. */
  readonly finish?: string;
  /** Whether to map what lies between the static data and the first brk. */
  readonly mapsGap?: boolean;
}

export default function start(a: Assembler): void {
  writeStart(a, { initialise: "_initialize", main: "status" });
}

/** Writes `_start`. */
export function writeStart(a: Assembler, options: StartOptions): void {
  const { protect, prepare, initialise, main, finish, mapsGap = false } = options;
  a.section(".text");
  a.function("_start", () => {
    if (mapsGap) mapGap(a);
    a.xor(ebp, ebp);
    a.mov(esi, mem32({ base: esp }));
    a.lea(edi, mem({ base: esp, disp: 4 }));
    a.lea(ebx, mem({ base: esp, index: esi, scale: 4, disp: 8 }));
    a.mov(mem32({ symbol: "program_arguments" }), edi);
    if (protect !== undefined) a.call(protect);
    if (prepare !== undefined) {
      takeArguments(a);
      a.call(prepare);
    }
    if (initialise !== undefined) a.call(initialise);
    takeArguments(a);
    if (main !== "none") a.call("main");
    if (main !== "status") a.xor(eax, eax);
    a.mov(ebx, eax);
    if (finish !== undefined) a.call(finish);
    a.mov(eax, SystemCall.exit_group);
    a.int(0x80);
    a.ud2();
  });
  a.section(".bss");
  a.align(4);
  a.global("program_arguments", "object");
  a.space(4);
}

/** Puts argc, argv and envp where functions find their arguments. */
function takeArguments(a: Assembler): void {
  a.mov(eax, esi);
  a.mov(edx, edi);
  a.mov(ecx, ebx);
}

const PAGE_SIZE = 4096;

/** Changes all registers but ESP. A failure shows when the heap is first used. */
function mapGap(a: Assembler): void {
  a.mov(eax, SystemCall.brk);
  a.xor(ebx, ebx);
  a.int(0x80);
  a.mov(ecx, eax);
  a.mov(ebx, symbol("data_end", PAGE_SIZE - 1));
  a.and(ecx, -PAGE_SIZE);
  a.and(ebx, -PAGE_SIZE);
  a.sub(ecx, ebx);
  a.jbe("contiguous");
  a.mov(edx, PROT_READ_WRITE);
  a.mov(esi, MAP_ZEROS_HERE);
  a.mov(edi, -1);
  a.xor(ebp, ebp);
  a.mov(eax, MMAP2);
  a.int(0x80);
  a.label("contiguous");
}
