// Mapping and unmapping ranges of a user space, and where there is room for one.
//
//   [a region      ]          splitAt(address) makes two of a region that lies on both sides;
//        | address            joinAround() makes one of neighbours that say the same
//
// Invariants
//   - A call that fails for want of memory has changed no page and no right; a region may have been
//     split, which means nothing.
//   - W and X exclude each other (law 4).

import { EACCES, EINVAL, ENOMEM, EPERM } from "../../src/abi/errno";
import { PAGE_MASK, PAGE_SHIFT, PAGE_SIZE, USER_END } from "../../src/abi/memory-map";
import { STACK_GAP } from "./fault";
import { MemoryObject } from "./memory-object";
import {
  copyRegion,
  createRegion,
  REGION_EXECUTE,
  REGION_GROWS_DOWN,
  REGION_SHARED,
  REGION_WRITE,
  Region,
} from "./region";
import { AddressSpace, STACK_LIMIT, UNLIMITED } from "./space";

const MIB: u32 = 1 << 20;
/** Where the search for room begins, downwards: below a stack, however large it becomes. */
export const MAP_TOP: usize = USER_END - STACK_LIMIT - MIB - STACK_GAP;
/** Nothing is placed below, unless the program says so: a null pointer's neighbours stay empty. */
const MAP_BOTTOM: usize = 16 * PAGE_SIZE;

/** Whether `rights` are what no page may have: writable and executable (law 4). */
export function breaksExclusion(rights: u32): bool {
  return (rights & (REGION_WRITE | REGION_EXECUTE)) === (REGION_WRITE | REGION_EXECUTE);
}

/**
 * Makes [start, end) show `object` from page `firstPage` on, or zeros without one, in place of what
 * was there. `file` is where the object comes from, 0: nowhere. 0, -EINVAL for a range that is
 * empty, not page aligned or outside user space, -EPERM for page 0, -EACCES for rights that exclude
 * each other, -ENOMEM.
 */
export function mapRange(
  space: AddressSpace,
  start: usize,
  end: usize,
  rights: u32,
  flags: u32,
  object: MemoryObject | null = null,
  firstPage: u32 = 0,
  file: usize = 0,
): i32 {
  if (((start | end) & PAGE_MASK) !== 0 || start >= end || end > USER_END) return -EINVAL;
  if (start < PAGE_SIZE) return -EPERM;
  if (breaksExclusion(rights)) return -EACCES;
  if (!isWithinLimits(space, (end - start) >> PAGE_SHIFT, rights, flags)) return -ENOMEM;
  // The region itself, and what is left on both sides of it of one that was there.
  if (!space.regions.reserve(3)) return -ENOMEM;
  const region = createRegion(space, start, end, rights, flags | space.futureFlags);
  if (!region) return -ENOMEM;
  region.show(object, firstPage, file);
  if (unmapRange(space, start, end) !== 0) {
    region.release();
    return -ENOMEM;
  }
  space.regions.add(region);
  joinAround(space, start, end);
  return 0;
}

/** Takes away what is in [start, end), both page aligned. 0, or -ENOMEM for a region to split. */
export function unmapRange(space: AddressSpace, start: usize, end: usize): i32 {
  const regions = space.regions;
  let index = regions.firstEndingAfter(start);
  if (index !== regions.count && regions.at(index).start < start) {
    const region = regions.at(index);
    if (region.end > end && !splitAt(space, end)) return -ENOMEM;
    space.releaseRange(start, region.end);
    region.end = start;
    index++;
  }
  let count: u32 = 0;
  while (index + count < regions.count && regions.at(index + count).end <= end) {
    const region = regions.at(index + count);
    space.releaseRange(region.start, region.end);
    count++;
  }
  if (count !== 0) regions.remove(index, count);
  if (index !== regions.count && regions.at(index).start < end) {
    const region = regions.at(index);
    space.releaseRange(region.start, end);
    region.firstPage = region.pageAt(end);
    region.start = end;
  }
  return 0;
}

/** Makes sure that no region lies on both sides of `address`. False: out of memory. */
export function splitAt(space: AddressSpace, address: usize): bool {
  const region = space.findRegion(address);
  if (!region || region.start === address) return true;
  if (!space.regions.reserve(1)) return false;
  const upper = copyRegion(region, space, address, region.end);
  if (!upper) return false;
  region.end = address;
  space.regions.add(upper);
  return true;
}

/** Joins the regions from the one before `start` to the one after `end` that say the same. */
export function joinAround(space: AddressSpace, start: usize, end: usize): void {
  const regions = space.regions;
  regions.join(regions.firstEndingAfter(start - 1), end);
}

/**
 * Where `size` bytes, whole pages, have room: at `hint` if that is free, else as high as possible
 * below where the stack may come. 0: nowhere.
 */
export function findRoom(space: AddressSpace, hint: usize, size: usize): usize {
  if (hint >= MAP_BOTTOM && isFree(space, hint, size)) return hint;
  const place = highestRoom(space, size, MAP_TOP);
  return place !== 0 ? place : highestRoom(space, size, USER_END);
}

/** Whether nothing is mapped in the `size` bytes at `start`, nor a stack right above them. */
export function isFree(space: AddressSpace, start: usize, size: usize): bool {
  if (size > USER_END || start > USER_END - size) return false;
  const regions = space.regions;
  const index = regions.firstEndingAfter(start);
  return index === regions.count || start + size <= lowestOf(regions.at(index));
}

function highestRoom(space: AddressSpace, size: usize, top: usize): usize {
  const regions = space.regions;
  let limit = top;
  for (let i = regions.count; i !== 0; i--) {
    const region = regions.at(i - 1);
    if (region.end < limit && limit - region.end >= size) return roomBelow(limit, size);
    limit = min(limit, lowestOf(region));
  }
  return roomBelow(limit, size);
}

function roomBelow(limit: usize, size: usize): usize {
  return limit >= MAP_BOTTOM && limit - MAP_BOTTOM >= size ? limit - size : 0;
}

/** Where a region begins, with what it needs below. */
function lowestOf(region: Region): usize {
  const gap = (region.flags & REGION_GROWS_DOWN) !== 0 ? STACK_GAP : 0;
  return region.start > gap ? region.start - gap : 0;
}

/** Whether the space may have so many pages more (RLIMIT_AS, RLIMIT_DATA). */
export function isWithinLimits(space: AddressSpace, pages: u32, rights: u32, flags: u32): bool {
  if (space.sizeLimit !== UNLIMITED) {
    if (countPages(space, false) + pages > space.sizeLimit >> PAGE_SHIFT) return false;
  }
  if (space.dataLimit === UNLIMITED || !isData(rights, flags)) return true;
  return countPages(space, true) + pages <= space.dataLimit >> PAGE_SHIFT;
}

/** The pages of all regions, or of those that count as data. */
export function countPages(space: AddressSpace, onlyData: bool): u32 {
  const regions = space.regions;
  let pages: u32 = 0;
  for (let i: u32 = 0; i < regions.count; i++) {
    const region = regions.at(i);
    if (onlyData && !isData(region.rights, region.flags)) continue;
    pages += (region.end - region.start) >> PAGE_SHIFT;
  }
  return pages;
}

/** What RLIMIT_DATA counts: private and writable, and not a stack. */
function isData(rights: u32, flags: u32): bool {
  return (rights & REGION_WRITE) !== 0 && (flags & (REGION_SHARED | REGION_GROWS_DOWN)) === 0;
}

/** Whether each page of [start, end) is in a region. */
export function isMapped(space: AddressSpace, start: usize, end: usize): bool {
  let at = start;
  while (at < end) {
    const region = space.findRegion(at);
    if (!region) return false;
    at = region.end;
  }
  return true;
}
