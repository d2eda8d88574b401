// From a path to the entry that it names. See path_resolution(7).
//
// An entry that is found is retained for the caller, who releases it.

import { ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR, isErrno } from "../../src/abi/errno";
import { NAME_MAX, X_OK } from "../../src/abi/files";
import { textLength } from "../log/text-length";
import { DirectoryEntry } from "./directory-entry";
import { noteSeen, parentOf, topOf } from "./mount";
import { accessRefusal, searchesAll } from "./permission";
import { isWithin, viewBelow } from "./view";

const SLASH: u32 = 0x2f;
const DOT: u32 = 0x2e;
/** Symbolic links on the way, those within each other included: as many as on Linux. */
const MOST_LINKS: u32 = 40;

/** What is to be resolved after the links that are being followed: start and end of each text. */
const REST_SHIFT: u32 = 3;
const END: usize = 4;
const rests: usize = memory.data(MOST_LINKS << REST_SHIFT, 4);

/** Where a path ends that does not lead all the way: what is made or removed is there. */
export enum PathEnd {
  /** At the file; a symbolic link at the end is followed. */
  file,
  /** At the file, or at the symbolic link that the path names. */
  link,
  /** In the directory that holds the last name: `lastName`, which is not looked up. */
  directory,
}

/**
 * The last name of the path that was resolved last: in the path, or in a link that it led through.
 * After a search that failed with -ENOENT, `missingIn` is the directory in which just this name was
 * missing, retained until the next search, or null if more was.
 */
export let lastName: usize = 0;
export let lastLength: u32 = 0;
/** A slash comes after it: it is to be a directory. */
export let lastHasSlash: bool = false;
export let missingIn: DirectoryEntry | null = null;

/**
 * The entry that the NUL-terminated `path` leads to, seen from `base`, in the tree that begins at
 * `root`: its address, retained, or a negative errno (see isErrno).
 */
export function resolvePath(
  root: DirectoryEntry,
  base: DirectoryEntry,
  path: usize,
  end: PathEnd,
): usize {
  const length = textLength(path);
  const missing = missingIn;
  if (missing !== null) {
    missingIn = null;
    missing.release();
  }
  lastName = path;
  lastLength = 0;
  lastHasSlash = false;
  if (length === 0) return -ENOENT;
  const start = load<u8>(path) === SLASH ? root : base;
  start.retain();
  const found = walk(root, start, path, path + length, end);
  noteSeen(isErrno(<u32>found) ? missingIn : changetype<DirectoryEntry>(found));
  return found;
}

/** From `at`, whose reference passes, along the text from `next` to `stop`. */
function walk(
  root: DirectoryEntry,
  at: DirectoryEntry,
  next: usize,
  stop: usize,
  pathEnd: PathEnd,
): usize {
  let links: u32 = 0;
  let depth: u32 = 0;
  while (true) {
    while (next < stop && load<u8>(next) === SLASH) next++;
    if (next === stop) {
      // A path that ends in a slash names a directory.
      if (!at.inode.isDirectory && load<u8>(stop - 1) === SLASH) return giveUp(at, -ENOTDIR);
      if (depth === 0) return changetype<usize>(at);
      const rest = rests + (--depth << REST_SHIFT);
      next = load<usize>(rest);
      stop = load<usize>(rest, END);
      continue;
    }
    const name = next;
    while (next < stop && load<u8>(next) !== SLASH) next++;
    const isLast = depth === 0 && noteLast(name, next, stop);
    if (isLast && pathEnd === PathEnd.directory) return lastDirectory(at);
    const found = step(root, at, name, <u32>(next - name));
    if (isErrno(<u32>found)) {
      if (<i32>found !== -ENOENT || !isLast) return giveUp(at, <i32>found);
      // It may be an entry that nobody else uses.
      missingIn = at;
      return found;
    }
    const entry = changetype<DirectoryEntry>(found);
    if (!entry.inode.isLink || (isLast && pathEnd === PathEnd.link && !lastHasSlash)) {
      at.release();
      at = entry;
      continue;
    }
    if (links++ === MOST_LINKS) {
      entry.release();
      return giveUp(at, -ELOOP);
    }
    const operations = entry.inode.operations;
    if (operations !== null && operations.follow !== 0) {
      const target = followed(at, entry, operations.follow);
      if (isErrno(<u32>target)) return giveUp(at, <i32>target);
      at.release();
      at = changetype<DirectoryEntry>(target);
      continue;
    }
    // A link at the very end leaves no rest, so `depth` is 0 only at the path's last name.
    if (next < stop) {
      const rest = rests + (depth++ << REST_SHIFT);
      store<usize>(rest, next);
      store<usize>(rest, stop, END);
    }
    next = entry.inode.data;
    stop = next + entry.inode.textLength;
    // The link is in its directory, and nothing blocks here, so its text stays; that of one which
    // is made by looking is its file system's.
    entry.release();
    if (next === stop) return giveUp(at, -ENOENT);
    if (load<u8>(next) === SLASH) {
      root.retain();
      at.release();
      at = root;
    }
  }
}

/** Whether the name from `name` to `end` is the last one of its text; if so, it is noted. */
function noteLast(name: usize, end: usize, stop: usize): bool {
  let next = end;
  while (next < stop && load<u8>(next) === SLASH) next++;
  if (next !== stop) return false;
  lastName = name;
  lastLength = <u32>(end - name);
  lastHasSlash = end !== stop;
  return true;
}

/** One component: from directory `at` to what `name` is there, retained; or -errno. */
function step(root: DirectoryEntry, at: DirectoryEntry, name: usize, length: u32): usize {
  const refusal = searchRefusal(at, length);
  if (refusal !== 0) return refusal;
  if (isDots(name, length)) return retained(length === 1 ? at : parentOf(at, root));
  const lookup = at.inode.fileSystem.lookup;
  if (lookup !== 0) {
    const made = call_indirect<usize>(lookup, at.real, name, length);
    return isErrno(<u32>made) ? made : shown(at, changetype<DirectoryEntry>(made));
  }
  const child = at.real.find(name, length);
  if (child === null) return -ENOENT;
  if (at.origin === null) return retained(topOf(child));
  child.retain();
  return shown(at, child);
}

/** What a link of a file system's own, in `at`, leads to: retained, or -errno. It is released. */
function followed(at: DirectoryEntry, link: DirectoryEntry, follow: u32): usize {
  const target = call_indirect<usize>(follow, link.real);
  link.release();
  if (isErrno(<u32>target)) return target;
  const entry = changetype<DirectoryEntry>(target);
  return isWithin(at.real, entry) ? shown(at, entry) : target;
}

/** What covers or shows `real`, below what `at` shows; the reference passes. */
function shown(at: DirectoryEntry, real: DirectoryEntry): usize {
  let seen = real;
  if (at.origin !== null) {
    const found = viewBelow(at, real);
    real.release();
    if (isErrno(<u32>found)) return found;
    seen = changetype<DirectoryEntry>(found);
  }
  const top = retained(topOf(seen));
  seen.release();
  return top;
}

/** Whether the name is `.` or `..`. */
export function isDots(name: usize, length: u32): bool {
  if (length === 1) return load<u8>(name) === DOT;
  return length === 2 && load<u8>(name) === DOT && load<u8>(name + 1) === DOT;
}

function searchRefusal(at: DirectoryEntry, length: u32): i32 {
  if (!at.inode.isDirectory) return -ENOTDIR;
  if (length > NAME_MAX) return -ENAMETOOLONG;
  // The superuser may search any directory: most paths are walked for that one question.
  return searchesAll() ? 0 : accessRefusal(at.inode, X_OK);
}

/** The directory of the last name, if names may be searched in it. */
function lastDirectory(at: DirectoryEntry): usize {
  const refusal = searchRefusal(at, lastLength);
  return refusal !== 0 ? giveUp(at, refusal) : changetype<usize>(at);
}

function retained(entry: DirectoryEntry): usize {
  entry.retain();
  return changetype<usize>(entry);
}

function giveUp(at: DirectoryEntry, error: i32): usize {
  at.release();
  return <usize>error;
}
