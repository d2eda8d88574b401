// The trampoline: the only code and data that the kernel and the user program both see. The layout
// parks it at the end of the address space, and loads it with the kernel.
//
// While the user's page directory is loaded, every address outside these two sections means
// something else. So: CR3 first on the way in, and the kernel only after it; on the way out
// everything that is needed is in registers or here before CR3 is the user's.

import type { Assembler } from "isthmus/src/x86/assembler";
import { mem, mem32, symbol } from "isthmus/src/x86/operand";
import { cr2, cr3, ds, eax, ecx, edx, es, esi, esp } from "isthmus/src/x86/registers";

const KERNEL_DATA = 0x10;
const USER_CODE = 0x1b;
const USER_DATA = 0x23;
const EXCEPTIONS = 32;
const STUB_SIZE = 8;
const TSS_SIZE = 104;

// Where `pusha` leaves the registers, from ESP.
const SAVED_EBX = 16;
const SAVED_ECX = 24;
const SAVED_EAX = 28;

export default function trampoline(a: Assembler): void {
  a.section(".trampoline_text", { execute: true });
  systemCallEntry(a);
  enterUser(a);
  exceptionStubs(a);
  exceptionEntry(a);
  a.section(".trampoline_data", { write: true });
  processorTables(a);
  kernelWords(a);
}

/** int 0x80: EAX the number, EBX and ECX the arguments, EAX the result. */
function systemCallEntry(a: Assembler): void {
  a.global("system_call_entry", "function");
  a.pusha();
  enterKernel(a);
  a.mov(esi, esp);
  a.mov(esp, mem({ symbol: "kernel_stack_pointer" }));
  a.cld();
  // The first three arguments of a function are in EAX, EDX and ECX.
  a.mov(ecx, mem32({ base: esi, disp: SAVED_ECX }));
  a.mov(edx, mem32({ base: esi, disp: SAVED_EBX }));
  a.mov(eax, mem32({ base: esi, disp: SAVED_EAX }));
  a.call("systemCall");
  a.mov(esp, esi);
  a.mov(mem32({ base: esp, disp: SAVED_EAX }), eax);
  leaveKernel(a);
  a.popa();
  a.iret();
}

/** enter_user(entry, stack): called by the kernel, does not return. */
function enterUser(a: Assembler): void {
  a.global("enter_user", "function");
  a.mov(esp, symbol("entry_stack_top"));
  a.push(USER_DATA);
  a.push(edx);
  a.push(2); // EFLAGS: interrupts stay off, no driver here wants them
  a.push(USER_CODE);
  a.push(eax);
  leaveKernel(a);
  a.xor(eax, eax);
  a.iret();
}

function enterKernel(a: Assembler): void {
  a.mov(eax, KERNEL_DATA);
  for (const segment of [ds, es]) a.mov(segment, eax);
  a.mov(eax, mem({ symbol: "kernel_cr3" }));
  a.mov(cr3, eax);
}

function leaveKernel(a: Assembler): void {
  a.mov(eax, mem({ symbol: "user_cr3" }));
  a.mov(cr3, eax);
  a.mov(eax, USER_DATA);
  for (const segment of [ds, es]) a.mov(segment, eax);
}

/** One for each vector. No exception is expected, so none returns. */
function exceptionStubs(a: Assembler): void {
  a.align(STUB_SIZE);
  a.global("exception_stubs");
  for (let vector = 0; vector < EXCEPTIONS; vector++) {
    a.push(vector);
    a.jmp("exception_entry");
    a.align(STUB_SIZE);
  }
}

function exceptionEntry(a: Assembler): void {
  a.local("exception_entry", "function");
  enterKernel(a);
  a.mov(eax, mem32({ base: esp }));
  a.mov(edx, cr2);
  a.mov(esp, mem({ symbol: "kernel_stack_pointer" }));
  a.call("exception");
}

/** What the processor reads and writes at an interrupt, with whatever page directory is loaded. */
function processorTables(a: Assembler): void {
  a.align(8);
  a.global("idt", "object");
  a.space(256 * 8);
  a.global("gdt", "object");
  a.quad(
    0n,
    0x00cf9b000000ffffn, // 0x08 kernel code
    0x00cf93000000ffffn, // 0x10 kernel data
    0x00cffb000000ffffn, // 0x18 user code
    0x00cff3000000ffffn, // 0x20 user data
    0n, // 0x28 the TSS: descriptors.ts writes it
  );
  a.align(128); // a TSS must not cross a page
  a.global("tss", "object");
  a.long(0);
  a.long(symbol("entry_stack_top")); // ESP0: the processor switches to it before any code runs
  a.long(KERNEL_DATA);
  a.space(TSS_SIZE - 14);
  a.word(TSS_SIZE); // no I/O permission bitmap
}

function kernelWords(a: Assembler): void {
  for (const name of ["kernel_cr3", "user_cr3", "kernel_stack_pointer"]) {
    a.global(name, "object");
    a.long(0);
  }
  a.align(16);
  a.space(512);
  a.global("entry_stack_top");
}
