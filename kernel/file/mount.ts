// Mounts: which file system is seen at which directory.
//
// A file system is mounted at one place: the entry there is covered by the root of its tree. Mounts
// are listed in the order in which they were made, and stay as long as the machine runs.

import { allocate } from "../memory/heap";
import { DirectoryEntry, setRootDirectory } from "./directory-entry";
import { FileSystem } from "./file-system";

@unmanaged
export class Mount {
  next: Mount | null = null;
  fileSystem: FileSystem = changetype<FileSystem>(0);
  /** The root of its tree. */
  root: DirectoryEntry = changetype<DirectoryEntry>(0);
}

let first: Mount | null = null;
let last: Mount | null = null;
let lastDevice: u32 = 0;

/** The oldest mount; `next` leads to younger ones. */
export function firstMount(): Mount | null {
  return first;
}

/**
 * Shows the tree of `root`, whose reference passes, at the directory `point`; without a point it is
 * the root of all names. False when out of memory.
 */
export function mount(root: DirectoryEntry, point: DirectoryEntry | null): bool {
  const made = changetype<Mount | null>(allocate(offsetof<Mount>()));
  if (made === null) return false;
  made.fileSystem = root.inode.fileSystem;
  made.fileSystem.device = ++lastDevice;
  made.root = root;
  const before = last;
  if (before === null) first = made;
  else before.next = made;
  last = made;
  if (point === null) setRootDirectory(root);
  else cover(point, root);
  return true;
}

function cover(point: DirectoryEntry, root: DirectoryEntry): void {
  point.retain();
  point.mounted = root;
  root.covers = point;
}

/** What is seen at `entry`: itself, or the root that covers it. */
export function topOf(entry: DirectoryEntry): DirectoryEntry {
  let top = entry;
  for (let root = top.mounted; root !== null; root = top.mounted) top = root;
  return top;
}

/**
 * The directory that `entry` is in, as paths see it; `limit`, and the root of all, are their own.
 */
export function parentOf(entry: DirectoryEntry, limit: DirectoryEntry): DirectoryEntry {
  if (entry === limit) return entry;
  let at = entry;
  for (let point = at.covers; point !== null; point = at.covers) at = point;
  return topOf(at.parent);
}
