// mremap: a range of a user space becomes larger, smaller, or moves with what is in it.

import { EFAULT, EINVAL, ENOMEM } from "../../src/abi/errno";
import { PAGE_MASK, PAGE_SHIFT, USER_END } from "../../src/abi/memory-map";
import { MREMAP_DONTUNMAP, MREMAP_FIXED, MREMAP_MAYMOVE } from "../../src/abi/mman";
import { findRoom, isFree, isWithinLimits, joinAround, splitAt, unmapRange } from "./map-range";
import { copyRegion, REGION_GROWS_DOWN, Region } from "./region";
import { AddressSpace } from "./space";

const ALL_FLAGS: u32 = MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP;

/**
 * mremap(start, oldLength, newLength, flags, place): the address where the range is now, or a
 * negative errno as Linux has them.
 */
export function moveRange(
  space: AddressSpace,
  start: usize,
  oldLength: u32,
  newLength: u32,
  flags: u32,
  place: usize,
): i32 {
  if (!areFlags(flags, oldLength, newLength) || (start & PAGE_MASK) !== 0) return -EINVAL;
  const oldSize = pageAligned(oldLength);
  const newSize = pageAligned(newLength);
  if (newSize === 0) return -EINVAL;
  const region = space.findRegion(start);
  if (!region) return -EFAULT;
  if ((flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) !== 0) {
    return moveTo(space, start, oldSize, newSize, flags, place);
  }
  if (newSize <= oldSize) {
    const left = start + newSize;
    if (oldSize > USER_END - start) return -EINVAL;
    const result = newSize < oldSize ? unmapRange(space, left, start + oldSize) : 0;
    return result === 0 ? <i32>start : result;
  }
  const problem = growthProblem(space, region, start, oldSize, newSize);
  if (problem !== 0) return problem;
  if (growInPlace(space, region, start, oldSize, newSize)) return <i32>start;
  if ((flags & MREMAP_MAYMOVE) === 0) return -ENOMEM;
  const room = findRoom(space, 0, newSize);
  return room === 0 ? -ENOMEM : relocate(space, start, oldSize, room, newSize, false);
}

function areFlags(flags: u32, oldLength: u32, newLength: u32): bool {
  if ((flags & ~ALL_FLAGS) !== 0) return false;
  const mayMove = (flags & MREMAP_MAYMOVE) !== 0;
  if ((flags & MREMAP_FIXED) !== 0 && !mayMove) return false;
  return (flags & MREMAP_DONTUNMAP) === 0 || (mayMove && oldLength === newLength);
}

/** To a place that the caller names, or, with MREMAP_DONTUNMAP, may name. */
function moveTo(
  space: AddressSpace,
  start: usize,
  oldSize: u32,
  newSize: u32,
  flags: u32,
  place: usize,
): i32 {
  if ((place & PAGE_MASK) !== 0) return -EINVAL;
  if (newSize > USER_END || place > USER_END - newSize) return -EINVAL;
  // Not sums: they could wrap.
  if (place < start ? start - place < newSize : place - start < oldSize) return -EINVAL;
  if (oldSize > USER_END - start) return -EINVAL;
  const isFixed = (flags & MREMAP_FIXED) !== 0;
  if (isFixed && place <= PAGE_MASK) return -EINVAL;
  if (isFixed && unmapRange(space, place, place + newSize) !== 0) return -ENOMEM;
  let size = oldSize;
  if (oldSize > newSize) {
    if (unmapRange(space, start + newSize, start + oldSize) !== 0) return -ENOMEM;
    size = newSize;
  }
  const region = space.findRegion(start);
  if (!region) return -EFAULT;
  const problem = growthProblem(space, region, start, size, newSize);
  if (problem !== 0) return problem;
  const room = isFixed ? place : findRoom(space, place, newSize);
  const keeps = (flags & MREMAP_DONTUNMAP) !== 0;
  return room === 0 ? -ENOMEM : relocate(space, start, size, room, newSize, keeps);
}

/** Why `region` cannot become that much larger, 0 if it can. */
function growthProblem(
  space: AddressSpace,
  region: Region,
  start: usize,
  oldSize: u32,
  newSize: u32,
): i32 {
  // An old size of 0 asks for a second view of what is shared.
  if (oldSize === 0 && !region.isShared) return -EINVAL;
  if (oldSize > region.end - start) return -EFAULT;
  if (newSize <= oldSize) return 0;
  const firstPage = region.pageAt(start);
  if (region.object && firstPage + (newSize >> PAGE_SHIFT) < firstPage) return -EINVAL;
  const pages = (newSize - oldSize) >> PAGE_SHIFT;
  return isWithinLimits(space, pages, region.rights, region.flags) ? 0 : -ENOMEM;
}

function growInPlace(
  space: AddressSpace,
  region: Region,
  start: usize,
  oldSize: u32,
  newSize: u32,
): bool {
  const end = start + oldSize;
  if (oldSize === 0 || end !== region.end) return false;
  if (!isFree(space, end, newSize - oldSize)) return false;
  region.end = start + newSize;
  joinAround(space, start, region.end);
  return true;
}

/** Moves [start, start + oldSize), with its pages, to `room`: that address or -ENOMEM. */
function relocate(
  space: AddressSpace,
  start: usize,
  oldSize: u32,
  room: usize,
  newSize: u32,
  keeps: bool,
): i32 {
  if (!splitAt(space, start) || !splitAt(space, start + oldSize)) return -ENOMEM;
  if (!space.regions.reserve(1)) return -ENOMEM;
  const region = space.findRegion(start)!;
  const moved = copyRegion(region, space, region.start, region.end);
  if (!moved) return -ENOMEM;
  if (oldSize !== 0 && !space.moveRange(start, room, oldSize)) {
    moved.release();
    return -ENOMEM;
  }
  moved.start = room;
  moved.end = room + newSize;
  moved.flags &= ~REGION_GROWS_DOWN;
  space.regions.add(moved);
  if (!keeps && oldSize !== 0) unmapRange(space, start, start + oldSize);
  joinAround(space, room, room + newSize);
  return <i32>room;
}

function pageAligned(length: u32): u32 {
  return (length + PAGE_MASK) & ~PAGE_MASK;
}
