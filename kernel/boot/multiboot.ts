// What the boot loader says about the machine, copied into memory of our own.
//
// The loader's record, its memory map, the command line and the module lie wherever the loader
// found room: the frame list, which we put behind the image, may overwrite them. So everything is
// copied before a byte of memory is claimed, and the module (the initramfs) is moved when it is in
// the way. Runs with paging off.
//
// Invariants
//   - Ranges of RAM are whole frames, at or above 1 MiB, below 4 GiB, and there are MAX_RANGES at
//     the most; what a loader says beyond that is ignored, with a word in the log.

import { COMMAND_LINE_MAX } from "../../src/abi/command-line";
import { KERNEL, PAGE_MASK, PAGE_SHIFT } from "../../src/abi/memory-map";
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

const MAX_RANGES: u32 = 32;

let rangeCount: u32 = 0;
/** Pairs of frame indices: first, end. */
const ranges: usize = memory.data(32 * 8, 4);
const commandLineText: usize = memory.data(2048, 4);
let moduleAddress: u32 = 0;
let moduleBytes: u32 = 0;

/** Copies the loader's record; `magic` and `record` are EAX and EBX at entry. */
export function readMultiboot(magic: u32, record: usize): void {
  if (magic !== MULTIBOOT_BOOT_MAGIC) panic(cstr("multiboot: the loader left another magic number"));
  const flags = load<u32>(record);
  if (flags & MULTIBOOT_MEMORY_MAP) readMemoryMap(record);
  else if (flags & MULTIBOOT_MEMORY) {
    addRange(KERNEL, <u64>KERNEL + ((<u64>load<u32>(record, MULTIBOOT_MEM_UPPER)) << 10));
  }
  if (rangeCount === 0) panic(cstr("multiboot: the loader names no memory"));
  if (flags & MULTIBOOT_COMMAND_LINE) copyCommandLine(load<u32>(record, MULTIBOOT_CMDLINE));
  if (flags & MULTIBOOT_MODULES && load<u32>(record, MULTIBOOT_MODS_COUNT) !== 0) {
    const module = load<u32>(record, MULTIBOOT_MODS_ADDRESS);
    moduleAddress = load<u32>(module);
    moduleBytes = load<u32>(module, 4) - moduleAddress;
  }
}

/** How many ranges of RAM there are; each is [rangeStart(i), rangeEnd(i)) in frames. */
export function memoryRangeCount(): u32 {
  return rangeCount;
}

export function rangeStart(index: u32): u32 {
  return load<u32>(ranges + (index << 3));
}

export function rangeEnd(index: u32): u32 {
  return load<u32>(ranges + (index << 3), 4);
}

/** The frame behind the last one of RAM. */
export function lastFrame(): u32 {
  let last: u32 = 0;
  for (let i: u32 = 0; i < rangeCount; i++) last = max<u32>(last, rangeEnd(i));
  return last;
}

/** The kernel's command line, NUL-terminated; empty if the loader gave none. */
export function commandLine(): usize {
  return commandLineText;
}

/** Physical address of the module, and its size in bytes; size 0: there is none. */
export function moduleStart(): u32 {
  return moduleAddress;
}

export function moduleSize(): u32 {
  return moduleBytes;
}

/** Moves the module behind `claimedEnd` if it lies below: what claims the memory wins. */
export function moveModuleBehind(claimedEnd: usize): void {
  if (moduleBytes === 0 || moduleAddress >= claimedEnd) return;
  const target = (claimedEnd + PAGE_MASK) & ~PAGE_MASK;
  if (!isRam(target, moduleBytes)) panic(cstr("multiboot: no room for the initramfs"));
  memory.copy(target, moduleAddress, moduleBytes);
  moduleAddress = target;
}

/** Whether [start, start + size) is RAM throughout. */
export function isRam(start: usize, size: u32): bool {
  const first = start >> PAGE_SHIFT;
  const end = (start + size + PAGE_MASK) >> PAGE_SHIFT;
  for (let i: u32 = 0; i < rangeCount; i++) {
    if (rangeStart(i) <= first && end <= rangeEnd(i)) return true;
  }
  return false;
}

function readMemoryMap(record: usize): void {
  let entry: usize = load<u32>(record, MULTIBOOT_MMAP_ADDRESS);
  const end = entry + load<u32>(record, MULTIBOOT_MMAP_LENGTH);
  while (entry < end) {
    if (load<u32>(entry, MMAP_TYPE) === MMAP_RAM) {
      const base = load<u64>(entry, MMAP_BASE);
      addRange(base, base + load<u64>(entry, MMAP_LENGTH));
    }
    entry += load<u32>(entry) + sizeof<u32>();
  }
}

/** Adds the whole frames of [base, end) that lie in [1 MiB, 4 GiB). */
function addRange(base: u64, end: u64): void {
  const start = max<u64>(base, KERNEL);
  const limit = min<u64>(end, (<u64>1) << 32);
  const first = <u32>((start + PAGE_MASK) >> PAGE_SHIFT);
  const last = <u32>(limit >> PAGE_SHIFT);
  if (start >= limit || first >= last || rangeCount === MAX_RANGES) return;
  store<u32>(ranges + (rangeCount << 3), first);
  store<u32>(ranges + (rangeCount << 3), last, 4);
  rangeCount++;
}

function copyCommandLine(from: usize): void {
  for (let i: u32 = 0; i < COMMAND_LINE_MAX - 1; i++) {
    const byte = load<u8>(from + i);
    store<u8>(commandLineText + i, byte);
    if (byte === 0) return;
  }
}
if (COMMAND_LINE_MAX !== 2048) ERROR("commandLineText has 2048 bytes");
