// What a file is, whatever its names are.
//
//   DirectoryEntry -> Inode <- OpenFile        a name, the file, an open file of it
//   DirectoryEntry -^   |
//                       +-> MemoryObject       the pages of a regular file
//
// Names are apart (directory-entry.ts): a file may have several, or none while it is still open.
// Whoever points at an inode holds a reference of it; the last one that goes frees the inode and
// what it holds.
//
// What happens when a file is read or written depends on its kind. A kind of file is a record of
// function indices; open-file.ts calls them, with the open file as their first argument:
//
//   open             (file): i32                          0 or -errno; before anything else
//   release          (file): void                         the last descriptor of it is closed
//   read, write      (file, user address, size, position): i32       bytes, or -errno
//   ioctl            (file, command, argument): i32
//   readDirectory    (file, user address, size): i32      getdents64
//   poll             (file): u32                          POLLIN, …: what can be done at once
//   queues           (file): void                         says by pollWait() where to wait for more
//
// and for links that do not lead where a text says (those of /proc):
//
//   follow           (entry): usize                       the entry they lead to, or -errno
//   readLink         (entry, address, size): i32          the text, cut off at `size` bytes

import {
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  S_IFSOCK,
} from "../../src/abi/files";
import { currentTime } from "../device/clock";
import { allocate, free } from "../memory/heap";
import { MemoryObject } from "../memory/memory-object";
import { FileSystem } from "./file-system";

@unmanaged
export class FileOperations {
  open: u32 = 0;
  release: u32 = 0;
  read: u32 = 0;
  write: u32 = 0;
  ioctl: u32 = 0;
  readDirectory: u32 = 0;
  poll: u32 = 0;
  queues: u32 = 0;
  follow: u32 = 0;
  readLink: u32 = 0;
  /** Whether there is a position to move. */
  seekable: bool = false;
  /** Whether every position is the same: a seek succeeds and does nothing. */
  ignoresPosition: bool = false;
}

@unmanaged
export class Inode {
  references: u32 = 0;
  /** How many names there are; a directory counts itself and its subdirectories as well. */
  links: u32 = 0;
  /** What Linux calls the inode number. */
  number: u32 = 0;
  /** S_IF... and permissions. */
  mode: u32 = 0;
  owner: u32 = 0;
  group: u32 = 0;
  /** A device file: major << 8 | minor. */
  device: u32 = 0;
  /** As currentTime() says: of the last read, the last write, the last change of this record. */
  accessed: u64 = 0;
  modified: u64 = 0;
  changed: u64 = 0;
  fileSystem: FileSystem = changetype<FileSystem>(0);
  /** What open files of it do; null for what cannot be opened. */
  operations: FileOperations | null = null;
  /** The contents of a regular file. */
  object: MemoryObject | null = null;
  /**
   * A symbolic link: the address of its text, which the inode owns, NUL-terminated. Otherwise what
   * its operations need.
   */
  data: usize = 0;
  /** Bytes of a link's text. */
  textLength: u32 = 0;
  /** The first of its locks: file-lock.ts. */
  locks: usize = 0;
  /** How many open files may write it, or, negative, how many processes run from it. */
  writers: i32 = 0;
  /** It was made without a name, and may get one (O_TMPFILE). */
  mayGetName: bool = false;

  isType(type: u32): bool {
    return (this.mode & S_IFMT) === type;
  }

  get isDirectory(): bool {
    return this.isType(S_IFDIR);
  }

  get isRegular(): bool {
    return this.isType(S_IFREG);
  }

  get isLink(): bool {
    return this.isType(S_IFLNK);
  }

  get isFifo(): bool {
    return this.isType(S_IFIFO);
  }

  get isSocket(): bool {
    return this.isType(S_IFSOCK);
  }

  get isDevice(): bool {
    return this.isType(S_IFCHR) || this.isType(S_IFBLK);
  }

  /** Bytes: of the contents, or of a link's text. */
  get size(): u64 {
    const object = this.object;
    return object !== null ? object.size : <u64>this.textLength;
  }

  retain(): void {
    this.references++;
  }

  /** One reference fewer; the last one frees the inode. */
  release(): void {
    this.references--;
    if (this.references !== 0) return;
    const object = this.object;
    if (object !== null) object.release();
    if (this.isLink && this.fileSystem.lookup === 0) free(this.data);
    const fileSystem = this.fileSystem;
    free(changetype<usize>(this));
    fileSystem.inodes--;
    // What can make files is a record of its own. They may outlive the tree: a socket knows its
    // name's.
    if (fileSystem.inodes === 0 && fileSystem.create !== 0) free(changetype<usize>(fileSystem));
  }

  /** The contents have changed just now. */
  noteModified(): void {
    const now = currentTime();
    this.modified = now;
    this.changed = now;
  }
}

let lastNumber: u32 = 0;

/**
 * An inode of that file system with one reference and no name, or null when out of memory. A file
 * system that keeps more of its own says how large its record is.
 */
export function createInode(
  fileSystem: FileSystem,
  mode: u32,
  size: u32 = <u32>offsetof<Inode>(),
): Inode | null {
  const inode = changetype<Inode | null>(allocate(size));
  if (inode === null) return null;
  const now = currentTime();
  inode.references = 1;
  inode.number = ++lastNumber;
  inode.mode = mode;
  inode.accessed = now;
  inode.modified = now;
  inode.changed = now;
  inode.fileSystem = fileSystem;
  fileSystem.inodes++;
  return inode;
}

/**
 * Gives a symbolic link its text: a copy of `length` bytes. False when out of memory. Not for file
 * systems that are made by looking, whose inodes go while their links are followed: there a text
 * stays where it is, and is not freed.
 */
export function setLinkText(inode: Inode, text: usize, length: u32): bool {
  const copy = allocate(length + 1);
  if (copy === 0) return false;
  memory.copy(copy, text, length);
  inode.data = copy;
  inode.textLength = length;
  return true;
}
