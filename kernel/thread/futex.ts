// Futexes: threads that wait for a word of user memory to change. See futex(2).
//
//   a bucket of the hash -> waiter <-> waiter <-> …     a waiter is a part of its thread's record
//
// A word is known by what it belongs to and where it lies there: an address of a space, or a byte
// of an object if it is shared and in shared memory. Both are only compared: a space or an object
// may be gone while a thread still waits. Should its address come back for another, a thread may be
// woken for nothing, which futex(2) allows.
//
// Invariants
//   - The kernel is not preemptive, so no other thread runs between the look at the word and the
//     wait.
//   - The waiter of a thread is in a bucket only while the thread is in waitForWord().

import { EAGAIN, EFAULT, EINVAL, ETIMEDOUT } from "../../src/abi/errno";
import { FUTEX_ANY } from "../../src/abi/linux/futex";
import { PAGE_MASK, PAGE_SHIFT, USER_END } from "../../src/abi/memory-map";
import { currentSpace } from "../memory/space";
import { makeReadable, readWord, UserPointer, userAddress } from "../memory/user-memory";
import { block, sleepUntil, wake } from "./schedule";
import { currentThread, Thread } from "./thread";
import { NEVER } from "./timer";
import { readUptime } from "./uptime";
import { FutexWaiter, Waiter, WaitQueue } from "./wait-queue";

const WORD_MASK: u32 = 3;
const BUCKETS: u32 = 256;
const BUCKET_SIZE: u32 = <u32>offsetof<WaitQueue>();
/** Words of one structure lie side by side, and equal structures at equal places of their pages. */
const PAGE_FACTOR: u32 = 0x9e3779b1;
const HASH_SHIFT: u32 = 24;

const buckets: usize = memory.data(BUCKETS * BUCKET_SIZE, 4);
const word: usize = memory.data(4, 4);

/** Where a word lies. */
@unmanaged
export class FutexKey {
  owner: usize = 0;
  page: u32 = 0;
  offset: u32 = 0;

  /** Finds the word at `pointer`. 0, -EINVAL if that is not of a word, or -EFAULT. */
  find(pointer: UserPointer, isShared: bool): i32 {
    const address = userAddress(pointer);
    if ((address & WORD_MASK) !== 0) return -EINVAL;
    if (address >= USER_END) return -EFAULT;
    this.owner = changetype<usize>(currentSpace);
    this.page = address >> PAGE_SHIFT;
    this.offset = address & PAGE_MASK;
    return isShared ? this.findShared(pointer) : 0;
  }

  isSame(other: FutexKey): bool {
    return this.offset === other.offset && this.page === other.page && this.owner === other.owner;
  }

  get bucket(): WaitQueue {
    const mixed = ((<u32>this.owner >> 4) + this.page + this.offset) * PAGE_FACTOR;
    return changetype<WaitQueue>(buckets + (mixed >> HASH_SHIFT) * BUCKET_SIZE);
  }

  private findShared(pointer: UserPointer): i32 {
    const result = makeReadable(pointer);
    if (result !== 0) return result;
    const region = currentSpace.findRegion(userAddress(pointer));
    if (region === null || !region.isShared) return 0;
    this.page = region.pageAt(userAddress(pointer));
    this.owner = changetype<usize>(region.object);
    return 0;
  }
}

/** A record for a caller that wakes only. */
const found = changetype<FutexKey>(memory.data(offsetof<FutexKey>(), 4));

/**
 * Waits until someone wakes `bits` of the word, unless it is not `expected` (-EAGAIN), or until
 * `deadline` in nanoseconds of uptime (-ETIMEDOUT). 0, -ERESTARTSYS, -EINTR if there is a
 * deadline, or as find().
 */
export function waitForWord(
  pointer: UserPointer,
  isShared: bool,
  expected: u32,
  bits: u32,
  deadline: u64,
): i32 {
  const thread = currentThread;
  const waiter = thread.futexWaiter;
  let result = keyOf(waiter).find(pointer, isShared);
  if (result === 0) result = readWord(pointer, word);
  if (result !== 0) return result;
  if (load<u32>(word) !== expected) return -EAGAIN;
  waiter.thread = changetype<usize>(thread);
  waiter.bits = bits;
  keyOf(waiter).bucket.append(waiter);
  while (result === 0) {
    if (deadline === NEVER) result = block();
    else result = readUptime() >= deadline ? -ETIMEDOUT : sleepUntil(deadline);
    if (waiter.queue === null) return 0;
  }
  waiter.queue!.remove(waiter);
  return result;
}

/** Wakes threads that wait for `bits` of a word, as many as `count` says, one at least. */
export function wakeWaiters(key: FutexKey, count: i32, bits: u32): i32 {
  const bucket = key.bucket;
  let woken: i32 = 0;
  let waiter = bucket.head;
  while (waiter !== null) {
    const next = waiter.nextWaiter;
    if (isAt(waiter, key) && (changetype<FutexWaiter>(waiter).bits & bits) !== 0) {
      bucket.remove(waiter);
      wake(changetype<Thread>(changetype<FutexWaiter>(waiter).thread));
      if (++woken >= count) return woken;
    }
    waiter = next;
  }
  return woken;
}

/** As wakeWaiters() for all bits of the word at `pointer`; how many, or as find(). */
export function wakeWord(pointer: UserPointer, isShared: bool, count: i32): i32 {
  const result = found.find(pointer, isShared);
  return result !== 0 ? result : wakeWaiters(found, count, FUTEX_ANY);
}

/**
 * Wakes `count` of the threads that wait at `from` and has `most` of the others wait at `to`; how
 * many that were.
 */
export function requeueWaiters(from: FutexKey, to: FutexKey, count: i32, most: i32): i32 {
  const bucket = from.bucket;
  // What is put at the end of the same bucket must not be met again.
  let left = lengthOf(bucket);
  let done: i32 = 0;
  let next = bucket.head;
  for (; left !== 0 && next !== null && done - count < most; left--) {
    const waiter = next;
    next = waiter.nextWaiter;
    if (!isAt(waiter, from)) continue;
    bucket.remove(waiter);
    if (++done <= count) wake(changetype<Thread>(changetype<FutexWaiter>(waiter).thread));
    else moveTo(waiter, to);
  }
  return done;
}

function moveTo(waiter: Waiter, to: FutexKey): void {
  memory.copy(changetype<usize>(keyOf(waiter)), changetype<usize>(to), offsetof<FutexKey>());
  to.bucket.append(waiter);
}

function lengthOf(queue: WaitQueue): u32 {
  let length: u32 = 0;
  let waiter = queue.head;
  while (waiter !== null) {
    length++;
    waiter = waiter.nextWaiter;
  }
  return length;
}

function isAt(waiter: Waiter, key: FutexKey): bool {
  return keyOf(waiter).isSame(key);
}

function keyOf(waiter: Waiter): FutexKey {
  return changetype<FutexKey>(changetype<usize>(waiter) + offsetof<FutexWaiter>("owner"));
}
