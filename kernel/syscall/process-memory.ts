// process_vm_readv and process_vm_writev: bytes from the memory of one process to another's.
//
// An iovec: 0 an address  4 a size. Bytes go page by page through a page of our own; what has been
// done when something cannot be accessed is the result.

import { EFAULT, EINVAL, ENOMEM, EPERM, ESRCH } from "../../src/abi/errno";
import { PAGE_MASK, PAGE_SIZE } from "../../src/abi/memory-map";
import { SIGKILL } from "../../src/abi/signals";
import { TrapFrame } from "../machine/i686/trap-frame";
import { allocate, free } from "../memory/heap";
import { AddressSpace } from "../memory/space";
import { copyIn, copyInFrom, copyOut, copyOutTo, userPointer } from "../memory/user-memory";
import { mayInspect } from "../process/access";
import { findThread, processOf } from "../process/thread-group";
import { preemptionPoint } from "../thread/schedule";
import { currentThread } from "../thread/thread";

const IOVEC_SIZE: u32 = 8;
const MOST_VECTORS: u32 = 1024;
/** What one call does at the most. */
const LARGEST: u32 = 0x7ffff000;

/** process_vm_readv(process, local, count, remote, count, flags) */
export function processVmReadv(frame: TrapFrame): i32 {
  return transferBetween(frame, false);
}

/** process_vm_writev(process, local, count, remote, count, flags) */
export function processVmWritev(frame: TrapFrame): i32 {
  return transferBetween(frame, true);
}

function transferBetween(frame: TrapFrame, writes: bool): i32 {
  const localCount = frame.arg2;
  const remoteCount = frame.arg4;
  if (frame.arg5 !== 0 || localCount > MOST_VECTORS || remoteCount > MOST_VECTORS) return -EINVAL;
  const page = allocate(PAGE_SIZE + (localCount + remoteCount) * IOVEC_SIZE);
  if (page === 0) return -ENOMEM;
  const local = page + PAGE_SIZE;
  const remote = local + localCount * IOVEC_SIZE;
  let result = readVectors(frame.arg1, local, localCount);
  // Without a byte to go, nobody asks whose memory it is.
  const isIdle = result === 0 && isEmpty(local, localCount);
  if (result === 0) result = readVectors(frame.arg3, remote, remoteCount);
  if (result === 0 && !isIdle) result = refusal(frame.arg0);
  if (result === 0 && !isIdle) {
    const space = processOf(findThread(frame.arg0)!).space!;
    space.retain();
    result = transferAll(space, page, local, localCount, remote, remoteCount, writes);
    space.release();
  }
  free(page);
  return result;
}

function readVectors(from: u32, to: usize, count: u32): i32 {
  if (copyIn(userPointer(from), to, count * IOVEC_SIZE) !== 0) return -EFAULT;
  for (let i: u32 = 0; i < count; i++) {
    if (load<i32>(to + i * IOVEC_SIZE, 4) < 0) return -EINVAL;
  }
  return 0;
}

function isEmpty(vectors: usize, count: u32): bool {
  for (let i: u32 = 0; i < count; i++) {
    if (load<u32>(vectors + i * IOVEC_SIZE, 4) !== 0) return false;
  }
  return true;
}

/** Why the memory of a process is not to be had; 0: it is. */
function refusal(id: u32): i32 {
  const thread = findThread(id);
  if (thread === null || processOf(thread).space === null) return -ESRCH;
  return mayInspect(processOf(thread)) ? 0 : -EPERM;
}

function transferAll(
  space: AddressSpace,
  page: usize,
  local: usize,
  localCount: u32,
  remote: usize,
  remoteCount: u32,
  writes: bool,
): i32 {
  let done: u32 = 0;
  const localEnd = local + localCount * IOVEC_SIZE;
  const remoteEnd = remote + remoteCount * IOVEC_SIZE;
  while (done < LARGEST && local < localEnd && remote < remoteEnd) {
    const mine = load<u32>(local);
    const theirs = load<u32>(remote);
    const inPage = PAGE_SIZE - max<u32>(mine & PAGE_MASK, theirs & PAGE_MASK);
    const size = min<u32>(min<u32>(load<u32>(local, 4), load<u32>(remote, 4)), inPage);
    const result = writes
      ? transferOut(space, page, mine, theirs, size)
      : transferIn(space, page, mine, theirs, size);
    if (result !== 0) return done === 0 ? result : <i32>done;
    done += size;
    if (advance(local, size)) local += IOVEC_SIZE;
    if (advance(remote, size)) remote += IOVEC_SIZE;
    // Gigabytes must not keep the others from running; only the end of the caller ends the call.
    preemptionPoint();
    if (currentThread.pendingSignal === SIGKILL) break;
  }
  return <i32>done;
}

function transferIn(space: AddressSpace, page: usize, mine: u32, theirs: u32, size: u32): i32 {
  const result = copyInFrom(space, userPointer(theirs), page, size);
  return result !== 0 ? result : copyOut(userPointer(mine), page, size);
}

function transferOut(space: AddressSpace, page: usize, mine: u32, theirs: u32, size: u32): i32 {
  const result = copyIn(userPointer(mine), page, size);
  return result !== 0 ? result : copyOutTo(space, userPointer(theirs), page, size);
}

/** Takes `size` bytes off a vector: whether nothing is left of it. */
function advance(vector: usize, size: u32): bool {
  store<u32>(vector, load<u32>(vector) + size);
  store<u32>(vector, load<u32>(vector, 4) - size, 4);
  return load<u32>(vector, 4) === 0;
}
