// mlock: which pages of a space are to stay in memory.
//
// All pages stay where they are anyway, as there is no swap: what is locked is remembered, since
// programs ask for it, it is limited, and it must not be given back unasked (advise-range.ts).

import { ENOMEM } from "../../src/abi/errno";
import { PAGE_SHIFT, PAGE_SIZE } from "../../src/abi/memory-map";
import { joinAround, splitAt } from "./map-range";
import { REGION_LOCKED } from "./region";
import { AddressSpace } from "./space";

/** Locks or unlocks what is mapped of [start, end), page aligned. 0, or -ENOMEM and nothing is. */
export function lockRange(space: AddressSpace, start: usize, end: usize, locks: bool): i32 {
  if (!splitAt(space, start) || !splitAt(space, end)) return -ENOMEM;
  const regions = space.regions;
  for (let i = regions.firstEndingAfter(start); i < regions.count; i++) {
    const region = regions.at(i);
    if (region.start >= end) break;
    region.flags = locks ? region.flags | REGION_LOCKED : region.flags & ~REGION_LOCKED;
  }
  // Nothing is mapped in page 0, and before it there is no address.
  joinAround(space, max<usize>(start, PAGE_SIZE), end);
  return 0;
}

/** How many pages of [start, end) are locked. */
export function lockedPages(space: AddressSpace, start: usize, end: usize): u32 {
  const regions = space.regions;
  let pages: u32 = 0;
  for (let i = regions.firstEndingAfter(start); i < regions.count; i++) {
    const region = regions.at(i);
    if (region.start >= end) break;
    if ((region.flags & REGION_LOCKED) === 0) continue;
    pages += <u32>((min(region.end, end) - max(region.start, start)) >> PAGE_SHIFT);
  }
  return pages;
}
