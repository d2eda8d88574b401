// The tree of names: each entry is a name in a directory, and leads to an inode.
//
//   root -> child -> child -> null            linked by next, in the order in which they came
//             |
//           child ...                         `parent` leads back up, however it is named
//
// One hash table over (directory, name) finds a child without looking through the directory.
//
// A file system on top of a directory covers it: `mounted` leads to the root entry of its tree,
// whose `covers` leads back. A root's `parent` is itself.
//
// Invariants
//   - An entry holds a reference of its inode and one of its parent.
//   - An entry of a tree that lives in memory holds one reference of itself for as long as it is
//     linked; one of a tree that is made while it is looked at goes with its last user.
//   - An entry that was removed keeps its name and parent, for messages; `isLinked` is false.

import { allocate, free } from "../memory/heap";
import { Inode } from "./inode";

const WORD_SHIFT: u32 = 2;
const FNV_PRIME: u32 = 16777619;
const FIRST_BUCKETS: u32 = 256;

@unmanaged
export class DirectoryEntry {
  references: u32 = 0;
  parent: DirectoryEntry = changetype<DirectoryEntry>(0);
  inode: Inode = changetype<Inode>(0);
  next: DirectoryEntry | null = null;
  previous: DirectoryEntry | null = null;
  firstChild: DirectoryEntry | null = null;
  lastChild: DirectoryEntry | null = null;
  /** For the table of names alone. */
  sameHash: DirectoryEntry | null = null;
  hash: u32 = 0;
  /** Ascending among the children of a directory, never given twice: where a listing goes on. */
  position: u32 = 0;
  private lastPosition: u32 = 0;
  mounted: DirectoryEntry | null = null;
  covers: DirectoryEntry | null = null;
  /** What it shows, of a view (view.ts). */
  origin: DirectoryEntry | null = null;
  /** At how many of the places where it is seen something is mounted. */
  coveredViews: u32 = 0;
  isLinked: bool = false;
  /** NUL-terminated; the entry owns it. */
  name: usize = 0;
  nameLength: u32 = 0;

  get isRoot(): bool {
    return this.parent === this;
  }

  /** The root of the tree that it is in. */
  get root(): DirectoryEntry {
    let at: DirectoryEntry = this;
    while (!at.isRoot) at = at.parent;
    return at;
  }

  /** Whether it was in the tree and is not any more. */
  get isRemoved(): bool {
    const real = this.real;
    return !real.isLinked && !real.isRoot;
  }

  /** Itself, or what it shows. */
  get real(): DirectoryEntry {
    const origin = this.origin;
    return origin === null ? this : origin;
  }

  retain(): void {
    this.references++;
  }

  /** One reference fewer. Entries up to the root may go with the last one. */
  release(): void {
    this.references--;
    if (this.references === 0) dropUnused(this);
  }

  /** The child of that name, not retained; or null. */
  find(name: usize, length: u32): DirectoryEntry | null {
    const hash = hashOf(this, name, length);
    let entry = load<DirectoryEntry | null>(bucket(hash));
    while (entry !== null) {
      if (entry.hash === hash && entry.parent === this && entry.isNamed(name, length)) return entry;
      entry = entry.sameHash;
    }
    return null;
  }

  /**
   * Names an entry that is not linked, or not for long. False when out of memory: then it keeps its
   * name.
   */
  setName(name: usize, length: u32): bool {
    const copy = allocate(length + 1);
    if (copy === 0) return false;
    memory.copy(copy, name, length);
    free(this.name);
    this.name = copy;
    this.nameLength = length;
    return true;
  }

  /** Gives an entry that is not linked another parent. */
  setParent(parent: DirectoryEntry): void {
    parent.retain();
    this.parent.release();
    this.parent = parent;
  }

  isNamed(name: usize, length: u32): bool {
    return this.nameLength === length && memory.compare(this.name, name, length) === 0;
  }

  /** Puts a new child, not linked yet, after the others. */
  link(child: DirectoryEntry): void {
    if (entryCount > bucketMask) growTable();
    child.hash = hashOf(this, child.name, child.nameLength);
    child.position = ++this.lastPosition;
    const before = this.lastChild;
    child.previous = before;
    child.next = null;
    if (before === null) this.firstChild = child;
    else before.next = child;
    this.lastChild = child;
    const head = bucket(child.hash);
    child.sameHash = load<DirectoryEntry | null>(head);
    store<DirectoryEntry>(head, child);
    child.isLinked = true;
    entryCount++;
    namesVersion++;
  }

  /** Takes a linked entry out of its directory; its references stay. */
  unlink(): void {
    const parent = this.parent;
    const before = this.previous;
    const after = this.next;
    if (before === null) parent.firstChild = after;
    else before.next = after;
    if (after === null) parent.lastChild = before;
    else after.previous = before;
    this.removeFromBucket();
    this.isLinked = false;
    entryCount--;
    namesVersion++;
  }

  private removeFromBucket(): void {
    const head = bucket(this.hash);
    let at = load<DirectoryEntry | null>(head);
    if (at === this) {
      store<DirectoryEntry | null>(head, this.sameHash);
      return;
    }
    while (at !== null) {
      const following = at.sameHash;
      if (following === this) at.sameHash = this.sameHash;
      at = following;
    }
  }
}

let buckets: usize = 0;
let bucketMask: u32 = 0;
let entryCount: u32 = 0;
/** Counts the changes of the tree. */
export let namesVersion: u32 = 0;
let root: DirectoryEntry | null = null;

/** How many lists the table of names has: at least as many as names, while there is memory. */
export function bucketCount(): u32 {
  return bucketMask + 1;
}

/** The root of all names. It exists from the mount of the first file system on. */
export function rootDirectory(): DirectoryEntry {
  return root!;
}

export function setRootDirectory(entry: DirectoryEntry): void {
  root = entry;
}

/** Makes the table of names; false when out of memory. */
export function startDirectoryEntries(): bool {
  bucketMask = FIRST_BUCKETS - 1;
  buckets = allocate(FIRST_BUCKETS << WORD_SHIFT);
  return buckets !== 0;
}

/**
 * An entry for `inode`, whose reference passes, with one reference, and not linked. Null when out
 * of memory: then the inode's reference stays with the caller.
 */
export function createEntry(
  parent: DirectoryEntry | null,
  inode: Inode,
  name: usize,
  length: u32,
): DirectoryEntry | null {
  const at = allocate(offsetof<DirectoryEntry>());
  if (at === 0) return null;
  const entry = changetype<DirectoryEntry>(at);
  if (!entry.setName(name, length)) {
    free(at);
    return null;
  }
  entry.references = 1;
  entry.inode = inode;
  entry.parent = entry;
  if (parent !== null) {
    entry.parent = parent;
    parent.retain();
  }
  return entry;
}

/** Frees an entry that nobody refers to, and those above it that only it referred to. */
function dropUnused(unused: DirectoryEntry): void {
  let entry = unused;
  while (true) {
    if (entry.isLinked) entry.unlink();
    const parent = entry.parent;
    const isRoot = entry.isRoot;
    const origin = entry.origin;
    entry.inode.release();
    free(entry.name);
    free(changetype<usize>(entry));
    if (origin !== null) leaveView(origin, isRoot);
    if (isRoot) return;
    entry = parent;
    entry.references--;
    if (entry.references !== 0) return;
  }
}

/** An entry of a view, or its root, is gone. A tree goes with the last view of it. */
function leaveView(origin: DirectoryEntry, isRoot: bool): void {
  const fileSystem = origin.inode.fileSystem;
  const root = origin.root;
  // As release(), which stays a few instructions while this is apart.
  origin.references--;
  if (origin.references === 0) dropUnused(origin);
  if (!isRoot) return;
  fileSystem.views--;
  if (fileSystem.views === 0) dropTree(root);
}

/** Removes all names of a tree that nobody sees any more, and the tree. */
function dropTree(root: DirectoryEntry): void {
  let at = root;
  while (true) {
    for (let child = at.firstChild; child !== null; child = at.firstChild) at = child;
    if (at === root) break;
    const parent = at.parent;
    at.unlink();
    at.release();
    at = parent;
  }
  root.release();
}

/** FNV-1a over the name, begun with the directory. */
function hashOf(directory: DirectoryEntry, name: usize, length: u32): u32 {
  let hash = <u32>changetype<usize>(directory);
  for (let i: u32 = 0; i < length; i++) hash = (hash ^ load<u8>(name + i)) * FNV_PRIME;
  // The low bits of a product know little of the high bits of what was multiplied.
  return hash ^ (hash >> 16);
}

function bucket(hash: u32): usize {
  return buckets + ((hash & bucketMask) << WORD_SHIFT);
}

/** Doubles the table, if there is memory: without it, lists get longer, nothing else. */
function growTable(): void {
  const oldBuckets = buckets;
  const oldCount = bucketMask + 1;
  const table = allocate(oldCount << (WORD_SHIFT + 1));
  if (table === 0) return;
  buckets = table;
  bucketMask = (oldCount << 1) - 1;
  for (let i: u32 = 0; i < oldCount; i++) {
    let entry = load<DirectoryEntry | null>(oldBuckets + (i << WORD_SHIFT));
    while (entry !== null) {
      const following = entry.sameHash;
      const head = bucket(entry.hash);
      entry.sameHash = load<DirectoryEntry | null>(head);
      store<DirectoryEntry>(head, entry);
      entry = following;
    }
  }
  free(oldBuckets);
}
