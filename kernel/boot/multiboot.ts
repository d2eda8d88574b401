// Multiboot 1: from the loader's record to ours (boot-record.ts).
//
// The record comes from outside: what makes no sense ends the boot with a sentence. Addresses in it
// cannot fault, as paging is off.
// See the Multiboot Specification 0.6.96, 3.3.

import {
  MMAP_BASE,
  MMAP_LENGTH,
  MMAP_RAM,
  MMAP_TYPE,
  MULTIBOOT_CMDLINE,
  MULTIBOOT_COMMAND_LINE,
  MULTIBOOT_MEM_UPPER,
  MULTIBOOT_MEMORY,
  MULTIBOOT_MEMORY_MAP,
  MULTIBOOT_MMAP_ADDRESS,
  MULTIBOOT_MMAP_LENGTH,
  MULTIBOOT_MODS_ADDRESS,
  MULTIBOOT_MODS_COUNT,
  MULTIBOOT_MODULES,
} from "../../src/abi/multiboot";
import { panic } from "../log/panic";
import { addUpperMemory, noteMemory, setCommandLine, setInitramfs } from "./boot-record";

/** Bytes of an entry of the memory map that are there in any case, its own size word included. */
const LEAST_ENTRY: u32 = 24;
const SIZE_WORD: u32 = 4;

/** Copies the loader's record. */
export function readMultiboot(record: usize): void {
  const flags = load<u32>(record);
  if ((flags & MULTIBOOT_MEMORY_MAP) !== 0) readMemoryMap(record);
  else if ((flags & MULTIBOOT_MEMORY) !== 0) addUpperMemory(load<u32>(record, MULTIBOOT_MEM_UPPER));
  if ((flags & MULTIBOOT_COMMAND_LINE) !== 0) setCommandLine(load<u32>(record, MULTIBOOT_CMDLINE));
  if ((flags & MULTIBOOT_MODULES) !== 0 && load<u32>(record, MULTIBOOT_MODS_COUNT) !== 0) {
    const module = load<u32>(record, MULTIBOOT_MODS_ADDRESS);
    setInitramfs(load<u32>(module), load<u32>(module, 4));
  }
}

/** What one entry calls RAM and another something else is not RAM. */
function readMemoryMap(record: usize): void {
  const map: usize = load<u32>(record, MULTIBOOT_MMAP_ADDRESS);
  const length = load<u32>(record, MULTIBOOT_MMAP_LENGTH);
  readEntries(map, length, true);
  readEntries(map, length, false);
}

/** Adds the entries of `length` bytes at `map` that are RAM, or takes the others out. */
function readEntries(map: usize, length: u32, isRam: bool): void {
  let entry = map;
  let left = length;
  while (left >= LEAST_ENTRY) {
    const size = load<u32>(entry);
    if (size < LEAST_ENTRY - SIZE_WORD || size > left - SIZE_WORD) {
      panic(cstr("multiboot: an entry of the memory map has a wrong size"));
      return;
    }
    if ((load<u32>(entry, MMAP_TYPE) === MMAP_RAM) === isRam) {
      noteMemory(load<u64>(entry, MMAP_BASE), load<u64>(entry, MMAP_LENGTH), isRam);
    }
    entry += size + SIZE_WORD;
    left -= size + SIZE_WORD;
  }
}
