// The trampoline: the only code and data that both address spaces can see.
//
// Kernel and user programs use the same addresses for different things, so code that changes CR3
// must run at an address that means the same before and after. That is this code, and it does
// nothing else: switch page directory and stack, save the registers, hand the frame over, and back.
//
//   .trampoline.text     RX  256 stubs of 8 bytes, the ways in, the ways out
//   .trampoline.rodata   RO  the IDT; the kernel's CR3
//   .trampoline.data     RW  entry stack (its overflow hits the read-only page below), TSS,
//                            TSS of the double fault, GDT
//
// The way in from ring 3           entry stack                 the thread's kernel stack
//   the processor pushes             ss esp eflags cs eip
//   stub, and to have a register     error vector eax
//   CR3 := kernel's
//   ESP := the thread's                                          ss esp eflags cs eip error vector
//   pusha, call TypeScript                                       eax … edi
// The way out
//   popa                                                         ss esp eflags cs eip error vector
//   ESP := the entry stack's         eax ss esp eflags cs eip
//   CR3 := the program's, iret
//
// Invariants
//   - CR3 before ESP on the way in, ESP before CR3 on the way out: an ESP of one space is never
//     used on the CR3 of the other.
//   - ESP is always below what is still needed of either stack: an NMI at any instruction
//     overwrites nothing. EAX is above the rest on the way out, so that this holds for it, too.
//   - In user mode the entry stack has the six words of the last way out, or fewer, and zeros: what
//     a way in leaves below those is zeroed there (law 5).
//   - The kernel's CR3 comes from the read-only page, never from a register.
//   - Interrupts are off throughout: every gate is an interrupt gate.
//   - User mode gets its selectors as constants, and of its flags only what it may change. FS and
//     GS are its own throughout: nothing here or in the kernel uses them (user-segments.ts).
//   - The exits listed in kernel/layout.ts are all that this code refers to outside.
// ARCHITECTURE.md, "The crossing", has a row for each way in which other kernels went wrong here.

import {
  EFLAGS_FIXED,
  EFLAGS_IF,
  EFLAGS_USER,
  GDT_SIZE,
  IDT_ENTRIES,
  KERNEL_DS,
  TSS_SIZE,
  USER_CS,
  USER_DS,
  VECTOR_IRQ,
  VECTOR_MACHINE_CHECK,
  VECTOR_NMI,
  VECTOR_SYSTEM_CALL,
} from "../../../src/abi/descriptors";
import {
  FRAME_EAX,
  FRAME_EBP,
  FRAME_EBX,
  FRAME_ECX,
  FRAME_EDI,
  FRAME_EDX,
  FRAME_EFLAGS,
  FRAME_EIP,
  FRAME_ESI,
  FRAME_ESP,
  FRAME_KERNEL_SIZE,
  FRAME_SIZE,
  FRAME_SS,
  FRAME_VECTOR,
} from "../../../src/abi/trap-frame";
import type { Assembler } from "../../../src/x86/assembler";
import { mem, mem8, mem32, symbol } from "../../../src/x86/operand";
import { cr3, ds, eax, ebp, ebx, edi, es, esi, esp } from "../../../src/x86/registers";

const ENTRY_STACK_SIZE = 512;
const STUB_SIZE = 8;

/** Exceptions that push an error code. Intel SDM vol. 3A, table 6-1. */
const HAS_ERROR_CODE = new Set([8, 10, 11, 12, 13, 14, 17, 21, 29, 30]);

// Offsets from ESP after a stub has pushed the vector, and the error code is there.
const STUB_VECTOR = 0;
const STUB_ERROR = 4;
const STUB_EIP = 8;
const STUB_CS = 12;

/** Where the registers of a trap frame are, as distances below its end at `size`. */
function savedIn(size: number): Record<string, number> {
  const offsets = {
    ...{ edi: FRAME_EDI, esi: FRAME_ESI, ebp: FRAME_EBP, ebx: FRAME_EBX },
    ...{ edx: FRAME_EDX, ecx: FRAME_ECX, eax: FRAME_EAX, eip: FRAME_EIP },
    ...(size === FRAME_SIZE ? { esp: FRAME_ESP } : {}),
  };
  const entries = Object.entries(offsets).map(([name, offset]) => [name, size - offset]);
  return Object.fromEntries(entries);
}

// For debuggers, who find what was interrupted: the user's frame, which ends what they show since
// its stack is in the other space, or the kernel's own.

/** ESP or `base` is at a whole trap frame of user mode. */
function userFrame(a: Assembler, base = "esp"): void {
  a.frame(FRAME_SIZE, savedIn(FRAME_SIZE), { base });
}

/** ESP or `base` is at a whole trap frame of ring 0, which the processor ended without an ESP. */
function kernelFrame(a: Assembler, base = "esp"): void {
  const saved = savedIn(FRAME_KERNEL_SIZE);
  a.frame(FRAME_KERNEL_SIZE, saved, { base, isInterrupt: true });
}

/** ESP is `words` below what the processor pushed in ring 0: EIP, CS, EFLAGS. */
function interrupted(a: Assembler, words: number): void {
  const saved = FRAME_KERNEL_SIZE - FRAME_EIP;
  a.frame(saved + 4 * words, { eip: saved }, { isInterrupt: true });
}

/**
 * The same of user mode, with ESP and SS, below `base`.
 *
 * @param eaxWord which word below the processor's has EAX, from 1 on; absent: it is in its register
 */
function interruptedUser(a: Assembler, words: number, eaxWord?: number, base = "esp"): void {
  const size = FRAME_SIZE - FRAME_EIP;
  const saved = { eip: size, esp: FRAME_SIZE - FRAME_ESP };
  const eax = eaxWord === undefined ? {} : { eax: size + 4 * eaxWord };
  a.frame(size + 4 * words, { ...saved, ...eax }, { base });
}

export default function trampoline(a: Assembler): void {
  a.section(".trampoline.text", { execute: true });
  vectorStubs(a);
  waysIn(a);
  wayOut(a);
  faultAtIret(a);
  waysFromRing0(a);
  paranoid(a);
  readOnlyPage(a);
  dataPage(a);
}

/** Each stub pushes its vector (as a signed byte) and goes where the error code is made up. */
function vectorStubs(a: Assembler): void {
  a.align(STUB_SIZE);
  a.global("vector_stubs");
  for (let vector = 0; vector < IDT_ENTRIES; vector++) {
    const words = HAS_ERROR_CODE.has(vector) ? 1 : 0;
    interrupted(a, words);
    a.push(vector < 128 ? vector : vector - 256);
    interrupted(a, words + 1);
    if (vector === VECTOR_NMI || vector === VECTOR_MACHINE_CHECK) a.jmp("paranoid_no_error");
    else a.jmp(HAS_ERROR_CODE.has(vector) ? "entry_with_error" : "entry_no_error");
    a.align(STUB_SIZE);
  }
}

function waysIn(a: Assembler): void {
  a.local("entry_no_error", "function");
  interrupted(a, 1);
  makeUpErrorCode(a);
  a.local("entry_with_error", "function");
  interrupted(a, 2);
  a.test(mem8({ base: esp, disp: STUB_CS }), 3);
  a.jz("entry_from_ring0");
  a.local("entry_from_user", "function");
  interruptedUser(a, 2);
  a.push(eax);
  interruptedUser(a, 3, 3);
  enterKernel(a, 3);
  // EAX, and zeros for the words that the way out does not overwrite.
  a.push(mem32({ base: eax }));
  interruptedUser(a, 3, 3);
  for (const disp of [0, 4, 8]) a.mov(mem32({ base: eax, disp }), 0);
  a.pop(eax);
  interruptedUser(a, 2);
  callKernel(a, "enterFromUser");
  a.jmp("return_to_user");

  a.global("system_call_entry", "function");
  interruptedUser(a, 0);
  // The number, for a call that is tried again: its result takes the place of EAX.
  a.push(eax);
  interruptedUser(a, 1, 1);
  enterKernel(a, 1);
  a.push(VECTOR_SYSTEM_CALL - 256);
  a.mov(eax, mem({ base: eax }));
  interruptedUser(a, 2);
  callKernel(a, "enterSystemCall");
  // Falls through to return_to_user.
}

/** The stub pushed only the vector: puts an error code of 0 above it. */
function makeUpErrorCode(a: Assembler): void {
  a.push(mem32({ base: esp }));
  a.mov(mem32({ base: esp, disp: STUB_ERROR }), 0);
}

/**
 * From the entry stack and the user's CR3 to the thread's stack and the kernel's, with what is on
 * the entry stack but EAX, the last of `words` below the processor's; EAX is where that is.
 */
function enterKernel(a: Assembler, words: number): void {
  loadKernelDataSegments(a);
  loadKernelCr3(a);
  a.mov(eax, esp);
  interruptedUser(a, words, words, "eax");
  a.mov(esp, mem({ symbol: "current_kernel_stack" }));
  // Not before: the entry stack must hold nothing but the user's own registers.
  setKernelFlags(a);
  // A system call has EAX in the place of its error code, which is part of the frame.
  const last = words === 1 ? 0 : 4;
  const top = FRAME_SS - FRAME_EIP + 4 * words;
  for (let disp = top; disp >= last; disp -= 4) a.push(mem32({ base: eax, disp }));
}

/** The registers are the user's, and what is on the thread's stack ends with the vector. */
function callKernel(a: Assembler, handler: string): void {
  a.pusha();
  userFrame(a);
  a.mov(eax, esp);
  a.call(handler);
}

/** Clears DF, AC, NT and IOPL at once: all that ring 3 can have set and the gate leaves. */
function setKernelFlags(a: Assembler): void {
  a.push(EFLAGS_FIXED);
  a.popf();
}

function loadKernelDataSegments(a: Assembler): void {
  a.mov(eax, KERNEL_DS);
  a.mov(ds, eax);
  a.mov(es, eax);
}

function loadKernelCr3(a: Assembler): void {
  a.mov(eax, mem({ symbol: "kernel_cr3" }));
  a.mov(cr3, eax);
}

/** ESP points at a trap frame on a kernel stack. A new thread's first switch ends here too. */
function wayOut(a: Assembler): void {
  a.global("return_to_user", "function");
  userFrame(a);
  a.popa();
  interruptedUser(a, 2);
  // ESP is at the vector; what of the frame is still needed is above it.
  const at = (offset: number) => mem32({ base: eax, disp: offset - FRAME_VECTOR });
  const savedEax = { symbol: "entry_stack_top", disp: -4 };
  a.mov(mem(savedEax), eax);
  a.mov(eax, esp);
  // To debuggers, EAX is where popa took it from.
  interruptedUser(a, 2, 3, "eax");
  a.mov(esp, symbol("entry_stack_top", -4));
  a.push(USER_DS);
  a.push(at(FRAME_ESP));
  a.push(at(FRAME_EFLAGS));
  a.and(mem32({ base: esp }), EFLAGS_USER);
  a.or(mem32({ base: esp }), EFLAGS_IF | EFLAGS_FIXED);
  a.push(USER_CS);
  a.push(at(FRAME_EIP));
  // The word above the five that iret takes.
  interruptedUser(a, 0, -5);
  a.mov(eax, mem({ symbol: "current_cr3" }));
  a.mov(cr3, eax);
  a.mov(eax, USER_DS);
  for (const segment of [ds, es]) a.mov(segment, eax);
  a.mov(eax, mem(savedEax));
  a.global("exit_iret");
  interruptedUser(a, 0);
  a.iret();
}

/**
 * The iret above faulted: the registers are the user's already, and below the frame that it could
 * not return to, the processor pushed one of ring 0, which has no ESP and SS. Vector and error code
 * move up over it, and the fault becomes one of the user's.
 */
function faultAtIret(a: Assembler): void {
  a.local("fault_at_iret", "function");
  interrupted(a, 2);
  // pop [esp+8] counts from ESP after the pop: vector to where CS is, error code to EFLAGS.
  a.pop(mem32({ base: esp, disp: STUB_EIP }));
  a.pop(mem32({ base: esp, disp: STUB_EIP }));
  // What is left of the two below ESP would stay there.
  for (const disp of [-4, -8]) a.mov(mem32({ base: esp, disp }), 0);
  a.add(esp, 4);
  a.jmp("entry_from_user");
}

function waysFromRing0(a: Assembler): void {
  a.local("entry_from_ring0", "function");
  interrupted(a, 2);
  a.cmp(mem32({ base: esp, disp: STUB_EIP }), symbol("exit_iret"));
  a.jz("fault_at_iret");
  a.cmp(mem8({ base: esp, disp: STUB_VECTOR }), VECTOR_IRQ);
  a.jb("paranoid");
  // An interrupt of the idle loop or of a safe point: kernel's CR3 and segments, a kernel stack.
  a.pusha();
  kernelFrame(a);
  a.mov(eax, esp);
  a.call("enterFromKernel");
  a.popa();
  interrupted(a, 2);
  a.add(esp, 8);
  interrupted(a, 0);
  a.iret();
}

/**
 * NMI and #MC from anywhere, exceptions from ring 0. The privilege level says nothing about CR3 or
 * the segments here, so both are saved, set, and restored as found: in registers that the handler
 * preserves, because a CR3 must not lie on the entry stack. It is small, too: the handler moves to
 * a stack of its own if it came that way; on any other stack it stays, and so a second such entry
 * cannot overwrite the first.
 */
function paranoid(a: Assembler): void {
  a.local("paranoid_no_error", "function");
  interrupted(a, 1);
  makeUpErrorCode(a);
  a.local("paranoid", "function");
  interrupted(a, 2);
  a.pusha();
  kernelFrame(a);
  a.mov(ebx, cr3);
  a.mov(esi, ds);
  a.mov(edi, es);
  loadKernelDataSegments(a);
  loadKernelCr3(a);
  a.mov(ebp, esp);
  kernelFrame(a, "ebp");
  const onKernelStack = a.newLabel("on_kernel_stack");
  a.cmp(esp, symbol("entry_stack"));
  a.jb(onKernelStack);
  a.mov(esp, symbol("paranoid_stack_top"));
  a.label(onKernelStack);
  setKernelFlags(a);
  a.mov(eax, ebp);
  a.call("enterParanoid");
  a.mov(esp, ebp);
  a.mov(cr3, ebx);
  a.mov(es, edi);
  a.mov(ds, esi);
  a.popa();
  interrupted(a, 2);
  a.add(esp, 8);
  interrupted(a, 0);
  a.iret();
}

function readOnlyPage(a: Assembler): void {
  a.section(".trampoline.rodata", {});
  a.align(8);
  a.global("idt", "object");
  a.space(IDT_ENTRIES * 8);
  a.global("kernel_cr3", "object");
  a.long(0);
}

/** A TSS must not cross a page (SDM vol. 3A, 7.2.1); the page begins with the stack. */
function dataPage(a: Assembler): void {
  a.section(".trampoline.data", { write: true });
  a.align(128);
  a.global("entry_stack", "object");
  a.space(ENTRY_STACK_SIZE);
  a.global("entry_stack_top", "object");
  a.global("tss", "object");
  a.space(TSS_SIZE);
  a.align(128);
  a.global("double_fault_tss", "object");
  a.space(TSS_SIZE);
  a.align(8);
  a.global("gdt", "object");
  a.space(GDT_SIZE);
}

if (FRAME_SIZE !== FRAME_SS + 4) throw new Error("the way in copies the frame from SS down");
