// Multiboot 1: from the loader's record to ours (boot-record.ts).
//
// The record comes from outside: what makes no sense ends the boot with a sentence. Addresses in it
// cannot fault, as paging is off.
// See the Multiboot Specification 0.6.96, 3.3.

import { KERNEL, PAGE_SHIFT } from "../../src/abi/memory-map";
import {
  MMAP_BASE,
  MMAP_LENGTH,
  MMAP_RAM,
  MMAP_TYPE,
  MULTIBOOT_BOOT_MAGIC,
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
import {
  addRam,
  lastFrame,
  memoryRangeCount,
  removeRam,
  setCommandLine,
  setInitramfs,
} from "./boot-record";

/** Bytes of an entry of the memory map that are there in any case, its own size word included. */
const LEAST_ENTRY: u32 = 24;
const SIZE_WORD: u32 = 4;

/** Copies the loader's record; `magic` and `record` are EAX and EBX at entry. */
export function readMultiboot(magic: u32, record: usize): void {
  if (magic !== MULTIBOOT_BOOT_MAGIC) {
    panic(cstr("multiboot: the loader left another magic number"));
  }
  const flags = load<u32>(record);
  if ((flags & MULTIBOOT_MEMORY_MAP) !== 0) readMemoryMap(record);
  else if ((flags & MULTIBOOT_MEMORY) !== 0) {
    addRam(KERNEL, <u64>KERNEL + ((<u64>load<u32>(record, MULTIBOOT_MEM_UPPER)) << 10));
  }
  if (memoryRangeCount() === 0) panic(cstr("multiboot: the loader names no memory"));
  if ((flags & MULTIBOOT_COMMAND_LINE) !== 0) setCommandLine(load<u32>(record, MULTIBOOT_CMDLINE));
  if ((flags & MULTIBOOT_MODULES) !== 0 && load<u32>(record, MULTIBOOT_MODS_COUNT) !== 0) {
    readModule(load<u32>(record, MULTIBOOT_MODS_ADDRESS));
  }
}

function readModule(module: usize): void {
  const start = load<u32>(module);
  const end = load<u32>(module, 4);
  if (end < start) panic(cstr("multiboot: the module ends before it begins"));
  // RAM may end within a frame, which does not count.
  if (end !== start && (end - 1) >> PAGE_SHIFT > lastFrame()) {
    panic(cstr("multiboot: the module is not in memory"));
  }
  setInitramfs(start, end - start);
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
      const base = load<u64>(entry, MMAP_BASE);
      const bytes = load<u64>(entry, MMAP_LENGTH);
      const end = base + min<u64>(bytes, u64.MAX_VALUE - base);
      if (isRam) addRam(base, end);
      else removeRam(base, end);
    }
    entry += size + SIZE_WORD;
    left -= size + SIZE_WORD;
  }
}
