// The address space of a process: its page tables, and the regions that say what may be in them.
//
//   cr3 -> PDPT (32 bytes in the kernel heap) -> up to four directories -> page tables -> frames
//
// Directories and page tables are pages of the kernel heap; the frame of each keeps its kernel
// address as its link, so a walk needs no window. Only page tables whose addresses are in use
// exist, but for the last: it holds the trampoline.
//
// Invariants
//   - Entries with U/S lead to frames of this process; the only others are the trampoline's
//     (law 2). No entry lies outside [PAGE_SIZE, USER_END) but the trampoline's (law 9).
//   - A present page that another space shares is read-only and has ENTRY_COPY_ON_WRITE if its
//     region is writable. Each mapping holds one reference of its frame.
//   - W and X exclude each other: a region that asks for both is refused (law 4).
//   - The processor never runs on these tables while they change (the kernel has its own
//     directory), so nothing here flushes the TLB: the next return to user mode loads CR3.

import { EFAULT, EINVAL, ENOMEM } from "../../src/abi/errno";
import { PAGE_MASK, PAGE_SHIFT, PAGE_SIZE, USER_END } from "../../src/abi/memory-map";
import {
  DIRECTORY_SHIFT,
  ENTRIES_PER_TABLE,
  ENTRY_COPY_ON_WRITE,
  ENTRY_FRAME,
  ENTRY_P,
  ENTRY_RW,
  ENTRY_SIZE,
  ENTRY_US,
  FAULT_FETCH,
  FAULT_WRITE,
  PDPT_ENTRIES,
  PDPT_SHIFT,
} from "../../src/abi/paging";
import {
  allocateFrame,
  frameLink,
  frameReferences,
  releaseFrame,
  retainFrame,
  setFrameLink,
} from "./frames";
import { allocate, free } from "./heap";
import { mapTrampolineInto, noExecute, physicalAddress, writeEntry } from "./kernel-space";
import { allocatePages, freePages } from "./pages";
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

const ENTRY_MASK: u32 = ENTRIES_PER_TABLE - 1;

@unmanaged
export class AddressSpace {
  /** Physical address of the PDPT: what CR3 holds in user mode. */
  cr3: u32 = 0;
  pdpt: usize = 0;
  regions: Region | null = null;
  /** Pages with a frame. */
  residentPages: u32 = 0;

  /**
   * The kernel address of the PTE of `address`, or 0 when there is no page table for it.
   * `address` may be anything; whether the page is the user's is for the caller to check.
   */
  entry(address: usize): usize {
    const directory = load<u32>(this.pdpt + (address >> PDPT_SHIFT) * ENTRY_SIZE) & ENTRY_FRAME;
    if (directory === 0) return 0;
    const pde = frameLink(directory) + ((address >> DIRECTORY_SHIFT) & ENTRY_MASK) * ENTRY_SIZE;
    const table = load<u32>(pde) & ENTRY_FRAME;
    if (table === 0) return 0;
    return frameLink(table) + ((address >> PAGE_SHIFT) & ENTRY_MASK) * ENTRY_SIZE;
  }

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
   * something else is there or there is no heap. Pages behind a lower end are given back.
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
    if (pageEnd < heap.end) this.releasePages(pageEnd, heap.end);
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
   * Puts `frame` (its reference passes to the space) behind the page of `address`, whose region
   * must exist. 0, or -ENOMEM when there is no page table; then the caller keeps the reference.
   */
  mapFrame(address: usize, frame: u32, writable: bool, executable: bool): i32 {
    const pte = this.entryForMapping(address);
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
    if (errorCode & FAULT_WRITE && !(region.rights & REGION_WRITE)) return -EFAULT;
    if (errorCode & FAULT_FETCH && !(region.rights & REGION_EXECUTE)) return -EFAULT;
    const pte = this.entry(address);
    if (pte === 0 || !(load<u32>(pte) & ENTRY_P)) return this.mapZeroPage(address, region);
    if (errorCode & FAULT_WRITE && !(load<u32>(pte) & ENTRY_RW)) return this.makePrivate(pte);
    // The entry allows what the processor refused. No translation is stale here, so trying again
    // would fault for ever. (QEMU 7 reads the stack of a far return in ring 3 as if it were the
    // kernel's, and with SMAP refuses.)
    return -EFAULT;
  }

  /** A copy of this space that shares every frame until one side writes. Null: out of memory. */
  fork(): AddressSpace | null {
    const child = createSpace();
    if (!child) return null;
    if (this.copyRegionsTo(child) && this.sharePagesWith(child)) return child;
    child.destroy();
    return null;
  }

  /** Gives everything back: frames, page tables, regions, the record itself. */
  destroy(): void {
    for (let i: u32 = 0; i < PDPT_ENTRIES; i++) {
      const frame = load<u32>(this.pdpt + i * ENTRY_SIZE) & ENTRY_FRAME;
      if (frame === 0) continue;
      const directory = frameLink(frame);
      for (let j: u32 = 0; j < ENTRIES_PER_TABLE; j++) {
        const table = load<u32>(directory + j * ENTRY_SIZE) & ENTRY_FRAME;
        if (table !== 0) freeTable(frameLink(table));
      }
      freePages(directory, 1);
    }
    let region = this.regions;
    while (region) {
      const next = region.next;
      freeRegion(region);
      region = next;
    }
    free(this.pdpt);
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
    if (!(entry & ENTRY_COPY_ON_WRITE)) return -EFAULT;
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

  private releasePages(start: usize, end: usize): void {
    for (let page = start; page < end; page += PAGE_SIZE) {
      const pte = this.entry(page);
      if (pte === 0) {
        // No page table: the next page that can have one starts at the next 2 MiB.
        page = (page | ((1 << DIRECTORY_SHIFT) - 1)) - PAGE_MASK;
        continue;
      }
      if (!(load<u32>(pte) & ENTRY_P)) continue;
      releaseFrame(load<u32>(pte) & ENTRY_FRAME);
      writeEntry(pte, 0, 0);
      this.residentPages--;
    }
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

  private sharePagesWith(child: AddressSpace): bool {
    for (let i: u32 = 0; i < PDPT_ENTRIES; i++) {
      const frame = load<u32>(this.pdpt + i * ENTRY_SIZE) & ENTRY_FRAME;
      if (frame === 0) continue;
      const directory = frameLink(frame);
      for (let j: u32 = 0; j < ENTRIES_PER_TABLE; j++) {
        const table = load<u32>(directory + j * ENTRY_SIZE) & ENTRY_FRAME;
        if (table === 0) continue;
        const base = (i << PDPT_SHIFT) | (j << DIRECTORY_SHIFT);
        if (!this.shareTable(frameLink(table), base, child)) return false;
      }
    }
    return true;
  }

  private shareTable(table: usize, base: usize, child: AddressSpace): bool {
    let copy: usize = 0;
    for (let k: u32 = 0; k < ENTRIES_PER_TABLE; k++) {
      const pte = table + k * ENTRY_SIZE;
      let low = load<u32>(pte);
      if ((low & (ENTRY_P | ENTRY_US)) !== (ENTRY_P | ENTRY_US)) continue;
      if (copy === 0) {
        copy = child.entryForMapping(base);
        if (copy === 0) return false;
      }
      if (low & ENTRY_RW) {
        low = (low & ~ENTRY_RW) | ENTRY_COPY_ON_WRITE;
        store<u32>(pte, low);
      }
      retainFrame(low & ENTRY_FRAME);
      writeEntry(copy + k * ENTRY_SIZE, low, load<u32>(pte + 4));
      child.residentPages++;
    }
    return true;
  }

  /** As entry(), but makes the directory and the page table. 0: out of memory. */
  entryForMapping(address: usize): usize {
    const pdpte = this.pdpt + (address >> PDPT_SHIFT) * ENTRY_SIZE;
    const directory = this.tableBehind(pdpte, ENTRY_P);
    if (directory === 0) return 0;
    const pde = directory + ((address >> DIRECTORY_SHIFT) & ENTRY_MASK) * ENTRY_SIZE;
    const table = this.tableBehind(pde, ENTRY_P | ENTRY_RW | ENTRY_US);
    if (table === 0) return 0;
    return table + ((address >> PAGE_SHIFT) & ENTRY_MASK) * ENTRY_SIZE;
  }

  /** The kernel address of the table that `entry` leads to, made if there is none; 0: no memory. */
  private tableBehind(entry: usize, flags: u32): usize {
    const frame = load<u32>(entry) & ENTRY_FRAME;
    if (frame !== 0) return frameLink(frame);
    const table = allocatePages(1);
    if (table === 0) return 0;
    const physical = physicalAddress(table);
    setFrameLink(physical, table);
    writeEntry(entry, physical | flags, 0);
    return table;
  }
}

/** A space with nothing in it but the trampoline, or null when out of memory. */
export function createSpace(): AddressSpace | null {
  const at = allocate(offsetof<AddressSpace>());
  const pdpt = allocate(PDPT_ENTRIES * ENTRY_SIZE);
  if (at === 0 || pdpt === 0) {
    free(at);
    free(pdpt);
    return null;
  }
  const space = changetype<AddressSpace>(at);
  space.pdpt = pdpt;
  space.cr3 = physicalAddress(pdpt);
  const lastEntry = space.entryForMapping(USER_END);
  if (lastEntry === 0) {
    space.destroy();
    return null;
  }
  mapTrampolineInto(lastEntry & ~PAGE_MASK);
  return space;
}

function freeTable(table: usize): void {
  for (let k: u32 = 0; k < ENTRIES_PER_TABLE; k++) {
    const low = load<u32>(table + k * ENTRY_SIZE);
    if ((low & (ENTRY_P | ENTRY_US)) === (ENTRY_P | ENTRY_US)) releaseFrame(low & ENTRY_FRAME);
  }
  freePages(table, 1);
}
