// Threads: what clone(2) takes, and the end of one. The code that makes them is thread.asm.ts.

import {
  CLONE_CHILD_CLEARTID,
  CLONE_CHILD_SETTID,
  CLONE_FILES,
  CLONE_FS,
  CLONE_SIGHAND,
  CLONE_SYSVSEM,
  CLONE_THREAD,
  CLONE_VM,
} from "../../src/abi/linux/clone";
import { FUTEX_WAIT } from "../../src/abi/linux/futex";
import { SystemCall } from "../../src/abi/linux/i386";
import { int80, load32, store32 } from "../../src/abi/x86";

/** What C libraries ask for, but for the segment. */
export const THREAD_FLAGS: u32 =
  CLONE_VM |
  CLONE_FS |
  CLONE_FILES |
  CLONE_SIGHAND |
  CLONE_THREAD |
  CLONE_SYSVSEM |
  CLONE_CHILD_SETTID |
  CLONE_CHILD_CLEARTID;
const WORD: u32 = 4;

/**
 * A thread that calls the program's runThread(argument) on a stack that ends at `stackTop`: its
 * number or a negative errno. `segment` is a struct user_desc for CLONE_SETTLS.
 */
export declare function startThread(
  flags: u32,
  stackTop: usize,
  argument: i32,
  segment: usize,
): i32;

/** As startThread() with THREAD_FLAGS, for joinThread(). */
export function beginThread(stackTop: usize, argument: i32): i32 {
  store32(stackTop - WORD, -1);
  return startThread(THREAD_FLAGS, stackTop, argument, 0);
}

/** Waits for the end of a thread that was begun with that stack. */
export function joinThread(stackTop: usize): void {
  const word = stackTop - WORD;
  for (let left = load32(word); left !== 0; left = load32(word)) {
    int80(SystemCall.futex, word, FUTEX_WAIT, left, 0, 0, 0);
  }
}
