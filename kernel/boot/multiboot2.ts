// Multiboot 2: from the loader's record to ours (boot-record.ts).
//
// The record comes from outside: a tag that reaches beyond it, or is too short for what it says,
// ends the boot with a sentence. Tags come in any order, and unknown ones are passed over. Of the
// three that tell of memory the best counts: the map, then UEFI's, then the two numbers.
// See src/abi/multiboot.ts, and the Multiboot2 Specification, 3.6.

import { KERNEL } from "../../src/abi/memory-map";
import {
  MMAP_RAM,
  MMAP2_BASE,
  MMAP2_LEAST_ENTRY,
  MMAP2_LENGTH,
  MMAP2_TYPE,
  MULTIBOOT2_END_TAG,
  MULTIBOOT2_TAG_HEADER_SIZE,
  TAG_ACPI_NEW,
  TAG_ACPI_OLD,
  TAG_BASIC_MEMORY,
  TAG_COMMAND_LINE,
  TAG_ENTRIES,
  TAG_ENTRY_SIZE,
  TAG_FRAMEBUFFER,
  TAG_LOAD_BASE,
  TAG_MEMORY_MAP,
  TAG_MODULE,
  TAG_UEFI_MAP,
  UEFI_BOOT_SERVICES_DATA,
  UEFI_CONVENTIONAL,
  UEFI_LEAST_DESCRIPTOR,
  UEFI_LOADER_CODE,
  UEFI_MAP_PAGES,
  UEFI_MAP_START,
  UEFI_MAP_TYPE,
} from "../../src/abi/multiboot";
import { panic } from "../log/panic";
import { imageOffset } from "../machine/i686/image-offset";
import {
  addUpperMemory,
  noteMemory,
  setCommandLine,
  setInitramfs,
  setRsdp,
  setScreen,
  setScreenColour,
} from "./boot-record";

const FIRST_TAG: u32 = 8;
const SCREEN_SIZE: u32 = 31;
const COLOURED_SCREEN_SIZE: u32 = 38;
const SCREEN_OF_COLOURS: u32 = 1;
const PAGES_MAX: u64 = (<u64>1) << 52;

let memoryMap: usize = 0;
let uefiMap: usize = 0;
let basicMemory: usize = 0;
let hasModule: bool = false;

/** Copies the loader's record. */
export function readMultiboot2(record: usize): void {
  memoryMap = 0;
  uefiMap = 0;
  basicMemory = 0;
  hasModule = false;
  readTags(record);
  if (memoryMap !== 0) readMemoryMap();
  else if (uefiMap !== 0) readUefiMap();
  else if (basicMemory !== 0) addUpperMemory(load<u32>(basicMemory, 12));
}

/** Reads the tags up to the end tag, or to the end of the record. */
function readTags(record: usize): void {
  const size = load<u32>(record);
  for (let at = FIRST_TAG; at < size; ) {
    const left = size - at;
    const tag = record + at;
    atLeast(tag, left, MULTIBOOT2_TAG_HEADER_SIZE);
    const bytes = load<u32>(tag, 4);
    if (bytes > left) refuse();
    atLeast(tag, bytes, MULTIBOOT2_TAG_HEADER_SIZE);
    const type = load<u32>(tag);
    if (type === MULTIBOOT2_END_TAG) return;
    readTag(tag, type, bytes);
    at += min<u32>(left, (bytes + 7) & ~7);
  }
}

function readTag(tag: usize, type: u32, size: u32): void {
  switch (type) {
    case TAG_COMMAND_LINE:
      setCommandLine(tag + 8, size - 8);
      return;
    case TAG_MODULE:
      readModule(tag, size);
      return;
    case TAG_BASIC_MEMORY:
      basicMemory = atLeast(tag, size, 16);
      return;
    case TAG_MEMORY_MAP:
      memoryMap = atLeast(tag, size, TAG_ENTRIES);
      return;
    case TAG_FRAMEBUFFER:
      readScreen(tag, size);
      return;
    case TAG_ACPI_OLD:
    case TAG_ACPI_NEW:
      setRsdp(tag + MULTIBOOT2_TAG_HEADER_SIZE, size - MULTIBOOT2_TAG_HEADER_SIZE);
      return;
    case TAG_UEFI_MAP:
      uefiMap = atLeast(tag, size, TAG_ENTRIES);
      return;
    case TAG_LOAD_BASE:
      if (load<u32>(atLeast(tag, size, 12), 8) !== KERNEL + imageOffset()) {
        panic(cstr("multiboot2: the kernel is not where the loader says"));
      }
      return;
    default:
  }
}

/** The first module is the initramfs. */
function readModule(tag: usize, size: u32): void {
  atLeast(tag, size, 16);
  if (!hasModule) setInitramfs(load<u32>(tag, 8), load<u32>(tag, 12));
  hasModule = true;
}

/** A screen of characters, or of a palette, is left to the VGA's driver. */
function readScreen(tag: usize, size: u32): void {
  atLeast(tag, size, SCREEN_SIZE);
  if (load<u8>(tag, 29) !== SCREEN_OF_COLOURS) return;
  if (size < COLOURED_SCREEN_SIZE) refuse();
  setScreen(
    load<u64>(tag, 8),
    load<u32>(tag, 16),
    load<u32>(tag, 20),
    load<u32>(tag, 24),
    load<u8>(tag, 28),
  );
  for (let colour: u32 = 0; colour < 3; colour++) {
    const at = tag + 32 + 2 * colour;
    setScreenColour(colour, load<u8>(at), load<u8>(at, 1));
  }
}

/** What one entry calls RAM and another something else is not RAM. */
function readMemoryMap(): void {
  readEntries(true);
  readEntries(false);
}

function readEntries(isRam: bool): void {
  const stride = entrySize(memoryMap, MMAP2_LEAST_ENTRY);
  const count = (load<u32>(memoryMap, 4) - TAG_ENTRIES) / stride;
  for (let i: u32 = 0; i < count; i++) {
    const entry = memoryMap + TAG_ENTRIES + i * stride;
    if ((load<u32>(entry, MMAP2_TYPE) === MMAP_RAM) !== isRam) continue;
    noteMemory(load<u64>(entry, MMAP2_BASE), load<u64>(entry, MMAP2_LENGTH), isRam);
  }
}

function readUefiMap(): void {
  readDescriptors(true);
  readDescriptors(false);
}

function readDescriptors(isRam: bool): void {
  const stride = entrySize(uefiMap, UEFI_LEAST_DESCRIPTOR);
  const count = (load<u32>(uefiMap, 4) - TAG_ENTRIES) / stride;
  for (let i: u32 = 0; i < count; i++) {
    const entry = uefiMap + TAG_ENTRIES + i * stride;
    if (isUefiRam(load<u32>(entry, UEFI_MAP_TYPE)) !== isRam) continue;
    const pages = min<u64>(load<u64>(entry, UEFI_MAP_PAGES), PAGES_MAX - 1);
    noteMemory(load<u64>(entry, UEFI_MAP_START), pages << 12, isRam);
  }
}

/** Code and data of loaders and boot services, and what was free all along. */
function isUefiRam(type: u32): bool {
  return (
    type === UEFI_CONVENTIONAL || (type >= UEFI_LOADER_CODE && type <= UEFI_BOOT_SERVICES_DATA)
  );
}

/** The size of an entry of the map in `tag`; each is followed by the next. */
function entrySize(tag: usize, least: u32): u32 {
  const size = load<u32>(tag, TAG_ENTRY_SIZE);
  if (size < least) {
    panic(cstr("multiboot2: the entries of the memory map have a wrong size"));
  }
  return size;
}

/** The tag, which must have so many bytes. */
function atLeast(tag: usize, size: u32, least: u32): usize {
  if (size < least) refuse();
  return tag;
}

function refuse(): void {
  panic(cstr("multiboot2: a tag of the loader's record has a wrong size"));
}
