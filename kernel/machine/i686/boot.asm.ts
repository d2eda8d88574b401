// From the boot loader to TypeScript: the Multiboot headers, the first instructions, and what the
// processor needs assembly for.
//
// The loader, of Multiboot 1 or 2, leaves EAX = magic, EBX = its record, and a flat CS. See the
// Multiboot Specification 0.6.96, 3.2, and the Multiboot2 Specification, 3.3. Nothing else that it
// leaves is trusted: UEFI's firmware leaves CR0.WP set, GRUB for 32-bit UEFI CR0.CD, both an IDT
// that is not there any more. A loader that moves the kernel is trusted with a flat DS, too.
//
// Multiboot 2 lets the loader move the image up, by a multiple of KERNEL_ALIGNMENT, and its record
// says where to. Segments with that base make every address hold until paging does the same:
//
//   _start                   flat           where the code is comes from the record alone
//   … bootBeforePaging       base = offset  linked addresses; physical memory is seen lower
//   switch_to_paging         base = offset  its page is fetched where it was loaded
//   … kernelMain             flat           linked addresses, by page tables
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
import { INFO_MAGIC, INFO_OFFSET } from "../../../src/abi/kernel-info";
import { KERNEL, KERNEL_ALIGNMENT } from "../../../src/abi/memory-map";
import {
  HEADER_MEMORY_INFO,
  HEADER_PAGE_ALIGN,
  MULTIBOOT_HEADER_MAGIC,
  MULTIBOOT2_BOOT_MAGIC,
  MULTIBOOT2_END_TAG,
  MULTIBOOT2_HEADER_MAGIC,
  MULTIBOOT2_HEADER_SIZE,
  MULTIBOOT2_I386,
  MULTIBOOT2_MODULE_ALIGNMENT_TAG,
  MULTIBOOT2_OPTIONAL,
  MULTIBOOT2_PREFER_LOW,
  MULTIBOOT2_RELOCATABLE_SIZE,
  MULTIBOOT2_RELOCATABLE_TAG,
  MULTIBOOT2_TAG_HEADER_SIZE,
  TAG_LOAD_BASE,
} from "../../../src/abi/multiboot";
import { CR0_NE, CR0_PE, CR0_PG } from "../../../src/abi/paging";
import type { Assembler } from "../../../src/x86/assembler";
import { mem, mem8, mem32, symbol } from "../../../src/x86/operand";
import {
  ah,
  al,
  ax,
  cr0,
  cr3,
  cr4,
  cs,
  dr7,
  ds,
  eax,
  ebp,
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
/** In the boot's table, after the flat segments: those whose base is the image's offset. */
const [MOVED_CS, MOVED_DS] = [KERNEL_DS + 8, KERNEL_DS + 16];
/** Where a descriptor has bits 16 to 23 and 24 to 31 of its base. */
const [BASE_MIDDLE, BASE_HIGH] = [4, 7];
/** A tag of the loader's record with one word. */
const WORD_TAG_SIZE = 12;

export default function boot(a: Assembler): void {
  a.section(".boot", { execute: true });
  multibootHeader(a);
  multiboot2Header(a);
  start(a);
  switchToPaging(a);
  bootTables(a);
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

/** Modules begin at pages, the kernel may be moved up; everything else a loader tells unasked. */
function multiboot2Header(a: Assembler): void {
  a.align(8);
  a.global("multiboot2_header", "object");
  a.long(MULTIBOOT2_HEADER_MAGIC, MULTIBOOT2_I386);
  const tags = MULTIBOOT2_RELOCATABLE_SIZE + 2 * MULTIBOOT2_TAG_HEADER_SIZE;
  const size = MULTIBOOT2_HEADER_SIZE + tags;
  a.long(size, -(MULTIBOOT2_HEADER_MAGIC + MULTIBOOT2_I386 + size) | 0);
  a.long(MULTIBOOT2_MODULE_ALIGNMENT_TAG, MULTIBOOT2_TAG_HEADER_SIZE);
  a.word(MULTIBOOT2_RELOCATABLE_TAG, MULTIBOOT2_OPTIONAL);
  a.long(MULTIBOOT2_RELOCATABLE_SIZE, KERNEL, 0xffff_ffff);
  a.long(KERNEL_ALIGNMENT, MULTIBOOT2_PREFER_LOW);
  a.long(MULTIBOOT2_END_TAG, MULTIBOOT2_TAG_HEADER_SIZE);
}

function start(a: Assembler): void {
  a.global("_start", "function");
  a.cli();
  a.mov(esi, eax);
  a.mov(edi, ebx);
  findOffset(a);
  ownSegments(a);
  clearBss(a);
  a.mov(mem32({ symbol: "kernel_info" }), INFO_MAGIC);
  a.mov(mem32({ symbol: "kernel_info", disp: INFO_OFFSET }), ebp);
  a.mov(esp, symbol("boot_stack_top"));
  a.push(EFLAGS_FIXED);
  a.popf();
  requireCpuid(a); // without it there may be no CR4
  ownControlRegisters(a);
  a.call("check_processor");
  a.mov(eax, esi);
  a.mov(edx, edi);
  a.call("bootBeforePaging");
  a.call("kernelMain");
  const halt = a.newLabel("halt");
  a.label(halt);
  a.cli();
  a.hlt();
  a.jmp(halt);
}

/**
 * Not every loader clears .bss (v86 relies on fresh memory), and a warm restart finds it used.
 * Changes EAX, EBX and ECX.
 */
function clearBss(a: Assembler): void {
  a.mov(ebx, edi);
  a.mov(edi, symbol("bss_start"));
  a.mov(ecx, symbol("bss_size"));
  a.shr(ecx, 2);
  a.xor(eax, eax);
  a.cld();
  a.repStosd();
  a.mov(edi, ebx);
}

/**
 * EBP = how far the image was moved up: what the record at EDI says, if ESI says that it is of
 * Multiboot 2, and the image is there. Only CS is used. Changes EAX, ECX, EDX.
 */
function findOffset(a: Assembler): void {
  const [next, here, done] = [a.newLabel("next"), a.newLabel("here"), a.newLabel("done")];
  const field = (disp: number) => mem32({ base: edi, index: ecx, disp, segment: cs });
  a.xor(ebp, ebp);
  a.cmp(esi, MULTIBOOT2_BOOT_MAGIC);
  a.jne(done);
  a.mov(edx, mem32({ base: edi, segment: cs }));
  a.mov(ecx, MULTIBOOT2_TAG_HEADER_SIZE);
  a.label(next);
  a.lea(eax, mem({ base: ecx, disp: WORD_TAG_SIZE }));
  a.cmp(eax, edx);
  a.ja(done);
  a.mov(eax, field(0));
  a.cmp(eax, TAG_LOAD_BASE);
  a.je(here);
  a.mov(eax, field(4));
  a.add(eax, 7);
  a.and(eax, ~7);
  a.jz(done); // the tag's size is 0, or none that there is
  a.add(ecx, eax);
  a.jnc(next);
  a.jmp(done);
  a.label(here);
  a.mov(eax, field(8));
  a.sub(eax, KERNEL);
  a.test(eax, KERNEL_ALIGNMENT - 1);
  a.jnz(done);
  a.cmp(mem32({ base: eax, symbol: "multiboot2_header", segment: cs }), MULTIBOOT2_HEADER_MAGIC);
  a.jne(done);
  a.mov(ebp, eax);
  a.label(done);
}

/**
 * Segments of base EBP, whatever the loader's were, and no IDT: a fault resets, and jumps nowhere.
 * DS is used only if the loader has moved the image.
 */
function ownSegments(a: Assembler): void {
  const [placed, owned] = [a.newLabel("placed"), a.newLabel("owned")];
  a.test(ebp, ebp);
  a.jz(placed);
  a.mov(eax, ebp);
  a.shr(eax, 16);
  for (const selector of [MOVED_CS, MOVED_DS]) {
    const byte = (disp: number) => mem8({ base: ebp, symbol: "boot_gdt", disp: selector + disp });
    a.mov(byte(BASE_MIDDLE), al);
    a.mov(byte(BASE_HIGH), ah);
  }
  a.add(mem32({ base: ebp, symbol: "boot_gdt_base" }), ebp);
  a.label(placed);
  a.lgdt(mem({ base: ebp, symbol: "boot_gdt_register", segment: cs }));
  a.jmpFar(MOVED_CS, symbol(owned));
  a.label(owned);
  a.mov(eax, MOVED_DS);
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

/**
 * switch_to_paging(first, kernel): on with paging, by the tables `first`, in which this code is
 * where it was loaded; then flat segments, and the kernel's tables.
 */
function switchToPaging(a: Assembler): void {
  a.global("switch_to_paging", "function");
  const flat = a.newLabel("flat");
  a.mov(cr3, eax);
  a.mov(eax, CR0_PE | CR0_NE | CR0_PG);
  a.mov(cr0, eax);
  a.jmpFar(KERNEL_CS, symbol(flat));
  a.label(flat);
  a.mov(eax, KERNEL_DS);
  for (const segment of [ds, es, ss, fs, gs]) a.mov(segment, eax);
  a.mov(cr3, edx);
  a.ret();
}

function bootTables(a: Assembler): void {
  a.align(8);
  a.local("boot_gdt", "object");
  a.quad(0n);
  for (const _ of ["flat", "moved"]) {
    a.long(FLAT_LIMIT_LOW, KERNEL_CODE_HIGH);
    a.long(FLAT_LIMIT_LOW, KERNEL_DATA_HIGH);
  }
  a.local("boot_gdt_register", "object");
  a.word(MOVED_DS + 7);
  a.local("boot_gdt_base", "object");
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
  // The switch of tasks has set TS: the report copies by XMM registers, and would fault.
  a.clts();
  a.call("enterDoubleFault");
  const halt = a.newLabel("halt");
  a.label(halt);
  a.hlt();
  a.jmp(halt);
}
