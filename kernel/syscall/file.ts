// System calls about what is in an open file: reading, writing, moving the position, the size.
//
// 64-bit arguments come as two words, the low one first.

import {
  EBADF,
  EFAULT,
  EFBIG,
  EINVAL,
  EISDIR,
  ENODEV,
  ENOMEM,
  EOPNOTSUPP,
  EOVERFLOW,
  EPERM,
  ESPIPE,
  ETXTBSY,
  isErrno,
} from "../../src/abi/errno";
import {
  AT_FDCWD,
  F_SEAL_FUTURE_WRITE,
  F_SEAL_GROW,
  F_SEAL_SHRINK,
  F_SEAL_WRITE,
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  FALLOC_FL_ZERO_RANGE,
  FD_CLOEXEC,
  FIOCLEX,
  FIONBIO,
  FIONCLEX,
  O_NONBLOCK,
  O_PATH,
  W_OK,
} from "../../src/abi/files";
import { PAGE_SHIFT } from "../../src/abi/memory-map";
import { preemptHolding } from "../file/held-file";
import { Inode } from "../file/inode";
import { OpenFile } from "../file/open-file";
import { accessRefusal } from "../file/permission";
import { LARGEST_TRANSFER } from "../file/transfer";
import { TrapFrame } from "../machine/i686/trap-frame";
import { allocate, free } from "../memory/heap";
import { LARGEST_OBJECT } from "../memory/memory-object";
import { copyIn, copyOut, readWord, UserPointer, userPointer } from "../memory/user-memory";
import { currentFiles } from "../process/thread-files";
import { currentThread } from "../thread/thread";
import { fileArgument, usableFile } from "./descriptor";

import { isSizeLimited, limitedWrite, limitedWriteAt, sizeRefusal } from "./file-size";

import { lockWhole } from "./lock";

import { inodeAt } from "./path-argument";

/** A vector of Linux: address and size of a buffer. */
const IOVEC_SIZE: u32 = 8;
const MOST_VECTORS: u32 = 1024;
/** preadv2(2): at the position of the open file. */
export const AT_POSITION: u64 = u64.MAX_VALUE;
/** What fallocate does. */
const KNOWN_ALLOCATIONS: u32 = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE;
/** To wait before, to write, to wait after. */
const SYNC_FILE_RANGE_FLAGS: u32 = 7;
/** The last of the kinds of advice. */
const POSIX_FADV_NOREUSE: u32 = 5;

const scratch: usize = memory.data(8, 8);

/** read(file, to, size) */
export function read(frame: TrapFrame): i32 {
  const file = fileArgument(frame.arg0);
  return file === null ? -EBADF : file.read(userPointer(frame.arg1), frame.arg2);
}

/** write(file, from, size) */
export function write(frame: TrapFrame): i32 {
  const file = fileArgument(frame.arg0);
  if (file === null) return -EBADF;
  if (isSizeLimited()) return limitedWrite(file, userPointer(frame.arg1), frame.arg2);
  return file.write(userPointer(frame.arg1), frame.arg2);
}

/** pread64(file, to, size, position) */
export function pread64(frame: TrapFrame): i32 {
  const file = fileArgument(frame.arg0);
  const refusal = positionRefusal(file, frame.arg4);
  if (refusal !== 0) return refusal;
  return file!.readAt(userPointer(frame.arg1), frame.arg2, wide(frame.arg3, frame.arg4));
}

/** pwrite64(file, from, size, position) */
export function pwrite64(frame: TrapFrame): i32 {
  const file = fileArgument(frame.arg0);
  const refusal = positionRefusal(file, frame.arg4);
  if (refusal !== 0) return refusal;
  // As on Linux, O_APPEND wins over the position.
  const position = file!.appends ? file!.inode.size : wide(frame.arg3, frame.arg4);
  const from = userPointer(frame.arg1);
  if (isSizeLimited()) return limitedWriteAt(file!, from, frame.arg2, position);
  return file!.writeAt(from, frame.arg2, position);
}

/** readv(file, vectors, count) */
export function readv(frame: TrapFrame): i32 {
  return transferVectors(frame, AT_POSITION, false);
}

/**
 * writev(file, vectors, count): -EFAULT or -EINVAL if a vector cannot be read or has a negative
 * size, before a byte is written.
 */
export function writev(frame: TrapFrame): i32 {
  return transferVectors(frame, AT_POSITION, true);
}

/** preadv(file, vectors, count, position) */
export function preadv(frame: TrapFrame): i32 {
  const refusal = positionRefusal(fileArgument(frame.arg0), frame.arg4);
  if (refusal !== 0) return refusal;
  return transferVectors(frame, wide(frame.arg3, frame.arg4), false);
}

/** pwritev(file, vectors, count, position) */
export function pwritev(frame: TrapFrame): i32 {
  const refusal = positionRefusal(fileArgument(frame.arg0), frame.arg4);
  if (refusal !== 0) return refusal;
  return transferVectors(frame, wide(frame.arg3, frame.arg4), true);
}

/** preadv2(file, vectors, count, position, flags): position -1 is the file's own. */
export function preadv2(frame: TrapFrame): i32 {
  if (frame.arg5 !== 0) return fileArgument(frame.arg0) === null ? -EBADF : -EOPNOTSUPP;
  return (frame.arg3 & frame.arg4) === 0xffffffff ? readv(frame) : preadv(frame);
}

/** pwritev2(file, vectors, count, position, flags): position -1 is the file's own. */
export function pwritev2(frame: TrapFrame): i32 {
  if (frame.arg5 !== 0) return fileArgument(frame.arg0) === null ? -EBADF : -EOPNOTSUPP;
  return (frame.arg3 & frame.arg4) === 0xffffffff ? writev(frame) : pwritev(frame);
}

export function transferVectors(frame: TrapFrame, position: u64, writes: bool): i32 {
  const file = fileArgument(frame.arg0);
  const count = frame.arg2;
  if (file === null || !(writes ? file.mayWrite : file.mayRead)) return -EBADF;
  if (count > MOST_VECTORS) return -EINVAL;
  if (count === 0) return 0;
  const vectors = allocate(count * IOVEC_SIZE);
  if (vectors === 0) return -ENOMEM;
  let result = copyIn(userPointer(frame.arg1), vectors, count * IOVEC_SIZE);
  for (let i: u32 = 0; result === 0 && i < count; i++) {
    if (load<i32>(vectors + i * IOVEC_SIZE, 4) < 0) result = -EINVAL;
  }
  if (result === 0) result = transferEach(file, vectors, count, position, writes);
  free(vectors);
  return result;
}

/** Stops at the first vector that is not done in full, and after LARGEST_TRANSFER bytes. */
function transferEach(
  file: OpenFile,
  vectors: usize,
  count: u32,
  position: u64,
  writes: bool,
): i32 {
  let done: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const vector = vectors + i * IOVEC_SIZE;
    const size = min<u32>(load<u32>(vector, 4), LARGEST_TRANSFER - done);
    const at = position === AT_POSITION ? AT_POSITION : position + done;
    const result = transfer(file, userPointer(load<u32>(vector)), size, at, writes);
    if (result < 0) return done !== 0 ? <i32>done : result;
    const before = done;
    done += <u32>result;
    if (<u32>result !== size) break;
    // As within one long write: many short ones must not keep the others from running either.
    if (before >> PAGE_SHIFT !== done >> PAGE_SHIFT) preemptHolding(file);
    if (currentThread.pendingSignal !== 0) break;
  }
  return <i32>done;
}

/** Reads or writes, at a position or at the file's own; within the limit of sizes. */
export function transfer(
  file: OpenFile,
  buffer: UserPointer,
  size: u32,
  position: u64,
  writes: bool,
): i32 {
  if (writes && isSizeLimited()) {
    if (position === AT_POSITION) return limitedWrite(file, buffer, size);
    return limitedWriteAt(file, buffer, size, position);
  }
  if (position === AT_POSITION) return writes ? file.write(buffer, size) : file.read(buffer, size);
  return writes ? file.writeAt(buffer, size, position) : file.readAt(buffer, size, position);
}

/** flock(file, operation) */
export function flock(frame: TrapFrame): i32 {
  return lockWhole(fileArgument(frame.arg0), frame.arg1);
}

/** ioctl(file, command, argument) */
export function ioctl(frame: TrapFrame): i32 {
  const file = fileArgument(frame.arg0);
  if (file === null) return -EBADF;
  if (isForAnyFile(frame.arg1) && (file.flags & O_PATH) === 0) return controlAnyFile(frame, file);
  return file.ioctl(frame.arg1, frame.arg2);
}

function isForAnyFile(command: u32): bool {
  return command === FIOCLEX || command === FIONCLEX || command === FIONBIO;
}

/** What does not depend on the kind of file: fcntl can do the same. */
function controlAnyFile(frame: TrapFrame, file: OpenFile): i32 {
  if (frame.arg1 !== FIONBIO) {
    currentFiles().setFlags(frame.arg0, frame.arg1 === FIOCLEX ? FD_CLOEXEC : 0);
    return 0;
  }
  if (readWord(userPointer(frame.arg2), scratch) !== 0) return -EFAULT;
  file.flags = load<u32>(scratch) !== 0 ? file.flags | O_NONBLOCK : file.flags & ~O_NONBLOCK;
  return 0;
}

/** lseek(file, offset, whence): -EOVERFLOW if the position does not fit 31 bits. */
export function lseek(frame: TrapFrame): i32 {
  const file = fileArgument(frame.arg0);
  if (file === null) return -EBADF;
  const target = file.target(<i64>(<i32>frame.arg1), frame.arg2);
  if (target < 0) return <i32>target;
  if (target > <i64>i32.MAX_VALUE) return -EOVERFLOW;
  file.position = <u64>target;
  return <i32>target;
}

/** _llseek(file, high, low, result, whence) */
export function llseek(frame: TrapFrame): i32 {
  const file = fileArgument(frame.arg0);
  if (file === null) return -EBADF;
  const offset = ((<u64>frame.arg1) << 32) | <u64>frame.arg2;
  const target = file.target(<i64>offset, frame.arg4);
  if (target < 0) return <i32>target;
  file.position = <u64>target;
  store<u64>(scratch, target);
  return copyOut(userPointer(frame.arg3), scratch, 8);
}

/** truncate64(path, size) */
export function truncate64(frame: TrapFrame): i32 {
  return truncatePath(userPointer(frame.arg0), wide(frame.arg1, frame.arg2));
}

/** truncate(path, size) */
export function truncate(frame: TrapFrame): i32 {
  return truncatePath(userPointer(frame.arg0), <u64>(<i64>(<i32>frame.arg1)));
}

/** ftruncate64(file, size) */
export function ftruncate64(frame: TrapFrame): i32 {
  return truncateFile(frame.arg0, wide(frame.arg1, frame.arg2));
}

/** ftruncate(file, size) */
export function ftruncate(frame: TrapFrame): i32 {
  return truncateFile(frame.arg0, <u64>(<i64>(<i32>frame.arg1)));
}

/** fallocate(file, mode, offset, size): room is given when it is written to. */
export function fallocate(frame: TrapFrame): i32 {
  const file = fileArgument(frame.arg0);
  const offset = wide(frame.arg2, frame.arg3);
  const size = wide(frame.arg4, frame.arg5);
  if (file === null || !file.mayWrite) return -EBADF;
  if (<i64>offset < 0 || <i64>size <= 0) return -EINVAL;
  const mode = frame.arg1;
  if ((mode & ~KNOWN_ALLOCATIONS) !== 0) return -EOPNOTSUPP;
  const isHole = (mode & FALLOC_FL_PUNCH_HOLE) !== 0;
  if (isHole && mode !== (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)) return -EOPNOTSUPP;
  if (file.inode.isFifo) return -ESPIPE;
  const object = file.inode.object;
  if (object === null) return -ENODEV;
  if (offset + size > LARGEST_OBJECT) return -EFBIG;
  const isCleared = (mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)) !== 0;
  if (isCleared && (object.seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) !== 0) return -EPERM;
  const grows = (mode & FALLOC_FL_KEEP_SIZE) === 0 && offset + size > object.size;
  if (grows && (object.seals & F_SEAL_GROW) !== 0) return -EPERM;
  const refusal = grows ? sizeRefusal(offset + size) : 0;
  if (refusal !== 0) return refusal;
  if (isCleared) {
    object.zero(offset, offset + size);
    file.inode.noteModified();
  }
  if (!grows) return 0;
  object.size = offset + size;
  file.inode.noteModified();
  return 0;
}

/** fsync(file), fdatasync(file): what is written is where it will stay, of files that keep it. */
export function fsync(frame: TrapFrame): i32 {
  const file = usableFile(frame.arg0);
  if (file === null) return -EBADF;
  return file.inode.isRegular || file.inode.isDirectory ? 0 : -EINVAL;
}

/** syncfs(file): of any file. */
export function syncfs(frame: TrapFrame): i32 {
  return usableFile(frame.arg0) === null ? -EBADF : 0;
}

/** sync_file_range(file, offset, size, flags): as fsync, of a range. */
export function syncFileRange(frame: TrapFrame): i32 {
  const file = usableFile(frame.arg0);
  if (file === null) return -EBADF;
  const offset = <i64>wide(frame.arg1, frame.arg2);
  const end = offset + <i64>wide(frame.arg3, frame.arg4);
  if ((frame.arg5 & ~SYNC_FILE_RANGE_FLAGS) !== 0 || offset < 0 || end < offset) return -EINVAL;
  return file.inode.isRegular || file.inode.isDirectory ? 0 : -ESPIPE;
}

/** readahead(file, offset, size): files are in memory as it is. */
export function readahead(frame: TrapFrame): i32 {
  const file = usableFile(frame.arg0);
  if (file === null || !file.mayRead) return -EBADF;
  return file.inode.isRegular ? 0 : -EINVAL;
}

/** sync() */
export function sync(_frame: TrapFrame): i32 {
  return 0;
}

/** fadvise64(file, offset, size, advice): advice that memory does not need, for any size. */
export function fadvise64(frame: TrapFrame): i32 {
  return advise(frame.arg0, 0, frame.arg4);
}

/** fadvise64_64(file, offset, size, advice): the same, with a size of 64 bits and a sign. */
export function fadvise64Long(frame: TrapFrame): i32 {
  return advise(frame.arg0, frame.arg4, frame.arg5);
}

/** @param high the word of the size that has its sign */
function advise(descriptor: u32, high: u32, advice: u32): i32 {
  const file = usableFile(descriptor);
  if (file === null) return -EBADF;
  if (file.inode.isFifo) return -ESPIPE;
  return <i32>high < 0 || advice > POSIX_FADV_NOREUSE ? -EINVAL : 0;
}

/** Why the file cannot be read or written at a position with that high word; 0: it can. */
function positionRefusal(file: OpenFile | null, high: u32): i32 {
  if (<i32>high < 0) return -EINVAL;
  if (file === null) return -EBADF;
  const operations = file.operations;
  return operations.seekable || operations.ignoresPosition ? 0 : -ESPIPE;
}

function truncatePath(path: UserPointer, size: u64): i32 {
  if (<i64>size < 0) return -EINVAL;
  const found = inodeAt(AT_FDCWD, path, 0);
  if (isErrno(<u32>found)) return <i32>found;
  const inode = changetype<Inode>(found);
  let result: i32 = inode.isDirectory ? -EISDIR : inode.isRegular ? 0 : -EINVAL;
  if (result === 0) result = accessRefusal(inode, W_OK);
  if (result === 0 && inode.writers < 0) result = -ETXTBSY;
  if (result === 0) result = setSize(inode, size);
  inode.release();
  return result;
}

function truncateFile(descriptor: u32, size: u64): i32 {
  const file = usableFile(descriptor);
  if (<i64>size < 0) return -EINVAL;
  if (file === null) return -EBADF;
  if (!file.mayWrite || !file.inode.isRegular) return -EINVAL;
  return setSize(file.inode, size);
}

function setSize(inode: Inode, size: u64): i32 {
  if (size > LARGEST_OBJECT) return -EFBIG;
  const object = inode.object;
  if (object === null) return 0;
  const seal = size < object.size ? F_SEAL_SHRINK : size > object.size ? F_SEAL_GROW : 0;
  if ((object.seals & seal) !== 0) return -EPERM;
  const refusal = sizeRefusal(size);
  if (refusal !== 0) return refusal;
  object.truncate(size);
  inode.noteModified();
  return 0;
}

export function wide(low: u32, high: u32): u64 {
  return ((<u64>high) << 32) | <u64>low;
}
