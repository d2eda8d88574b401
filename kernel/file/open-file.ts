// An open file: what open() makes, and what descriptors of several processes may share.
//
// What happens when it is read or written depends on the kind of file: the calls here go through
// the record of function indices that its inode has (inode.ts).
//
// Invariant: an open file is freed when the last descriptor that refers to it is closed.

import { EBADF, EINVAL, ESPIPE } from "../../src/abi/errno";
import { O_ACCMODE, O_RDONLY, O_WRONLY, SEEK_CUR, SEEK_END, SEEK_SET } from "../../src/abi/files";
import { allocate, free } from "../memory/heap";
import { UserPointer } from "../memory/user-memory";
import { FileOperations, Inode } from "./inode";

@unmanaged
export class OpenFile {
  references: u32 = 0;
  /** As given to open: the access mode, O_APPEND, O_NONBLOCK. */
  flags: u32 = 0;
  inode: Inode = changetype<Inode>(0);
  operations: FileOperations = changetype<FileOperations>(0);
  /** Where the next read or write happens. */
  position: u64 = 0;

  retain(): void {
    this.references++;
  }

  /** One descriptor fewer refers to the file. */
  release(): void {
    this.references--;
    if (this.references === 0) free(changetype<usize>(this));
  }

  read(to: UserPointer, size: u32): i32 {
    if ((this.flags & O_ACCMODE) === O_WRONLY) return -EBADF;
    return call_indirect<i32>(this.operations.read, this, to, size);
  }

  write(from: UserPointer, size: u32): i32 {
    if ((this.flags & O_ACCMODE) === O_RDONLY) return -EBADF;
    return call_indirect<i32>(this.operations.write, this, from, size);
  }

  ioctl(command: u32, argument: u32): i32 {
    return call_indirect<i32>(this.operations.ioctl, this, command, argument);
  }

  readDirectory(to: UserPointer, size: u32): i32 {
    return call_indirect<i32>(this.operations.readDirectory, this, to, size);
  }

  /** Moves the position to `offset` from `whence`. 0, -EINVAL or -ESPIPE. */
  seek(offset: i64, whence: u32): i32 {
    if (!this.operations.seekable) return -ESPIPE;
    let base: i64 = 0;
    if (whence === SEEK_CUR) base = <i64>this.position;
    else if (whence === SEEK_END) base = <i64>this.inode.size;
    else if (whence !== SEEK_SET) return -EINVAL;
    const target = base + offset;
    // Both are below 2^63, so a sum that wraps is negative.
    if (target < 0) return -EINVAL;
    this.position = <u64>target;
    return 0;
  }
}

/** An open file with one reference, or null when out of memory. */
export function createOpenFile(
  inode: Inode,
  operations: FileOperations,
  flags: u32,
): OpenFile | null {
  const file = changetype<OpenFile | null>(allocate(offsetof<OpenFile>()));
  if (file === null) return null;
  file.references = 1;
  file.flags = flags;
  file.inode = inode;
  file.operations = operations;
  return file;
}
