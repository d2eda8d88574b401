// Multiboot 1: from the loader's record to ours (boot-record.ts).
//
// See the Multiboot Specification 0.6.96, 3.3.

import { KERNEL } from "../../src/abi/memory-map";
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
import { addRam, memoryRangeCount, setCommandLine, setInitramfs } from "./boot-record";

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
    const module = load<u32>(record, MULTIBOOT_MODS_ADDRESS);
    const start = load<u32>(module);
    setInitramfs(start, load<u32>(module, 4) - start);
  }
}

function readMemoryMap(record: usize): void {
  let entry: usize = load<u32>(record, MULTIBOOT_MMAP_ADDRESS);
  const end = entry + load<u32>(record, MULTIBOOT_MMAP_LENGTH);
  while (entry < end) {
    if (load<u32>(entry, MMAP_TYPE) === MMAP_RAM) {
      const base = load<u64>(entry, MMAP_BASE);
      addRam(base, base + load<u64>(entry, MMAP_LENGTH));
    }
    entry += load<u32>(entry) + sizeof<u32>();
  }
}
