// From the boot loader to TypeScript. GRUB, QEMU and v86 leave protected mode, flat segments of
// their own, paging and interrupts off.

import type { Assembler } from "isthmus/src/x86/assembler";
import { symbol } from "isthmus/src/x86/operand";
import { ds, eax, ecx, edi, es, esp, ss } from "isthmus/src/x86/registers";

const MAGIC = 0x1badb002;
/** Modules on pages, memory map. */
const FLAGS = 1 | 2;
const KERNEL_CODE = 0x08;
const KERNEL_DATA = 0x10;

export default function boot(a: Assembler): void {
  a.section(".boot", { execute: true });
  a.align(4);
  a.long(MAGIC);
  a.long(FLAGS);
  a.long(-(MAGIC + FLAGS));
  start(a);
  a.section(".text", { execute: true });
  reloadSegments(a);
}

function start(a: Assembler): void {
  a.global("_start", "function");
  a.cli();
  a.mov(esp, symbol("boot_stack_top"));
  a.push(2);
  a.popf();
  // Not every loader clears .bss.
  a.mov(edi, symbol("bss_start"));
  a.mov(ecx, symbol("bss_size"));
  a.shr(ecx, 2);
  a.xor(eax, eax);
  a.repStosd();
  a.call("bootBeforePaging");
  a.call("kernelMain");
  const halt = a.newLabel("halt");
  a.label(halt);
  a.hlt();
  a.jmp(halt);
}

function reloadSegments(a: Assembler): void {
  a.global("reload_segments", "function");
  const reloaded = a.newLabel("reloaded");
  a.jmpFar(KERNEL_CODE, symbol(reloaded));
  a.label(reloaded);
  a.mov(eax, KERNEL_DATA);
  for (const segment of [ds, es, ss]) a.mov(segment, eax);
  a.ret();
}
