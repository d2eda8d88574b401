// From a path to an inode. See path_resolution(7).

import { ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR, isErrno } from "../../src/abi/errno";
import { NAME_MAX } from "../../src/abi/files";
import { Inode, rootDirectory } from "./inode";

const SLASH: u32 = 0x2f;
const DOT: u32 = 0x2e;
/** Symbolic links within one path, and within each other. */
const MOST_LINKS: u32 = 8;

let linksLeft: u32 = 0;

/**
 * The inode that the NUL-terminated `path` names, seen from directory `base`; a symbolic link at
 * its end is followed if `follow`. The inode's address, or a negative errno: see isErrno.
 */
export function resolvePath(base: Inode, path: usize, follow: bool): usize {
  let length: u32 = 0;
  while (load<u8>(path + length) !== 0) length++;
  linksLeft = MOST_LINKS;
  return resolve(base, path, length, follow);
}

function resolve(base: Inode, path: usize, length: u32, follow: bool): usize {
  if (length === 0) return -ENOENT;
  const end = path + length;
  let at = base;
  let next = path;
  if (load<u8>(path) === SLASH) at = rootDirectory();
  while (true) {
    while (next < end && load<u8>(next) === SLASH) next++;
    // A path that ends in a slash names a directory.
    if (next === end) {
      return at.isDirectory || load<u8>(end - 1) !== SLASH ? changetype<usize>(at) : -ENOTDIR;
    }
    const name = next;
    while (next < end && load<u8>(next) !== SLASH) next++;
    const found = step(at, name, <u32>(next - name), follow || next < end);
    if (isErrno(<u32>found)) return found;
    at = changetype<Inode>(found);
  }
}

/** One component: from directory `at` to what `name` is there. */
function step(at: Inode, name: usize, length: u32, follow: bool): usize {
  if (!at.isDirectory) return -ENOTDIR;
  if (length > NAME_MAX) return -ENAMETOOLONG;
  if (length === 1 && load<u8>(name) === DOT) return changetype<usize>(at);
  if (length === 2 && load<u8>(name) === DOT && load<u8>(name + 1) === DOT) {
    return changetype<usize>(at.parent);
  }
  const child = at.find(name, length);
  if (child === null) return -ENOENT;
  if (!child.isLink || !follow) return changetype<usize>(child);
  if (linksLeft === 0) return -ELOOP;
  linksLeft--;
  return resolve(at, child.data, child.size, true);
}
