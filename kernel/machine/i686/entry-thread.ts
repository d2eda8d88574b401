// Which thread an entry from user mode lands on: the two words that the trampoline reads.
//
// `current_kernel_stack` and `current_cr3` are words in kernel memory, not in the trampoline: user
// mode cannot see them, and a switch of threads writes no TSS.

import * as symbols from "./symbols";

/**
 * From now on user mode is entered on `cr3`, and the next entry lands at the top of a kernel stack.
 * The entry stack still holds the registers of the thread before: it is scrubbed (law 5).
 */
export function setEntryThread(stackTop: usize, cr3: u32): void {
  store<u32>(symbols.current_kernel_stack(), stackTop);
  store<u32>(symbols.current_cr3(), cr3);
  scrubEntryStack();
}

/** Zeroes the trampoline's stack. Runs on a kernel stack with interrupts off. */
function scrubEntryStack(): void {
  memory.fill(symbols.entry_stack(), 0, symbols.entry_stack_top() - symbols.entry_stack());
}
