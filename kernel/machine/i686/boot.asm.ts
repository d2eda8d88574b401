// From the boot loader to TypeScript: the Multiboot headers, the first instructions, and what the
// processor needs assembly for.
//
// The loader, of Multiboot 1 or 2, leaves EAX = magic, EBX = its record, and a flat CS. See the
// Multiboot Specification 0.6.96, 3.2, and the Multiboot2 Specification, 3.3. Nothing else that it
// leaves is trusted: UEFI's firmware leaves CR0.WP set, GRUB for 32-bit UEFI CR0.CD, both an IDT
// that is not there any more.
//
// Invariants
//   - No register of the processor keeps a bit of the loader's: CR0, CR4 and EFER (processor.ts)
//     are written whole, never as what was read with a bit more.
//   - No CALL and no interrupt comes before CR4 is 0: CET would look for a shadow stack.

import {
  EFLAGS_FIXED,
  FLAT_LIMIT_LOW,
  KERNEL_CODE_HIGH,
  KERNEL_CS,
  KERNEL_DATA_HIGH,
  KERNEL_DS,
} from "../../../src/abi/descriptors";
import {
  HEADER_MEMORY_INFO,
  HEADER_PAGE_ALIGN,
  MULTIBOOT_HEADER_MAGIC,
  MULTIBOOT2_END_TAG,
  MULTIBOOT2_HEADER_MAGIC,
  MULTIBOOT2_HEADER_SIZE,
  MULTIBOOT2_I386,
  MULTIBOOT2_MODULE_ALIGNMENT_TAG,
  MULTIBOOT2_TAG_HEADER_SIZE,
} from "../../../src/abi/multiboot";
import { CR0_NE, CR0_PE, CR0_PG } from "../../../src/abi/paging";
import type { Assembler } from "../../../src/x86/assembler";
import { mem, symbol } from "../../../src/x86/operand";
import {
  ax,
  cr0,
  cr4,
  cs,
  dr7,
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
import { requireCpuid } from "./check-processor.asm";

/** No breakpoint; bit 10 is always set. */
const DR7_NONE = 1 << 10;

export default function boot(a: Assembler): void {
  a.section(".boot", { execute: true });
  multibootHeader(a);
  multiboot2Header(a);
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

/** Modules begin at pages; everything else a loader tells unasked. */
function multiboot2Header(a: Assembler): void {
  a.align(8);
  a.global("multiboot2_header", "object");
  a.long(MULTIBOOT2_HEADER_MAGIC, MULTIBOOT2_I386);
  const size = MULTIBOOT2_HEADER_SIZE + 2 * MULTIBOOT2_TAG_HEADER_SIZE;
  a.long(size, -(MULTIBOOT2_HEADER_MAGIC + MULTIBOOT2_I386 + size) | 0);
  a.long(MULTIBOOT2_MODULE_ALIGNMENT_TAG, MULTIBOOT2_TAG_HEADER_SIZE);
  a.long(MULTIBOOT2_END_TAG, MULTIBOOT2_TAG_HEADER_SIZE);
}

/** Not every loader clears .bss (v86 relies on fresh memory), and a warm restart finds it used. */
function start(a: Assembler): void {
  a.global("_start", "function");
  a.cli();
  a.mov(esi, eax);
  a.mov(edi, ebx);
  ownSegments(a);
  a.mov(esp, symbol("boot_stack_top"));
  a.push(EFLAGS_FIXED);
  a.popf();
  requireCpuid(a); // without it there may be no CR4
  ownControlRegisters(a);
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
  bootTables(a);
}

/** Flat segments, whatever the loader's were, and no IDT: a fault resets, and jumps nowhere. */
function ownSegments(a: Assembler): void {
  const flat = a.newLabel("flat");
  a.lgdt(mem({ symbol: "boot_gdt_register", segment: cs }));
  a.jmpFar(KERNEL_CS, symbol(flat));
  a.label(flat);
  a.mov(eax, KERNEL_DS);
  for (const segment of [ds, es, ss, fs, gs]) a.mov(segment, eax);
  a.lidt(mem({ symbol: "boot_idt_register" }));
}

/**
 * Paging off first, should a loader have left it on: CR4 says how tables are read. Then CR4, and
 * CR0 after it: to clear WP while CR4.CET is set is a general-protection fault.
 */
function ownControlRegisters(a: Assembler): void {
  a.mov(eax, cr0);
  a.and(eax, ~CR0_PG);
  a.mov(cr0, eax);
  a.xor(eax, eax);
  a.mov(cr4, eax);
  a.mov(eax, CR0_PE | CR0_NE);
  a.mov(cr0, eax);
  a.mov(eax, DR7_NONE);
  a.mov(dr7, eax);
}

function bootTables(a: Assembler): void {
  a.align(8);
  a.local("boot_gdt", "object");
  a.quad(0n);
  a.long(FLAT_LIMIT_LOW, KERNEL_CODE_HIGH);
  a.long(FLAT_LIMIT_LOW, KERNEL_DATA_HIGH);
  a.local("boot_gdt_register", "object");
  a.word(KERNEL_DS + 7);
  a.long(symbol("boot_gdt"));
  a.local("boot_idt_register", "object");
  a.word(0);
  a.long(0);
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
