// The tree of files: names, and the files that they name.
//
//   root -> child -> child -> null            linked by next, in the order of the archive
//             |
//           child ...
//
// The tree is made at boot (boot/mount-root.ts, boot/device-files.ts) and never changes, so nothing
// is counted or locked. Names and contents are not copied: they lie in the archive.
//
// What a file does when it is read or written depends on its kind. A kind of file is a record of
// function indices; open-file.ts calls them, with the open file as their first argument:
//
//   read, write      (file, user address, size): i32      bytes, or -errno
//   ioctl            (file, command, argument): i32
//   readDirectory    (file, user address, size): i32      getdents64

import { S_IFCHR, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from "../../src/abi/files";
import { allocate } from "../memory/heap";

@unmanaged
export class FileOperations {
  read: u32 = 0;
  write: u32 = 0;
  ioctl: u32 = 0;
  readDirectory: u32 = 0;
  /** Whether there is a position to move. */
  seekable: bool = false;
}

@unmanaged
export class Inode {
  /** The directory that it is in; the root is in itself. */
  parent: Inode | null = null;
  next: Inode | null = null;
  firstChild: Inode | null = null;
  lastChild: Inode | null = null;
  /** Another inode in the same place of the index: see initramfs/name-index.ts. */
  sameHash: Inode | null = null;
  /** Not NUL-terminated. */
  name: usize = 0;
  nameLength: u32 = 0;
  /** What Linux calls the inode number. */
  number: u32 = 0;
  /** S_IF... and permissions. */
  mode: u32 = 0;
  /** Seconds since 1970. */
  modified: u32 = 0;
  /** The address of the contents; for a device what its operations need. */
  data: usize = 0;
  size: u32 = 0;
  /** What open files of it do. */
  operations: FileOperations | null = null;
  /** A device: major << 8 | minor. */
  device: u32 = 0;

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

  get isDevice(): bool {
    return this.isType(S_IFCHR);
  }

  isNamed(name: usize, length: u32): bool {
    return this.nameLength === length && isEqual(this.name, name, length);
  }

  /** The child of that name, or null. */
  find(name: usize, length: u32): Inode | null {
    let child = this.firstChild;
    while (child !== null) {
      if (child.isNamed(name, length)) return child;
      child = child.next;
    }
    return null;
  }

  /** Adds `child` after the others. */
  add(child: Inode): void {
    const last = this.lastChild;
    child.parent = this;
    child.next = null;
    if (last === null) this.firstChild = child;
    else last.next = child;
    this.lastChild = child;
  }
}

let root: Inode | null = null;
let lastNumber: u32 = 0;

/** The root directory. It exists from the start of the file system on. */
export function rootDirectory(): Inode {
  return root!;
}

/** Makes the root directory, or nothing when out of memory. */
export function createRoot(): Inode | null {
  const inode = createInode(S_IFDIR | 0o755, 0, 0);
  if (inode !== null) inode.parent = inode;
  root = inode;
  return inode;
}

/** An inode in no directory, or null when out of memory. `name` must stay where it is. */
export function createInode(mode: u32, name: usize, nameLength: u32): Inode | null {
  const inode = changetype<Inode | null>(allocate(offsetof<Inode>()));
  if (inode === null) return null;
  inode.mode = mode;
  inode.name = name;
  inode.nameLength = nameLength;
  inode.number = ++lastNumber;
  return inode;
}

function isEqual(a: usize, b: usize, length: u32): bool {
  for (let i: u32 = 0; i < length; i++) {
    if (load<u8>(a + i) !== load<u8>(b + i)) return false;
  }
  return true;
}
