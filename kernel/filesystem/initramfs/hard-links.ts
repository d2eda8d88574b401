// Files of an archive that have several names, for as long as it is unpacked.
//
//   buckets  | record | record | …      chosen by the archive's inode number
//                 |-> next -> next
//
// Each entry of such a file names it by inode and device numbers; one of them brings the contents.

import { Inode } from "../../file/inode";
import { allocate, free } from "../../memory/heap";

const BUCKETS: u32 = 64;
const WORD_SHIFT: u32 = 2;

@unmanaged
class LinkedFile {
  next: LinkedFile | null = null;
  number: u32 = 0;
  device: u32 = 0;
  inode: Inode = changetype<Inode>(0);
}

const buckets: usize = memory.data(BUCKETS << WORD_SHIFT, 4);

/** The inode that an earlier entry of those numbers made, or null. */
export function linkedInode(number: u32, device: u32): Inode | null {
  let file = load<LinkedFile | null>(bucketOf(number));
  while (file !== null) {
    if (file.number === number && file.device === device) return file.inode;
    file = file.next;
  }
  return null;
}

/** Remembers the inode for later entries of its numbers. Without memory they become files apart. */
export function rememberInode(number: u32, device: u32, inode: Inode): void {
  const file = changetype<LinkedFile | null>(allocate(offsetof<LinkedFile>()));
  if (file === null) return;
  inode.retain();
  file.number = number;
  file.device = device;
  file.inode = inode;
  file.next = load<LinkedFile | null>(bucketOf(number));
  store<LinkedFile>(bucketOf(number), file);
}

/** The archive has ended. */
export function forgetInodes(): void {
  for (let i: u32 = 0; i < BUCKETS; i++) {
    let file = load<LinkedFile | null>(buckets + (i << WORD_SHIFT));
    store<usize>(buckets + (i << WORD_SHIFT), 0);
    while (file !== null) {
      const next = file.next;
      file.inode.release();
      free(changetype<usize>(file));
      file = next;
    }
  }
}

function bucketOf(number: u32): usize {
  return buckets + ((number & (BUCKETS - 1)) << WORD_SHIFT);
}
