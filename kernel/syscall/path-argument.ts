// A path that a user gives: copied in once, then resolved.
//
// The calls whose name ends in `at` take a directory's descriptor, or AT_FDCWD, beside the path.

import { EACCES, EBADF, EINVAL, ENOTDIR, isErrno } from "../../src/abi/errno";
import { AT_EMPTY_PATH, AT_FDCWD, AT_SYMLINK_NOFOLLOW, PATH_MAX } from "../../src/abi/files";
import { DirectoryEntry } from "../file/directory-entry";
import { Inode } from "../file/inode";
import { noteSeen } from "../file/mount";
import { PathEnd, resolvePath } from "../file/path";
import { copyInString, UserPointer } from "../memory/user-memory";
import { currentContext, currentFiles } from "../process/thread-files";

const SLASH: u32 = 0x2f;

/** The paths that were copied in last. No thread blocks while they are in use. */
export const userPath: usize = memory.data(PATH_MAX, 4);
const secondPath: usize = memory.data(PATH_MAX, 4);

/**
 * The entry that the user's string at `pointer` leads to, seen from the current directory: its
 * address, retained, or -errno (see isErrno).
 */
export function pathArgument(pointer: UserPointer, end: PathEnd): usize {
  return pathAt(AT_FDCWD, pointer, end);
}

/** As pathArgument(), seen from the directory that a descriptor stands for. */
export function pathAt(descriptor: u32, pointer: UserPointer, end: PathEnd): usize {
  return resolveAt(descriptor, pointer, userPath, end);
}

/** As pathAt(), but leaves the path of that in place. */
export function secondPathAt(descriptor: u32, pointer: UserPointer, end: PathEnd): usize {
  return resolveAt(descriptor, pointer, secondPath, end);
}

/**
 * The inode that path and flags (AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH) name, for calls about a file
 * whatever its name is: its address, retained, or -errno.
 */
export function inodeAt(descriptor: u32, pointer: UserPointer, flags: u32): usize {
  const length = copyInString(pointer, userPath, PATH_MAX);
  if (length < 0) return <usize>length;
  if (length === 0 && (flags & AT_EMPTY_PATH) !== 0) return inodeOf(descriptor);
  const end = (flags & AT_SYMLINK_NOFOLLOW) !== 0 ? PathEnd.link : PathEnd.file;
  const found = resolveFrom(descriptor, userPath, end);
  if (isErrno(<u32>found)) return found;
  const entry = changetype<DirectoryEntry>(found);
  const inode = entry.inode;
  inode.retain();
  entry.release();
  return changetype<usize>(inode);
}

/**
 * The entry that path and flags (AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH, no others) name, retained, or
 * -errno.
 */
export function entryAt(descriptor: u32, pointer: UserPointer, flags: u32): usize {
  const length = copyInString(pointer, userPath, PATH_MAX);
  if (length < 0) return <usize>length;
  if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) !== 0) return -EINVAL;
  if (length !== 0 || (flags & AT_EMPTY_PATH) === 0) {
    const end = (flags & AT_SYMLINK_NOFOLLOW) !== 0 ? PathEnd.link : PathEnd.file;
    return resolveFrom(descriptor, userPath, end);
  }
  let entry: DirectoryEntry | null = currentContext().directory;
  if (descriptor !== AT_FDCWD) {
    const file = currentFiles().get(descriptor);
    if (file === null) return -EBADF;
    entry = file.entry;
  }
  if (entry === null) return -EACCES;
  entry.retain();
  return changetype<usize>(entry);
}

/** The inode of an open file, or of the current directory: retained; or -EBADF. */
export function inodeOf(descriptor: u32): usize {
  let entry: DirectoryEntry | null;
  let inode: Inode;
  if (descriptor === AT_FDCWD) {
    entry = currentContext().directory;
    inode = entry.inode;
  } else {
    const file = currentFiles().get(descriptor);
    if (file === null) return -EBADF;
    entry = file.entry;
    inode = file.inode;
  }
  noteSeen(entry);
  inode.retain();
  return changetype<usize>(inode);
}

/** Copies a path into userPath: 0 or more, or -errno. resolveUserPath() follows, and blocks not. */
export function takePath(pointer: UserPointer): i32 {
  return copyInString(pointer, userPath, PATH_MAX);
}

/** As pathAt(), of the path that was taken. */
export function resolveUserPath(descriptor: u32, end: PathEnd): usize {
  return resolveFrom(descriptor, userPath, end);
}

function resolveAt(descriptor: u32, pointer: UserPointer, to: usize, end: PathEnd): usize {
  const length = copyInString(pointer, to, PATH_MAX);
  if (length < 0) return <usize>length;
  return resolveFrom(descriptor, to, end);
}

function resolveFrom(descriptor: u32, path: usize, end: PathEnd): usize {
  const context = currentContext();
  let base = context.directory;
  const first: u32 = load<u8>(path);
  // An empty path is nowhere, whatever the descriptor is.
  if (descriptor !== AT_FDCWD && first !== SLASH && first !== 0) {
    const file = currentFiles().get(descriptor);
    if (file === null) return -EBADF;
    const entry = file.entry;
    if (entry === null || !entry.inode.isDirectory) return -ENOTDIR;
    base = entry;
  }
  return resolvePath(context.root, base, path, end);
}
