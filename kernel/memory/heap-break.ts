// brk: the end of the heap, which begins after the program's image.
//
// The heap is anonymous memory like any other; what makes it the heap is that it lies between
// `breakStart` and `breakEnd` of its space.

import { PAGE_MASK, PAGE_SHIFT, USER_END } from "../../src/abi/memory-map";
import { isFree, isWithinLimits, mapRange, unmapRange } from "./map-range";
import { REGION_READ, REGION_WRITE, Region } from "./region";
import { AddressSpace } from "./space";

const RIGHTS: u32 = REGION_READ | REGION_WRITE;

/** Moves the end of the heap to `end`, any address, if that can be; returns where it is. */
export function moveBreak(space: AddressSpace, end: usize): usize {
  if (end < space.breakStart || end > USER_END) return space.breakEnd;
  const from = pageAfter(space.breakEnd);
  const to = pageAfter(end);
  if (to > from ? grow(space, from, to) : shrink(space, to, from)) space.breakEnd = end;
  return space.breakEnd;
}

function grow(space: AddressSpace, from: usize, to: usize): bool {
  if (!isFree(space, from, to - from)) return false;
  const last = space.findRegion(from - 1);
  if (!last || !continues(last)) return mapRange(space, from, to, RIGHTS, 0) === 0;
  if (!isWithinLimits(space, (to - from) >> PAGE_SHIFT, RIGHTS, 0)) return false;
  last.end = to;
  return true;
}

/** Whether more of the heap can be the same region. */
function continues(region: Region): bool {
  return region.rights === RIGHTS && region.flags === 0 && !region.object;
}

function shrink(space: AddressSpace, to: usize, from: usize): bool {
  return to === from || unmapRange(space, to, from) === 0;
}

function pageAfter(address: usize): usize {
  return (address + PAGE_MASK) & ~PAGE_MASK;
}
