// The end of a thread, as its locks and those who wait for it see it: see get_robust_list(2).
//
//   head -> entry -> entry -> … -> head       in user memory; a lock's word is at an offset of each
//
// The list is the user's, so it may lead anywhere, in a circle, or to words that change: no more of
// it is followed than ROBUST_LIST_LIMIT entries, and it ends where it cannot be read.

import {
  FUTEX_OWNER,
  FUTEX_OWNER_DIED,
  FUTEX_WAITERS,
  ROBUST_LIST_LIMIT,
  ROBUST_LIST_OFFSET,
  ROBUST_LIST_PENDING,
  ROBUST_LIST_PI,
  ROBUST_LIST_SIZE,
} from "../../src/abi/linux/futex";
import { copyIn, readWord, userPointer, writeWord } from "../memory/user-memory";
import { wakeWord } from "../thread/futex";
import { Thread } from "../thread/thread";
import { Process } from "./process";

const head: usize = memory.data(ROBUST_LIST_SIZE, 4);
const word: usize = memory.data(4, 4);

/**
 * The running thread leaves its space: the locks that it has are given back, and those who share
 * the space hear that it is gone (CLONE_CHILD_CLEARTID).
 */
export function leaveSpace(process: Process, thread: Thread): void {
  const list = thread.robustList;
  const cleared = thread.clearTid;
  const space = process.space;
  thread.robustList = 0;
  thread.clearTid = 0;
  if (space === null) return;
  if (list !== 0) giveLocksBack(list, thread.id);
  if (cleared === 0 || (space.references === 1 && process.livingThreads === 1)) return;
  if (writeWord(userPointer(cleared), 0) === 0) wakeWord(userPointer(cleared), true, 1);
}

function giveLocksBack(list: u32, owner: u32): void {
  if (copyIn(userPointer(list), head, ROBUST_LIST_SIZE) !== 0) return;
  const offset = load<u32>(head, ROBUST_LIST_OFFSET);
  const pending = load<u32>(head, ROBUST_LIST_PENDING);
  let entry = load<u32>(head);
  for (let left = ROBUST_LIST_LIMIT; left > 0 && (entry & ~ROBUST_LIST_PI) !== list; left--) {
    const address = entry & ~ROBUST_LIST_PI;
    // Once the lock is given back, its entry is another thread's.
    const result = readWord(userPointer(address), word);
    const next = load<u32>(word);
    if (address !== (pending & ~ROBUST_LIST_PI) && !giveBack(address + offset, entry, owner))
      return;
    if (result !== 0) return;
    entry = next;
  }
  const last = pending & ~ROBUST_LIST_PI;
  if (last !== 0) finishPending(last + offset, pending, owner);
}

/** The lock that the thread was about to take, or to give back. */
function finishPending(address: u32, entry: u32, owner: u32): void {
  const lock = userPointer(address);
  const inherits = (entry & ROBUST_LIST_PI) !== 0;
  // Given back already, and a waiter not woken yet.
  const isFree = readWord(lock, word) === 0 && load<u32>(word) === 0;
  if (isFree && !inherits) wakeWord(lock, true, 1);
  else giveBack(address, entry, owner);
}

/** Marks a lock of the thread as one whose owner has died. False: there is no such word. */
function giveBack(address: u32, entry: u32, owner: u32): bool {
  const lock = userPointer(address);
  if ((address & 3) !== 0 || readWord(lock, word) !== 0) return false;
  const value = load<u32>(word);
  if ((value & FUTEX_OWNER) !== owner) return true;
  if (writeWord(lock, (value & FUTEX_WAITERS) | FUTEX_OWNER_DIED) !== 0) return false;
  const inherits = (entry & ROBUST_LIST_PI) !== 0;
  if (!inherits && (value & FUTEX_WAITERS) !== 0) wakeWord(lock, true, 1);
  return true;
}
