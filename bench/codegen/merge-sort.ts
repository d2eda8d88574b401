// Merge sort of a linked list, bottom up and stable: runs of 1, 2, 4, … records.

import { mix, nextRandom } from "./random";

const COUNT: u32 = 4096;

@unmanaged
class Entry {
  next: Entry | null = null;
  key: u32 = 0;
  serial: u32 = 0;
}

function mergeSort(first: Entry | null): Entry | null {
  let list = first;
  let merges: u32;
  let size: u32 = 1;
  do {
    let rest = list;
    let tail: Entry | null = null;
    merges = 0;
    list = null;
    while (rest) {
      let left: Entry | null = rest;
      let right: Entry | null = rest;
      let leftSize: u32 = 0;
      merges++;
      while (leftSize < size && right) {
        leftSize++;
        right = right.next;
      }
      let rightSize = size;
      while (leftSize > 0 || (rightSize > 0 && right)) {
        let next: Entry | null;
        if (leftSize === 0 || (rightSize > 0 && right && right.key < left!.key)) {
          next = right;
          right = right!.next;
          rightSize--;
        } else {
          next = left;
          left = left!.next;
          leftSize--;
        }
        if (tail) tail.next = next;
        else list = next;
        tail = next;
      }
      rest = right;
    }
    if (tail) tail.next = null;
    size *= 2;
  } while (merges > 1);
  return list;
}

export function run(arena: usize, rounds: u32): u32 {
  let random: u32 = 31;
  let checksum: u32 = 0;
  for (let round: u32 = 0; round < rounds; round++) {
    for (let i: u32 = 0; i < COUNT; i++) {
      random = nextRandom(random);
      const at = arena + i * offsetof<Entry>();
      const record = changetype<Entry>(at);
      record.next = i + 1 < COUNT ? changetype<Entry>(at + offsetof<Entry>()) : null;
      record.key = random >> 18;
      record.serial = i;
    }
    let at = mergeSort(changetype<Entry>(arena));
    while (at) {
      checksum = mix(checksum, at.key + at.serial);
      at = at.next;
    }
  }
  return checksum;
}
