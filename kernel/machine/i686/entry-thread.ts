// Which thread an entry from user mode lands on: the two words that the trampoline reads.
//
// `current_kernel_stack` and `current_cr3` are words in kernel memory, not in the trampoline: user
// mode cannot see them, and a switch of threads writes no TSS.
//
//   entry stack   top  | six words: what entries leave, and each way out overwrites |
//                      | what NMI, #MC and exceptions of ring 0 pushed below them  |  rare
//
// Invariants
//   - In user mode the six words are the running thread's: no way out leaves out one of them.
//   - Below them all are 0, unless `isDeep`.

import * as symbols from "./symbols";

/** An entry has come on top of another. */
let isDeep: bool = false;

/** To be called for each entry that may find the entry stack in use. */
export function noteDeepEntry(): void {
  isDeep = true;
}

/**
 * From now on user mode is entered on `cr3`, and the next entry lands at the top of a kernel stack.
 * What else than the six words the thread before has left on the entry stack is scrubbed (law 5).
 */
export function setEntryThread(stackTop: usize, cr3: u32): void {
  "inline";
  store<u32>(symbols.current_kernel_stack(), stackTop);
  store<u32>(symbols.current_cr3(), cr3);
  if (isDeep) scrubAll();
}

/**
 * Zeroes the trampoline's stack, from a kernel stack. An NMI that comes in here does so on that
 * one, and is noted for the next time.
 */
function scrubAll(): void {
  isDeep = false;
  memory.fill(symbols.entry_stack(), 0, symbols.entry_stack_top() - symbols.entry_stack());
}
