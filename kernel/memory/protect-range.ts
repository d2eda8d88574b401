// mprotect: other rights for a range of a user space.
//
// Only what the region says changes, and what entries must not grant any more: a page that becomes
// writable is made so by its first write, which knows whether others refer to it (fault.ts). Pages
// of a region without any right keep their frames, in entries that name no frame to a processor
// (page-tables.ts).

import { EACCES, ENOMEM } from "../../src/abi/errno";
import { ENTRY_HIDDEN, ENTRY_RW, ENTRY_US } from "../../src/abi/paging";
import { noExecute } from "../machine/i686/paging";
import { breaksExclusion, isWithinLimits, joinAround, splitAt } from "./map-range";
import {
  REGION_EXECUTE,
  REGION_NOT_EXECUTED,
  REGION_READ_ONLY,
  REGION_WRITE,
  Region,
} from "./region";
import { AddressSpace } from "./space";

/**
 * Gives [start, end), page aligned, the rights `rights`. As on Linux the range changes from its
 * start on up to where something is wrong: -ENOMEM for a hole, -EACCES for what must not become
 * writable. Rights that exclude each other are refused before: -EACCES.
 */
export function protectRange(space: AddressSpace, start: usize, end: usize, rights: u32): i32 {
  if (breaksExclusion(rights)) return -EACCES;
  let result = 0;
  let at = start;
  while (at < end && result === 0) {
    const region = space.findRegion(at);
    if (!region) {
      result = -ENOMEM;
    } else {
      const stop = min(region.end, end);
      result = protectPart(space, region, at, stop, rights);
      if (result === 0) at = stop;
    }
  }
  joinAround(space, start, at);
  return result;
}

/** The same for [start, end) in one region. */
function protectPart(
  space: AddressSpace,
  region: Region,
  start: usize,
  end: usize,
  rights: u32,
): i32 {
  if (region.rights === rights) return 0;
  const becomesWritable = (rights & REGION_WRITE) !== 0;
  if (becomesWritable && (region.flags & REGION_READ_ONLY) !== 0) return -EACCES;
  const isExecuted = (rights & REGION_EXECUTE) !== 0;
  if (isExecuted && (region.flags & REGION_NOT_EXECUTED) !== 0) return -EACCES;
  const pages = (end - start) >> 12;
  const isNew = becomesWritable && (region.rights & REGION_WRITE) === 0;
  if (isNew && !isWithinLimits(space, pages, rights, region.flags)) return -ENOMEM;
  if (!splitAt(space, start) || !splitAt(space, end)) return -ENOMEM;
  const part = space.findRegion(start)!;
  part.rights = rights;
  const high = isExecuted ? 0 : noExecute();
  if (rights === 0) space.setRights(start, end, ENTRY_HIDDEN, 0, 0);
  else if (!becomesWritable) space.setRights(start, end, ENTRY_US, 0, high);
  else if (part.isShared && part.file === 0)
    space.setRights(start, end, ENTRY_US | ENTRY_RW, 0, high);
  else space.setRights(start, end, ENTRY_US, ENTRY_RW, high);
  return 0;
}
