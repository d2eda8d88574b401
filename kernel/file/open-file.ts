// An open file: what open() makes, and what descriptors of several processes may share.
//
// What happens when it is read or written depends on the kind of file: the calls here go through
// the record of function indices that its inode has (inode.ts).
//
// Invariants
//   - An open file is freed when the last descriptor or mapping that refers to it is gone.
//   - It holds a reference of its name and of its inode; what has no name (a pipe) has no entry.
//   - `inode.writers` counts the open files that may write a regular file. A program that runs
//     makes it negative: no file is written and executed at once (ETXTBSY).

import { EBADF, EINVAL, ENOMEM, ESPIPE, ETXTBSY } from "../../src/abi/errno";
import {
  O_ACCMODE,
  O_APPEND,
  O_PATH,
  O_RDONLY,
  O_WRONLY,
  SEEK_CUR,
  SEEK_END,
  SEEK_SET,
} from "../../src/abi/files";
import { POLLIN, POLLNVAL, POLLOUT, POLLRDNORM, POLLWRNORM } from "../../src/abi/poll";
import { allocate, free } from "../memory/heap";
import { UserPointer } from "../memory/user-memory";
import { DirectoryEntry } from "./directory-entry";
import { FileOperations, Inode } from "./inode";
import { countWriter } from "./mount";

const ALWAYS_READY: u32 = POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM;
/** What O_PATH leaves: nothing can be done with the file but to name it. */
const pathOperations = changetype<FileOperations>(memory.data(offsetof<FileOperations>(), 4));

@unmanaged
export class OpenFile {
  references: u32 = 0;
  /** As given to open: the access mode, O_APPEND, O_NONBLOCK, … */
  flags: u32 = 0;
  inode: Inode = changetype<Inode>(0);
  entry: DirectoryEntry | null = null;
  operations: FileOperations = changetype<FileOperations>(0);
  /** What its operations need for this one. */
  data: usize = 0;
  /** Where the next read or write happens. */
  position: u64 = 0;
  /** The first of those who want to know when something happens to it (epoll), or 0. */
  interests: usize = 0;

  get mayRead(): bool {
    return (this.flags & O_ACCMODE) !== O_WRONLY;
  }

  get mayWrite(): bool {
    return (this.flags & O_ACCMODE) !== O_RDONLY;
  }

  /** Whether every write goes to the end. */
  get appends(): bool {
    return (this.flags & O_APPEND) !== 0;
  }

  retain(): void {
    this.references++;
  }

  /** One descriptor fewer refers to the file. */
  release(): void {
    this.references--;
    if (this.references === 0) this.close();
  }

  private close(): void {
    const inode = this.inode;
    if (this.interests !== 0) call_indirect<void>(interestHandler, this);
    giveBackLocks(inode, changetype<usize>(this));
    const close = this.operations.release;
    if (close !== 0) call_indirect<void>(close, this);
    const entry = this.entry;
    if (inode.isRegular && this.mayWrite) {
      inode.writers--;
      countWriter(entry, -1);
    }
    if (entry !== null) entry.release();
    inode.release();
    free(changetype<usize>(this));
  }

  /** At the position, which moves on; where there is none, at 0. */
  read(to: UserPointer, size: u32): i32 {
    "inline";
    if (!this.operations.seekable) return this.readAt(to, size, 0);
    const count = this.readAt(to, size, this.position);
    if (count > 0) this.position += <u64>count;
    return count;
  }

  readAt(to: UserPointer, size: u32, position: u64): i32 {
    if (!this.mayRead) return -EBADF;
    return call_indirect<i32>(this.operations.read, this, to, size, position);
  }

  /** At the position, or at the end if the file was opened for that; the position moves on. */
  write(from: UserPointer, size: u32): i32 {
    if (!this.operations.seekable) return this.writeAt(from, size, 0);
    const position = this.appends ? this.inode.size : this.position;
    const count = this.writeAt(from, size, position);
    if (count > 0) this.position = position + <u64>count;
    return count;
  }

  writeAt(from: UserPointer, size: u32, position: u64): i32 {
    if (!this.mayWrite) return -EBADF;
    return call_indirect<i32>(this.operations.write, this, from, size, position);
  }

  ioctl(command: u32, argument: u32): i32 {
    return call_indirect<i32>(this.operations.ioctl, this, command, argument);
  }

  /** POLLIN, …: what can be done without waiting. A file that never makes one wait has no poll. */
  poll(): u32 {
    const poll = this.operations.poll;
    return poll === 0 ? ALWAYS_READY : call_indirect<u32>(poll, this);
  }

  /** Whoever collects queues waits in those that are woken when poll() may say something else. */
  enterQueues(): void {
    const queues = this.operations.queues;
    if (queues !== 0) call_indirect<void>(queues, this);
  }

  readDirectory(to: UserPointer, size: u32): i32 {
    return call_indirect<i32>(this.operations.readDirectory, this, to, size);
  }

  /** The position `offset` bytes from `whence`, for who sets it; or -EBADF, -EINVAL or -ESPIPE. */
  target(offset: i64, whence: u32): i64 {
    if ((this.flags & O_PATH) !== 0) return -EBADF;
    if (!this.operations.seekable) return this.operations.ignoresPosition ? 0 : -ESPIPE;
    let target = offset;
    if (whence !== SEEK_SET) {
      if (whence === SEEK_CUR) target += <i64>this.position;
      else if (whence === SEEK_END) target += <i64>this.inode.size;
      else return -EINVAL;
    }
    // Both are below 2^63, so a sum that wraps is negative.
    if (target < 0) return -EINVAL;
    return target;
  }
}

/** Function index of (file): void, which ends the interests in a file that is closed. */
let interestHandler: u32 = 0;

/** From now on the function of index `index` ends them. */
export function onInterestingClose(index: u32): void {
  interestHandler = index;
}

/** Function index of (inode, owner): void, which gives back the locks of an owner. */
let lockHandler: u32 = 0;

/** From now on the function of index `index` does that. */
export function onLockedClose(index: u32): void {
  lockHandler = index;
}

/** A descriptor in `table` is closed: its process has no locks of the file any more. */
export function closeLocked(file: OpenFile, table: usize): void {
  giveBackLocks(file.inode, table);
}

function giveBackLocks(inode: Inode, owner: usize): void {
  if (inode.locks !== 0) call_indirect<void>(lockHandler, inode, owner);
}

/** Fills the record of operations of O_PATH and returns it. */
function refusePath(): FileOperations {
  pathOperations.read = refuseTransfer.index;
  pathOperations.write = refuseTransfer.index;
  pathOperations.ioctl = refuse.index;
  pathOperations.readDirectory = refuse.index;
  pathOperations.poll = pollPath.index;
  return pathOperations;
}

function refuseTransfer(_file: OpenFile, _buffer: UserPointer, _size: u32, _at: u64): i32 {
  return -EBADF;
}

function pollPath(_file: OpenFile): u32 {
  return POLLNVAL;
}

function refuse(_file: OpenFile, _first: u32, _second: u32): i32 {
  return -EBADF;
}

/**
 * An open file of `inode`, whose reference stays with the caller (a second one is taken, and one of
 * `entry` if there is one): its address, with one reference, or -errno: see isErrno.
 */
export function openFile(entry: DirectoryEntry | null, inode: Inode, flags: u32): usize {
  const record = allocateOpenFile();
  return record === 0 ? -ENOMEM : openRecord(record, entry, inode, flags);
}

/** Memory for what openRecord() opens, for those who change something in between; or 0. */
export function allocateOpenFile(): usize {
  return allocate(offsetof<OpenFile>());
}

/** As openFile(), in memory that is there already, and is freed if there is an errno instead. */
export function openRecord(
  at: usize,
  entry: DirectoryEntry | null,
  inode: Inode,
  flags: u32,
): usize {
  const file = changetype<OpenFile>(at);
  const writes = inode.isRegular && (flags & O_ACCMODE) !== O_RDONLY;
  if (writes && inode.writers < 0) {
    free(at);
    return -ETXTBSY;
  }
  file.references = 1;
  file.flags = flags;
  file.inode = inode;
  file.operations = (flags & O_PATH) !== 0 ? refusePath() : inode.operations!;
  const open = file.operations.open;
  const result = open === 0 ? 0 : call_indirect<i32>(open, file);
  if (result !== 0) {
    free(at);
    return result;
  }
  inode.retain();
  if (writes) {
    inode.writers++;
    countWriter(entry, 1);
  }
  file.entry = entry;
  if (entry !== null) entry.retain();
  return at;
}
