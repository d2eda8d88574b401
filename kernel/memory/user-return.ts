// What is to be done before the return to user mode, as bits of one word: a call that leaves
// nothing to do looks at it once.

/** Windows have been opened since the entry from user mode: forgetWindows(). */
export const RETURN_WINDOWS: u32 = 1;
/** The current thread has a signal pending, or its slice is over: schedule.ts. */
export const RETURN_THREAD: u32 = 2;

/** The bits of all that is to be done. */
export let returnWork: u32 = 0;

/** Has something done before the return. */
export function addReturnWork(bit: u32): void {
  "inline";
  returnWork |= bit;
}

/** It has been done. */
export function endReturnWork(bit: u32): void {
  "inline";
  returnWork &= ~bit;
}
