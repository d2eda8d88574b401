// Walks the page tables of PAE: three levels of 64-bit entries, large pages, rights at each level.

import { mix, nextRandom } from "./random";

const PAGE: u32 = 4096;
const PRESENT: u32 = 1;
const WRITABLE: u32 = 2;
const USER: u32 = 4;
const LARGE: u32 = 0x80;
const NO_EXECUTE: u64 = 1 << 63;
const FRAME: u32 = 0xfffff000;

@unmanaged
class Walk {
  physical: u32 = 0;
  rights: u32 = 0;
  size: u32 = 0;
}

/** Entry `index` of the table at `table`. */
function entryAt(table: usize, index: u32): u64 {
  return load<u64>(table + (index << 3));
}

/** Fills in where `address` is mapped; returns whether it is. */
function walk(pointers: usize, address: u32, result: Walk): bool {
  let entry = entryAt(pointers, address >> 30);
  if (!(entry & PRESENT)) return false;
  const directory = <u32>entry & FRAME;
  entry = entryAt(directory, (address >> 21) & 511);
  if (!(entry & PRESENT)) return false;
  const rights = <u32>entry & (WRITABLE | USER);
  let executable = !(entry & NO_EXECUTE);
  if (entry & LARGE) {
    result.physical = (<u32>entry & 0xffe00000) | (address & 0x1fffff);
    result.rights = rights | (u32(executable) << 3);
    result.size = 512 * PAGE;
    return true;
  }
  const table = <u32>entry & FRAME;
  entry = entryAt(table, (address >> 12) & 511);
  if (!(entry & PRESENT)) return false;
  if (entry & NO_EXECUTE) executable = false;
  result.physical = (<u32>entry & FRAME) | (address & (PAGE - 1));
  result.rights = (rights & <u32>entry) | (u32(executable) << 3);
  result.size = PAGE;
  return true;
}

/** How many bytes from `address` on a user may access so. */
function accessible(pointers: usize, address: u32, length: u32, rights: u32, found: Walk): u32 {
  let at = address;
  const end = address + length;
  while (at < end) {
    if (!walk(pointers, at, found) || (found.rights & rights) !== rights) break;
    at = (at & -found.size) + found.size;
  }
  return (at < end ? at : end) - address;
}

/** Four directories with eight tables each, some large pages, and holes. */
function makeTables(arena: usize): usize {
  let next = arena + PAGE;
  const pointers = arena;
  let random: u32 = 7;
  for (let i: u32 = 0; i < 4; i++) {
    const directory = next;
    store<u64>(pointers + (i << 3), next | PRESENT);
    next += PAGE;
    for (let j: u32 = 0; j < 8; j++) {
      const table = next;
      store<u64>(directory + (j << 3), next | PRESENT | WRITABLE | USER);
      next += PAGE;
      for (let k: u32 = 0; k < 512; k++) {
        random = nextRandom(random);
        const flags = (random & 63 ? PRESENT : 0) | ((random >> 6) & 6) | USER;
        const noExecute = (<u64>(random & 0x800)) << 52;
        store<u64>(table + (k << 3), <u64>((random & FRAME) | flags) | noExecute);
      }
    }
    for (let j: u32 = 8; j < 32; j++) {
      random = nextRandom(random);
      const entry = (random & 0xffe00000) | LARGE | PRESENT | WRITABLE | (random & USER);
      store<u64>(directory + (j << 3), entry);
    }
  }
  return pointers;
}

/** Variables have no addresses in AssemblyScript, so the walk's result is in static memory. */
const RESULT: usize = memory.data(offsetof<Walk>());

export function run(arena: usize, rounds: u32): u32 {
  const pointers = makeTables(arena);
  const found = changetype<Walk>(RESULT);
  let checksum: u32 = 0;
  let random: u32 = 99;
  for (let round: u32 = 0; round < rounds; round++) {
    for (let i: u32 = 0; i < 2048; i++) {
      random = nextRandom(random);
      const address = (random & 0xc0000000) | (random & 0x1ffffff);
      if (walk(pointers, address, found)) {
        checksum = mix(checksum, found.physical + found.rights);
      } else {
        checksum = mix(checksum, 1);
      }
    }
    for (let i: u32 = 0; i < 64; i++) {
      random = nextRandom(random);
      const address = (random & 0xc0000000) | (random & 0xffffff);
      checksum = mix(checksum, accessible(pointers, address, 0x40000, USER, found));
    }
  }
  return checksum;
}
