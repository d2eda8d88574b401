// Names made, moved and removed, in trees that live in memory.
//
// Invariants
//   - A regular file's `links` is the number of its linked entries. A directory's is 2, its own
//     name and `.`, and one for each `..` in it.
//   - A directory that was removed is empty and takes no new names.

import {
  EBUSY,
  EINVAL,
  EISDIR,
  ENOENT,
  ENOSPC,
  ENOTDIR,
  ENOTEMPTY,
  EOPNOTSUPP,
  EPERM,
  EXDEV,
} from "../../src/abi/errno";
import { S_IFBLK, S_IFCHR, S_IFMT, S_ISGID, S_ISVTX, W_OK, X_OK } from "../../src/abi/files";
import { CAP_FOWNER, CAP_MKNOD } from "../../src/abi/linux/capability";
import { currentTime } from "../device/clock";
import { textLength } from "../log/text-length";
import { currentCredentials } from "../thread/credentials";
import { createEntry, DirectoryEntry } from "./directory-entry";
import { Inode, setLinkText } from "./inode";
import { accessRefusal } from "./permission";

/** What /proc calls a file without a name. */
const UNNAMED: usize = cstr("#unnamed");
const UNNAMED_LENGTH: u32 = 8;

/**
 * Makes a file of any kind under a name that is free in `directory`: the entry's address, retained,
 * or -errno. `mode` has the type; the running thread becomes the owner. `special` is a device's
 * number, or the address of a symbolic link's text, which is NUL-terminated; 0: it has none yet.
 */
export function makeFile(
  directory: DirectoryEntry,
  name: usize,
  length: u32,
  mode: u32,
  special: u32,
): usize {
  const refusal = changeRefusal(directory);
  if (refusal !== 0) return refusal;
  if (isDevice(mode, special) && !currentCredentials().has(CAP_MKNOD)) return -EPERM;
  if (directory.inode.fileSystem.create === 0) return -ENOENT;
  const inode = makeInode(directory.inode, mode, special);
  if (inode === null) return -ENOSPC;
  let result: i32 = -ENOSPC;
  if (!inode.isLink || special === 0 || setLinkText(inode, special, textLength(special))) {
    result = addName(directory, name, length, inode);
  }
  if (result !== 0) inode.release();
  return result !== 0 ? result : changetype<usize>(retained(directory.lastChild!));
}

/** Whether it leads to a device: the character device of number 0 is none, and anybody's. */
function isDevice(mode: u32, special: u32): bool {
  const type = mode & S_IFMT;
  return type === S_IFBLK || (type === S_IFCHR && special !== 0);
}

/**
 * Makes a regular file in `directory` that has no name there, and may get one: its entry, which is
 * not linked, retained, or -errno.
 */
export function makeUnnamed(directory: DirectoryEntry, mode: u32): usize {
  const refusal = changeRefusal(directory);
  if (refusal !== 0) return refusal;
  if (directory.inode.fileSystem.create === 0) return -EOPNOTSUPP;
  const inode = makeInode(directory.inode, mode, 0);
  if (inode === null) return -ENOSPC;
  inode.mayGetName = true;
  const entry = createEntry(directory, inode, UNNAMED, UNNAMED_LENGTH);
  if (entry !== null) return changetype<usize>(entry);
  inode.release();
  return -ENOSPC;
}

/** An inode for a file in the directory of `parent`; null when out of memory. */
function makeInode(parent: Inode, mode: u32, device: u32): Inode | null {
  const fileSystem = parent.fileSystem;
  const inode = call_indirect<Inode | null>(fileSystem.create, fileSystem, mode, device);
  if (inode === null) return null;
  const who = currentCredentials();
  inode.owner = who.fileUser;
  inode.group = who.fileGroup;
  if ((parent.mode & S_ISGID) !== 0) {
    inode.group = parent.group;
    if (inode.isDirectory) inode.mode |= S_ISGID;
  }
  return inode;
}

/**
 * Gives `inode`, which has names in the same file system or none, a free name more. 0 or -errno.
 */
export function addLink(directory: DirectoryEntry, name: usize, length: u32, inode: Inode): i32 {
  if (inode.isDirectory) return -EPERM;
  if (inode.fileSystem !== directory.inode.fileSystem) return -EXDEV;
  const refusal = changeRefusal(directory);
  if (refusal !== 0) return refusal;
  // What has lost its last name gets none again.
  if (inode.links === 0 && !inode.mayGetName) return -ENOENT;
  if (inode.fileSystem.create === 0) return -ENOENT;
  inode.retain();
  const result = addName(directory, name, length, inode);
  if (result !== 0) inode.release();
  return result;
}

/** Removes the name of a file that is not a directory. 0 or -errno. */
export function removeFile(entry: DirectoryEntry): i32 {
  const refusal = removeRefusal(entry);
  if (refusal !== 0) return refusal;
  if (entry.inode.isDirectory) return -EISDIR;
  drop(entry);
  return 0;
}

/** Removes an empty directory. 0 or -errno. */
export function removeDirectory(entry: DirectoryEntry): i32 {
  if (!entry.inode.isDirectory) return -ENOTDIR;
  const refusal = removeRefusal(entry);
  if (refusal !== 0) return refusal;
  if (entry.firstChild !== null) return -ENOTEMPTY;
  drop(entry);
  return 0;
}

/**
 * Moves `entry` to a name of `directory`, in place of `target` if that is not null: all of one file
 * system. 0 or -errno; then nothing has changed.
 */
export function moveName(
  entry: DirectoryEntry,
  directory: DirectoryEntry,
  name: usize,
  length: u32,
  target: DirectoryEntry | null,
): i32 {
  const refusal = moveRefusal(entry, directory);
  if (refusal !== 0) return refusal;
  if (target !== null) {
    if (target.inode === entry.inode) return 0;
    const replaced = replaceRefusal(entry, target);
    if (replaced !== 0) return replaced;
  }
  return move(entry, directory, name, length, target);
}

/** Exchanges two names of one file system. 0 or -errno. */
export function exchangeNames(one: DirectoryEntry, other: DirectoryEntry): i32 {
  let refusal = moveRefusal(one, other.parent);
  if (refusal === 0) refusal = moveRefusal(other, one.parent);
  if (refusal !== 0 || one === other) return refusal;
  const parent = one.parent;
  const otherParent = other.parent;
  const name = one.name;
  const length = one.nameLength;
  takeOut(one);
  takeOut(other);
  one.name = other.name;
  one.nameLength = other.nameLength;
  other.name = name;
  other.nameLength = length;
  // The first of the two may hold the last reference of a parent.
  parent.retain();
  one.setParent(otherParent);
  other.setParent(parent);
  parent.release();
  putIn(one);
  putIn(other);
  return 0;
}

/** Why the names of `directory` cannot be changed, or 0. */
export function changeRefusal(directory: DirectoryEntry): i32 {
  if (!directory.inode.isDirectory) return -ENOTDIR;
  if (directory.isRemoved) return -ENOENT;
  return accessRefusal(directory.inode, W_OK | X_OK);
}

function addName(directory: DirectoryEntry, name: usize, length: u32, inode: Inode): i32 {
  const entry = createEntry(directory, inode, name, length);
  if (entry === null) return -ENOSPC;
  directory.link(entry);
  if (inode.isDirectory) {
    inode.links = 2;
    directory.inode.links++;
  } else inode.links++;
  inode.changed = currentTime();
  directory.inode.noteModified();
  return 0;
}

function removeRefusal(entry: DirectoryEntry): i32 {
  if (entry.isRoot || entry.coveredViews !== 0) return -EBUSY;
  if (!entry.isLinked) return -ENOENT;
  const refusal = changeRefusal(entry.parent);
  if (refusal !== 0) return refusal;
  return isSticky(entry) || entry.inode.fileSystem.create === 0 ? -EPERM : 0;
}

/**
 * Whether a name may be removed only by the owner of the file or of the directory, who is another.
 */
function isSticky(entry: DirectoryEntry): bool {
  const directory = entry.parent.inode;
  if ((directory.mode & S_ISVTX) === 0) return false;
  const who = currentCredentials();
  const user = who.fileUser;
  return user !== directory.owner && user !== entry.inode.owner && !who.has(CAP_FOWNER);
}

function moveRefusal(entry: DirectoryEntry, directory: DirectoryEntry): i32 {
  if (entry.inode.fileSystem !== directory.inode.fileSystem) return -EXDEV;
  let refusal = removeRefusal(entry);
  if (refusal === 0) refusal = changeRefusal(directory);
  if (refusal !== 0) return refusal;
  // A directory cannot be moved into itself.
  let at = directory;
  while (at !== entry && !at.isRoot) at = at.parent;
  return at === entry ? -EINVAL : 0;
}

function replaceRefusal(entry: DirectoryEntry, target: DirectoryEntry): i32 {
  const refusal = removeRefusal(target);
  if (refusal !== 0) return refusal;
  if (!target.inode.isDirectory) return entry.inode.isDirectory ? -ENOTDIR : 0;
  if (!entry.inode.isDirectory) return -EISDIR;
  return target.firstChild !== null ? -ENOTEMPTY : 0;
}

function move(
  entry: DirectoryEntry,
  directory: DirectoryEntry,
  name: usize,
  length: u32,
  target: DirectoryEntry | null,
): i32 {
  // Before anything has changed: it is put under its new name's hash below.
  if (!entry.setName(name, length)) return -ENOSPC;
  takeOut(entry);
  if (target !== null) drop(target);
  entry.setParent(directory);
  putIn(entry);
  entry.inode.changed = currentTime();
  return 0;
}

/** Removes a name for good. */
function drop(entry: DirectoryEntry): void {
  const inode = entry.inode;
  takeOut(entry);
  if (inode.isDirectory) inode.links = 0;
  else inode.links--;
  inode.changed = currentTime();
  entry.release();
}

/** Takes a name out of its directory, which it keeps as its parent. */
function takeOut(entry: DirectoryEntry): void {
  const directory = entry.parent.inode;
  entry.unlink();
  if (entry.inode.isDirectory) directory.links--;
  directory.noteModified();
}

/** Puts a name into the directory that is its parent. */
function putIn(entry: DirectoryEntry): void {
  const directory = entry.parent;
  directory.link(entry);
  if (entry.inode.isDirectory) directory.inode.links++;
  directory.inode.noteModified();
}

function retained(entry: DirectoryEntry): DirectoryEntry {
  entry.retain();
  return entry;
}
