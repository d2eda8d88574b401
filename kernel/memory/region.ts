// Regions: which addresses of a user space mean something, and what.
//
// A region is a page-aligned range with one set of rights; pages in it get frames when they are
// first touched. A space keeps its regions in ascending order; they never overlap.

import { allocate, free } from "./heap";

export const REGION_READ: u32 = 1;
export const REGION_WRITE: u32 = 2;
export const REGION_EXECUTE: u32 = 4;

/** Text and data of the program. */
export const REGION_IMAGE: u32 = 0;
/** What brk(2) moves the end of. */
export const REGION_HEAP: u32 = 1;
/** Grows down by itself when the page below it is touched. */
export const REGION_STACK: u32 = 2;
/** Anything else that was mapped on request. */
export const REGION_MAP: u32 = 3;

@unmanaged
export class Region {
  next: Region | null = null;
  start: usize = 0;
  end: usize = 0;
  rights: u32 = 0;
  kind: u32 = 0;

  contains(address: usize): bool {
    return address - this.start < this.end - this.start;
  }
}

/** A region that is in no space yet, or null when out of memory. */
export function newRegion(start: usize, end: usize, rights: u32, kind: u32): Region | null {
  const at = allocate(offsetof<Region>());
  if (at === 0) return null;
  const region = changetype<Region>(at);
  region.start = start;
  region.end = end;
  region.rights = rights;
  region.kind = kind;
  return region;
}

export function freeRegion(region: Region): void {
  free(changetype<usize>(region));
}
