// GDT, TSS and IDT, all three in the trampoline: the processor reads them with whatever page
// directory is loaded. And the words from which the trampoline knows the kernel.

import { lgdt, lidt, ltr, outb } from "isthmus/src/abi/x86";
import { reload_segments } from "./assembly";
import {
  exception_stubs,
  gdt,
  idt,
  kernel_cr3,
  kernel_directory,
  kernel_stack_pointer,
  kernel_stack_top,
  system_call_entry,
  tss,
  user_cr3,
  user_directory,
} from "./symbols";

const EXCEPTIONS: u32 = 32;
const SYSTEM_CALL: u32 = 0x80;
const STUB_SIZE: usize = 8;
const IDT_SIZE: u32 = 256 * 8;
const GDT_SIZE: u32 = 6 * 8;
const TSS_SIZE: usize = 104;
const TSS_SELECTOR: u32 = 0x28;
const KERNEL_CODE: u32 = 0x08;
/** Present, an interrupt gate. */
const GATE: u32 = 0x8e00;
const USER_LEVEL: u32 = 3 << 13;

/** The six bytes that `lgdt` and `lidt` take: limit and base. */
const register = memory.data(8);

export function loadDescriptors(): void {
  // No driver here wants interrupts: the two interrupt controllers keep them.
  outb(0x21, 0xff);
  outb(0xa1, 0xff);
  describeTss();
  for (let vector: u32 = 0; vector < EXCEPTIONS; vector++) {
    setGate(vector, exception_stubs() + vector * STUB_SIZE, 0);
  }
  setGate(SYSTEM_CALL, system_call_entry(), USER_LEVEL);
  lgdt(tableRegister(gdt(), GDT_SIZE));
  lidt(tableRegister(idt(), IDT_SIZE));
  reload_segments();
  ltr(TSS_SELECTOR);
  store<usize>(kernel_cr3(), kernel_directory());
  store<usize>(user_cr3(), user_directory());
  store<usize>(kernel_stack_pointer(), kernel_stack_top());
}

function describeTss(): void {
  const base = <u32>tss();
  const entry = gdt() + TSS_SELECTOR;
  store<u32>(entry, (base << 16) | <u32>(TSS_SIZE - 1));
  store<u32>(entry + 4, (base & 0xff000000) | 0x8900 | ((base >> 16) & 0xff));
}

function setGate(vector: u32, handler: usize, level: u32): void {
  const gate = idt() + vector * 8;
  store<u32>(gate, (KERNEL_CODE << 16) | (<u32>handler & 0xffff));
  store<u32>(gate + 4, (<u32>handler & 0xffff0000) | GATE | level);
}

function tableRegister(base: usize, size: u32): usize {
  store<u16>(register, <u16>(size - 1));
  store<u32>(register + 2, <u32>base);
  return register;
}
