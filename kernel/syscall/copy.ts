// System calls that move bytes from one open file to another: sendfile, copy_file_range, splice,
// tee and vmsplice.
//
//   from -> a page of the kernel's -> to
//
// The kinds of files know how to read to a user's memory and how to write from it; here they are
// lent a page (file/lent-page.ts), and each piece goes through it: what is true of read(2) and
// write(2), waiting and limits included, is true here. No byte is lost that cannot be written: a
// position goes back, a pipe gives only what was written, and only as much is read into a pipe as
// it has room for.

import { EBADF, EFAULT, EINVAL, EISDIR, ENOMEM, EOVERFLOW, ESPIPE } from "../../src/abi/errno";
import {
  O_NONBLOCK,
  SPLICE_F_GIFT,
  SPLICE_F_MORE,
  SPLICE_F_MOVE,
  SPLICE_F_NONBLOCK,
} from "../../src/abi/files";
import { holdFile, preemptHolding } from "../file/held-file";
import { LENT_SIZE, lendPage, lentPointer, returnPage } from "../file/lent-page";
import { OpenFile } from "../file/open-file";
import { LARGEST_TRANSFER } from "../file/transfer";
import {
  beginDraining,
  beginFilling,
  endDraining,
  endFilling,
  passOn,
} from "../filesystem/pipe/pipe-file";
import { TrapFrame } from "../machine/i686/trap-frame";
import { copyIn, copyOut, userAddress, userPointer } from "../memory/user-memory";
import { currentThread } from "../thread/thread";
import { usableFile } from "./descriptor";
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
  const from = usableFile(frame.arg1);
  if (from === null || !from.mayRead) return -EBADF;
  if (isGiven && !from.operations.seekable) return -ESPIPE;
  if (isGiven && <i64>at < 0) return -EINVAL;
  const to = usableFile(frame.arg0);
  if (to === null || !to.mayWrite) return -EBADF;
  if (from.inode.object === null || to.appends) return -EINVAL;
  const result = copy(from, at, to, AT_POSITION, frame.arg3);
  if (!isGiven || result < 0) return result;
  const after = at + <u64>result;
  if (width === 4 && after > <u64>i32.MAX_VALUE) return -EOVERFLOW;
  store<u64>(scratch, after);
  return copyOut(offset, scratch, width) !== 0 ? -EFAULT : result;
}

/** copy_file_range(from, offset, to, offset, count, flags) */
export function copyFileRange(frame: TrapFrame): i32 {
  const from = usableFile(frame.arg0);
  const to = usableFile(frame.arg2);
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
  const result = copy(from, start, to, target, count);
  return result <= 0 ? result : moveOffsets(frame.arg1, start, frame.arg3, target, result);
}

/** splice(from, offset, to, offset, count, flags): one of the two is a pipe. */
export function splice(frame: TrapFrame): i32 {
  if (frame.arg4 === 0) return 0;
  if ((frame.arg5 & ~SPLICE_FLAGS) !== 0) return -EINVAL;
  const from = usableFile(frame.arg0);
  const to = usableFile(frame.arg2);
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
  if (isPipe(from) && isPipe(to)) return passOn(from, to, frame.arg4, isNow, true);
  const result = copy(from, start, to, target, frame.arg4, true, isNow);
  return result <= 0 ? result : moveOffsets(frame.arg1, start, frame.arg3, target, result);
}

/** tee(from, to, count, flags): from one pipe to another, and they stay in the first. */
export function tee(frame: TrapFrame): i32 {
  if ((frame.arg3 & ~SPLICE_FLAGS) !== 0) return -EINVAL;
  if (frame.arg2 === 0) return 0;
  const from = usableFile(frame.arg0);
  const to = usableFile(frame.arg1);
  if (from === null || to === null || !from.mayRead || !to.mayWrite) return -EBADF;
  if (!isPipe(from) || !isPipe(to) || from.inode === to.inode) return -EINVAL;
  return passOn(from, to, frame.arg2, (frame.arg3 & SPLICE_F_NONBLOCK) !== 0, false);
}

/** vmsplice(pipe, vectors, count, flags): as writev or readv, by the end of the pipe. */
export function vmsplice(frame: TrapFrame): i32 {
  if ((frame.arg3 & ~SPLICE_FLAGS) !== 0) return -EINVAL;
  const file = usableFile(frame.arg0);
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
 * Copies up to `count` bytes: how many, or -errno if none. `splices`: one of the two is a pipe, and
 * what is there, or has room, is enough: more is not waited for; if `isNow`, nothing is.
 */
function copy(
  from: OpenFile,
  start: u64,
  to: OpenFile,
  target: u64,
  count: u32,
  splices: bool = false,
  isNow: bool = false,
): i32 {
  const page = lendPage();
  if (page === 0) return -ENOMEM;
  holdFile(from);
  holdFile(to);
  const most = min<u32>(count, LARGEST_TRANSFER);
  let done: u32 = 0;
  let result: i32 = 0;
  while (done < most) {
    const at: u64 = start === AT_POSITION ? AT_POSITION : start + done;
    const goal: u64 = target === AT_POSITION ? AT_POSITION : target + done;
    const size = min<u32>(most - done, LENT_SIZE);
    const atOnce = isNow || done !== 0;
    if (!splices) result = copyPiece(from, at, to, goal, size);
    else if (isPipe(from)) result = drainPiece(from, to, goal, page, size, atOnce);
    else result = fillPiece(from, at, to, page, size, atOnce);
    if (result <= 0) break;
    done += <u32>result;
    if (<u32>result < size || currentThread.pendingSignal !== 0) break;
    preemptHolding(to);
  }
  returnPage();
  return done !== 0 ? <i32>done : result;
}

/** What cannot be written is read again: the position says so. */
function copyPiece(from: OpenFile, at: u64, to: OpenFile, goal: u64, size: u32): i32 {
  const got = transfer(from, lentPointer(), size, at, false);
  if (got <= 0) return got;
  const result = transfer(to, lentPointer(), <u32>got, goal, true);
  const written = result < 0 ? 0 : result;
  if (at === AT_POSITION) from.position -= <u64>(got - written);
  return result;
}

/** From a pipe, which keeps what cannot be written. */
function drainPiece(
  from: OpenFile,
  to: OpenFile,
  goal: u64,
  page: usize,
  size: u32,
  isNow: bool,
): i32 {
  const got = beginDraining(from, page, size, isNow);
  if (got <= 0) return got;
  const result = transfer(to, lentPointer(), <u32>got, goal, true);
  endDraining(from, result < 0 ? 0 : result);
  return result;
}

/** To a pipe: only as much is read as there is room for. */
function fillPiece(
  from: OpenFile,
  at: u64,
  to: OpenFile,
  page: usize,
  size: u32,
  isNow: bool,
): i32 {
  const room = beginFilling(to, isNow);
  if (room <= 0) return room;
  const flags = from.flags;
  if (isNow) from.flags |= O_NONBLOCK;
  const got = transfer(from, lentPointer(), min<u32>(size, room), at, false);
  if (isNow) from.flags = flags;
  endFilling(to, page, got < 0 ? 0 : got);
  return got;
}
