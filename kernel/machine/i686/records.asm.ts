// Records at fixed symbols: what assembly, TypeScript and an inspector outside must all find.
//
// TypeScript's own variables have no symbol that assembly could name; these are declared here and
// TypeScript reads their addresses from kernel/machine/i686/symbols.ts.

import { INFO_SIZE, INFO_STACK_TOP } from "../../../src/abi/kernel-info";
import type { Assembler } from "../../../src/x86/assembler";

const BOOT_STACK_SIZE = 8192;
const PARANOID_STACK_SIZE = 4096;
const DOUBLE_FAULT_STACK_SIZE = 4096;

export default function records(a: Assembler): void {
  a.section(".bss", { write: true, nobits: true });
  a.align(4);
  a.global("kernel_info", "object");
  a.space(INFO_STACK_TOP);
  // Both of these are read by the trampoline on each crossing; entry-thread.ts writes them.
  a.global("current_kernel_stack", "object");
  a.space(INFO_SIZE - INFO_STACK_TOP);
  a.global("current_cr3", "object");
  a.space(4);
  a.section(".bss.stack", { write: true, nobits: true });
  stack(a, "paranoid_stack", PARANOID_STACK_SIZE);
  stack(a, "double_fault_stack", DOUBLE_FAULT_STACK_SIZE);
  // The boot's; left for good when process 1 starts.
  stack(a, "boot_stack", BOOT_STACK_SIZE);
}

function stack(a: Assembler, name: string, size: number): void {
  a.align(16);
  a.global(name, "object");
  a.space(size);
  a.global(`${name}_top`, "object");
}
