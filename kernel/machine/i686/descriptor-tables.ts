// GDT, TSS and IDT: built once in the trampoline's pages, at their final addresses.
//
// The trampoline is mapped at the same place in every space, so the processor finds its tables
// whatever CR3 holds. They are written after paging is on and before CR0.WP makes the IDT's page
// read-only.

import {
  DOUBLE_FAULT_SELECTOR,
  EFLAGS_FIXED,
  FLAT_LIMIT_LOW,
  GATE_DPL3,
  GATE_INTERRUPT,
  GATE_TASK,
  GDT_SIZE,
  IDT_ENTRIES,
  KERNEL_CODE_HIGH,
  KERNEL_CS,
  KERNEL_DATA_HIGH,
  KERNEL_DS,
  TSS_CR3,
  TSS_CS,
  TSS_DS,
  TSS_EFLAGS,
  TSS_EIP,
  TSS_ES,
  TSS_ESP,
  TSS_ESP0,
  TSS_FS,
  TSS_GS,
  TSS_IO_MAP,
  TSS_LIMIT,
  TSS_SELECTOR,
  TSS_SIZE,
  TSS_SS,
  TSS_SS0,
  TSS_TYPE,
  USER_CODE_HIGH,
  USER_CS,
  USER_DATA_HIGH,
  USER_DS,
  VECTOR_BREAKPOINT,
  VECTOR_DOUBLE_FAULT,
  VECTOR_OVERFLOW,
  VECTOR_SYSTEM_CALL,
} from "../../../src/abi/descriptors";
import * as x86 from "../../../src/abi/x86";
import * as symbols from "./symbols";

/** Bytes from one vector's stub to the next (trampoline.asm.ts). */
const STUB_SIZE: u32 = 8;

/** boot.asm.ts: reloads every segment register from the new GDT. */
declare function reload_segments(): void;

const pseudoDescriptor: usize = memory.data(8, 4);

/**
 * Builds the tables and makes the processor use them. `cr3` is the kernel's. Paging is on, CR0.WP
 * is off.
 */
export function buildDescriptors(cr3: u32): void {
  store<u32>(symbols.kernel_cr3(), cr3);
  buildGdt();
  buildTss();
  buildDoubleFaultTss(cr3);
  buildIdt();
  loadPseudoDescriptor(symbols.gdt(), GDT_SIZE);
  x86.lgdt(pseudoDescriptor);
  reload_segments();
  loadPseudoDescriptor(symbols.idt(), IDT_ENTRIES << 3);
  x86.lidt(pseudoDescriptor);
  x86.ltr(TSS_SELECTOR);
}

function buildGdt(): void {
  setDescriptor(KERNEL_CS, FLAT_LIMIT_LOW, KERNEL_CODE_HIGH);
  setDescriptor(KERNEL_DS, FLAT_LIMIT_LOW, KERNEL_DATA_HIGH);
  setDescriptor(USER_CS, FLAT_LIMIT_LOW, USER_CODE_HIGH);
  setDescriptor(USER_DS, FLAT_LIMIT_LOW, USER_DATA_HIGH);
  setTssDescriptor(TSS_SELECTOR, symbols.tss());
  setTssDescriptor(DOUBLE_FAULT_SELECTOR, symbols.double_fault_tss());
}

/**
 * TSS.esp0 is constant: the kernel stack of a thread is a word in kernel memory (entry-thread.ts).
 */
function buildTss(): void {
  const tss = symbols.tss();
  store<u32>(tss, symbols.entry_stack_top(), TSS_ESP0);
  store<u32>(tss, KERNEL_DS, TSS_SS0);
  // An I/O map past the limit: ring 3 has no port.
  store<u16>(tss, <u16>TSS_SIZE, TSS_IO_MAP);
}

/** The state that a double fault switches to: the kernel's CR3 and a stack of its own. */
function buildDoubleFaultTss(cr3: u32): void {
  const fault = symbols.double_fault_tss();
  store<u32>(fault, cr3, TSS_CR3);
  store<u32>(fault, symbols.double_fault_entry(), TSS_EIP);
  store<u32>(fault, symbols.double_fault_stack_top(), TSS_ESP);
  store<u32>(fault, EFLAGS_FIXED, TSS_EFLAGS);
  store<u32>(fault, KERNEL_CS, TSS_CS);
  store<u32>(fault, KERNEL_DS, TSS_SS);
  store<u32>(fault, KERNEL_DS, TSS_DS);
  store<u32>(fault, KERNEL_DS, TSS_ES);
  store<u32>(fault, 0, TSS_FS);
  store<u32>(fault, 0, TSS_GS);
  store<u16>(fault, <u16>TSS_SIZE, TSS_IO_MAP);
}

/** Every gate is an interrupt gate: IF stays 0 until the kernel runs on its own stack and CR3. */
function buildIdt(): void {
  for (let vector: u32 = 0; vector < IDT_ENTRIES; vector++) {
    setGate(vector, symbols.vector_stubs() + vector * STUB_SIZE, GATE_INTERRUPT);
  }
  const breakpoint = symbols.vector_stubs() + VECTOR_BREAKPOINT * STUB_SIZE;
  setGate(VECTOR_BREAKPOINT, breakpoint, GATE_INTERRUPT | GATE_DPL3);
  const overflow = symbols.vector_stubs() + VECTOR_OVERFLOW * STUB_SIZE;
  setGate(VECTOR_OVERFLOW, overflow, GATE_INTERRUPT | GATE_DPL3);
  setGate(VECTOR_SYSTEM_CALL, symbols.system_call_entry(), GATE_INTERRUPT | GATE_DPL3);
  const doubleFault = symbols.idt() + (VECTOR_DOUBLE_FAULT << 3);
  store<u32>(doubleFault, DOUBLE_FAULT_SELECTOR << 16);
  store<u32>(doubleFault, GATE_TASK, 4);
}

function setDescriptor(selector: u32, low: u32, high: u32): void {
  const descriptor = symbols.gdt() + (selector & ~7);
  store<u32>(descriptor, low);
  store<u32>(descriptor, high, 4);
}

function setTssDescriptor(selector: u32, base: u32): void {
  const low = (base << 16) | TSS_LIMIT;
  const high = (base & 0xff000000) | TSS_TYPE | ((base >> 16) & 0xff);
  setDescriptor(selector, low, high);
}

function setGate(vector: u32, entry: usize, type: u32): void {
  const gate = symbols.idt() + (vector << 3);
  store<u32>(gate, (KERNEL_CS << 16) | (entry & 0xffff));
  store<u32>(gate, (entry & 0xffff0000) | type, 4);
}

/** |limit (16 bits)|base (32 bits)|, what LGDT and LIDT read. */
function loadPseudoDescriptor(base: usize, size: u32): void {
  store<u16>(pseudoDescriptor, <u16>(size - 1));
  store<u32>(pseudoDescriptor, base, 2);
}
