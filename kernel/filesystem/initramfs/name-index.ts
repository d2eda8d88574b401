// An index of the names of all folders, for as long as an archive is unpacked.
//
// Unpacking asks for each new name whether it is there already; to look through the folder each
// time would take a time that grows with the square of its size. Afterwards the index is gone:
// folders are small enough to be searched.
//
//   buckets  | first inode | first inode | …      chosen by a hash of folder and name
//                 |-> sameHash -> sameHash
//
// Without memory for it, folders are searched.

import { Inode } from "../../file/inode";
import { allocate, free } from "../../memory/heap";

const WORD_SHIFT: u32 = 2;
const FNV_PRIME: u32 = 16777619;

let buckets: usize = 0;
let mask: u32 = 0;

/** Starts an index of some `count` names. */
export function startNameIndex(count: u32): void {
  mask = 1;
  while (mask < count) mask = (mask << 1) | 1;
  buckets = allocate((mask + 1) << WORD_SHIFT);
}

export function endNameIndex(): void {
  if (buckets !== 0) free(buckets);
  buckets = 0;
}

/** What `directory.find()` would give. */
export function findIndexed(directory: Inode, name: usize, length: u32): Inode | null {
  if (buckets === 0) return directory.find(name, length);
  let inode = load<Inode | null>(bucketOf(directory, name, length));
  while (inode !== null) {
    if (inode.parent === directory && inode.isNamed(name, length)) return inode;
    inode = inode.sameHash;
  }
  return null;
}

/** Notes that `inode` is in its folder now. */
export function addToIndex(inode: Inode): void {
  if (buckets === 0) return;
  const bucket = bucketOf(inode.parent!, inode.name, inode.nameLength);
  inode.sameHash = load<Inode | null>(bucket);
  store<Inode>(bucket, inode);
}

/** FNV-1a over the name, begun with the folder. */
function bucketOf(directory: Inode, name: usize, length: u32): usize {
  let hash = <u32>changetype<usize>(directory);
  for (let i: u32 = 0; i < length; i++) hash = (hash ^ load<u8>(name + i)) * FNV_PRIME;
  // The low bits of a product know little of the high bits of what was multiplied.
  return buckets + (((hash ^ (hash >> 16)) & mask) << WORD_SHIFT);
}
