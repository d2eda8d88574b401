// From a path to an inode. See path_resolution(7).

import { ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR, isErrno } from "../../src/abi/errno";
import { NAME_MAX } from "../../src/abi/files";
import { Inode, rootDirectory } from "./inode";

const SLASH: u32 = 0x2f;
const DOT: u32 = 0x2e;
/** Symbolic links on the way, those within each other included: as many as on Linux. */
const MOST_LINKS: u32 = 40;

/** What is to be resolved after the links that are being followed: start and end of each text. */
const REST_SHIFT: u32 = 3;
const END: usize = 4;
const rests: usize = memory.data(MOST_LINKS << REST_SHIFT, 4);

/** Whether the last path's -ENOENT was about its last name: the directory for it exists. */
export let lastNameIsMissing: bool = false;

/**
 * The inode that the NUL-terminated `path` names, seen from directory `base`; a symbolic link at
 * its end is followed if `follow`. The inode's address, or a negative errno: see isErrno.
 */
export function resolvePath(base: Inode, path: usize, follow: bool): usize {
  let length: u32 = 0;
  while (load<u8>(path + length) !== 0) length++;
  lastNameIsMissing = false;
  return resolve(base, path, length, follow);
}

function resolve(base: Inode, path: usize, length: u32, follow: bool): usize {
  if (length === 0) return -ENOENT;
  let at = base;
  let next = path;
  let end = path + length;
  let links: u32 = 0;
  let depth: u32 = 0;
  if (load<u8>(path) === SLASH) at = rootDirectory();
  while (true) {
    while (next < end && load<u8>(next) === SLASH) next++;
    if (next === end) {
      // A path that ends in a slash names a directory.
      if (!at.isDirectory && load<u8>(end - 1) === SLASH) return -ENOTDIR;
      if (depth === 0) return changetype<usize>(at);
      const rest = rests + (--depth << REST_SHIFT);
      next = load<usize>(rest);
      end = load<usize>(rest, END);
      continue;
    }
    const name = next;
    while (next < end && load<u8>(next) !== SLASH) next++;
    const found = step(at, name, <u32>(next - name));
    if (isErrno(<u32>found)) {
      lastNameIsMissing = next === end && depth === 0;
      return found;
    }
    const inode = changetype<Inode>(found);
    if (!inode.isLink || (next === end && depth === 0 && !follow)) {
      at = inode;
      continue;
    }
    if (inode.size === 0) return -ENOENT;
    if (links++ === MOST_LINKS) return -ELOOP;
    // A link at the very end leaves no rest, so `depth` is 0 only at the path's last name.
    if (next < end) {
      const rest = rests + (depth++ << REST_SHIFT);
      store<usize>(rest, next);
      store<usize>(rest, end, END);
    }
    next = inode.data;
    end = next + inode.size;
    if (load<u8>(next) === SLASH) at = rootDirectory();
  }
}

/** One component: from directory `at` to what `name` is there. */
function step(at: Inode, name: usize, length: u32): usize {
  if (!at.isDirectory) return -ENOTDIR;
  if (length > NAME_MAX) return -ENAMETOOLONG;
  if (length === 1 && load<u8>(name) === DOT) return changetype<usize>(at);
  if (length === 2 && load<u8>(name) === DOT && load<u8>(name + 1) === DOT) {
    return changetype<usize>(at.parent);
  }
  const child = at.find(name, length);
  return child === null ? -ENOENT : changetype<usize>(child);
}
