// The signal handler of test processes: finds out which trap it was and goes on with the next call.
//
// Whether a division failed by its divisor or by its quotient is not in the signal, so the handler
// decodes the operand of `div` or `idiv` and looks whether it is 0.
//
// Sources: arch/x86/include/uapi/asm/sigcontext.h (struct sigcontext_32), Intel SDM, vol. 2, 2.1.5.

import { type Trap, trapOf } from "../../../src/compile/ir/trap";
import type { Assembler } from "../../../src/x86/assembler";
import { mem, mem8, mem32 } from "../../../src/x86/operand";
import { cl, eax, ebx, ecx, edi, edx, esi, esp, fs } from "../../../src/x86/registers";

const SYS_RT_SIGACTION = 174;
const SYS_SIGALTSTACK = 186;
const SA_NODEFER = 0x40000000;
const SA_ONSTACK = 0x08000000;
const SIGILL = 4;
const SIGFPE = 8;
const SIGSEGV = 11;
const SIGNAL_STACK = 0x4000;

/** What the handler reports: a kind of `trap.ts`, or one of these. */
const DIVIDE_BY_ZERO = 0x100;
const DIVIDE_OVERFLOW = 0x101;
const SEGMENTATION = 0x102;
const STACK_OVERFLOW = 0x103;

/** The trap of a code that the handler has reported. */
export function reportedTrap(
  code: number,
): Trap | "integer divide by zero" | "call stack exhausted" {
  if (code === DIVIDE_BY_ZERO) return "integer divide by zero";
  if (code === DIVIDE_OVERFLOW) return "integer overflow";
  if (code === STACK_OVERFLOW) return "call stack exhausted";
  if (code === SEGMENTATION) return "out of bounds memory access";
  const trap = trapOf(code);
  if (trap === undefined) throw new Error(`the handler reported the trap ${code}`);
  return trap;
}

/** Appends the code that makes `onSignal` the handler of all traps. */
export function installHandlers(a: Assembler): void {
  // struct stack_t { ss_sp, ss_flags, ss_size }: stack overflows are signals, too.
  a.sub(esp, 32);
  a.lea(eax, mem({ symbol: "signalStack" }));
  a.mov(mem32({ base: esp }), eax);
  a.mov(mem32({ base: esp, disp: 4 }), 0);
  a.mov(mem32({ base: esp, disp: 8 }), SIGNAL_STACK);
  a.mov(eax, SYS_SIGALTSTACK);
  a.mov(ebx, esp);
  a.xor(ecx, ecx);
  a.int(0x80);
  // struct sigaction { handler, flags, restorer, mask[2] }
  a.lea(eax, mem({ symbol: "onSignal" }));
  a.mov(mem32({ base: esp }), eax);
  a.mov(mem32({ base: esp, disp: 4 }), SA_NODEFER | SA_ONSTACK);
  for (const disp of [8, 12, 16]) a.mov(mem32({ base: esp, disp }), 0);
  for (const signal of [SIGILL, SIGFPE, SIGSEGV]) {
    a.mov(eax, SYS_RT_SIGACTION);
    a.mov(ebx, signal);
    a.mov(ecx, esp);
    a.xor(edx, edx);
    a.mov(esi, 8);
    a.int(0x80);
  }
  a.add(esp, 32);
}

/** At the handler's entry: [ESP + 4] the signal, then struct sigcontext itself. */
const SIGNAL = { base: esp, disp: 4 } as const;
const CONTEXT = { base: esp, disp: 8 } as const;
const CONTEXT_EAX = 44;
const CONTEXT_ESP = 28;
const CONTEXT_TRAP = 48;
const CONTEXT_EIP = 56;
const CONTEXT_CR2 = 84;
const GENERAL_PROTECTION = 13;
/** A fault this close to ESP is one of the stack. */
const STACK_REACH = 0x10000;
const FS_PREFIX = 0x64;
const UD1 = 0xb9;
/** Where the displacement is in `ud1 eax, [disp32]`. */
const UD1_KIND = 3;

/**
 * Appends `onSignal`: stores the code of the trap at `record` + 4 and jumps to `resume` with the
 * stack of the call; `trapped` goes to `record`.
 */
export function writeHandler(a: Assembler, trapped: number): void {
  a.function("onSignal", () => {
    a.lea(ebx, mem(CONTEXT));
    a.mov(esi, mem32({ base: ebx, disp: CONTEXT_EIP }));
    a.mov(eax, mem32(SIGNAL));
    a.cmp(eax, SIGSEGV);
    a.je("access");
    a.cmp(eax, SIGFPE);
    a.je("division");
    a.xor(ecx, ecx);
    a.cmp(mem8({ base: esi, disp: 1 }), UD1);
    a.jne("report");
    a.mov(ecx, mem32({ base: esi, disp: UD1_KIND }));
    a.jmp("report");
    a.label("access");
    // Past a segment's limit: CR2 is of another fault.
    a.mov(ecx, SEGMENTATION);
    a.cmp(mem32({ base: ebx, disp: CONTEXT_TRAP }), GENERAL_PROTECTION);
    a.je("report");
    a.mov(ecx, STACK_OVERFLOW);
    a.mov(eax, mem32({ base: ebx, disp: CONTEXT_CR2 }));
    a.sub(eax, mem32({ base: ebx, disp: CONTEXT_ESP }));
    a.add(eax, STACK_REACH);
    a.cmp(eax, 2 * STACK_REACH);
    a.jbe("report");
    a.mov(ecx, SEGMENTATION);
    a.jmp("report");
    a.label("division");
    loadDivisor(a);
    a.mov(ecx, DIVIDE_OVERFLOW);
    a.test(eax, eax);
    a.jne("report");
    a.mov(ecx, DIVIDE_BY_ZERO);
    a.label("report");
    a.mov(esp, mem32({ symbol: "stack" }));
    a.mov(eax, mem32({ symbol: "record" }));
    a.mov(mem32({ base: eax }), trapped);
    a.mov(mem32({ base: eax, disp: 4 }), ecx);
    a.jmp(mem32({ symbol: "resume" }));
  });
  a.section(".bss");
  a.local("inSegment");
  a.space(4);
  a.local("signalStack");
  a.space(SIGNAL_STACK);
}

/** EAX := register number EDX of the context at EBX; EAX has 44, then ECX, EDX, EBX, … EDI. */
function loadRegister(a: Assembler): void {
  a.neg(edx);
  a.mov(eax, mem32({ base: ebx, index: edx, scale: 4, disp: CONTEXT_EAX }));
}

/** EAX := the operand of the division `F7 /r` at ESI, which may be in the segment of FS. */
function loadDivisor(a: Assembler): void {
  const field = (shift: number) => {
    a.mov(edx, edi);
    if (shift > 0) a.shr(edx, shift);
    a.and(edx, 7);
  };
  a.cmp(mem8({ base: esi }), FS_PREFIX);
  a.sete(mem8({ symbol: "inSegment" }));
  a.jne("opcode");
  a.inc(esi);
  a.label("opcode");
  a.movzx(edi, mem8({ base: esi, disp: 1 }));
  a.add(esi, 2);
  a.mov(ecx, edi);
  a.shr(ecx, 6);
  field(0);
  a.cmp(ecx, 3);
  a.jne("memory");
  loadRegister(a);
  a.jmp("divisor");

  a.label("memory");
  a.push(0);
  a.cmp(edx, 4);
  a.jne("base");
  a.movzx(edi, mem8({ base: esi }));
  a.inc(esi);
  field(3);
  a.cmp(edx, 4);
  a.je("no index");
  loadRegister(a);
  a.push(ecx);
  a.mov(ecx, edi);
  a.shr(ecx, 6);
  a.shl(eax, cl);
  a.pop(ecx);
  a.mov(mem32({ base: esp }), eax);
  a.label("no index");
  field(0);
  a.label("base");
  a.cmp(edx, 5);
  a.jne("has base");
  a.test(ecx, ecx);
  a.je("wide");
  a.label("has base");
  loadRegister(a);
  a.add(mem32({ base: esp }), eax);
  a.test(ecx, ecx);
  a.je("address");
  a.cmp(ecx, 2);
  a.je("wide");
  a.movsx(eax, mem8({ base: esi }));
  a.jmp("displacement");
  a.label("wide");
  a.mov(eax, mem32({ base: esi }));
  a.label("displacement");
  a.add(mem32({ base: esp }), eax);
  a.label("address");
  a.pop(eax);
  a.cmp(mem8({ symbol: "inSegment" }), 0);
  a.jne("segment");
  a.mov(eax, mem32({ base: eax }));
  a.jmp("divisor");
  a.label("segment");
  a.mov(eax, mem32({ base: eax, segment: fs }));
  a.label("divisor");
}
