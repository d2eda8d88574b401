// System calls about files and descriptors.

import {
  EACCES,
  EBADF,
  EEXIST,
  EINVAL,
  EISDIR,
  ELOOP,
  ENOENT,
  ENOMEM,
  ENOTDIR,
  EOVERFLOW,
  ERANGE,
  EROFS,
  isErrno,
} from "../../src/abi/errno";
import {
  F_DUPFD,
  F_DUPFD_CLOEXEC,
  F_GETFD,
  F_GETFL,
  F_SETFD,
  F_SETFL,
  FD_CLOEXEC,
  O_ACCMODE,
  O_APPEND,
  O_CLOEXEC,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_RDONLY,
  O_TRUNC,
  PATH_MAX,
  R_OK,
  S_IX,
  W_OK,
  X_OK,
} from "../../src/abi/files";
import { PAGE_SHIFT } from "../../src/abi/memory-map";
import { LARGEST_COUNT } from "../file/file-table";
import { Inode, rootDirectory } from "../file/inode";
import { createOpenFile, OpenFile } from "../file/open-file";
import { lastNameIsMissing } from "../file/path";
import { LARGEST_TRANSFER } from "../file/transfer";
import { TrapFrame } from "../machine/i686/trap-frame";
import { allocate, free } from "../memory/heap";
import { copyIn, copyOut, userPointer } from "../memory/user-memory";
import { currentProcess } from "../process/process";
import { preemptionPoint } from "../thread/schedule";
import { currentThread } from "../thread/thread";
import { sendStatus } from "./file-status";
import { pathArgument } from "./path-argument";

/** A vector of Linux: address and size of a buffer. */
const IOVEC_SIZE: u32 = 8;
const MOST_VECTORS: u32 = 1024;
/** What open remembers of its flags. */
const KEPT_FLAGS: u32 = O_ACCMODE | O_APPEND | O_NONBLOCK;
/** The flags that ask for more than reading what is there. */
const DEMANDS: u32 = O_ACCMODE | O_CREAT | O_TRUNC | O_DIRECTORY;

const scratch: usize = memory.data(8, 8);
const pathText: usize = memory.data(PATH_MAX, 4);

/** read(file, to, size) */
export function read(frame: TrapFrame): i32 {
  const file = fileArgument(frame.arg0);
  return file === null ? -EBADF : file.read(userPointer(frame.arg1), frame.arg2);
}

/** write(file, from, size) */
export function write(frame: TrapFrame): i32 {
  const file = fileArgument(frame.arg0);
  return file === null ? -EBADF : file.write(userPointer(frame.arg1), frame.arg2);
}

/**
 * writev(file, vectors, count): -EFAULT or -EINVAL if a vector cannot be read or has a negative
 * size, before a byte is written.
 */
export function writev(frame: TrapFrame): i32 {
  const file = fileArgument(frame.arg0);
  const count = frame.arg2;
  if (file === null) return -EBADF;
  if (count > MOST_VECTORS) return -EINVAL;
  if (count === 0) return 0;
  const vectors = allocate(count * IOVEC_SIZE);
  if (vectors === 0) return -ENOMEM;
  let result = copyIn(userPointer(frame.arg1), vectors, count * IOVEC_SIZE);
  for (let i: u32 = 0; result === 0 && i < count; i++) {
    if (load<i32>(vectors + i * IOVEC_SIZE, 4) < 0) result = -EINVAL;
  }
  if (result === 0) result = writeVectors(file, vectors, count);
  free(vectors);
  return result;
}

/** Stops at the first vector that is not written in full, and after LARGEST_TRANSFER bytes. */
function writeVectors(file: OpenFile, vectors: usize, count: u32): i32 {
  let done: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const vector = vectors + i * IOVEC_SIZE;
    const size = min<u32>(load<u32>(vector, 4), LARGEST_TRANSFER - done);
    const result = file.write(userPointer(load<u32>(vector)), size);
    if (result < 0) return done !== 0 ? <i32>done : result;
    const before = done;
    done += <u32>result;
    if (<u32>result !== size) break;
    // As within one long write: many short ones must not keep the others from running either.
    if (before >> PAGE_SHIFT !== done >> PAGE_SHIFT) preemptionPoint();
    if (currentThread.pendingSignal !== 0) break;
  }
  return <i32>done;
}

/** open(path, flags, mode) */
export function open(frame: TrapFrame): i32 {
  const flags = frame.arg1;
  // A link that leads nowhere is in the way of a new file as well.
  const isNew = (flags & (O_CREAT | O_EXCL)) === (O_CREAT | O_EXCL);
  const found = pathArgument(userPointer(frame.arg0), !isNew && (flags & O_NOFOLLOW) === 0);
  if (isErrno(<u32>found)) {
    const creates = (flags & O_CREAT) !== 0 && <i32>found === -ENOENT && lastNameIsMissing;
    return creates ? -EROFS : <i32>found;
  }
  const inode = changetype<Inode>(found);
  const refusal = openRefusal(inode, flags);
  if (refusal !== 0) return refusal;
  const file = createOpenFile(inode, inode.operations!, flags & KEPT_FLAGS);
  if (file === null) return -ENOMEM;
  const result = currentProcess().files!.add(file, 0, (flags & O_CLOEXEC) !== 0 ? FD_CLOEXEC : 0);
  if (result < 0) file.release();
  return result;
}

/** close(file) */
export function close(frame: TrapFrame): i32 {
  return currentProcess().files!.close(frame.arg0);
}

/** dup(file) */
export function dup(frame: TrapFrame): i32 {
  return duplicate(frame.arg0, 0, 0);
}

/** dup2(file, number) */
export function dup2(frame: TrapFrame): i32 {
  const file = fileArgument(frame.arg0);
  if (file === null) return -EBADF;
  if (frame.arg0 === frame.arg1) return <i32>frame.arg1;
  file.retain();
  const result = currentProcess().files!.replace(frame.arg1, file, 0);
  if (result < 0) file.release();
  return result;
}

/** fcntl64(file, command, argument) */
export function fcntl64(frame: TrapFrame): i32 {
  const file = fileArgument(frame.arg0);
  if (file === null) return -EBADF;
  const files = currentProcess().files!;
  switch (frame.arg1) {
    case F_DUPFD:
      return duplicate(frame.arg0, frame.arg2, 0);
    case F_DUPFD_CLOEXEC:
      return duplicate(frame.arg0, frame.arg2, FD_CLOEXEC);
    case F_GETFD:
      return <i32>files.flags(frame.arg0);
    case F_SETFD:
      files.setFlags(frame.arg0, frame.arg2 & FD_CLOEXEC);
      return 0;
    case F_GETFL:
      return <i32>file.flags;
    case F_SETFL:
      file.flags = (file.flags & O_ACCMODE) | (frame.arg2 & (O_APPEND | O_NONBLOCK));
      return 0;
    default:
      return -EINVAL;
  }
}

/** ioctl(file, command, argument) */
export function ioctl(frame: TrapFrame): i32 {
  const file = fileArgument(frame.arg0);
  return file === null ? -EBADF : file.ioctl(frame.arg1, frame.arg2);
}

/** lseek(file, offset, whence): -EOVERFLOW if the position does not fit 31 bits. */
export function lseek(frame: TrapFrame): i32 {
  const file = fileArgument(frame.arg0);
  if (file === null) return -EBADF;
  const before = file.position;
  const result = file.seek(<i64>(<i32>frame.arg1), frame.arg2);
  if (result !== 0) return result;
  if (file.position <= <u64>i32.MAX_VALUE) return <i32>file.position;
  file.position = before;
  return -EOVERFLOW;
}

/** _llseek(file, high, low, result, whence) */
export function llseek(frame: TrapFrame): i32 {
  const file = fileArgument(frame.arg0);
  if (file === null) return -EBADF;
  const offset = ((<u64>frame.arg1) << 32) | <u64>frame.arg2;
  const result = file.seek(<i64>offset, frame.arg4);
  if (result !== 0) return result;
  store<u64>(scratch, file.position);
  return copyOut(userPointer(frame.arg3), scratch, 8);
}

/** getdents64(file, to, size) */
export function getdents64(frame: TrapFrame): i32 {
  const file = fileArgument(frame.arg0);
  return file === null ? -EBADF : file.readDirectory(userPointer(frame.arg1), frame.arg2);
}

/** chdir(path) */
export function chdir(frame: TrapFrame): i32 {
  const found = pathArgument(userPointer(frame.arg0), true);
  if (isErrno(<u32>found)) return <i32>found;
  const inode = changetype<Inode>(found);
  if (!inode.isDirectory) return -ENOTDIR;
  currentProcess().directory = inode;
  return 0;
}

/** getcwd(to, size): bytes with the NUL, as Linux counts them. */
export function getcwd(frame: TrapFrame): i32 {
  const start = buildPath(currentProcess().directory!);
  const length = <u32>(pathText + PATH_MAX - start);
  if (length > frame.arg1) return -ERANGE;
  const result = copyOut(userPointer(frame.arg0), start, length);
  return result !== 0 ? result : <i32>length;
}

/** stat64(path, to) */
export function stat64(frame: TrapFrame): i32 {
  return statPath(frame, true);
}

/** lstat64(path, to) */
export function lstat64(frame: TrapFrame): i32 {
  return statPath(frame, false);
}

/** fstat64(file, to) */
export function fstat64(frame: TrapFrame): i32 {
  const file = fileArgument(frame.arg0);
  return file === null ? -EBADF : sendStatus(file.inode, userPointer(frame.arg1));
}

/** access(path, mode): nothing but devices can be written. */
export function access(frame: TrapFrame): i32 {
  const mode = frame.arg1;
  if ((mode & ~(R_OK | W_OK | X_OK)) !== 0) return -EINVAL;
  const found = pathArgument(userPointer(frame.arg0), true);
  if (isErrno(<u32>found)) return <i32>found;
  const inode = changetype<Inode>(found);
  if ((mode & W_OK) !== 0 && !inode.isDevice) return -EROFS;
  return (mode & X_OK) !== 0 && (inode.mode & S_IX) === 0 ? -EACCES : 0;
}

function fileArgument(descriptor: u32): OpenFile | null {
  return currentProcess().files!.get(descriptor);
}

/** Why `inode`, which exists, cannot be opened with `flags`; 0: it can. */
function openRefusal(inode: Inode, flags: u32): i32 {
  const refusal = (flags & DEMANDS) !== 0 ? demandRefusal(inode, flags) : 0;
  if (refusal !== 0) return refusal;
  if (inode.operations !== null) return 0;
  return inode.isLink ? -ELOOP : -EACCES;
}

/** The part of it that is about more than reading, in Linux's order. */
function demandRefusal(inode: Inode, flags: u32): i32 {
  const creates = (flags & O_CREAT) !== 0;
  const writes = (flags & (O_ACCMODE | O_TRUNC)) !== O_RDONLY;
  if (creates && (flags & O_EXCL) !== 0) return -EEXIST;
  if (inode.isDirectory) return creates || writes ? -EISDIR : 0;
  if ((flags & O_DIRECTORY) !== 0) return -ENOTDIR;
  return writes && !inode.isDevice && !inode.isLink ? -EROFS : 0;
}

function duplicate(descriptor: u32, lowest: u32, flags: u32): i32 {
  const file = fileArgument(descriptor);
  if (file === null) return -EBADF;
  if (lowest >= LARGEST_COUNT) return -EINVAL;
  file.retain();
  const result = currentProcess().files!.add(file, lowest, flags);
  if (result < 0) file.release();
  return result;
}

function statPath(frame: TrapFrame, follow: bool): i32 {
  const found = pathArgument(userPointer(frame.arg0), follow);
  if (isErrno(<u32>found)) return <i32>found;
  return sendStatus(changetype<Inode>(found), userPointer(frame.arg1));
}

/** The absolute path of a directory, built from the end of `pathText`; where it starts. */
function buildPath(directory: Inode): usize {
  let start = pathText + PATH_MAX - 1;
  store<u8>(start, 0);
  if (directory === rootDirectory()) store<u8>(--start, 0x2f);
  for (let at = directory; at !== rootDirectory(); at = at.parent!) {
    if (<u32>(start - pathText) < at.nameLength + 1) break;
    start -= at.nameLength;
    memory.copy(start, at.name, at.nameLength);
    store<u8>(--start, 0x2f);
  }
  return start;
}
