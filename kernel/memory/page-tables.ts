// The page tables of a process: a tree of tables that hold frames of the process and the
// trampoline, and nothing else (law 2).
//
//   PDPT (32 bytes in the kernel heap) -> up to four directories -> page tables -> frames
//
// Directories and page tables are pages of the kernel heap; the frame of each keeps its kernel
// address as its link, so a walk needs no window. Only tables whose addresses are in use exist, but
// for the last: it holds the trampoline. A table that is not needed any more is all zeros, and some
// of them are kept for the next space.
//
//   a user page       frame | P | US, RW if the processor may write to it
//   a hidden page     a page whose region allows no access: it keeps its frame, but no bit of the
//                     entry names it, so no processor can be led there (L1TF): the frame's bits are
//                     inverted, and those past its name are 1, where no memory is
//   nothing           0
//
// Invariants
//   - An entry with U/S, and one with ENTRY_HIDDEN, holds one reference of its frame; the
//     trampoline's entries have neither.
//   - The processor never runs on these tables while they change (the kernel has its own
//     directory), so nothing here flushes the TLB: the next return to user mode loads CR3.
//   - A directory's `span` says which of its entries may lead to a table.
//   - A table stays where it is for as long as the space lives, so what is known of recent ones
//     never becomes wrong.

import { PAGE_MASK, PAGE_SHIFT, USER_END } from "../../src/abi/memory-map";
import {
  DIRECTORY_SHIFT,
  ENTRIES_PER_TABLE,
  ENTRY_FRAME,
  ENTRY_FRAME_HIGH,
  ENTRY_HIDDEN,
  ENTRY_HIDDEN_HIGH,
  ENTRY_P,
  ENTRY_RW,
  ENTRY_SIZE,
  ENTRY_US,
  PDPT_ENTRIES,
  PDPT_SHIFT,
} from "../../src/abi/paging";
import {
  directoryEntry,
  entryFrame,
  pdptEntry,
  tableEntry,
  writeEntry,
  writeFrame,
} from "../machine/i686/paging";
import { frameLink, releaseFrame, retainFrame, setFrameLink } from "./frames";
import { allocate, free } from "./heap";
import { mapTrampolineInto, physicalAddress } from "./kernel-space";
import { allocatePages, freePages } from "./pages";

const USER_PAGE: u32 = ENTRY_P | ENTRY_US;
/** The addresses that one page table covers, less 1. */
const TABLE_MASK: usize = (1 << DIRECTORY_SHIFT) - 1;
/** A span: the first index in the low half, the one past the last in the high one; 0: none. */
const SPAN_SHIFT: u32 = 16;
const SPAN_MASK: u32 = 0xffff;

/** Recent tables: how many are known, and what of each: its number, and where it is. */
const RECENT_COUNT: u32 = 4;
const RECENT_SIZE: u32 = 8;
const RECENT_TABLE: usize = 4;
const NO_TABLE: u32 = 0xffffffff;
/** Stands for the entries of tables that are not there: it is 0. */
export const noEntry: usize = memory.data(ENTRY_SIZE, 8);

/** Zeroed tables that the next space can have, and how many there may be. */
const SPARE_MAX: u32 = 16;
const spareTables: usize = memory.data(SPARE_MAX * 4, 4);
let spareCount: u32 = 0;

@unmanaged
export class PageTables {
  private pdpt: usize = 0;
  /** Physical address of the PDPT: what CR3 holds in user mode. */
  cr3: u32 = 0;
  /** User pages with a frame. */
  residentPages: u32 = 0;
  /** How many there were at the most, as of the last time that some went: see mostPages. */
  private peakPages: u32 = 0;
  /** The span of each directory: spanOf(). */
  span0: u32 = 0;
  span1: u32 = 0;
  span2: u32 = 0;
  span3: u32 = 0;
  /** Tables that were found lately, by the lowest bits of their numbers: recentOf(). */
  recent0: u32 = 0;
  recentTable0: usize = 0;
  recent1: u32 = 0;
  recentTable1: usize = 0;
  recent2: u32 = 0;
  recentTable2: usize = 0;
  recent3: u32 = 0;
  recentTable3: usize = 0;

  /** Makes the tables of a new space: the trampoline's. False when out of memory. */
  start(): bool {
    const pdpt = allocate(PDPT_ENTRIES * ENTRY_SIZE);
    if (pdpt === 0) return false;
    this.pdpt = pdpt;
    this.cr3 = physicalAddress(pdpt);
    // The others are zeros, which are no numbers that belong there.
    this.recent0 = NO_TABLE;
    const last = this.makeEntry(USER_END);
    if (last === 0) return false;
    mapTrampolineInto(last & ~PAGE_MASK);
    return true;
  }

  /** Gives every table back; no user page is left. Also after start() has failed. */
  releaseTables(): void {
    if (this.pdpt === 0) return;
    const trampoline = this.entry(USER_END);
    if (trampoline !== 0) memory.fill(trampoline, 0, tableEnd(trampoline) - trampoline);
    for (let i: u32 = 0; i < PDPT_ENTRIES; i++) {
      const frame = load<u32>(this.pdpt + i * ENTRY_SIZE) & ENTRY_FRAME;
      if (frame === 0) continue;
      const directory = frameLink(frame);
      const span = load<u32>(this.spanOf(i));
      const end = directory + (span >> SPAN_SHIFT) * ENTRY_SIZE;
      for (let pde = directory + (span & SPAN_MASK) * ENTRY_SIZE; pde < end; pde += ENTRY_SIZE) {
        const table = load<u32>(pde) & ENTRY_FRAME;
        if (table === 0) continue;
        freeTable(frameLink(table));
        writeEntry(pde, 0, 0);
      }
      freeTable(directory);
    }
    free(this.pdpt);
  }

  /**
   * The kernel address of the PTE of `address`, or 0 when there is no page table for it.
   * `address` may be anything; whether the page is the user's is for the caller to check.
   */
  entry(address: usize): usize {
    const entry = this.findRecent(address);
    return entry === noEntry ? 0 : entry;
  }

  /** As entry(), to read what is there: where there is no page table, an entry that is 0. */
  find(address: usize): usize {
    return this.findRecent(address);
  }

  /** The same for those to whom a walk, or a call, would be most of what they cost. */
  findRecent(address: usize): usize {
    "inline";
    const number = address >> DIRECTORY_SHIFT;
    const recent = this.recentOf(number);
    if (load<u32>(recent) !== number) return this.walk(address);
    return tableEntry(load<usize>(recent, RECENT_TABLE), address);
  }

  private walk(address: usize): usize {
    const directory = load<u32>(pdptEntry(this.pdpt, address)) & ENTRY_FRAME;
    if (directory === 0) return noEntry;
    const frame = load<u32>(directoryEntry(frameLink(directory), address)) & ENTRY_FRAME;
    if (frame === 0) return noEntry;
    const table = frameLink(frame);
    const number = address >> DIRECTORY_SHIFT;
    const recent = this.recentOf(number);
    store<u32>(recent, number);
    store<usize>(recent, table, RECENT_TABLE);
    return tableEntry(table, address);
  }

  /** As entry(), but makes the directory and the page table. 0: out of memory. */
  makeEntry(address: usize): usize {
    const directory = makeTable(pdptEntry(this.pdpt, address), ENTRY_P);
    if (directory === 0) return 0;
    const pde = directoryEntry(directory, address);
    const frame = load<u32>(pde) & ENTRY_FRAME;
    if (frame !== 0) return tableEntry(frameLink(frame), address);
    const table = makeTable(pde, USER_PAGE | ENTRY_RW);
    if (table === 0) return 0;
    this.widenSpan(address >> PDPT_SHIFT, (pde - directory) / ENTRY_SIZE);
    return tableEntry(table, address);
  }

  /** The most user pages with a frame that there ever were. */
  get mostPages(): u32 {
    return max(this.peakPages, this.residentPages);
  }

  /** How many user pages of [start, end), both page aligned, have a frame. */
  countResident(start: usize, end: usize): u32 {
    let count: u32 = 0;
    for (let page = start; page < end; page = nextTable(page, end)) {
      const first = this.entry(page);
      if (first === 0) continue;
      const last = lastOf(page, end, first);
      for (let pte = first; pte <= last; pte += ENTRY_SIZE) {
        if (load<u32>(pte) !== 0) count++;
      }
    }
    return count;
  }

  /** Gives back the frames of the user pages in [start, end), both page aligned. */
  releaseRange(start: usize, end: usize): void {
    this.peakPages = this.mostPages;
    for (let page = start; page < end; page = nextTable(page, end)) {
      const first = this.entry(page);
      if (first !== 0) this.releaseEntries(first, lastOf(page, end, first));
    }
  }

  private releaseEntries(first: usize, last: usize): void {
    for (let pte = first; pte <= last; pte += ENTRY_SIZE) {
      const low = load<u32>(pte);
      if (low === 0) continue;
      releaseFrame(heldFrame(pte));
      writeEntry(pte, 0, 0);
      this.residentPages--;
    }
  }

  /**
   * Shares the user pages of [start, end) with `child`. Nobody may write to them from now on: who
   * tries gets a page of his own (fault.ts). False when out of memory: `child` then holds some.
   */
  shareRange(child: PageTables, start: usize, end: usize): bool {
    for (let page = start; page < end; page = nextTable(page, end)) {
      const first = this.entry(page);
      if (first === 0) continue;
      const last = lastOf(page, end, first);
      const from = firstUsed(first, last);
      if (from > last) continue;
      const to = child.makeEntry(page);
      if (to === 0) return false;
      child.residentPages += shareEntries(from, last, to + (from - first));
    }
    return true;
  }

  /**
   * Gives the user pages of [start, end) other rights: `low` is US with or without RW, or
   * ENTRY_HIDDEN; `high` is 0 or noExecute(). What was writable stays so if `keep` is ENTRY_RW.
   */
  setRights(start: usize, end: usize, low: u32, keep: u32, high: u32): void {
    for (let page = start; page < end; page = nextTable(page, end)) {
      const first = this.entry(page);
      if (first === 0) continue;
      const last = lastOf(page, end, first);
      for (let pte = firstUsed(first, last); pte <= last; pte += ENTRY_SIZE) {
        const old = load<u32>(pte);
        if (old === 0) continue;
        const frame = heldFrame(pte);
        if (low === ENTRY_HIDDEN) hidePage(pte, frame);
        else writeFrame(pte, frame, ENTRY_P | low | (old & keep), high);
      }
    }
  }

  /**
   * Moves the user pages of [from, from + size) to `to`, where none are; the ranges are apart.
   * False when out of memory: then nothing has moved.
   */
  moveRange(from: usize, to: usize, size: usize): bool {
    return this.eachUsed(from, to, size, false) && this.eachUsed(from, to, size, true);
  }

  /** For each used entry from `from` on makes one from `to` on, and moves it if `moves`. */
  private eachUsed(from: usize, to: usize, size: usize, moves: bool): bool {
    for (let page = from; page < from + size; page = nextTable(page, from + size)) {
      const first = this.entry(page);
      if (first === 0) continue;
      const last = lastOf(page, from + size, first);
      for (let pte = firstUsed(first, last); pte <= last; pte += ENTRY_SIZE) {
        if (load<u32>(pte) === 0) continue;
        const index = (pte - first) / ENTRY_SIZE;
        const place = this.makeEntry(to + (page - from) + (index << PAGE_SHIFT));
        if (place === 0) return false;
        if (moves) moveEntry(pte, place);
      }
    }
    return true;
  }

  private widenSpan(directory: u32, index: u32): void {
    const span = load<u32>(this.spanOf(directory));
    const first = span === 0 ? index : min(span & SPAN_MASK, index);
    const end = max(span >> SPAN_SHIFT, index + 1);
    store<u32>(this.spanOf(directory), first | (end << SPAN_SHIFT));
  }

  /** Where it is noted which table was found last of those that share the place of `number`. */
  private recentOf(number: u32): usize {
    "inline";
    const place = (number & (RECENT_COUNT - 1)) * RECENT_SIZE;
    return changetype<usize>(this) + offsetof<PageTables>("recent0") + place;
  }

  private spanOf(directory: u32): usize {
    return changetype<usize>(this) + offsetof<PageTables>("span0") + (directory << 2);
  }
}

/** The frame that an entry which is not 0 holds: of a user page or a hidden one. */
export function heldFrame(entry: usize): u32 {
  if ((load<u32>(entry) & ENTRY_P) !== 0) return entryFrame(entry);
  return (~load<u32>(entry) & ENTRY_FRAME) | (~load<u32>(entry + 4) & ENTRY_FRAME_HIGH);
}

/** How many tables are kept for the next space: memory that is as good as free. */
export function spareTableCount(): u32 {
  return spareCount;
}

/** Frees the tables that are kept for the next space: for those who need the memory. */
export function freeSpareTables(): void {
  while (spareCount !== 0) freePages(load<usize>(spareTables + (--spareCount << 2)), 1);
}

function hidePage(pte: usize, frame: u32): void {
  const high = ENTRY_HIDDEN_HIGH ^ (frame & ENTRY_FRAME_HIGH);
  writeEntry(pte, (~frame & ENTRY_FRAME) | ENTRY_HIDDEN, high);
}

function moveEntry(from: usize, to: usize): void {
  writeEntry(to, load<u32>(from), load<u32>(from + 4));
  writeEntry(from, 0, 0);
}

/** The first page of the table after the one of `page`, or `end` if that comes first. */
function nextTable(page: usize, end: usize): usize {
  const last = page | TABLE_MASK;
  return last < end - 1 ? last + 1 : end;
}

/** The last entry of [page, end) in the table whose entry of `page` is `first`. */
function lastOf(page: usize, end: usize, first: usize): usize {
  const last = min(page | TABLE_MASK, end - 1);
  return first + ((last - page) >> PAGE_SHIFT) * ENTRY_SIZE;
}

/** The first entry from `first` to `last` that holds a frame; past `last`: none does. */
function firstUsed(first: usize, last: usize): usize {
  let pte = first;
  while (pte <= last && load<u32>(pte) === 0) pte += ENTRY_SIZE;
  return pte;
}

/** Copies the entries from `from` to `last`, read-only from now on; how many there were. */
function shareEntries(from: usize, last: usize, to: usize): u32 {
  let count: u32 = 0;
  for (let pte = from; pte <= last; pte += ENTRY_SIZE, to += ENTRY_SIZE) {
    const low = load<u32>(pte);
    if (low === 0) continue;
    const shared = (low & ENTRY_P) !== 0 ? low & ~ENTRY_RW : low;
    store<u32>(pte, shared);
    retainFrame(heldFrame(pte));
    writeEntry(to, shared, load<u32>(pte + 4));
    count++;
  }
  return count;
}

/** The kernel address of the table that `entry` leads to, made if there is none; 0: no memory. */
function makeTable(entry: usize, flags: u32): usize {
  const frame = load<u32>(entry) & ENTRY_FRAME;
  if (frame !== 0) return frameLink(frame);
  const table = spareCount !== 0 ? load<usize>(spareTables + (--spareCount << 2)) : newTable();
  if (table !== 0) writeEntry(entry, physicalAddress(table) | flags, 0);
  return table;
}

function newTable(): usize {
  const table = allocatePages(1);
  if (table !== 0) setFrameLink(physicalAddress(table), table);
  return table;
}

/** Frees a table whose entries are 0 again, or keeps it for the next space. */
function freeTable(table: usize): void {
  if (spareCount < SPARE_MAX) store<usize>(spareTables + (spareCount++ << 2), table);
  else freePages(table, 1);
}

/** The end of the table that has `entry`. */
function tableEnd(entry: usize): usize {
  return (entry | PAGE_MASK) + 1;
}

if (ENTRIES_PER_TABLE >= SPAN_MASK) ERROR("a span has 16 bits for an index");
if ((ENTRY_HIDDEN & USER_PAGE) !== 0) ERROR("a hidden page is not present");
if (offsetof<PageTables>("span3") !== offsetof<PageTables>("span0") + 12) ERROR("spans are words");
if (offsetof<PageTables>("recentTable3") !== offsetof<PageTables>("recent0") + 28)
  ERROR("recent tables are pairs of words");
