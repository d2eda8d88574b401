// From the boot loader to TypeScript: the Multiboot header, the first instructions, and what the
// processor needs assembly for.
//
// The loader leaves EAX = magic, EBX = its record, protected mode with flat segments of its own,
// paging and interrupts off. See the Multiboot Specification 0.6.96, 3.2.

import { EFLAGS_FIXED, KERNEL_CS, KERNEL_DS } from "../../../src/abi/descriptors";
import {
  HEADER_MEMORY_INFO,
  HEADER_PAGE_ALIGN,
  MULTIBOOT_HEADER_MAGIC,
} from "../../../src/abi/multiboot";
import type { Assembler } from "../../../src/x86/assembler";
import { symbol } from "../../../src/x86/operand";
import {
  ax,
  ds,
  eax,
  ebx,
  ecx,
  edi,
  edx,
  es,
  esi,
  esp,
  fs,
  gs,
  ss,
} from "../../../src/x86/registers";

export default function boot(a: Assembler): void {
  a.section(".boot", { execute: true });
  multibootHeader(a);
  start(a);
  a.section(".text", { execute: true });
  reloadSegments(a);
  doubleFaultEntry(a);
}

function multibootHeader(a: Assembler): void {
  const flags = HEADER_PAGE_ALIGN | HEADER_MEMORY_INFO;
  a.align(4);
  a.global("multiboot_header", "object");
  a.long(MULTIBOOT_HEADER_MAGIC);
  a.long(flags);
  a.long(-(MULTIBOOT_HEADER_MAGIC + flags));
}

/** Not every loader clears .bss (v86 relies on fresh memory), and a warm restart finds it used. */
function start(a: Assembler): void {
  a.global("_start", "function");
  a.cli();
  a.mov(esp, symbol("boot_stack_top"));
  a.push(EFLAGS_FIXED);
  a.popf();
  a.mov(esi, eax);
  a.mov(edi, ebx);
  a.call("check_processor");
  a.mov(ebx, edi);
  a.mov(edi, symbol("bss_start"));
  a.mov(ecx, symbol("bss_size"));
  a.shr(ecx, 2);
  a.xor(eax, eax);
  a.repStosd();
  a.mov(eax, esi);
  a.mov(edx, ebx);
  a.call("bootBeforePaging");
  a.call("kernelMain");
  const halt = a.newLabel("halt");
  a.label(halt);
  a.cli();
  a.hlt();
  a.jmp(halt);
}

/**
 * reload_segments(): every segment register from the GDT that LGDT has just named. LDTR too: a
 * reset leaves it with base 0 and limit 0xffff, where user programs could write descriptors.
 */
function reloadSegments(a: Assembler): void {
  a.global("reload_segments", "function");
  const reloaded = a.newLabel("reloaded");
  a.jmpFar(KERNEL_CS, symbol(reloaded));
  a.label(reloaded);
  a.mov(eax, KERNEL_DS);
  for (const segment of [ds, es, ss]) a.mov(segment, eax);
  a.xor(eax, eax);
  for (const segment of [fs, gs]) a.mov(segment, eax);
  a.lldt(ax);
  a.ret();
}

/** Where the double fault's TSS points: CR3 and ESP are the kernel's by now. */
function doubleFaultEntry(a: Assembler): void {
  a.global("double_fault_entry", "function");
  a.call("enterDoubleFault");
  const halt = a.newLabel("halt");
  a.label(halt);
  a.hlt();
  a.jmp(halt);
}
