// The page tables of a process: a tree of tables that hold frames of the process and the
// trampoline, and nothing else (law 2).
//
//   PDPT (32 bytes in the kernel heap) -> up to four directories -> page tables -> frames
//
// Directories and page tables are pages of the kernel heap; the frame of each keeps its kernel
// address as its link, so a walk needs no window. Only tables whose addresses are in use exist, but
// for the last: it holds the trampoline.
//
// Invariants
//   - An entry with U/S holds one reference of its frame; the trampoline's entries have no U/S.
//   - The processor never runs on these tables while they change (the kernel has its own
//     directory), so nothing here flushes the TLB: the next return to user mode loads CR3.

import { PAGE_MASK, PAGE_SIZE, USER_END } from "../../src/abi/memory-map";
import {
  DIRECTORY_SHIFT,
  ENTRIES_PER_TABLE,
  ENTRY_COPY_ON_WRITE,
  ENTRY_FRAME,
  ENTRY_P,
  ENTRY_RW,
  ENTRY_SIZE,
  ENTRY_US,
  PDPT_ENTRIES,
  PDPT_SHIFT,
} from "../../src/abi/paging";
import { directoryEntry, pdptEntry, tableEntry, writeEntry } from "../machine/i686/paging";
import { frameLink, releaseFrame, retainFrame, setFrameLink } from "./frames";
import { allocate, free } from "./heap";
import { mapTrampolineInto, physicalAddress } from "./kernel-space";
import { allocatePages, freePages } from "./pages";

const USER_PAGE: u32 = ENTRY_P | ENTRY_US;

@unmanaged
export class PageTables {
  private pdpt: usize = 0;
  /** Physical address of the PDPT: what CR3 holds in user mode. */
  cr3: u32 = 0;
  /** User pages with a frame. */
  residentPages: u32 = 0;

  /** Makes the tables of a new space: the trampoline's. False when out of memory. */
  start(): bool {
    const pdpt = allocate(PDPT_ENTRIES * ENTRY_SIZE);
    if (pdpt === 0) return false;
    this.pdpt = pdpt;
    this.cr3 = physicalAddress(pdpt);
    const last = this.makeEntry(USER_END);
    if (last === 0) return false;
    mapTrampolineInto(last & ~PAGE_MASK);
    return true;
  }

  /** Gives every frame and every table back. Also after start() has failed. */
  release(): void {
    if (this.pdpt === 0) return;
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
    free(this.pdpt);
  }

  /**
   * The kernel address of the PTE of `address`, or 0 when there is no page table for it.
   * `address` may be anything; whether the page is the user's is for the caller to check.
   */
  entry(address: usize): usize {
    const directory = load<u32>(pdptEntry(this.pdpt, address)) & ENTRY_FRAME;
    if (directory === 0) return 0;
    const table = load<u32>(directoryEntry(frameLink(directory), address)) & ENTRY_FRAME;
    if (table === 0) return 0;
    return tableEntry(frameLink(table), address);
  }

  /** As entry(), but makes the directory and the page table. 0: out of memory. */
  makeEntry(address: usize): usize {
    const directory = makeTable(pdptEntry(this.pdpt, address), ENTRY_P);
    if (directory === 0) return 0;
    const table = makeTable(directoryEntry(directory, address), USER_PAGE | ENTRY_RW);
    if (table === 0) return 0;
    return tableEntry(table, address);
  }

  /** Gives back the frames of the user pages in [start, end), both page aligned. */
  releaseRange(start: usize, end: usize): void {
    for (let page = start; page < end; page += PAGE_SIZE) {
      const pte = this.entry(page);
      if (pte === 0) {
        // No page table: the next page that can have one starts at the next 2 MiB.
        page = (page | ((1 << DIRECTORY_SHIFT) - 1)) - PAGE_MASK;
        continue;
      }
      if ((load<u32>(pte) & ENTRY_P) === 0) continue;
      releaseFrame(load<u32>(pte) & ENTRY_FRAME);
      writeEntry(pte, 0, 0);
      this.residentPages--;
    }
  }

  /**
   * Shares every user page with `child`, copy-on-write where it is writable. False when out of
   * memory: `child` then holds some of them.
   */
  shareWith(child: PageTables): bool {
    for (let i: u32 = 0; i < PDPT_ENTRIES; i++) {
      const frame = load<u32>(this.pdpt + i * ENTRY_SIZE) & ENTRY_FRAME;
      if (frame === 0) continue;
      const directory = frameLink(frame);
      for (let j: u32 = 0; j < ENTRIES_PER_TABLE; j++) {
        const table = load<u32>(directory + j * ENTRY_SIZE) & ENTRY_FRAME;
        if (table === 0) continue;
        const base = (i << PDPT_SHIFT) | (j << DIRECTORY_SHIFT);
        if (!shareTable(frameLink(table), base, child)) return false;
      }
    }
    return true;
  }
}

function shareTable(table: usize, base: usize, child: PageTables): bool {
  let copy: usize = 0;
  for (let k: u32 = 0; k < ENTRIES_PER_TABLE; k++) {
    const pte = table + k * ENTRY_SIZE;
    let low = load<u32>(pte);
    if ((low & USER_PAGE) !== USER_PAGE) continue;
    if (copy === 0) {
      copy = child.makeEntry(base);
      if (copy === 0) return false;
    }
    if ((low & ENTRY_RW) !== 0) {
      low = (low & ~ENTRY_RW) | ENTRY_COPY_ON_WRITE;
      store<u32>(pte, low);
    }
    retainFrame(low & ENTRY_FRAME);
    writeEntry(copy + k * ENTRY_SIZE, low, load<u32>(pte + 4));
    child.residentPages++;
  }
  return true;
}

/** The kernel address of the table that `entry` leads to, made if there is none; 0: no memory. */
function makeTable(entry: usize, flags: u32): usize {
  const frame = load<u32>(entry) & ENTRY_FRAME;
  if (frame !== 0) return frameLink(frame);
  const table = allocatePages(1);
  if (table === 0) return 0;
  const physical = physicalAddress(table);
  setFrameLink(physical, table);
  writeEntry(entry, physical | flags, 0);
  return table;
}

function freeTable(table: usize): void {
  for (let k: u32 = 0; k < ENTRIES_PER_TABLE; k++) {
    const low = load<u32>(table + k * ENTRY_SIZE);
    if ((low & USER_PAGE) === USER_PAGE) releaseFrame(low & ENTRY_FRAME);
  }
  freePages(table, 1);
}
