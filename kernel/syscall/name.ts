// System calls about names: making, removing, moving them.

import {
  EBUSY,
  EEXIST,
  EINVAL,
  EISDIR,
  ENOENT,
  ENOTDIR,
  ENOTEMPTY,
  EPERM,
  EXDEV,
  isErrno,
} from "../../src/abi/errno";
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_REMOVEDIR,
  AT_SYMLINK_FOLLOW,
  AT_SYMLINK_NOFOLLOW,
  PATH_MAX,
  RENAME_EXCHANGE,
  RENAME_NOREPLACE,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  S_IFSOCK,
  S_ISVTX,
  S_PERMISSIONS,
} from "../../src/abi/files";
import { DirectoryEntry } from "../file/directory-entry";
import { Inode } from "../file/inode";
import { seenIn } from "../file/mount";
import {
  addLink,
  exchangeNames,
  makeFile,
  moveName,
  removeDirectory,
  removeFile,
} from "../file/names";
import { isDots, lastHasSlash, lastLength, lastName, PathEnd } from "../file/path";
import { TrapFrame } from "../machine/i686/trap-frame";
import { copyInString, copyOut, UserPointer, userPointer } from "../memory/user-memory";
import { currentContext } from "../process/thread-files";
import { inodeAt, pathAt, secondPathAt } from "./path-argument";

/** The text of a link that is made or read. No thread blocks while it is in use. */
const text: usize = memory.data(PATH_MAX, 4);

/** mkdir(path, mode) */
export function mkdir(frame: TrapFrame): i32 {
  return makeDirectory(AT_FDCWD, userPointer(frame.arg0), frame.arg1);
}

/** mkdirat(directory, path, mode) */
export function mkdirat(frame: TrapFrame): i32 {
  return makeDirectory(frame.arg0, userPointer(frame.arg1), frame.arg2);
}

/** mknod(path, mode, device) */
export function mknod(frame: TrapFrame): i32 {
  return makeNode(AT_FDCWD, userPointer(frame.arg0), frame.arg1, frame.arg2);
}

/** mknodat(directory, path, mode, device) */
export function mknodat(frame: TrapFrame): i32 {
  return makeNode(frame.arg0, userPointer(frame.arg1), frame.arg2, frame.arg3);
}

/** symlink(text, path) */
export function symlink(frame: TrapFrame): i32 {
  return makeLink(userPointer(frame.arg0), AT_FDCWD, userPointer(frame.arg1));
}

/** symlinkat(text, directory, path) */
export function symlinkat(frame: TrapFrame): i32 {
  return makeLink(userPointer(frame.arg0), frame.arg1, userPointer(frame.arg2));
}

/** link(old, new) */
export function link(frame: TrapFrame): i32 {
  const old = userPointer(frame.arg0);
  return linkNames(AT_FDCWD, old, AT_FDCWD, userPointer(frame.arg1), 0);
}

/** linkat(old directory, old, new directory, new, flags) */
export function linkat(frame: TrapFrame): i32 {
  const old = userPointer(frame.arg1);
  return linkNames(frame.arg0, old, frame.arg2, userPointer(frame.arg3), frame.arg4);
}

/** unlink(path) */
export function unlink(frame: TrapFrame): i32 {
  return remove(AT_FDCWD, userPointer(frame.arg0), 0);
}

/** rmdir(path) */
export function rmdir(frame: TrapFrame): i32 {
  return remove(AT_FDCWD, userPointer(frame.arg0), AT_REMOVEDIR);
}

/** unlinkat(directory, path, flags) */
export function unlinkat(frame: TrapFrame): i32 {
  if ((frame.arg2 & ~AT_REMOVEDIR) !== 0) return -EINVAL;
  return remove(frame.arg0, userPointer(frame.arg1), frame.arg2);
}

/** rename(old, new) */
export function rename(frame: TrapFrame): i32 {
  return move(AT_FDCWD, userPointer(frame.arg0), AT_FDCWD, userPointer(frame.arg1), 0);
}

/** renameat(old directory, old, new directory, new) */
export function renameat(frame: TrapFrame): i32 {
  return move(frame.arg0, userPointer(frame.arg1), frame.arg2, userPointer(frame.arg3), 0);
}

/** renameat2(old directory, old, new directory, new, flags) */
export function renameat2(frame: TrapFrame): i32 {
  const flags = frame.arg4;
  if ((flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE)) !== 0) return -EINVAL;
  if (flags === (RENAME_NOREPLACE | RENAME_EXCHANGE)) return -EINVAL;
  return move(frame.arg0, userPointer(frame.arg1), frame.arg2, userPointer(frame.arg3), flags);
}

/** readlink(path, to, size) */
export function readlink(frame: TrapFrame): i32 {
  return readLink(AT_FDCWD, userPointer(frame.arg0), userPointer(frame.arg1), frame.arg2);
}

/** readlinkat(directory, path, to, size) */
export function readlinkat(frame: TrapFrame): i32 {
  return readLink(frame.arg0, userPointer(frame.arg1), userPointer(frame.arg2), frame.arg3);
}

/** What umask leaves of the permissions. */
function masked(mode: u32): u32 {
  return mode & S_PERMISSIONS & ~currentContext().umask;
}

/**
 * The directory of the last name of a path, retained, if a file can be made there under that name;
 * or -errno. `mayHaveSlash`: it will be a directory.
 */
function placeFor(found: usize, mayHaveSlash: bool): usize {
  if (isErrno(<u32>found)) return found;
  const directory = changetype<DirectoryEntry>(found);
  if (lastLength === 0 || isDots(lastName, lastLength)) return refuse(directory, -EEXIST);
  const before = directory.real.find(lastName, lastLength);
  if (before !== null) return refuse(directory, -EEXIST);
  return lastHasSlash && !mayHaveSlash ? refuse(directory, -ENOENT) : found;
}

function refuse(entry: DirectoryEntry, error: i32): usize {
  entry.release();
  return error;
}

function makeDirectory(descriptor: u32, path: UserPointer, mode: u32): i32 {
  const place = placeFor(pathAt(descriptor, path, PathEnd.directory), true);
  if (isErrno(<u32>place)) return <i32>place;
  return finish(place, make(place, S_IFDIR | (masked(mode) & (0o777 | S_ISVTX)), 0));
}

function isNodeType(type: u32): bool {
  const isDevice = type === S_IFCHR || type === S_IFBLK;
  return isDevice || type === 0 || type === S_IFREG || type === S_IFIFO || type === S_IFSOCK;
}

function makeNode(descriptor: u32, path: UserPointer, mode: u32, device: u32): i32 {
  if ((mode & S_IFMT) === S_IFDIR) return -EPERM;
  if (!isNodeType(mode & S_IFMT)) return -EINVAL;
  const type = mode & S_IFMT;
  const place = placeFor(pathAt(descriptor, path, PathEnd.directory), false);
  if (isErrno(<u32>place)) return <i32>place;
  return finish(place, make(place, (type === 0 ? S_IFREG : type) | masked(mode), device));
}

function makeLink(target: UserPointer, descriptor: u32, path: UserPointer): i32 {
  const length = copyInString(target, text, PATH_MAX);
  if (length < 0) return length;
  if (length === 0) return -ENOENT;
  const place = placeFor(pathAt(descriptor, path, PathEnd.directory), false);
  if (isErrno(<u32>place)) return <i32>place;
  return finish(place, make(place, S_IFLNK | 0o777, <u32>text));
}

/** A new file at a place that placeFor() found: its entry, retained, or -errno. */
function make(place: usize, mode: u32, special: u32): usize {
  const directory = changetype<DirectoryEntry>(place).real;
  return makeFile(directory, lastName, lastLength, mode, special);
}

/** Releases the place, and the entry if one was made: 0 or the errno. */
function finish(place: usize, made: usize): i32 {
  changetype<DirectoryEntry>(place).release();
  if (isErrno(<u32>made)) return <i32>made;
  if (made !== 0) changetype<DirectoryEntry>(made).release();
  return 0;
}

function linkNames(
  oldDirectory: u32,
  old: UserPointer,
  newDirectory: u32,
  made: UserPointer,
  flags: u32,
): i32 {
  if ((flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)) !== 0) return -EINVAL;
  const noFollow = (flags & AT_SYMLINK_FOLLOW) !== 0 ? 0 : AT_SYMLINK_NOFOLLOW;
  const found = inodeAt(oldDirectory, old, (flags & AT_EMPTY_PATH) | noFollow);
  if (isErrno(<u32>found)) return <i32>found;
  const inode = changetype<Inode>(found);
  const from = seenIn;
  const place = placeFor(secondPathAt(newDirectory, made, PathEnd.directory), false);
  let result = <i32>place;
  if (!isErrno(<u32>place)) {
    result = -EXDEV;
    if (seenIn === from) {
      result = addLink(changetype<DirectoryEntry>(place).real, lastName, lastLength, inode);
    }
    result = finish(place, <usize>result);
  }
  inode.release();
  return result;
}

function remove(descriptor: u32, path: UserPointer, flags: u32): i32 {
  const isDirectory = (flags & AT_REMOVEDIR) !== 0;
  const found = namedEntry(pathAt(descriptor, path, PathEnd.directory), isDirectory);
  if (isErrno(<u32>found)) return <i32>found;
  const entry = changetype<DirectoryEntry>(found);
  let result: i32 = 0;
  if (isDirectory) result = removeDirectory(entry);
  else if (lastHasSlash) result = entry.inode.isDirectory ? -EISDIR : -ENOTDIR;
  else result = removeFile(entry);
  entry.release();
  return result;
}

/** The entry of the last name in the directory that was found, retained; or -errno. */
function namedEntry(found: usize, isRemovedDirectory: bool): usize {
  if (isErrno(<u32>found)) return found;
  const directory = changetype<DirectoryEntry>(found);
  if (lastLength === 0) return refuse(directory, isRemovedDirectory ? -EBUSY : -EISDIR);
  if (isDots(lastName, lastLength)) {
    if (!isRemovedDirectory) return refuse(directory, -EISDIR);
    return refuse(directory, lastLength === 1 ? -EINVAL : -ENOTEMPTY);
  }
  return takeChild(directory);
}

/** The name itself, whatever the directory is seen as. */
function takeChild(directory: DirectoryEntry): usize {
  const child = directory.real.find(lastName, lastLength);
  if (child === null) {
    // A tree that is made while it is looked at has names that are not entries yet.
    return refuse(directory, directory.inode.fileSystem.create !== 0 ? -ENOENT : -EPERM);
  }
  child.retain();
  directory.release();
  return changetype<usize>(child);
}

function move(
  oldDirectory: u32,
  old: UserPointer,
  newDirectory: u32,
  made: UserPointer,
  flags: u32,
): i32 {
  const found = movable(pathAt(oldDirectory, old, PathEnd.directory));
  if (isErrno(<u32>found)) return <i32>found;
  const entry = changetype<DirectoryEntry>(found);
  const hasSlash = lastHasSlash;
  const from = seenIn;
  const place = secondPathAt(newDirectory, made, PathEnd.directory);
  let result = <i32>place;
  if (!isErrno(<u32>place)) {
    const directory = changetype<DirectoryEntry>(place);
    if (seenIn !== from) result = -EXDEV;
    else result = moveTo(entry, directory.real, flags, hasSlash || lastHasSlash);
    directory.release();
  }
  entry.release();
  return result;
}

/** As namedEntry(), with what rename(2) says of `.` and `..`. */
function movable(found: usize): usize {
  if (isErrno(<u32>found)) return found;
  const directory = changetype<DirectoryEntry>(found);
  if (lastLength === 0 || isDots(lastName, lastLength)) return refuse(directory, -EBUSY);
  return takeChild(directory);
}

/** To the last name in `directory`. `hasSlash`: both must be directories. */
function moveTo(entry: DirectoryEntry, directory: DirectoryEntry, flags: u32, hasSlash: bool): i32 {
  if (lastLength === 0 || isDots(lastName, lastLength)) return -EBUSY;
  if (hasSlash && !entry.inode.isDirectory) return -ENOTDIR;
  const target = directory.find(lastName, lastLength);
  if ((flags & RENAME_NOREPLACE) !== 0 && target !== null) return -EEXIST;
  if ((flags & RENAME_EXCHANGE) === 0) {
    return moveName(entry, directory, lastName, lastLength, target);
  }
  return target === null ? -ENOENT : exchangeNames(entry, target);
}

function readLink(descriptor: u32, path: UserPointer, to: UserPointer, size: u32): i32 {
  if (<i32>size <= 0) return -EINVAL;
  const found = pathAt(descriptor, path, PathEnd.link);
  if (isErrno(<u32>found)) return <i32>found;
  const entry = changetype<DirectoryEntry>(found);
  const result = sendLink(entry, to, size);
  entry.release();
  return result;
}

function sendLink(entry: DirectoryEntry, to: UserPointer, size: u32): i32 {
  const inode = entry.inode;
  if (!inode.isLink) return -EINVAL;
  const operations = inode.operations;
  if (operations !== null) {
    const length = call_indirect<i32>(operations.readLink, entry, text, min<u32>(size, PATH_MAX));
    if (length < 0) return length;
    const result = copyOut(to, text, <u32>length);
    return result !== 0 ? result : length;
  }
  const length = min<u32>(size, inode.textLength);
  const result = copyOut(to, inode.data, length);
  return result !== 0 ? result : <i32>length;
}
