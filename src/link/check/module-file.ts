// An ELF file that the boot loader loads as a module: the trampoline in a file of its own.
//
//      file in RAM, on a page      linear addresses
//      +--------------------+
//      | headers            |
//      +--------------------+      +--------------------+
//      | segment 0          | ---> | .shared_text       |   mapped where it lies: offset and VMA
//      +--------------------+      +--------------------+   agree in a page, and the file has whole
//      | segment 1          | ---> | .shared_data       |   pages
//      +--------------------+      +--------------------+
//      | symbols            |
//
// No loader reads the program headers of a module; it puts the file as it is wherever there is room
// past the kernel: GRUB, QEMU and v86 on a page. The kernel finds it in the Multiboot record, and
// maps it or copies it.

import { PT_LOAD } from "../../abi/elf";
import type { FileSection, FileSegment, FileSymbol, LinkedFile } from "./linked-file";

const PAGE = 4096;

/** A segment of a module, and what the kernel has to do with it. */
export interface ModulePart {
  readonly segment: FileSegment;
  /** The names of its sections. */
  readonly names: readonly string[];
  /** Why its pages cannot be mapped where they lie in the file; undefined: they can. */
  readonly mustCopy: string | undefined;
}

export interface ModuleFile {
  readonly file: LinkedFile;
  readonly parts: readonly ModulePart[];
  /** Sections that occupy memory; their indices are unique among the files of a check. */
  readonly sections: readonly FileSection[];
  /** Its symbols, with the indices of `sections`. */
  readonly symbols: readonly FileSymbol[];
}

/** Section indices from here on have a meaning of their own (SHN_ABS, …). */
const INDEX_STEP = 0x10000;

/** @param number counts the modules of a check, from 1 on */
export function moduleFile(file: LinkedFile, number: number): ModuleFile {
  const indexOf = (index: number) => index + number * INDEX_STEP;
  const isPlace = (section: number) => section > 0 && section < 0xff00;
  return {
    file,
    parts: file.segments
      .filter(({ type, memorySize }) => type === PT_LOAD && memorySize > 0n)
      .map((segment) => partOf(segment, file)),
    sections: file.sections
      .filter(({ alloc, size }) => alloc && size > 0n)
      .map((section) => ({ ...section, index: indexOf(section.index) })),
    symbols: file.symbols
      .filter(({ section }) => isPlace(section))
      .map((symbol) => ({ ...symbol, section: indexOf(symbol.section) })),
  };
}

function partOf(segment: FileSegment, file: LinkedFile): ModulePart {
  const { address, memorySize } = segment;
  const inside = file.sections.filter((section) => {
    return section.alloc && section.address >= address && section.address < address + memorySize;
  });
  return { segment, names: inside.map(({ name }) => name), mustCopy: reasonToCopy(segment, file) };
}

function reasonToCopy(segment: FileSegment, { segments }: LinkedFile): string | undefined {
  const { offset, address, fileSize, memorySize } = segment;
  if (BigInt(offset % PAGE) !== address % BigInt(PAGE)) {
    return "its offsets in a page of the file and of memory differ";
  }
  if (BigInt(fileSize) !== memorySize) return "the zeros at its end are not in the file";
  const start = offset - (offset % PAGE);
  const end = Math.ceil((offset + fileSize) / PAGE) * PAGE;
  const other = segments.find((each) => {
    const isOther = each !== segment && each.type === PT_LOAD && each.fileSize > 0;
    return isOther && each.offset < end && each.offset + each.fileSize > start;
  });
  if (other) return `it shares a page of the file with segment ${other.index}`;
  if (start !== offset || end !== offset + fileSize) {
    return "its pages hold other bytes of the file too";
  }
  return undefined;
}
