// Judges a program file before anything is built from it.
//
// The file is an allegation like any user's data: every number in it is checked against the file's
// size and against user space before it is used. What passes here can be loaded without further
// questions, save for memory.
//
// A program is ELF32, little endian, i386, and either linked at a fixed address (ET_EXEC) or
// position independent (ET_DYN): then the kernel adds a bias to all its addresses. Its PT_LOAD
// segments
//   - lie in the file from offset to offset + filesz, and filesz <= memsz;
//   - lie in [PAGE_SIZE, USER_END), page by page: no two segments have a page in common;
//   - lie as far from the start of a page as in the file, where they are mapped from;
//   - are not writable and executable at once (law 4).
// The entry point lies in an executable segment. A program may name another one, its interpreter
// (PT_INTERP), which is loaded beside it and runs first.
//
// Nothing here touches anything but the first bytes of the file, those with the headers.

import {
  EHDR_ENTRY,
  EHDR_MACHINE,
  EHDR_PHENTSIZE,
  EHDR_PHNUM,
  EHDR_PHOFF,
  EHDR_SHENTSIZE,
  EHDR_SHNUM,
  EHDR_SHOFF,
  EHDR_SHSTRNDX,
  EHDR_SIZE,
  EHDR_TYPE,
  EHDR_VERSION,
  ELF_CLASS,
  ELF_CLASS_32,
  ELF_CLASS_64,
  ELF_DATA,
  ELF_DATA_LITTLE,
  ELF_IDENT_VERSION,
  ELF_MAGIC,
  ELF_VERSION,
  EM_386,
  ET_DYN,
  ET_EXEC,
  PF_W,
  PF_X,
  PHDR_ALIGN,
  PHDR_FILESZ,
  PHDR_FLAGS,
  PHDR_MEMSZ,
  PHDR_OFFSET,
  PHDR_SIZE,
  PHDR_TYPE,
  PHDR_VADDR,
  PT_INTERP,
  PT_LOAD,
  SHDR_BYTES,
  SHDR_NAME,
  SHDR_OFFSET,
  SHDR_SIZE,
  SHDR_TYPE,
  SHT_NOBITS,
} from "../../src/abi/elf";
import { PAGE_MASK, PAGE_SIZE, USER_END } from "../../src/abi/memory-map";
import { isInside } from "../memory/range";

/** More program headers than any linker writes; it bounds the check for overlaps. */
const MOST_HEADERS: u32 = 64;

/** A program header, in the file. */
@unmanaged
export class Segment {
  type: u32 = 0;
  offset: u32 = 0;
  address: u32 = 0;
  physical: u32 = 0;
  fileSize: u32 = 0;
  memorySize: u32 = 0;
  flags: u32 = 0;
  alignment: u32 = 0;

  get isLoaded(): bool {
    return this.type === PT_LOAD && this.memorySize !== 0;
  }

  get firstPage(): u32 {
    return this.address & ~PAGE_MASK;
  }

  /** The end of the last page. In a segment that was checked it does not wrap. */
  get pagesEnd(): u32 {
    return (this.address + this.memorySize + PAGE_MASK) & ~PAGE_MASK;
  }

  contains(address: u32): bool {
    return address - this.address < this.memorySize;
  }
}

/** How many bytes of the file have all its headers; its ELF header is at `image`. */
export function headersEnd(image: usize): u32 {
  return load<u32>(image, EHDR_PHOFF) + segmentCount(image) * PHDR_SIZE;
}

/** Whether the program runs wherever it is put. */
export function isPositionIndependent(image: usize): bool {
  return load<u16>(image, EHDR_TYPE) === ET_DYN;
}

/** The header that names the interpreter, or null. */
export function interpreterSegment(image: usize): Segment | null {
  for (let i: u32 = 0; i < segmentCount(image); i++) {
    if (segmentAt(image, i).type === PT_INTERP) return segmentAt(image, i);
  }
  return null;
}

/**
 * Why a file of `size` bytes, whose headers are at `image` (4-byte aligned), cannot run here; 0 if
 * it can. What headerProblem() finds must have been asked for first.
 */
export function programProblem(image: usize, size: u32): usize {
  const problem = headerProblem(image, size) || headersProblem(image, size);
  if (problem !== 0) return problem;
  const lowest = isPositionIndependent(image) ? 0 : PAGE_SIZE;
  const count = segmentCount(image);
  let hasEntry = false;
  for (let i: u32 = 0; i < count; i++) {
    const segment = segmentAt(image, i);
    if (!segment.isLoaded) continue;
    const wrong = segmentProblem(segment, size, lowest);
    if (wrong !== 0) return wrong;
    if (overlapsEarlier(image, segment, i)) return cstr("two segments share a page");
    if ((segment.flags & PF_X) !== 0 && segment.contains(entryPoint(image))) hasEntry = true;
  }
  return hasEntry ? 0 : cstr("the entry point is not in an executable segment");
}

/** The address at which the program starts. */
export function entryPoint(image: usize): u32 {
  return load<u32>(image, EHDR_ENTRY);
}

/** How many program headers there are. */
export function segmentCount(image: usize): u32 {
  return load<u16>(image, EHDR_PHNUM);
}

/** Program header `index` of a file whose header was checked. */
export function segmentAt(image: usize, index: u32): Segment {
  return changetype<Segment>(image + load<u32>(image, EHDR_PHOFF) + index * PHDR_SIZE);
}

/** The user address at which the program finds its own program headers, or 0: AT_PHDR. */
export function programHeadersAddress(image: usize): u32 {
  const offset = load<u32>(image, EHDR_PHOFF);
  const size = segmentCount(image) * PHDR_SIZE;
  for (let i: u32 = 0; i < segmentCount(image); i++) {
    const segment = segmentAt(image, i);
    if (!segment.isLoaded || offset < segment.offset) continue;
    const start = offset - segment.offset;
    if (start <= segment.fileSize && size <= segment.fileSize - start) {
      return segment.address + start;
    }
  }
  return 0;
}

/** The first page of all loaded segments. */
export function imageStart(image: usize): u32 {
  let start: u32 = USER_END;
  for (let i: u32 = 0; i < segmentCount(image); i++) {
    const segment = segmentAt(image, i);
    if (segment.isLoaded) start = min<u32>(start, segment.firstPage);
  }
  return start;
}

/** The first address past all loaded segments, page aligned. */
export function imageEnd(image: usize): u32 {
  let end: u32 = PAGE_SIZE;
  for (let i: u32 = 0; i < segmentCount(image); i++) {
    const segment = segmentAt(image, i);
    if (segment.isLoaded) end = max<u32>(end, segment.pagesEnd);
  }
  return end;
}

/**
 * The address in `image` of the contents of the section called `name`, or 0. Section headers were
 * not checked by programProblem, so everything is checked here.
 */
export function findSection(image: usize, size: u32, name: usize): usize {
  const offset = load<u32>(image, EHDR_SHOFF);
  const count: u32 = load<u16>(image, EHDR_SHNUM);
  const names: u32 = load<u16>(image, EHDR_SHSTRNDX);
  if (load<u16>(image, EHDR_SHENTSIZE) !== SHDR_SIZE || names >= count) return 0;
  if ((offset & 3) !== 0 || !isInside(offset, count * SHDR_SIZE, size)) return 0;
  const strings = sectionAt(image, offset, names);
  // Without contents it may lie anywhere: there are no names in it.
  if (load<u32>(strings, SHDR_TYPE) === SHT_NOBITS || !sectionIsInside(strings, size)) return 0;
  for (let i: u32 = 0; i < count; i++) {
    const header = sectionAt(image, offset, i);
    if (!sectionIsInside(header, size) || load<u32>(header, SHDR_TYPE) === SHT_NOBITS) continue;
    if (hasName(image, strings, load<u32>(header, SHDR_NAME), name)) {
      return image + load<u32>(header, SHDR_OFFSET);
    }
  }
  return 0;
}

/** Why a file of `size` bytes with that ELF header cannot run here; 0: it may. */
export function headerProblem(image: usize, size: u32): usize {
  if (size < EHDR_SIZE || load<u32>(image) !== ELF_MAGIC) return cstr("it is not an ELF file");
  if (load<u8>(image, ELF_CLASS) === ELF_CLASS_64) {
    return cstr("it is a 64-bit program, and this is a 32-bit machine");
  }
  if (load<u8>(image, ELF_CLASS) !== ELF_CLASS_32) return cstr("it is not a 32-bit ELF file");
  if (load<u8>(image, ELF_DATA) !== ELF_DATA_LITTLE) return cstr("it is not little endian");
  if (load<u8>(image, ELF_IDENT_VERSION) !== ELF_VERSION) return cstr("its ELF version is unknown");
  if (load<u32>(image, EHDR_VERSION) !== ELF_VERSION) return cstr("its ELF version is unknown");
  if (load<u16>(image, EHDR_MACHINE) !== EM_386) return cstr("it is for another processor");
  const type: u32 = load<u16>(image, EHDR_TYPE);
  if (type !== ET_EXEC && type !== ET_DYN) return cstr("it is not an executable");
  return 0;
}

/** The same of the place of its program headers, before they are read. */
export function headersProblem(image: usize, size: u32): usize {
  const count = segmentCount(image);
  const offset = load<u32>(image, EHDR_PHOFF);
  if (load<u16>(image, EHDR_PHENTSIZE) !== PHDR_SIZE) {
    return cstr("its program headers have another size");
  }
  if (count === 0) return cstr("it has no program headers");
  if (count > MOST_HEADERS) return cstr("it has too many program headers");
  if ((offset & 3) !== 0) return cstr("its program headers are misaligned");
  if (!isInside(offset, count * PHDR_SIZE, size)) {
    return cstr("its program headers lie outside the file");
  }
  return 0;
}

function segmentProblem(segment: Segment, size: u32, lowest: u32): usize {
  if (segment.fileSize > segment.memorySize) return cstr("a segment is larger in the file");
  if (!isInside(segment.offset, segment.fileSize, size)) {
    return cstr("a segment lies outside the file");
  }
  if (segment.address < lowest || segment.address >= USER_END) {
    return cstr("a segment lies outside user space");
  }
  if (segment.memorySize > USER_END - segment.address) {
    return cstr("a segment lies outside user space");
  }
  if ((segment.flags & (PF_W | PF_X)) === (PF_W | PF_X)) {
    return cstr("a segment is writable and executable");
  }
  return isAligned(segment) ? 0 : cstr("a segment is misaligned");
}

/** Address and offset agree modulo the alignment, as ELF wants it, and modulo a page. */
function isAligned(segment: Segment): bool {
  const alignment = max<u32>(segment.alignment, 1);
  if ((alignment & (alignment - 1)) !== 0) return false;
  // Nothing is read from the file: its offset means nothing, and linkers do not align it.
  if (segment.fileSize === 0) return true;
  const mask = (alignment - 1) | PAGE_MASK;
  return ((segment.address - segment.offset) & mask) === 0;
}

function overlapsEarlier(image: usize, segment: Segment, index: u32): bool {
  for (let i: u32 = 0; i < index; i++) {
    const earlier = segmentAt(image, i);
    if (!earlier.isLoaded) continue;
    if (earlier.firstPage < segment.pagesEnd && segment.firstPage < earlier.pagesEnd) return true;
  }
  return false;
}

function sectionAt(image: usize, offset: u32, index: u32): usize {
  return image + offset + index * SHDR_SIZE;
}

function sectionIsInside(header: usize, size: u32): bool {
  if (load<u32>(header, SHDR_TYPE) === SHT_NOBITS) return true;
  return isInside(load<u32>(header, SHDR_OFFSET), load<u32>(header, SHDR_BYTES), size);
}

/** Whether the string at `offset` of the table of names is `name`. */
function hasName(image: usize, strings: usize, offset: u32, name: usize): bool {
  const end = load<u32>(strings, SHDR_BYTES);
  const start = image + load<u32>(strings, SHDR_OFFSET);
  for (let i: u32 = 0; offset < end; i++, offset++) {
    const byte: u32 = load<u8>(start + offset);
    if (byte !== load<u8>(name + i)) return false;
    if (byte === 0) return true;
  }
  return false;
}

if (offsetof<Segment>("offset") !== PHDR_OFFSET) ERROR("a program header's offset");
if (offsetof<Segment>("address") !== PHDR_VADDR) ERROR("a program header's address");
if (offsetof<Segment>("fileSize") !== PHDR_FILESZ) ERROR("a program header's size in the file");
if (offsetof<Segment>("memorySize") !== PHDR_MEMSZ) ERROR("a program header's size in memory");
if (offsetof<Segment>("flags") !== PHDR_FLAGS) ERROR("a program header's flags");
if (offsetof<Segment>("alignment") !== PHDR_ALIGN) ERROR("a program header's alignment");
if (offsetof<Segment>("type") !== PHDR_TYPE) ERROR("a program header's type");
