// isthmus: the page tables of both spaces, the kernel's and the reader's, in the format of Linux's
// /sys/kernel/debug/page_tables.
//
//   ---[ Kernel space ]---
//   0x00001000-0x00100000        1020K     RW                     NX pte
//
// A line is a range of addresses whose entries say the same; what is not there has a line as well,
// up to the level at which it ends: `pte`, or `pmd` for what has no page table.

import { PAGE_SHIFT, PAGE_SIZE } from "../../../src/abi/memory-map";
import {
  DIRECTORY_SHIFT,
  ENTRIES_PER_TABLE,
  ENTRY_G,
  ENTRY_NX_HIGH,
  ENTRY_P,
  ENTRY_RW,
  ENTRY_SIZE,
  ENTRY_US,
} from "../../../src/abi/paging";
import { kernelEntry } from "../../memory/kernel-space";
import { AddressSpace } from "../../memory/space";
import { currentProcess, Process } from "../../process/process";
import { put } from "./text";

const TABLES: u32 = 1 << (32 - DIRECTORY_SHIFT);
const ENTRY_PWT: u32 = 1 << 3;
const ENTRY_PCD: u32 = 1 << 4;
const RIGHTS: u32 = ENTRY_P | ENTRY_RW | ENTRY_US | ENTRY_PWT | ENTRY_PCD | ENTRY_G;
/** Among the rights of an entry, whose own bits these are not. */
const NOT_EXECUTABLE: u32 = 1 << 31;
const IN_TABLE: u32 = 1 << 30;
const KIB_SHIFT: u32 = 10;
const KIB_MASK: u32 = 1023;
const UNITS: usize = cstr("BKMG");

/** The range that the next line is about. */
let rangeStart: usize = 0;
let rangeRights: u32 = 0;

/** The whole file. */
export function putPageTables(_process: Process, _subject: u32): void {
  put(cstr("---[ Kernel space ]---\n"));
  putSpace(null);
  const process = currentProcess();
  put(cstr("---[ User space of %s[%u] ]---\n"), <u32>process.name, process.pid);
  putSpace(process.space);
}

/** The tables of a user's space, or of the kernel's. */
function putSpace(space: AddressSpace | null): void {
  for (let table: u32 = 0; table < TABLES; table++) {
    const address: usize = table << DIRECTORY_SHIFT;
    const entry = space === null ? kernelEntry(address) : space.entry(address);
    if (entry === 0) {
      note(address, 0);
      continue;
    }
    for (let i: u32 = 0; i < ENTRIES_PER_TABLE; i++) {
      note(address + (i << PAGE_SHIFT), rightsOf(entry + i * ENTRY_SIZE));
    }
  }
  putRange(0);
}

function rightsOf(entry: usize): u32 {
  const low = load<u32>(entry);
  if ((low & ENTRY_P) === 0) return IN_TABLE;
  const isBarred = (load<u32>(entry, 4) & ENTRY_NX_HIGH) !== 0;
  return (low & RIGHTS) | IN_TABLE | (isBarred ? NOT_EXECUTABLE : 0);
}

/** The page at `address`, or all of a table's, has those rights. */
function note(address: usize, rights: u32): void {
  if (address !== 0 && rights === rangeRights) return;
  if (address !== 0) putRange(address);
  rangeStart = address;
  rangeRights = rights;
}

/** A line for the range that ends at `end`; 0 is the end of the space. */
function putRange(end: usize): void {
  let size = <u32>(end - rangeStart);
  let unit = UNITS;
  for (; (size & KIB_MASK) === 0 && load<u8>(unit, 1) !== 0; size >>= KIB_SHIFT) unit++;
  put(cstr("0x%08x-0x%08x   %9u%c "), rangeStart, end, size, load<u8>(unit));
  const rights = rangeRights;
  if ((rights & ENTRY_P) === 0) put(cstr("%30s"), <u32>cstr(""));
  else {
    putRight(rights & ENTRY_US, cstr("USR "), cstr("    "));
    putRight(rights & ENTRY_RW, cstr("RW "), cstr("ro "));
    putRight(rights & ENTRY_PWT, cstr("PWT "), cstr("    "));
    putRight(rights & ENTRY_PCD, cstr("PCD "), cstr("    "));
    // PSE and PAT: every page here has 4 KiB, and the usual caching.
    put(cstr("        "));
    putRight(rights & ENTRY_G, cstr("GLB "), cstr("    "));
    putRight(rights & NOT_EXECUTABLE, cstr("NX "), cstr("x  "));
  }
  put(cstr("%s\n"), <u32>((rights & IN_TABLE) !== 0 ? cstr("pte") : cstr("pmd")));
}

function putRight(has: u32, name: usize, other: usize): void {
  put(cstr("%s"), <u32>(has !== 0 ? name : other));
}

if (ENTRIES_PER_TABLE * PAGE_SIZE !== 1 << DIRECTORY_SHIFT)
  ERROR("a table covers a directory entry");
