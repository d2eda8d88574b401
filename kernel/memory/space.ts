// The address space of a process: its page tables, and the regions that say what may be in them.
//
// Several threads can have one space (vfork, CLONE_VM); the last to go destroys it. What changes
// the regions is in map-range.ts, protect-range.ts, move-range.ts and heap-break.ts; what fills the
// tables is in fault.ts.
//
// Invariants
//   - Entries with U/S lead to frames of this process, of objects that it maps, or to the frame of
//     zeros; the only others are the trampoline's (law 2). No entry lies outside [PAGE_SIZE,
//     USER_END) but the trampoline's (law 9), and none outside a region.
//   - An entry in a private region is writable only if its frame has no other reference, so a frame
//     of an object, which has one there, is not. Each mapping holds one reference of its frame.
//   - W and X exclude each other: a region that asks for both is refused (law 4).
//   - `currentSpace` is the space that user mode is entered on next.

import { allocate, free } from "./heap";
import { PageTables } from "./page-tables";
import {
  copyRegion,
  REGION_LOCKED,
  REGION_NOT_INHERITED,
  REGION_SHARED,
  REGION_WIPED,
  Region,
} from "./region";
import { createRegionList, RegionList } from "./region-list";

/** No limit, as RLIM_INFINITY. */
export const UNLIMITED: u32 = 0xffffffff;
/** How far a stack may grow down: what Linux gives by default. */
export const STACK_LIMIT: u32 = 8 << 20;

@unmanaged
export class AddressSpace extends PageTables {
  references: u32 = 0;
  regions: RegionList = changetype<RegionList>(0);
  /** What brk(2) moves: where the heap begins, and its end to the byte. */
  breakStart: usize = 0;
  breakEnd: usize = 0;
  /** Limits in bytes: of a stack, of all regions, of the private writable ones. */
  stackLimit: u32 = STACK_LIMIT;
  sizeLimit: u32 = UNLIMITED;
  dataLimit: u32 = UNLIMITED;
  /** Flags of all regions that are made from now on: REGION_LOCKED or none. */
  futureFlags: u32 = 0;
  /** Where the strings of the arguments and, after them, of the environment were put. */
  argumentsStart: usize = 0;
  environmentStart: usize = 0;
  environmentEnd: usize = 0;
  /** Where handlers of signals return to, if they have no code of their own; 0: not mapped. */
  signalReturn: usize = 0;

  /** The region that `address` lies in, or null. */
  findRegion(address: usize): Region | null {
    return this.regions.find(address);
  }

  /** A copy of this space that shares every frame until one side writes. Null: out of memory. */
  fork(): AddressSpace | null {
    const child = createSpace();
    if (!child) return null;
    child.breakStart = this.breakStart;
    child.breakEnd = this.breakEnd;
    child.stackLimit = this.stackLimit;
    child.sizeLimit = this.sizeLimit;
    child.dataLimit = this.dataLimit;
    child.argumentsStart = this.argumentsStart;
    child.environmentStart = this.environmentStart;
    child.environmentEnd = this.environmentEnd;
    child.signalReturn = this.signalReturn;
    if (child.regions.reserve(this.regions.count) && this.copyTo(child)) return child;
    child.release();
    return null;
  }

  retain(): void {
    this.references++;
  }

  /** The last reference gives everything back: frames, page tables, regions, the record itself. */
  release(): void {
    this.references--;
    if (this.references === 0) destroySpace(this);
  }

  private copyTo(child: AddressSpace): bool {
    const regions = this.regions;
    for (let i: u32 = 0; i < regions.count; i++) {
      const region = regions.at(i);
      if ((region.flags & REGION_NOT_INHERITED) !== 0) continue;
      const copy = copyRegion(region, child, region.start, region.end);
      if (!copy) return false;
      copy.flags &= ~REGION_LOCKED;
      child.regions.insert(child.regions.count, copy);
      // Shared pages are found in the object; a private one may be the only copy there is.
      if ((region.flags & (REGION_SHARED | REGION_WIPED)) !== 0) continue;
      if (!this.shareRange(child, region.start, region.end)) return false;
    }
    return true;
  }
}

/** A space with nothing in it but the trampoline, or null when out of memory. */
export function createSpace(): AddressSpace | null {
  const space = changetype<AddressSpace | null>(allocate(offsetof<AddressSpace>()));
  if (!space) return null;
  const regions = createRegionList();
  if (!regions) {
    free(changetype<usize>(space));
    return null;
  }
  space.references = 1;
  space.regions = regions;
  space.stackLimit = STACK_LIMIT;
  space.sizeLimit = UNLIMITED;
  space.dataLimit = UNLIMITED;
  if (space.start()) return space;
  space.release();
  return null;
}

function destroySpace(space: AddressSpace): void {
  const regions = space.regions;
  for (let i: u32 = 0; i < regions.count; i++) {
    space.releaseRange(regions.at(i).start, regions.at(i).end);
  }
  regions.release();
  space.releaseTables();
  free(changetype<usize>(space));
}

/** The space of the running thread: what copyIn() and copyOut() mean by "the user's". */
export let currentSpace: AddressSpace = changetype<AddressSpace>(0);

/** Makes `space` the current one; null for a thread that never returns to user mode. */
export function setCurrentSpace(space: AddressSpace | null): void {
  currentSpace = changetype<AddressSpace>(space);
}
