// From an entry back to a path: what getcwd(2) and the links of /proc say.

import { PATH_MAX } from "../../src/abi/files";
import { DirectoryEntry } from "./directory-entry";

const SLASH: u8 = 0x2f;
const DELETED: usize = cstr(" (deleted)");
const DELETED_LENGTH: u32 = 10;

/** Where paths are built, from the end. No thread blocks while it is in use. */
const buffer: usize = memory.data(PATH_MAX, 4);
const BUFFER_END: usize = buffer + PATH_MAX;

/** The length of the last path, without its NUL. */
export let pathLength: u32 = 0;
/** Whether it leads to the entry: a chroot may leave a directory outside of what it shows. */
export let isReachable: bool = true;

/**
 * The path of `entry` as seen from `root`, NUL-terminated, with " (deleted)" after it if it was
 * removed: its address, valid until the next one is built. A path that is too long loses its start.
 */
export function pathText(entry: DirectoryEntry, root: DirectoryEntry): usize {
  let start = BUFFER_END - 1;
  store<u8>(start, 0);
  if (entry.isRemoved) {
    start -= DELETED_LENGTH;
    memory.copy(start, DELETED, DELETED_LENGTH);
  }
  const nameEnd = start;
  let at = surface(entry, root);
  while (at !== root && !at.isRoot) {
    if (<u32>(start - buffer) < at.nameLength + 1) break;
    start -= at.nameLength;
    memory.copy(start, at.name, at.nameLength);
    store<u8>(--start, SLASH);
    at = surface(at.parent, root);
  }
  if (start === nameEnd) store<u8>(--start, SLASH);
  isReachable = at === root || !at.isRoot;
  pathLength = <u32>(BUFFER_END - 1 - start);
  return start;
}

/** The mount point that a root covers, unless that root is where paths begin. */
function surface(entry: DirectoryEntry, root: DirectoryEntry): DirectoryEntry {
  let at = entry;
  for (let point = at.covers; at !== root && point !== null; point = at.covers) at = point;
  return at;
}
