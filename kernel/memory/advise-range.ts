// madvise: what a program says of a range that it has mapped.
//
// Only what changes what the program will see is done: pages that it gives back, and what a fork
// does with a region. The rest is advice, and accepted.

import { EINVAL, ENOMEM, EOPNOTSUPP } from "../../src/abi/errno";
import {
  MADV_COLD,
  MADV_DODUMP,
  MADV_DOFORK,
  MADV_DONTDUMP,
  MADV_DONTFORK,
  MADV_DONTNEED,
  MADV_FREE,
  MADV_HUGEPAGE,
  MADV_KEEPONFORK,
  MADV_NOHUGEPAGE,
  MADV_NORMAL,
  MADV_PAGEOUT,
  MADV_RANDOM,
  MADV_REMOVE,
  MADV_SEQUENTIAL,
  MADV_WILLNEED,
  MADV_WIPEONFORK,
} from "../../src/abi/mman";
import { joinAround, splitAt } from "./map-range";
import { REGION_LOCKED, REGION_NOT_INHERITED, REGION_SHARED, REGION_WIPED, Region } from "./region";
import { AddressSpace } from "./space";

/**
 * Does what `advice` says of [start, end), page aligned, as far as it is mapped. 0; -ENOMEM, but
 * only in the end, for a hole; -EINVAL for what a region cannot have; -EOPNOTSUPP.
 */
export function adviseRange(space: AddressSpace, start: usize, end: usize, advice: u32): i32 {
  const regions = space.regions;
  let at = start;
  let hasHole = false;
  while (at < end) {
    const index = regions.firstEndingAfter(at);
    const from = index === regions.count ? end : max(at, regions.at(index).start);
    if (from !== at) hasHole = true;
    if (from >= end) break;
    const region = regions.at(index);
    const stop = min(region.end, end);
    const result = adviseRegion(space, region, from, stop, advice);
    if (result !== 0) return result;
    at = stop;
  }
  joinAround(space, start, end);
  return hasHole ? -ENOMEM : 0;
}

/** Whether madvise knows `advice`; the kinds that fill pages are the caller's. */
export function isAdvice(advice: u32): bool {
  switch (advice) {
    case MADV_NORMAL:
    case MADV_RANDOM:
    case MADV_SEQUENTIAL:
    case MADV_WILLNEED:
    case MADV_DONTNEED:
    case MADV_FREE:
    case MADV_REMOVE:
    case MADV_DONTFORK:
    case MADV_DOFORK:
    case MADV_HUGEPAGE:
    case MADV_NOHUGEPAGE:
    case MADV_DONTDUMP:
    case MADV_DODUMP:
    case MADV_WIPEONFORK:
    case MADV_KEEPONFORK:
    case MADV_COLD:
    case MADV_PAGEOUT:
      return true;
    default:
      return false;
  }
}

function adviseRegion(
  space: AddressSpace,
  region: Region,
  start: usize,
  end: usize,
  advice: u32,
): i32 {
  const isLocked = (region.flags & REGION_LOCKED) !== 0;
  const isOwn = !region.object && (region.flags & REGION_SHARED) === 0;
  switch (advice) {
    case MADV_DONTNEED:
      if (isLocked) return -EINVAL;
      space.releaseRange(start, end);
      return 0;
    case MADV_FREE:
      if (!isOwn || isLocked) return -EINVAL;
      space.releaseRange(start, end);
      return 0;
    case MADV_REMOVE:
      return region.isShared && region.object ? -EOPNOTSUPP : -EINVAL;
    case MADV_WIPEONFORK:
      return isOwn ? changeFlags(space, start, end, REGION_WIPED, 0) : -EINVAL;
    case MADV_KEEPONFORK:
      return changeFlags(space, start, end, 0, REGION_WIPED);
    case MADV_DONTFORK:
      return changeFlags(space, start, end, REGION_NOT_INHERITED, 0);
    case MADV_DOFORK:
      return changeFlags(space, start, end, 0, REGION_NOT_INHERITED);
    default:
      return 0;
  }
}

function changeFlags(space: AddressSpace, start: usize, end: usize, set: u32, clear: u32): i32 {
  if (!splitAt(space, start) || !splitAt(space, end)) return -ENOMEM;
  const part = space.findRegion(start)!;
  part.flags = (part.flags & ~clear) | set;
  return 0;
}
