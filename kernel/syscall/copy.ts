// System calls that move bytes from one open file to another: sendfile, copy_file_range, splice,
// tee and vmsplice.
//
//   from -> a page of the caller's own space -> to
//
// The kinds of files know how to read to a user's memory and how to write from it, so a page is
// mapped there for as long as the call lasts, and each piece goes through it: what is true of
// read(2) and write(2), waiting and limits included, is true here.

import { EBADF, EFAULT, EINVAL, EISDIR, ENOMEM, EOVERFLOW, ESPIPE } from "../../src/abi/errno";
import {
  O_NONBLOCK,
  SPLICE_F_GIFT,
  SPLICE_F_MORE,
  SPLICE_F_MOVE,
  SPLICE_F_NONBLOCK,
} from "../../src/abi/files";
import { PAGE_SIZE } from "../../src/abi/memory-map";
import { holdFile, preemptHolding } from "../file/held-file";
import { OpenFile } from "../file/open-file";
import { LARGEST_TRANSFER } from "../file/transfer";
import { teePipe } from "../filesystem/pipe/pipe-file";
import { TrapFrame } from "../machine/i686/trap-frame";
import { findRoom, mapRange, unmapRange } from "../memory/map-range";
import { REGION_READ, REGION_WRITE } from "../memory/region";
import { currentSpace } from "../memory/space";
import { copyIn, copyOut, UserPointer, userAddress, userPointer } from "../memory/user-memory";
import { currentThread } from "../thread/thread";
import { fileArgument } from "./descriptor";
import { AT_POSITION, transfer, transferVectors } from "./file";

const SPLICE_FLAGS: u32 = SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE | SPLICE_F_GIFT;
/** Instead of an offset: its address cannot be read. */
const FAULT: u64 = u64.MAX_VALUE - 1;

const scratch: usize = memory.data(8, 8);

/** sendfile(to, from, offset, count): an offset of 32 bits. */
export function sendfile(frame: TrapFrame): i32 {
  return send(frame, 4);
}

/** sendfile64(to, from, offset, count) */
export function sendfile64(frame: TrapFrame): i32 {
  return send(frame, 8);
}

function send(frame: TrapFrame, width: u32): i32 {
  const offset = userPointer(frame.arg2);
  const isGiven = userAddress(offset) !== 0;
  store<u64>(scratch, 0);
  if (isGiven && copyIn(offset, scratch, width) !== 0) return -EFAULT;
  const at: u64 = isGiven ? load<u64>(scratch) : AT_POSITION;
  const from = fileArgument(frame.arg1);
  if (from === null || !from.mayRead) return -EBADF;
  if (isGiven && !from.operations.seekable) return -ESPIPE;
  if (isGiven && <i64>at < 0) return -EINVAL;
  const to = fileArgument(frame.arg0);
  if (to === null || !to.mayWrite) return -EBADF;
  if (from.inode.object === null || to.appends) return -EINVAL;
  const result = copy(from, at, to, AT_POSITION, frame.arg3, false);
  if (!isGiven || result < 0) return result;
  const after = at + <u64>result;
  if (width === 4 && after > <u64>i32.MAX_VALUE) return -EOVERFLOW;
  store<u64>(scratch, after);
  return copyOut(offset, scratch, width) !== 0 ? -EFAULT : result;
}

/** copy_file_range(from, offset, to, offset, count, flags) */
export function copyFileRange(frame: TrapFrame): i32 {
  const from = fileArgument(frame.arg0);
  const to = fileArgument(frame.arg2);
  if (from === null || to === null) return -EBADF;
  const start = offsetArgument(frame.arg1);
  if (start === FAULT) return -EFAULT;
  const target = offsetArgument(frame.arg3);
  if (target === FAULT) return -EFAULT;
  if (frame.arg5 !== 0) return -EINVAL;
  if (from.inode.isDirectory || to.inode.isDirectory) return -EISDIR;
  if (from.inode.object === null || to.inode.object === null) return -EINVAL;
  if (!from.mayRead || !to.mayWrite || to.appends) return -EBADF;
  const count = min<u32>(frame.arg4, LARGEST_TRANSFER);
  const first: u64 = start === AT_POSITION ? from.position : start;
  const second: u64 = target === AT_POSITION ? to.position : target;
  if (<i64>first < 0 || <i64>second < 0) return -EINVAL;
  const overlaps = first < second + count && second < first + count;
  if (from.inode === to.inode && overlaps) return -EINVAL;
  const result = copy(from, start, to, target, count, false);
  return result <= 0 ? result : moveOffsets(frame.arg1, start, frame.arg3, target, result);
}

/** splice(from, offset, to, offset, count, flags): one of the two is a pipe. */
export function splice(frame: TrapFrame): i32 {
  if (frame.arg4 === 0) return 0;
  if ((frame.arg5 & ~SPLICE_FLAGS) !== 0) return -EINVAL;
  const from = fileArgument(frame.arg0);
  const to = fileArgument(frame.arg2);
  if (from === null || to === null || !from.mayRead || !to.mayWrite) return -EBADF;
  if (isPipe(from) && frame.arg1 !== 0) return -ESPIPE;
  if (isPipe(to) && frame.arg3 !== 0) return -ESPIPE;
  if (!isPipe(from) && !isPipe(to)) return -EINVAL;
  const start = offsetArgument(frame.arg1);
  const target = offsetArgument(frame.arg3);
  if (start === FAULT || target === FAULT) return -EFAULT;
  if ((start !== AT_POSITION && !from.operations.seekable) || <i64>(start + 1) < 0) return -EINVAL;
  if ((target !== AT_POSITION && !to.operations.seekable) || <i64>(target + 1) < 0) return -EINVAL;
  if (to.appends || from.inode === to.inode || from.inode.isDirectory) return -EINVAL;
  const isNow = (frame.arg5 & SPLICE_F_NONBLOCK) !== 0;
  const result = copy(from, start, to, target, frame.arg4, true, isNow);
  return result <= 0 ? result : moveOffsets(frame.arg1, start, frame.arg3, target, result);
}

/** tee(from, to, count, flags): from one pipe to another, and they stay in the first. */
export function tee(frame: TrapFrame): i32 {
  if ((frame.arg3 & ~SPLICE_FLAGS) !== 0) return -EINVAL;
  if (frame.arg2 === 0) return 0;
  const from = fileArgument(frame.arg0);
  const to = fileArgument(frame.arg1);
  if (from === null || to === null || !from.mayRead || !to.mayWrite) return -EBADF;
  if (!isPipe(from) || !isPipe(to) || from.inode === to.inode) return -EINVAL;
  return teePipe(from, to, frame.arg2, (frame.arg3 & SPLICE_F_NONBLOCK) !== 0);
}

/** vmsplice(pipe, vectors, count, flags): as writev or readv, by the end of the pipe. */
export function vmsplice(frame: TrapFrame): i32 {
  if ((frame.arg3 & ~SPLICE_FLAGS) !== 0) return -EINVAL;
  const file = fileArgument(frame.arg0);
  if (file === null || !isPipe(file)) return -EBADF;
  const flags = file.flags;
  const isNow = (frame.arg3 & SPLICE_F_NONBLOCK) !== 0;
  if (isNow) file.flags |= O_NONBLOCK;
  const result = transferVectors(frame, AT_POSITION, file.mayWrite);
  if (isNow) file.flags = flags;
  return result;
}

function isPipe(file: OpenFile): bool {
  return file.inode.isFifo;
}

/** The offset at an address; AT_POSITION for none, FAULT if it cannot be read. */
function offsetArgument(address: u32): u64 {
  if (address === 0) return AT_POSITION;
  if (copyIn(userPointer(address), scratch, 8) !== 0) return FAULT;
  const offset = load<u64>(scratch);
  return offset >= FAULT ? FAULT - 1 : offset;
}

/** Tells the caller where both go on: `result`, or -EFAULT. */
function moveOffsets(first: u32, start: u64, second: u32, target: u64, result: i32): i32 {
  if (first !== 0) {
    store<u64>(scratch, start + <u64>result);
    if (copyOut(userPointer(first), scratch, 8) !== 0) return -EFAULT;
  }
  if (second === 0) return result;
  store<u64>(scratch, target + <u64>result);
  return copyOut(userPointer(second), scratch, 8) !== 0 ? -EFAULT : result;
}

/**
 * Copies up to `count` bytes: how many, or -errno if none. `isOnce`: what is there is enough; more
 * is not waited for. `isNow`: nothing is waited for.
 */
function copy(
  from: OpenFile,
  start: u64,
  to: OpenFile,
  target: u64,
  count: u32,
  isOnce: bool,
  isNow: bool = false,
): i32 {
  const space = currentSpace;
  const page = findRoom(space, 0, PAGE_SIZE);
  if (page === 0) return -ENOMEM;
  const mapped = mapRange(space, page, page + PAGE_SIZE, REGION_READ | REGION_WRITE, 0);
  if (mapped !== 0) return mapped;
  holdFile(from);
  holdFile(to);
  const most = min<u32>(count, LARGEST_TRANSFER);
  const buffer = userPointer(<u32>page);
  let done: u32 = 0;
  let result: i32 = 0;
  while (done < most) {
    const isFirst = done === 0;
    const at: u64 = start === AT_POSITION ? AT_POSITION : start + done;
    const size = min<u32>(most - done, PAGE_SIZE);
    result = piece(from, at, buffer, size, false, isNow || (isOnce && !isFirst));
    if (result <= 0) break;
    const goal: u64 = target === AT_POSITION ? AT_POSITION : target + done;
    const got = result;
    result = piece(to, goal, buffer, <u32>got, true, isNow);
    const written = result < 0 ? 0 : result;
    if (written < got) giveBack(from, at, got - written);
    if (result <= 0) break;
    done += <u32>written;
    if (written < got || currentThread.pendingSignal !== 0) break;
    preemptHolding(to);
  }
  unmapRange(space, page, page + PAGE_SIZE);
  return done !== 0 ? <i32>done : result;
}

/** What was read of a file that has a position, and not written: it is read again. */
function giveBack(from: OpenFile, at: u64, count: i32): void {
  if (at === AT_POSITION && from.operations.seekable) from.position -= <u64>count;
}

/** Reads or writes a piece; of a pipe, if `isNow`, only what can be done at once. */
function piece(
  file: OpenFile,
  at: u64,
  buffer: UserPointer,
  size: u32,
  writes: bool,
  isNow: bool,
): i32 {
  const flags = file.flags;
  if (isNow && isPipe(file)) file.flags |= O_NONBLOCK;
  const result = transfer(file, buffer, size, at, writes);
  if (isNow) file.flags = flags;
  return result;
}
