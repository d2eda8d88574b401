// Views: a tree of names that is seen in another place as well, as mount(2) makes them.
//
//   view of the root   origin ->  root              covers the directory where it is mounted
//     view of a child  origin ->    child
//
// A view has entries of its own, so that `..`, paths and mounts in it are its own. They are made
// while they are looked at and go with their last user, as those of /proc do; what files there are
// is asked of the tree behind them. Names are made, moved and removed in that tree alone.
//
// Invariants
//   - A view's entry holds a reference of its origin, which is no view, and has the same inode.
//   - It may have another name than its origin, if that was renamed: paths come by it no more.

import { ENOMEM, isErrno } from "../../src/abi/errno";
import { createEntry, DirectoryEntry } from "./directory-entry";

/** The root of a new view of what is at `real`, with one reference; null when out of memory. */
export function createView(real: DirectoryEntry): DirectoryEntry | null {
  const root = createShowing(null, real);
  if (root !== null) real.inode.fileSystem.views++;
  return root;
}

/** What shows `real`, a child of what `directory` shows: its address, retained, or -ENOMEM. */
export function viewOf(directory: DirectoryEntry, real: DirectoryEntry): usize {
  const known = directory.find(real.name, real.nameLength);
  if (known !== null) {
    if (known.origin === real) return retained(known);
    known.unlink();
  }
  const made = createShowing(directory, real);
  if (made === null) return -ENOMEM;
  directory.link(made);
  return changetype<usize>(made);
}

/**
 * What shows `real`, which is somewhere below what `directory` shows: its address, retained, or
 * -ENOMEM.
 */
export function viewBelow(directory: DirectoryEntry, real: DirectoryEntry): usize {
  let at = retained(directory);
  let origin = directory.real;
  while (origin !== real) {
    let next = real;
    while (next.parent !== origin) next = next.parent;
    const entry = changetype<DirectoryEntry>(at);
    at = viewOf(entry, next);
    entry.release();
    if (isErrno(<u32>at)) return at;
    origin = next;
  }
  return at;
}

/** Whether `entry` is `directory` or below it, in one tree. */
export function isWithin(directory: DirectoryEntry, entry: DirectoryEntry): bool {
  let at = entry;
  while (at !== directory && !at.isRoot) at = at.parent;
  return at === directory;
}

function createShowing(parent: DirectoryEntry | null, real: DirectoryEntry): DirectoryEntry | null {
  const entry = createEntry(parent, real.inode, real.name, real.nameLength);
  if (entry === null) return null;
  real.inode.retain();
  real.retain();
  entry.origin = real;
  return entry;
}

function retained(entry: DirectoryEntry): usize {
  entry.retain();
  return changetype<usize>(entry);
}
