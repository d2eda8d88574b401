// The kernel's address space: built before paging, extended page by page afterwards.
//
//   PAGE_SIZE .. KERNEL          low memory: each address is its own physical address
//   KERNEL .. identity end       kernel image, the tables below: so, too, unless the loader has
//                                moved the image; then all of it is higher in physical memory by
//                                one offset (machine/i686/image-offset.ts)
//   identity end .. heap start   the list of frames (frames.ts), in whatever frames there were
//   .. PAGE_TABLES, .. WINDOWS   the heap (pages.ts, heap.ts)
//   PAGE_TABLES                  the page tables as one array: directory 3 has four entries that
//                                point at the four directories, so the PTE of an address lies at
//                                PAGE_TABLES + (address >> 12) * 8 and its PDE at
//                                DIRECTORIES + (address >> 21) * 8
//   WINDOWS                      frames of processes, one at a time (window.ts)
//   the end                      the trampoline
//
// Tables made at boot lie right after the image, in this order: the PDPT (its page is shared with
// nothing), four directories, the table of the last 2 MiB, the tables from address 0 to the heap's
// start as one array.
// Tables for the heap come and go; their frame's link counts the entries that are present.
//
// Invariants
//   - No entry has U/S, and none has G but the trampoline's (laws 3 and 8).
//   - Page 0 has no entry (law 9). The load images of the trampoline are not in the identity map:
//     its text would be writable or its data executable under the other address (law 4).

import { INFO_CR3 } from "../../src/abi/kernel-info";
import { KERNEL, PAGE_MASK, PAGE_SHIFT, PAGE_SIZE, PAGE_TABLES } from "../../src/abi/memory-map";
import {
  DIRECTORY_SHIFT,
  ENTRIES_PER_TABLE,
  ENTRY_FRAME,
  ENTRY_G,
  ENTRY_P,
  ENTRY_PS,
  ENTRY_RW,
  ENTRY_SIZE,
  PDPT_ENTRIES,
  PDPT_SHIFT,
} from "../../src/abi/paging";
import * as x86 from "../../src/abi/x86";
import { panic } from "../log/panic";
import { clearBytes } from "../machine/i686/block";
import { imageOffset } from "../machine/i686/image-offset";
import {
  directoryEntry,
  noExecute,
  pdptEntry,
  writeEntry,
  writeFrame,
} from "../machine/i686/paging";
import * as symbols from "../machine/i686/symbols";
import { allocateFrame, frameLink, releaseFrame, setFrameLink } from "./frames";

const DIRECTORIES: usize = PAGE_TABLES + (PAGE_TABLES >> 9);
/** The table for the last 2 MiB: windows and trampoline. */
const LAST_TABLE: u32 = 0xffffffff >> DIRECTORY_SHIFT;

/** Two pages for firstTables(). */
export const FIRST_TABLES_SIZE: u32 = 2 * PAGE_SIZE;

/** Of the boot's tables, what comes before the array of tables. */
const TABLES_BEFORE: u32 = (1 + PDPT_ENTRIES + 1) << PAGE_SHIFT;

const INT3: u8 = 0xcc;

let pdpt: usize = 0;
let identityEnd: usize = 0;
let listSize: u32 = 0;

/** The physical address of the kernel's page-directory-pointer table: what CR3 holds. */
export function kernelCr3(): u32 {
  return pdpt + imageOffset();
}

/** The first address past the identity map: where the list of frames is. */
export function identityMapEnd(): usize {
  return identityEnd;
}

/** The first address past the list of frames. */
export function heapStart(): usize {
  return identityEnd + listSize;
}

/**
 * How many bytes the boot-time tables at `tables` take, for an identity map that ends after them
 * and a list of frames of `size` bytes, which are whole pages.
 */
export function kernelTablesSize(tables: usize, size: u32): u32 {
  const count = ((tables + TABLES_BEFORE + size) >> DIRECTORY_SHIFT) + 2;
  return TABLES_BEFORE + (count << PAGE_SHIFT);
}

/**
 * Builds the kernel's tables at `tables` (page aligned, right after the image); everything from
 * PAGE_SIZE to their end is mapped. After them come `size` bytes for the list of frames, whose
 * pages mapFrameListPage() maps. Runs with paging off.
 */
export function buildKernelSpace(tables: usize, size: u32): void {
  pdpt = tables;
  listSize = size;
  store<u32>(symbols.kernel_info(), kernelCr3(), INFO_CR3);
  identityEnd = tables + kernelTablesSize(tables, size);
  memory.fill(tables, 0, identityEnd - tables);

  const directories = tables + PAGE_SIZE;
  linkDirectories(directories);
  const identityTables = tables + TABLES_BEFORE;
  const count = (identityEnd - identityTables) >> PAGE_SHIFT;
  for (let i: u32 = 0; i < count; i++) {
    writeEntry(
      directories + i * ENTRY_SIZE,
      (imageFrame(identityTables) + (i << PAGE_SHIFT)) | ENTRY_P | ENTRY_RW,
      0,
    );
  }
  const lastTable = directories + (PDPT_ENTRIES << PAGE_SHIFT);
  writeEntry(directories + LAST_TABLE * ENTRY_SIZE, imageFrame(lastTable) | ENTRY_P | ENTRY_RW, 0);

  mapIdentity(identityTables);
  fillTrampoline();
  mapTrampolineInto(lastTable);
}

/** Maps the page at `offset` in the list of frames to the frame of that name. Paging is off. */
export function mapFrameListPage(offset: u32, frame: u32): void {
  const page = (identityEnd + offset) >> PAGE_SHIFT;
  writeFrame(pdpt + TABLES_BEFORE + page * ENTRY_SIZE, frame, ENTRY_P | ENTRY_RW, noExecute());
}

/** What of the page of code is none, and not in the image either, becomes `int3`. */
function fillTrampoline(): void {
  const size = symbols.trampoline_text_size();
  memory.fill(symbols.trampoline_text_load() + size, INT3, -size & PAGE_MASK);
}

/**
 * What CR3 holds when paging is switched on: at offset 0 the kernel's tables, else tables made at
 * `scratch` (FIRST_TABLES_SIZE bytes, which can be freed as soon as the kernel's are loaded): the
 * kernel's, but the 2 MiB with the code that runs are where it was loaded.
 */
export function firstTables(scratch: usize): u32 {
  const code = imageFrame(KERNEL);
  if (code === KERNEL) return kernelCr3();
  const directory = scratch + PAGE_SIZE;
  memory.copy(scratch, pdpt, PAGE_SIZE);
  memory.copy(directory, pdpt + PAGE_SIZE + ((code >> PDPT_SHIFT) << PAGE_SHIFT), PAGE_SIZE);
  const start = (code >> DIRECTORY_SHIFT) << DIRECTORY_SHIFT;
  writeEntry(directoryEntry(directory, code), start | ENTRY_P | ENTRY_RW | ENTRY_PS, 0);
  writeEntry(pdptEntry(scratch, code), imageFrame(directory) | ENTRY_P, 0);
  return imageFrame(scratch);
}

/** The trampoline's three PTEs, the same in every address space; `table` covers the last 2 MiB. */
export function mapTrampolineInto(table: usize): void {
  mapTrampolineSection(
    table,
    symbols.trampoline_text_start(),
    symbols.trampoline_text_size(),
    symbols.trampoline_text_load() | ENTRY_P | ENTRY_G,
    0,
  );
  mapTrampolineSection(
    table,
    symbols.trampoline_rodata_start(),
    symbols.trampoline_rodata_size(),
    symbols.trampoline_rodata_load() | ENTRY_P | ENTRY_G,
    noExecute(),
  );
  mapTrampolineSection(
    table,
    symbols.trampoline_data_start(),
    symbols.trampoline_data_size(),
    symbols.trampoline_data_load() | ENTRY_P | ENTRY_G | ENTRY_RW,
    noExecute(),
  );
}

/**
 * Maps the page at `address` to the frame of that name, writable or not, never executable. The page
 * must not be mapped. False when there is no frame for a page table.
 */
export function mapKernelPage(address: usize, frame: u32, flags: u32): bool {
  const pde = DIRECTORIES + (address >> DIRECTORY_SHIFT) * ENTRY_SIZE;
  if ((load<u32>(pde) & ENTRY_P) === 0 && !addKernelTable(pde, address)) return false;
  const pte = kernelPte(address);
  if ((load<u32>(pte) & ENTRY_P) !== 0) panic(cstr("kernel-space: page is mapped already"));
  writeFrame(pte, frame, flags | ENTRY_P, noExecute());
  countEntries(pde, 1);
  return true;
}

/** Takes the page at `address` out of the kernel's space; returns the frame that was there. */
export function unmapKernelPage(address: usize): u32 {
  const pte = kernelPte(address);
  const frame = load<u32>(pte) & ENTRY_FRAME;
  if ((load<u32>(pte) & ENTRY_P) === 0) panic(cstr("kernel-space: page is not mapped"));
  writeEntry(pte, 0, 0);
  x86.invlpg(address);
  countEntries(DIRECTORIES + (address >> DIRECTORY_SHIFT) * ENTRY_SIZE, -1);
  return frame;
}

/** As kernelPte(), for any address: 0 if there is no page table for it. */
export function kernelEntry(address: usize): usize {
  const pde = load<u32>(DIRECTORIES + (address >> DIRECTORY_SHIFT) * ENTRY_SIZE);
  return (pde & ENTRY_P) === 0 ? 0 : kernelPte(address);
}

/** The address of the kernel PTE of `address`; its page table must exist. */
export function kernelPte(address: usize): usize {
  return PAGE_TABLES + (address >> PAGE_SHIFT) * ENTRY_SIZE;
}

/** The physical address that a mapped kernel address translates to. */
export function physicalAddress(address: usize): u32 {
  return (load<u32>(kernelPte(address)) & ENTRY_FRAME) | (address & PAGE_MASK);
}

/** The physical address of what boot has claimed, or of low memory. */
function imageFrame(address: usize): u32 {
  return address < KERNEL ? address : address + imageOffset();
}

function linkDirectories(directories: usize): void {
  const selfMap = directories + ((PDPT_ENTRIES - 1) << PAGE_SHIFT);
  const selfIndex: u32 = (PAGE_TABLES >> DIRECTORY_SHIFT) & (ENTRIES_PER_TABLE - 1);
  for (let i: u32 = 0; i < PDPT_ENTRIES; i++) {
    const directory = imageFrame(directories) + (i << PAGE_SHIFT);
    writeEntry(pdpt + i * ENTRY_SIZE, directory | ENTRY_P, 0);
    writeEntry(selfMap + (selfIndex + i) * ENTRY_SIZE, directory | ENTRY_P | ENTRY_RW, noExecute());
  }
}

function mapIdentity(identityTables: usize): void {
  setIdentity(identityTables, PAGE_SIZE, identityEnd, ENTRY_P | ENTRY_RW, noExecute());
  const boot = symbols.boot_start();
  setIdentity(identityTables, boot, boot + symbols.boot_size(), ENTRY_P, 0);
  const rodata = symbols.rodata_start();
  setIdentity(identityTables, rodata, rodata + symbols.rodata_size(), ENTRY_P, noExecute());
  const table = symbols.symbols_start();
  setIdentity(identityTables, table, table + symbols.symbols_size(), ENTRY_P, noExecute());
  const text = symbols.text_start();
  setIdentity(identityTables, text, text + symbols.text_size(), ENTRY_P, 0);
  hideTrampolineImage(
    identityTables,
    symbols.trampoline_text_load(),
    symbols.trampoline_text_size(),
  );
  hideTrampolineImage(
    identityTables,
    symbols.trampoline_rodata_load(),
    symbols.trampoline_rodata_size(),
  );
  hideTrampolineImage(
    identityTables,
    symbols.trampoline_data_load(),
    symbols.trampoline_data_size(),
  );
}

function setIdentity(tables: usize, start: usize, end: usize, flags: u32, high: u32): void {
  for (let page = start & ENTRY_FRAME; page < end; page += PAGE_SIZE) {
    writeEntry(tables + (page >> PAGE_SHIFT) * ENTRY_SIZE, imageFrame(page) | flags, high);
  }
}

function hideTrampolineImage(tables: usize, load: usize, size: usize): void {
  for (let page = load & ENTRY_FRAME; page < load + size; page += PAGE_SIZE) {
    writeEntry(tables + (page >> PAGE_SHIFT) * ENTRY_SIZE, 0, 0);
  }
}

function mapTrampolineSection(table: usize, start: usize, size: usize, low: u32, high: u32): void {
  for (let offset: usize = 0; offset < size; offset += PAGE_SIZE) {
    const index = ((start + offset) >> PAGE_SHIFT) & (ENTRIES_PER_TABLE - 1);
    writeEntry(table + index * ENTRY_SIZE, imageFrame(low) + offset, high);
  }
}

function addKernelTable(pde: usize, address: usize): bool {
  const frame = allocateFrame();
  if (frame === 0) return false;
  writeEntry(pde, frame | ENTRY_P | ENTRY_RW, 0);
  const table = kernelPte(address) & ENTRY_FRAME;
  x86.invlpg(table);
  clearBytes(table, PAGE_SIZE);
  return true;
}

/** Counts entries of a table of the heap; an empty one is freed. Tables of the boot stay. */
function countEntries(pde: usize, change: i32): void {
  const frame = load<u32>(pde) & ENTRY_FRAME;
  if (frame - kernelCr3() < identityEnd - pdpt) return;
  const count = frameLink(frame) + change;
  setFrameLink(frame, count);
  if (count !== 0) return;
  writeEntry(pde, 0, 0);
  x86.invlpg(PAGE_TABLES + ((pde - DIRECTORIES) << 9));
  releaseFrame(frame);
}
