// Mounts: which file system is seen at which directory.
//
// The trees that the kernel starts with are mounted as they are, and stay. What mount(2) mounts is
// a view of one (view.ts): of a tree of its own, of /proc, or of any directory or file. What is
// mounted on is covered by the root of that tree. Mounts are listed as they were made.

import { EBUSY, ELOOP } from "../../src/abi/errno";
import { MS_RDONLY } from "../../src/abi/linux/mount";
import { textLength } from "../log/text-length";
import { allocate, free } from "../memory/heap";
import { DirectoryEntry, setRootDirectory } from "./directory-entry";
import { FileSystem } from "./file-system";

@unmanaged
export class Mount {
  next: Mount | null = null;
  /** The mount that it is seen in; null: it is the root of all. */
  parent: Mount | null = null;
  fileSystem: FileSystem = changetype<FileSystem>(0);
  /** The root of its tree. */
  root: DirectoryEntry = changetype<DirectoryEntry>(0);
  /** What /proc/self/mountinfo calls it. */
  id: u32 = 0;
  /** MS_RDONLY, MS_NOSUID, MS_NODEV and MS_NOEXEC. */
  flags: u32 = 0;
  /** Open files that may write a regular file which is seen in it. */
  writers: u32 = 0;
  /** The root of its copy, while a mount is copied with those in it. */
  copy: DirectoryEntry | null = null;

  /** What it is told to show, NUL-terminated: right after the record. */
  get source(): usize {
    return changetype<usize>(this) + offsetof<Mount>();
  }
}

let first: Mount | null = null;
let last: Mount | null = null;
let lastDevice: u32 = 0;
let lastId: u32 = 0;
/** Whether there are mounts besides those that the kernel started with, or with flags. */
let hasOwn: bool = false;
/** Where the file is seen that was asked for last, once there are such mounts: to compare. */
export let seenIn: Mount | null = null;
/** MS_RDONLY, … of that mount. */
export let restrictions: u32 = 0;

/** The oldest mount, the root of all; `next` leads to younger ones. */
export function firstMount(): Mount | null {
  return first;
}

/** The mount that was made last. */
export function lastMount(): Mount {
  return last!;
}

/**
 * Shows the tree of `root`, whose reference passes, at `point`, a directory or what else the root
 * is; without a point it is the root of all names. `source` is where programs are told that it
 * comes from; 0: the name of its kind. False when out of memory: then the reference stays with the
 * caller.
 */
export function mount(
  root: DirectoryEntry,
  point: DirectoryEntry | null,
  source: usize = 0,
  flags: u32 = 0,
): bool {
  const fileSystem = root.inode.fileSystem;
  const text = source === 0 ? fileSystem.name : source;
  const size = textLength(text) + 1;
  const made = changetype<Mount | null>(allocate(offsetof<Mount>() + size));
  if (made === null) return false;
  memory.copy(made.source, text, size);
  made.fileSystem = fileSystem;
  if (fileSystem.device === 0) fileSystem.device = ++lastDevice;
  if (root.origin === null) fileSystem.views++;
  else hasOwn = true;
  made.root = root;
  made.id = ++lastId;
  made.flags = flags;
  const before = last;
  if (before === null) first = made;
  else before.next = made;
  last = made;
  if (point === null) setRootDirectory(root);
  else cover(point, made);
  return true;
}

function cover(point: DirectoryEntry, mount: Mount): void {
  mount.parent = mountOf(point);
  point.retain();
  point.real.coveredViews++;
  point.mounted = mount.root;
  mount.root.covers = point;
}

function uncover(mount: Mount): void {
  const root = mount.root;
  const point = root.covers!;
  root.covers = null;
  point.mounted = null;
  point.real.coveredViews--;
  point.release();
}

/** Has a mount, not the root of all, seen at `point` instead. 0, or -ELOOP: that is in it. */
export function moveMount(mount: Mount, point: DirectoryEntry): i32 {
  for (let at = mountOf(point); at !== null; at = at!.parent) {
    if (at === mount) return -ELOOP;
  }
  uncover(mount);
  cover(point, mount);
  return 0;
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

/** The mount that `entry` is seen in; null: it is not mounted any more, or never was. */
export function mountOf(entry: DirectoryEntry): Mount | null {
  const root = entry.root;
  let mount = first;
  while (mount !== null && mount.root !== root) mount = mount.next;
  return mount;
}

/** MS_RDONLY, … of the mount that `entry` is seen in; null: the file has no name. */
export function mountFlags(entry: DirectoryEntry | null): u32 {
  noteSeen(entry);
  return restrictions;
}

/** Has `seenIn` and `restrictions` be about `entry`, which a caller asked for. */
export function noteSeen(entry: DirectoryEntry | null): void {
  "inline";
  if (hasOwn) see(entry);
}

function see(entry: DirectoryEntry | null): void {
  let found: Mount | null = null;
  if (entry !== null) found = mountOf(entry);
  seenIn = found;
  restrictions = found === null ? 0 : found.flags;
}

/**
 * Gives a mount those flags, and with `isWhole` says of its file system whether it can be changed.
 * 0, or -EBUSY: it is written.
 */
export function protect(mount: Mount, flags: u32, isWhole: bool): i32 {
  const fileSystem = mount.fileSystem;
  const isReadOnly = (flags & MS_RDONLY) !== 0;
  for (let each = first; each !== null; each = each!.next) {
    const isMeant = each === mount || (isWhole && each.fileSystem === fileSystem);
    if (isReadOnly && isMeant && each.writers !== 0) return -EBUSY;
  }
  if (isWhole) fileSystem.isReadOnly = isReadOnly;
  mount.flags = flags;
  hasOwn = true;
  return 0;
}

/** One open file more, or fewer, may write the regular file that is seen at `entry`. */
export function countWriter(entry: DirectoryEntry | null, change: u32): void {
  if (entry === null) return;
  const found = mountOf(entry);
  if (found !== null) found.writers += change;
}

/**
 * Ends a mount, and with `isLazy` those in it. 0, or -EBUSY: without that, somebody uses it besides
 * the caller, who holds a reference of its root; or it is one of the kernel's.
 */
export function unmount(mount: Mount, isLazy: bool): i32 {
  const root = mount.root;
  // Entries of a view are there for as long as they are used.
  if (root.origin === null || (!isLazy && root.references !== 2)) return -EBUSY;
  let at = mount;
  while (true) {
    let inner = first;
    while (inner !== null && inner.parent !== at) inner = inner.next;
    if (inner !== null) {
      at = inner;
      continue;
    }
    const outer = at.parent!;
    remove(at);
    if (at === mount) return 0;
    at = outer;
  }
}

function remove(mount: Mount): void {
  let before = first!;
  while (before.next !== mount) before = before.next!;
  before.next = mount.next;
  if (last === mount) last = before;
  uncover(mount);
  // A tree of the kernel's own, which was moved to there, stays.
  if (mount.root.origin !== null) mount.root.release();
  free(changetype<usize>(mount));
}
