// The segment of a module's own memory, for programs whose accesses the processor checks:
//
//   FS   base: the memory   limit: its size, so that an access past it is an exception
//
// What the kernel makes of the exception is SIGSEGV, whose handler looks the instruction up in the
// list that the compiler left (src/compile/emit/access-places.ts) and reports the trap. Another
// fault gets the system's answer.
//
// Processors enforce limits; some emulators do not (QEMU without KVM). A program that relied on
// them there would have no bounds at all, so it tries first, with a segment of one byte, and
// refuses.

import { SystemCall } from "../../src/abi/linux/i386";
import {
  USER_DESC_32BIT,
  USER_DESC_ANY,
  USER_DESC_BASE,
  USER_DESC_FLAGS,
  USER_DESC_IN_PAGES,
  USER_DESC_LIMIT,
  USER_DESC_USEABLE,
} from "../../src/abi/linux/user-desc";
import { CONTEXT_EIP, UCONTEXT_CONTEXT } from "../../src/abi/signal-frame";
import { SA_SIGINFO, SIGSEGV } from "../../src/abi/signals";
import type { Assembler } from "../../src/x86/assembler";
import { type Label, mem, mem8, mem32, symbol } from "../../src/x86/operand";
import { al, eax, ebx, ecx, edi, edx, esi, esp, fs } from "../../src/x86/registers";

const PAGE_SHIFT = 16;
/** How a page of WebAssembly counts in those of limits. */
const LIMIT_SHIFT = PAGE_SHIFT - 12;

/** Flags of a segment whose limit is in bytes, and of one whose limit is in pages. */
const BYTES = USER_DESC_32BIT | USER_DESC_USEABLE;
const PAGES = BYTES | USER_DESC_IN_PAGES;
const USER_LEVEL = 3;

/** Of a handler: the third argument, and where the instruction's address is in struct ucontext. */
const CONTEXT = { base: esp, disp: 12 } as const;
const UCONTEXT_EIP = UCONTEXT_CONTEXT + CONTEXT_EIP;
const SIGSET_BYTES = 8;

/** 128 and SIGABRT, as for a trap. */
const STATUS = 134;

/** What a program with a segment calls first, and what the memory is in. */
export const SEGMENT_START = "isthmus.segment";
export const SEGMENT_LIMIT = "isthmus.segment.limit";

/** Writes both functions for a memory at `base` of so many pages of 64 KiB at first. */
export function writeWasmSegment(a: Assembler, base: number, pages: number): void {
  a.section(".text");
  const trial = { probe: a.newLabel("probe"), enforced: a.newLabel("enforced") };
  a.function(SEGMENT_START, () => writeStart(a, pages, trial));
  // EDX pages of 64 KiB: what is in the segment from now on; changes no register.
  a.function(SEGMENT_LIMIT, () => {
    a.pusha();
    a.frame(36);
    a.mov(mem32({ symbol: "segment", disp: USER_DESC_BASE }), base);
    a.shl(edx, LIMIT_SHIFT);
    a.dec(edx);
    a.mov(mem32({ symbol: "segment", disp: USER_DESC_LIMIT }), edx);
    a.mov(mem32({ symbol: "segment", disp: USER_DESC_FLAGS }), PAGES);
    a.call("segment.load");
    a.popa();
    a.frame(4);
    a.ret();
  });
  a.function("segment.load", () => writeLoad(a));
  a.function("segment.fault", () => writeFault(a, trial));
  a.section(".data");
  a.align(4);
  a.local("segment", "object");
  a.long(USER_DESC_ANY, 0, 0, BYTES);
  a.local("segment.action", "object");
  a.long(symbol("segment.fault"), SA_SIGINFO, 0, 0, 0);
  a.section(".rodata");
  text(a, "segment.trap", "out of bounds memory access");
  text(a, "segment.refused", "this machine does not enforce the limits of segments, by which the ");
  text(a, "segment.remedy", "module's memory is checked: compile it with --bounds compare\n");
}

/** The instruction that a limit must stop, and where the handler goes on then. */
interface Trial {
  readonly probe: Label;
  readonly enforced: Label;
}

/** Installs the handler, tries a limit, and makes the segment of the memory. */
function writeStart(a: Assembler, pages: number, trial: Trial): void {
  a.push(ebx);
  a.push(esi);
  a.push(edi);
  a.frame(16);
  act(a);
  a.mov(mem32({ symbol: "segment", disp: USER_DESC_BASE }), symbol("segment"));
  a.call("segment.load");
  // Only the first byte is in it, though the others are there.
  a.xor(eax, eax);
  a.label(trial.probe);
  a.mov(al, mem8({ disp: USER_DESC_BASE, segment: fs }));
  a.mov(ecx, symbol("segment.refused"));
  a.call("trap.print");
  a.mov(ecx, symbol("segment.remedy"));
  a.call("trap.print");
  a.mov(ebx, STATUS);
  a.mov(eax, SystemCall.exit_group);
  a.int(0x80);
  a.label(trial.enforced);
  if (pages > 0) {
    a.mov(edx, pages);
    a.call(SEGMENT_LIMIT);
  } else {
    // Nothing can be read through the null selector.
    a.xor(eax, eax);
    a.mov(fs, eax);
  }
  a.pop(edi);
  a.pop(esi);
  a.pop(ebx);
  a.frame(4);
  a.ret();
}

/** rt_sigaction of SIGSEGV by what is in `segment.action`. */
function act(a: Assembler): void {
  a.mov(ebx, SIGSEGV);
  a.mov(ecx, symbol("segment.action"));
  a.xor(edx, edx);
  a.mov(esi, SIGSET_BYTES);
  a.mov(eax, SystemCall.rt_sigaction);
  a.int(0x80);
}

/** Makes FS what `segment` describes; changes all registers. */
function writeLoad(a: Assembler): void {
  a.mov(ebx, symbol("segment"));
  a.mov(eax, SystemCall.set_thread_area);
  a.int(0x80);
  a.test(eax, eax);
  a.jne("refused");
  a.mov(eax, mem32({ symbol: "segment" }));
  a.lea(eax, mem({ index: eax, scale: 8, disp: USER_LEVEL }));
  a.mov(fs, eax);
  a.ret();
  a.label("refused");
  a.mov(eax, SystemCall.exit_group);
  a.mov(ebx, STATUS);
  a.int(0x80);
  a.ud2();
}

/** The handler: reports the trap, or gives SIGSEGV back to the system, which ends the program. */
function writeFault(a: Assembler, { probe, enforced }: Trial): void {
  a.mov(edi, mem32(CONTEXT));
  a.mov(eax, mem32({ base: edi, disp: UCONTEXT_EIP }));
  a.cmp(eax, symbol(probe));
  a.jne("access");
  a.mov(mem32({ base: edi, disp: UCONTEXT_EIP }), symbol(enforced));
  a.ret();
  a.label("access");
  a.mov(esi, symbol("isthmus.places"));
  a.label("next");
  a.cmp(esi, symbol("isthmus.places.end"));
  a.jae("other");
  a.mov(ebx, mem32({ base: esi }));
  a.mov(ecx, mem32({ base: esi, disp: 4 }));
  a.add(esi, 8);
  a.test(ebx, ebx);
  a.jne("instruction");
  a.mov(edx, ecx);
  a.jmp("next");
  a.label("instruction");
  a.cmp(eax, ebx);
  a.jne("next");
  a.mov(eax, ecx);
  a.mov(ecx, symbol("segment.trap"));
  a.jmp("isthmus.trap");
  a.label("other");
  // The handler that is the system's, once the instruction is tried again.
  a.push(ebx);
  a.push(esi);
  a.frame(12);
  a.mov(mem32({ symbol: "segment.action" }), 0);
  act(a);
  a.pop(esi);
  a.pop(ebx);
  a.frame(4);
  a.ret();
}

function text(a: Assembler, name: string, content: string): void {
  a.local(name, "object");
  a.bytes(new TextEncoder().encode(`${content}\0`));
}
