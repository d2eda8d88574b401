// panic(): saves every register before a line of TypeScript can change one, and the epitaph.
//
// What it pushes looks like a trap frame of ring 0 (src/abi/trap-frame.ts), made of the caller's
// registers, so that one printer serves faults and panics alike:
//
//   edi … eax | vector 0 | error 0 | eip | cs | eflags | return address | the caller's stack …
//   ^ EDX                                                                 ^ ECX

import { EPITAPH_SIZE } from "../../../src/abi/kernel-info";
import { FRAME_EAX, FRAME_EIP, FRAME_KERNEL_SIZE } from "../../../src/abi/trap-frame";
import type { Assembler } from "../../../src/x86/assembler";
import { mem, mem32 } from "../../../src/x86/operand";
import { cs, ecx, edx, esp } from "../../../src/x86/registers";

export default function panic(a: Assembler): void {
  a.section(".text.panic", { execute: true });
  a.global("panic", "function");
  a.pushf();
  a.cli();
  a.push(cs);
  a.push(mem32({ base: esp, disp: 8 }));
  a.push(0);
  a.push(0);
  a.pusha();
  a.mov(edx, esp);
  a.lea(ecx, mem({ base: esp, disp: FRAME_KERNEL_SIZE + 4 }));
  a.call("panicked");
  const halt = a.newLabel("halt");
  a.label(halt);
  a.hlt();
  a.jmp(halt);

  a.section(".bss.epitaph", { write: true, nobits: true });
  a.align(4);
  // What the kernel printed when it panicked, NUL-terminated: an inspector reads it from outside.
  a.global("epitaph", "object");
  a.space(EPITAPH_SIZE);
}

if (FRAME_EIP !== FRAME_EAX + 12) throw new Error("two words lie between eax and eip");
