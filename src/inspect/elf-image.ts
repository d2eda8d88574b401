// What an inspector needs of a linked ELF file: segments, sections and symbols.

import {
  PF_W,
  PF_X,
  PT_LOAD,
  SHF_ALLOC,
  SHF_EXECINSTR,
  SHF_WRITE,
  SHN_UNDEF,
  STT_FILE,
  STT_SECTION,
} from "../abi/elf";
import { readElf } from "../link/elf/read";
import { I386_FILES } from "../link/elf/shape";

export interface ImageSegment {
  readonly va: number;
  readonly pa: number;
  readonly size: number;
  readonly write: boolean;
  readonly execute: boolean;
}

export interface ImageSection {
  readonly name: string;
  readonly va: number;
  readonly size: number;
  readonly write: boolean;
  readonly execute: boolean;
}

export interface ImageSymbol {
  readonly name: string;
  readonly va: number;
  readonly size: number;
}

export interface ElfImage {
  readonly name: string;
  /** PT_LOAD in the file's order. */
  readonly segments: readonly ImageSegment[];
  /** Those that occupy memory, ascending by address. */
  readonly sections: readonly ImageSection[];
  /** Defined symbols with a name, ascending by address. */
  readonly symbols: readonly ImageSymbol[];
}

/**
 * Reads a linked i386 ELF file.
 *
 * @param name what diagnostics call it
 * @throws Diagnostic ELF001, ELF002 if it is anything else
 */
export function readElfImage(bytes: Uint8Array, name: string): ElfImage {
  const file = readElf(bytes, name, I386_FILES);
  return {
    name,
    segments: file.segments
      .filter(({ type }) => type === PT_LOAD)
      .map(({ address, loadAddress, memorySize, flags }) => ({
        va: address,
        pa: loadAddress,
        size: memorySize,
        write: (flags & PF_W) !== 0,
        execute: (flags & PF_X) !== 0,
      })),
    sections: file.sections
      .filter(({ flags, size }) => flags & SHF_ALLOC && size > 0)
      .map(({ name, address, size, flags }) => ({
        name,
        va: address,
        size,
        write: (flags & SHF_WRITE) !== 0,
        execute: (flags & SHF_EXECINSTR) !== 0,
      }))
      .sort((a, b) => a.va - b.va),
    symbols: file.symbols
      .filter(({ name, section, type }) => {
        const isPlace = type !== STT_FILE && type !== STT_SECTION && section !== SHN_UNDEF;
        return isPlace && name !== "";
      })
      .map(({ name, value, size }) => ({ name, va: value, size }))
      .sort((a, b) => a.va - b.va),
  };
}

/** The symbol's address; undefined if there is none of that name. */
export function symbolAddress(image: ElfImage, name: string): number | undefined {
  return image.symbols.find((symbol) => symbol.name === name)?.va;
}

/** The physical address at which the loader put linear address `va`. */
export function loadAddress(image: ElfImage, va: number): number | undefined {
  const segment = image.segments.find(({ va: start, size }) => va >= start && va < start + size);
  return segment && segment.pa + (va - segment.va);
}

/** `name+0x12`: the last symbol at or before `va`, if `va` is inside it or it has no size. */
export function describeAddress(image: ElfImage, va: number): string | undefined {
  const symbols = image.symbols;
  let low = 0;
  let high = symbols.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((symbols[middle]?.va ?? 0) <= va) low = middle + 1;
    else high = middle;
  }
  // Of several at one address, the one that has a size is the thing that is there.
  while (symbols[low - 1]?.size === 0 && symbols[low - 2]?.va === symbols[low - 1]?.va) low--;
  const symbol = symbols[low - 1];
  if (!symbol || (symbol.size > 0 && va >= symbol.va + symbol.size)) return undefined;
  const inside = image.segments.some(({ va: start, size }) => va >= start && va < start + size);
  if (!inside) return undefined;
  return va === symbol.va ? symbol.name : `${symbol.name}+0x${(va - symbol.va).toString(16)}`;
}
