// Memory that is whole pages: page directories, page tables and stacks.

import type { Assembler } from "isthmus/src/x86/assembler";

const PAGE = 4096;
const PAGES = [
  "kernel_directory",
  "kernel_low",
  "user_directory",
  "user_low",
  "trampoline_table",
  "user_stack",
];

export default function memory(a: Assembler): void {
  a.section(".bss", { write: true, nobits: true });
  a.align(PAGE);
  for (const name of PAGES) {
    a.global(name, "object");
    a.space(PAGE);
  }
  a.space(PAGE);
  a.global("kernel_stack_top");
  a.space(PAGE);
  a.global("boot_stack_top");
}
