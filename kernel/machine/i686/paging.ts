// Entries of page tables: how one is written, and which one translates an address.
//
// src/abi/paging.ts draws the format (PAE, three levels). kernel-space.ts and page-tables.ts of
// kernel/memory/ build trees of such entries; nothing above them knows the format.

import { PAGE_SHIFT } from "../../../src/abi/memory-map";
import {
  DIRECTORY_SHIFT,
  ENTRIES_PER_TABLE,
  ENTRY_FRAME,
  ENTRY_FRAME_HIGH,
  ENTRY_NX_HIGH,
  ENTRY_P,
  ENTRY_SIZE,
  PDPT_SHIFT,
} from "../../../src/abi/paging";

/** Of an address shifted so that the index of its entry is one of bytes: those bits. */
const OFFSET_MASK: u32 = (ENTRIES_PER_TABLE - 1) * ENTRY_SIZE;
const ENTRY_SHIFT: u32 = 3;

let nxHigh: u32 = 0;

/** Says, before the first entry is written, whether the processor has NX. */
export function startPaging(hasNx: bool): void {
  nxHigh = hasNx ? ENTRY_NX_HIGH : 0;
}

/** ENTRY_NX_HIGH if the processor has NX, else 0: what goes into the high word of an entry. */
export function noExecute(): u32 {
  return nxHigh;
}

/** Writes an entry so that it is never present with half of its bits. */
export function writeEntry(entry: usize, low: u32, high: u32): void {
  if ((low & ENTRY_P) === 0) {
    store<u32>(entry, low);
    store<u32>(entry + 4, high);
    return;
  }
  store<u32>(entry + 4, high);
  store<u32>(entry, low);
}

/** Writes a present entry for the frame of that name (memory/frames.ts). */
export function writeFrame(entry: usize, frame: u32, low: u32, high: u32): void {
  writeEntry(entry, (frame & ENTRY_FRAME) | low, (frame & ENTRY_FRAME_HIGH) | high);
}

/** The name of the frame that a present entry leads to. */
export function entryFrame(entry: usize): u32 {
  return (load<u32>(entry) & ENTRY_FRAME) | (load<u32>(entry + 4) & ENTRY_FRAME_HIGH);
}

/** The address of the entry for `address` in a page-directory-pointer table. */
export function pdptEntry(pdpt: usize, address: usize): usize {
  return pdpt + (address >> PDPT_SHIFT) * ENTRY_SIZE;
}

/** The address of the entry for `address` in a page directory. */
export function directoryEntry(directory: usize, address: usize): usize {
  return directory + ((address >> (DIRECTORY_SHIFT - ENTRY_SHIFT)) & OFFSET_MASK);
}

/** The address of the entry for `address` in a page table. */
export function tableEntry(table: usize, address: usize): usize {
  return table + ((address >> (PAGE_SHIFT - ENTRY_SHIFT)) & OFFSET_MASK);
}

if (1 << ENTRY_SHIFT !== ENTRY_SIZE) ERROR("an entry has eight bytes");
