// Locks of files: ranges that an owner reads or writes alone, among those who ask. See fcntl(2),
// flock(2).
//
//   inode.locks -> lock -> lock -> null
//
// There are two sorts, which do not see each other: ranges of fcntl, and whole files of flock. The
// owner of a range is a file table, which is a process; or an open file (F_OFD_SETLK). The owner of
// a whole file is an open file.
//
// Invariants
//   - The ranges of one owner do not overlap, and touch only if one is for reading and the other
//     for writing.
//   - An owner's locks go when it does: a file table's with the first descriptor of the file that
//     is closed, an open file's with itself.

import { EAGAIN, EBADF, EDEADLK, ENOLCK } from "../../src/abi/errno";
import { allocate, free } from "../memory/heap";
import { wakeAll } from "../thread/schedule";
import { Waiter, WaitQueue } from "../thread/wait-queue";
import { FileTable } from "./file-table";
import { sleepHolding } from "./held-file";
import { Inode } from "./inode";
import { OpenFile, onLockedClose } from "./open-file";

/** The last byte of a file that has no end. */
export const LAST_BYTE: u64 = u64.MAX_VALUE >> 1;
/** No deadlock has a longer way round. */
const LONGEST_CIRCLE: u32 = 64;

@unmanaged
export class FileLock {
  next: FileLock | null = null;
  owner: usize = 0;
  /** A whole file of flock, not a range of fcntl. */
  isWhole: bool = false;
  isWrite: bool = false;
  /** First and last byte. */
  start: u64 = 0;
  last: u64 = 0;
  /** What F_GETLK says of the owner; -1: an open file. */
  pid: i32 = 0;

  /** A second record that says the same, or null when out of memory. */
  copy(): FileLock | null {
    const copy = changetype<FileLock | null>(allocate(offsetof<FileLock>()));
    if (copy !== null) {
      memory.copy(changetype<usize>(copy), changetype<usize>(this), offsetof<FileLock>());
    }
    return copy;
  }

  /** Whether both concern some byte. */
  overlaps(other: FileLock): bool {
    return this.start <= other.last && other.start <= this.last;
  }

  /** Whether `other` cannot be had while this one is there. */
  excludes(other: FileLock): bool {
    if (this.isWhole !== other.isWhole || this.owner === other.owner) return false;
    return (this.isWrite || other.isWrite) && this.overlaps(other);
  }

  isOwnOf(wanted: FileLock): bool {
    return this.owner === wanted.owner && this.isWhole === wanted.isWhole;
  }

  /** Whether they are one range, if they are of one owner: they overlap or touch. */
  continues(other: FileLock): bool {
    if (this.isWrite !== other.isWrite) return false;
    return this.start <= other.last + 1 && other.start <= this.last + 1;
  }
}

/** An owner that waits for a lock of another. */
@unmanaged
class Waiting extends Waiter {
  owner: usize = 0;
  blocker: usize = 0;
}

/** The threads that wait for any lock, few as they are; and for whom they wait. */
const waiters = changetype<WaitQueue>(memory.data(offsetof<WaitQueue>(), 4));
const blocked = changetype<WaitQueue>(memory.data(offsetof<WaitQueue>(), 4));

/** Has locks given back when files are closed; before any file is opened. */
export function startFileLocks(): void {
  onLockedClose(dropLocks.index);
}

/** The lock that is in the way of `wanted`, the lowest of several; or null. */
export function findObstacle(inode: Inode, wanted: FileLock): FileLock | null {
  let lowest: FileLock | null = null;
  let lock = firstOf(inode);
  while (lock !== null) {
    const isLower = lowest === null || lock.start < lowest.start;
    if (isLower && lock.excludes(wanted)) lowest = lock;
    lock = lock.next;
  }
  return lowest;
}

/**
 * Takes a lock as `wanted` says, which others may use while this one waits. What the owner had of
 * the range becomes this. 0, -EAGAIN if another is in the way and `waits` is false, -EDEADLK,
 * -ENOLCK, what a signal does, or -EBADF if `descriptor`, which the owner of a range has for the
 * file, was closed meanwhile: its locks went with it, and none may come after.
 */
export function takeLock(file: OpenFile, wanted: FileLock, waits: bool, descriptor: u32): i32 {
  const inode = file.inode;
  if (wanted.isWhole && hasSame(inode, wanted)) return 0;
  const made = wanted.copy();
  const spare = wanted.copy();
  let result: i32 = -ENOLCK;
  if (made !== null && spare !== null) {
    // To change a whole file's lock, which is never cut in two, is to give it back first.
    if (made.isWhole) {
      cutOut(inode, made, spare);
      wakeAll(waiters);
    }
    result = awaitRoom(file, made, waits, descriptor);
    if (result === 0) {
      put(inode, made, spare);
      return 0;
    }
  }
  free(changetype<usize>(made));
  free(changetype<usize>(spare));
  return result;
}

/** Waits, if that is wanted, until nothing is in the way of `wanted`. */
function awaitRoom(file: OpenFile, wanted: FileLock, waits: bool, descriptor: u32): i32 {
  while (true) {
    const obstacle = findObstacle(file.inode, wanted);
    if (obstacle === null) return isStillOwned(file, wanted, descriptor) ? 0 : -EBADF;
    if (!waits) return -EAGAIN;
    const result = waitFor(file, wanted, obstacle.owner);
    if (result !== 0) return result;
  }
}

/** Whether the owner is there to give the lock back; an open file is, as it is held. */
function isStillOwned(file: OpenFile, lock: FileLock, descriptor: u32): bool {
  if (lock.isWhole || lock.pid < 0) return true;
  return changetype<FileTable>(lock.owner).get(descriptor) === file;
}

/** Gives back what the owner of `range` has locked of it. 0 or -ENOLCK. */
export function dropLock(inode: Inode, range: FileLock): i32 {
  if (inode.locks === 0) return 0;
  const spare = allocate(offsetof<FileLock>());
  if (spare === 0) return -ENOLCK;
  if (!cutOut(inode, range, changetype<FileLock>(spare))) free(spare);
  wakeAll(waiters);
  return 0;
}

/** Gives back all that an owner has locked of a file. */
export function dropLocks(inode: Inode, owner: usize): void {
  let before: FileLock | null = null;
  let lock = firstOf(inode);
  while (lock !== null) {
    const next = lock.next;
    if (lock.owner === owner) remove(inode, before, lock);
    else before = lock;
    lock = next;
  }
  wakeAll(waiters);
}

function firstOf(inode: Inode): FileLock | null {
  return changetype<FileLock | null>(inode.locks);
}

function hasSame(inode: Inode, wanted: FileLock): bool {
  let lock = firstOf(inode);
  while (lock !== null && !lock.isOwnOf(wanted)) lock = lock.next;
  return lock !== null && lock.isWrite === wanted.isWrite;
}

/** Waits until some lock is given back. */
function waitFor(file: OpenFile, wanted: FileLock, blocker: usize): i32 {
  const owner = wanted.owner;
  // Open files are no one's in particular: only processes are told of deadlocks.
  if (!wanted.isWhole && wanted.pid >= 0 && waitsFor(blocker, owner)) return -EDEADLK;
  const at = allocate(offsetof<Waiting>());
  if (at === 0) return -ENOLCK;
  const waiting = changetype<Waiting>(at);
  waiting.owner = owner;
  waiting.blocker = blocker;
  blocked.append(waiting);
  const result = sleepHolding(file, waiters);
  blocked.remove(waiting);
  free(at);
  return result;
}

/** Whether one owner waits for another, who waits for … who waits for `last`. */
function waitsFor(first: usize, last: usize): bool {
  let owner = first;
  for (let i: u32 = 0; i < LONGEST_CIRCLE; i++) {
    const waiting = findBlocked(owner);
    if (waiting === null) return false;
    owner = waiting.blocker;
    if (owner === last) return true;
  }
  return false;
}

/** What that owner waits for, or null. */
function findBlocked(owner: usize): Waiting | null {
  let waiter = blocked.head;
  while (waiter !== null && changetype<Waiting>(waiter).owner !== owner) waiter = waiter.nextWaiter;
  return changetype<Waiting | null>(waiter);
}

/**
 * Adds a lock that nothing is in the way of, in place of what the owner had there. `spare` is used
 * or freed.
 */
function put(inode: Inode, made: FileLock, spare: FileLock): void {
  absorb(inode, made);
  if (!cutOut(inode, made, spare)) free(changetype<usize>(spare));
  made.next = firstOf(inode);
  inode.locks = changetype<usize>(made);
  // A lock for writing that became one for reading is in nobody's way any more.
  wakeAll(waiters);
}

/** Makes `lock` as long as with what it continues, and removes that. */
function absorb(inode: Inode, lock: FileLock): void {
  let before: FileLock | null = null;
  let other = firstOf(inode);
  while (other !== null) {
    const next = other.next;
    if (other.isOwnOf(lock) && other.continues(lock)) {
      lock.start = min(lock.start, other.start);
      lock.last = max(lock.last, other.last);
      remove(inode, before, other);
    } else before = other;
    other = next;
  }
}

/**
 * Removes a range from the locks of its owner. Whether `spare` was used: it is the second half of
 * one that was cut in two.
 */
function cutOut(inode: Inode, range: FileLock, spare: FileLock): bool {
  let isUsed = false;
  let before: FileLock | null = null;
  let lock = firstOf(inode);
  while (lock !== null) {
    const next = lock.next;
    if (!lock.isOwnOf(range) || !lock.overlaps(range)) {
      before = lock;
      lock = next;
      continue;
    }
    const keepsStart = lock.start < range.start;
    const keepsEnd = lock.last > range.last;
    if (keepsStart && keepsEnd) {
      // Only one can be cut in two, as they do not overlap.
      memory.copy(changetype<usize>(spare), changetype<usize>(lock), offsetof<FileLock>());
      spare.start = range.last + 1;
      lock.last = range.start - 1;
      lock.next = spare;
      spare.next = next;
      isUsed = true;
      before = spare;
    } else if (keepsStart) {
      lock.last = range.start - 1;
      before = lock;
    } else if (keepsEnd) {
      lock.start = range.last + 1;
      before = lock;
    } else remove(inode, before, lock);
    lock = next;
  }
  return isUsed;
}

function remove(inode: Inode, before: FileLock | null, lock: FileLock): void {
  if (before === null) inode.locks = changetype<usize>(lock.next);
  else before.next = lock.next;
  free(changetype<usize>(lock));
}
