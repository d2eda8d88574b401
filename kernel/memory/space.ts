// The address space of a process: its page tables, and the regions that say what may be in them.
//
// Invariants
//   - Entries with U/S lead to frames of this process; the only others are the trampoline's
//     (law 2). No entry lies outside [PAGE_SIZE, USER_END) but the trampoline's (law 9).
//   - A present page that another space shares is read-only and has ENTRY_COPY_ON_WRITE if its
//     region is writable. Each mapping holds one reference of its frame.
//   - W and X exclude each other: a region that asks for both is refused (law 4).
//   - `currentSpace` is the space that user mode is entered on next.

import { EFAULT, EINVAL, ENOMEM } from "../../src/abi/errno";
import { PAGE_MASK, PAGE_SIZE, USER_END } from "../../src/abi/memory-map";
import {
  ENTRY_COPY_ON_WRITE,
  ENTRY_FRAME,
  ENTRY_P,
  ENTRY_RW,
  ENTRY_US,
  FAULT_FETCH,
  FAULT_WRITE,
} from "../../src/abi/paging";
import { noExecute, writeEntry } from "../machine/i686/paging";
import { allocateFrame, frameReferences, releaseFrame } from "./frames";
import { allocate, free } from "./heap";
import { PageTables } from "./page-tables";
import {
  freeRegion,
  newRegion,
  REGION_EXECUTE,
  REGION_HEAP,
  REGION_READ,
  REGION_STACK,
  REGION_WRITE,
  Region,
} from "./region";
import { closeWindow, openWindow } from "./window";

/** How far a stack may grow down from USER_END: what Linux gives by default. */
export const STACK_LIMIT: u32 = 8 << 20;
/** Unmapped addresses that stay between a stack and what lies below it. */
export const STACK_GAP: u32 = 16 * PAGE_SIZE;

@unmanaged
export class AddressSpace extends PageTables {
  regions: Region | null = null;

  /** The region that `address` lies in, or null. */
  findRegion(address: usize): Region | null {
    let region = this.regions;
    while (region && !region.contains(address)) region = region.next;
    return region;
  }

  /**
   * Makes [start, end) meaningful, with `rights` (REGION_READ, …) and `kind`. 0, or -EINVAL for a
   * range that is empty, not page aligned, outside user space, taken, or writable and executable;
   * -ENOMEM.
   */
  addRegion(start: usize, end: usize, rights: u32, kind: u32): i32 {
    if (((start | end) & PAGE_MASK) !== 0 || start >= end) return -EINVAL;
    if (start < PAGE_SIZE || end > USER_END) return -EINVAL;
    if ((rights & (REGION_WRITE | REGION_EXECUTE)) === (REGION_WRITE | REGION_EXECUTE))
      return -EINVAL;
    let before: Region | null = null;
    let after = this.regions;
    while (after && after.start < start) {
      before = after;
      after = after.next;
    }
    if (before && before.end > start) return -EINVAL;
    if (after && after.start < end) return -EINVAL;
    const region = newRegion(start, end, rights, kind);
    if (!region) return -ENOMEM;
    region.next = after;
    if (before) before.next = region;
    else this.regions = region;
    return 0;
  }

  /**
   * Moves the end of the heap to `end` (any address; its page is included). 0, -ENOMEM when
   * something else is there or there is no heap. Pages past a lower end are given back.
   */
  growHeap(end: usize): i32 {
    const heap = this.heapRegion();
    if (!heap || end < heap.start || end > USER_END) return -ENOMEM;
    const pageEnd = (end + PAGE_MASK) & ~PAGE_MASK;
    const next = heap.next;
    if (next) {
      const gap = next.kind === REGION_STACK ? STACK_GAP : 0;
      if (pageEnd > next.start - gap) return -ENOMEM;
    }
    if (pageEnd < heap.end) this.releaseRange(pageEnd, heap.end);
    heap.end = pageEnd;
    return 0;
  }

  /** The region of kind REGION_HEAP, or null. It may be empty: [start, start). */
  heapRegion(): Region | null {
    let region = this.regions;
    while (region && region.kind !== REGION_HEAP) region = region.next;
    return region;
  }

  /**
   * Gives the heap its place: it starts at `start`, page aligned, and is empty. 0, -EINVAL or
   * -ENOMEM.
   */
  placeHeap(start: usize): i32 {
    const result = this.addRegion(
      start,
      start + PAGE_SIZE,
      REGION_READ | REGION_WRITE,
      REGION_HEAP,
    );
    if (result !== 0) return result;
    const heap = this.heapRegion();
    if (heap) heap.end = start;
    return 0;
  }

  /**
   * Maps the page of `address`, whose region must exist, to `frame`, whose reference passes to the
   * space. 0, or -ENOMEM when there is no page table; then the caller keeps the reference.
   */
  mapFrame(address: usize, frame: u32, writable: bool, executable: bool): i32 {
    const pte = this.makeEntry(address);
    if (pte === 0) return -ENOMEM;
    const rights = writable ? ENTRY_P | ENTRY_US | ENTRY_RW : ENTRY_P | ENTRY_US;
    writeEntry(pte, frame | rights, executable ? 0 : noExecute());
    this.residentPages++;
    return 0;
  }

  /**
   * Resolves an access that the page tables refused; `errorCode` as in a page fault (FAULT_WRITE,
   * FAULT_FETCH). 0: the access may be tried again. -EFAULT: it is forbidden. -ENOMEM.
   */
  resolveFault(address: usize, errorCode: u32): i32 {
    if (address < PAGE_SIZE || address >= USER_END) return -EFAULT;
    let region = this.findRegion(address);
    if (!region) {
      region = this.growStack(address);
      if (!region) return -EFAULT;
    }
    if ((errorCode & FAULT_WRITE) !== 0 && (region.rights & REGION_WRITE) === 0) return -EFAULT;
    if ((errorCode & FAULT_FETCH) !== 0 && (region.rights & REGION_EXECUTE) === 0) return -EFAULT;
    const pte = this.entry(address);
    if (pte === 0 || (load<u32>(pte) & ENTRY_P) === 0) return this.mapZeroPage(address, region);
    if ((errorCode & FAULT_WRITE) !== 0 && (load<u32>(pte) & ENTRY_RW) === 0)
      return this.makePrivate(pte);
    // The entry allows what the processor refused. No translation is stale here, so trying again
    // would fault for ever. (QEMU 7 reads the stack of a far return in ring 3 as if it were the
    // kernel's, and with SMAP refuses.)
    return -EFAULT;
  }

  /** A copy of this space that shares every frame until one side writes. Null: out of memory. */
  fork(): AddressSpace | null {
    const child = createSpace();
    if (!child) return null;
    if (this.copyRegionsTo(child) && this.shareWith(child)) return child;
    child.destroy();
    return null;
  }

  /** Gives everything back: frames, page tables, regions, the record itself. */
  destroy(): void {
    this.release();
    let region = this.regions;
    while (region) {
      const next = region.next;
      freeRegion(region);
      region = next;
    }
    free(changetype<usize>(this));
  }

  private growStack(address: usize): Region | null {
    let below: Region | null = null;
    let stack = this.regions;
    while (stack && stack.end <= address) {
      below = stack;
      stack = stack.next;
    }
    if (!stack || stack.kind !== REGION_STACK) return null;
    const start = address & ~PAGE_MASK;
    if (stack.end - start > STACK_LIMIT) return null;
    // `start` is not below below.end; a sum could wrap at 4 GiB.
    if (below && start - below.end < STACK_GAP) return null;
    stack.start = start;
    return stack;
  }

  private mapZeroPage(address: usize, region: Region): i32 {
    const frame = allocateFrame();
    if (frame === 0) return -ENOMEM;
    const window = openWindow(frame);
    memory.fill(window, 0, PAGE_SIZE);
    closeWindow(window);
    const writable = (region.rights & REGION_WRITE) !== 0;
    const executable = (region.rights & REGION_EXECUTE) !== 0;
    const result = this.mapFrame(address, frame, writable, executable);
    if (result !== 0) releaseFrame(frame);
    return result;
  }

  /** Ends the sharing of a copy-on-write page: by a copy, or by taking the last reference over. */
  private makePrivate(pte: usize): i32 {
    const entry = load<u32>(pte);
    if ((entry & ENTRY_COPY_ON_WRITE) === 0) return -EFAULT;
    const shared = entry & ENTRY_FRAME;
    const rights = (entry & PAGE_MASK & ~ENTRY_COPY_ON_WRITE) | ENTRY_RW;
    if (frameReferences(shared) === 1) {
      store<u32>(pte, shared | rights);
      return 0;
    }
    const copy = allocateFrame();
    if (copy === 0) return -ENOMEM;
    const from = openWindow(shared);
    const to = openWindow(copy);
    memory.copy(to, from, PAGE_SIZE);
    closeWindow(to);
    closeWindow(from);
    store<u32>(pte, copy | rights);
    releaseFrame(shared);
    return 0;
  }

  private copyRegionsTo(child: AddressSpace): bool {
    let last: Region | null = null;
    let region = this.regions;
    while (region) {
      const copy = newRegion(region.start, region.end, region.rights, region.kind);
      if (!copy) return false;
      if (last) last.next = copy;
      else child.regions = copy;
      last = copy;
      region = region.next;
    }
    return true;
  }
}

/** A space with nothing in it but the trampoline, or null when out of memory. */
export function createSpace(): AddressSpace | null {
  const space = changetype<AddressSpace | null>(allocate(offsetof<AddressSpace>()));
  if (!space) return null;
  if (space.start()) return space;
  space.destroy();
  return null;
}

/** The space of the running thread: what copyIn() and copyOut() mean by "the user's". */
export let currentSpace: AddressSpace = changetype<AddressSpace>(0);

/** Makes `space` the current one; null for a thread that never returns to user mode. */
export function setCurrentSpace(space: AddressSpace | null): void {
  currentSpace = changetype<AddressSpace>(space);
}
