// The parts of a linked ELF file that an inspector needs: segments, sections and symbols.

import {
  EHDR_MACHINE,
  EHDR_MAGIC,
  EHDR_PHNUM,
  EHDR_PHOFF,
  EHDR_SHNUM,
  EHDR_SHOFF,
  EHDR_SHSTRNDX,
  EHDR_SIZE,
  ELF_CLASS,
  ELF_CLASS_32,
  ELF_MAGIC,
  EM_386,
  PF_W,
  PF_X,
  PHDR_FILESZ,
  PHDR_FLAGS,
  PHDR_MEMSZ,
  PHDR_OFFSET,
  PHDR_PADDR,
  PHDR_SIZE,
  PHDR_TYPE,
  PHDR_VADDR,
  PT_LOAD,
  SHDR_ADDR,
  SHDR_BYTES,
  SHDR_FLAGS,
  SHDR_LINK,
  SHDR_NAME,
  SHDR_OFFSET,
  SHDR_SIZE,
  SHDR_TYPE,
  SHF_ALLOC,
  SHF_EXECINSTR,
  SHF_WRITE,
  SHN_UNDEF,
  SHT_SYMTAB,
  STT_FILE,
  STT_SECTION,
  SYM_INFO,
  SYM_NAME,
  SYM_SHNDX,
  SYM_SIZE,
  SYM_SYMBOL_SIZE,
  SYM_VALUE,
} from "../abi/elf";
import { Diagnostic } from "../base/diagnostic";

export interface ImageSegment {
  readonly va: number;
  readonly pa: number;
  readonly fileOffset: number;
  readonly fileSize: number;
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
 * Reads a 32-bit x86 ELF file.
 *
 * @param name what diagnostics call it
 * @throws Diagnostic INSP001 if it is anything else, or cut off
 */
export function readElfImage(bytes: Uint8Array, name: string): ElfImage {
  const file = new ElfFile(bytes, name);
  return {
    name,
    segments: file.segments(),
    sections: file.sections(),
    symbols: file.symbols(),
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
  const symbol = symbols[low - 1];
  if (!symbol || (symbol.size > 0 && va >= symbol.va + symbol.size)) return undefined;
  const inside = image.segments.some(({ va: start, size }) => va >= start && va < start + size);
  if (!inside) return undefined;
  return va === symbol.va ? symbol.name : `${symbol.name}+0x${(va - symbol.va).toString(16)}`;
}

class ElfFile {
  readonly #view: DataView;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly name: string,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < EHDR_SIZE || this.#word(EHDR_MAGIC) !== ELF_MAGIC) {
      throw this.#malformed("it does not begin with an ELF header");
    }
    if (bytes[ELF_CLASS] !== ELF_CLASS_32 || this.#half(EHDR_MACHINE) !== EM_386) {
      throw this.#malformed("it is not for a 32-bit x86 processor");
    }
  }

  segments(): ImageSegment[] {
    const offset = this.#word(EHDR_PHOFF);
    const headers = this.#indices(EHDR_PHNUM).map((index) => offset + index * PHDR_SIZE);
    return headers
      .filter((header) => this.#word(header + PHDR_TYPE) === PT_LOAD)
      .map((header) => ({
        va: this.#word(header + PHDR_VADDR),
        pa: this.#word(header + PHDR_PADDR),
        fileOffset: this.#word(header + PHDR_OFFSET),
        fileSize: this.#word(header + PHDR_FILESZ),
        size: this.#word(header + PHDR_MEMSZ),
        write: (this.#word(header + PHDR_FLAGS) & PF_W) !== 0,
        execute: (this.#word(header + PHDR_FLAGS) & PF_X) !== 0,
      }));
  }

  sections(): ImageSection[] {
    const names = this.#sectionHeader(this.#half(EHDR_SHSTRNDX));
    return this.#indices(EHDR_SHNUM)
      .map((index) => this.#sectionHeader(index))
      .filter((header) => this.#word(header + SHDR_FLAGS) & SHF_ALLOC)
      .map((header) => ({
        name: this.#string(names, this.#word(header + SHDR_NAME)),
        va: this.#word(header + SHDR_ADDR),
        size: this.#word(header + SHDR_BYTES),
        write: (this.#word(header + SHDR_FLAGS) & SHF_WRITE) !== 0,
        execute: (this.#word(header + SHDR_FLAGS) & SHF_EXECINSTR) !== 0,
      }))
      .filter((section) => section.size > 0)
      .sort((a, b) => a.va - b.va);
  }

  symbols(): ImageSymbol[] {
    const table = this.#indices(EHDR_SHNUM)
      .map((index) => this.#sectionHeader(index))
      .find((header) => this.#word(header + SHDR_TYPE) === SHT_SYMTAB);
    if (table === undefined) return [];
    const strings = this.#sectionHeader(this.#word(table + SHDR_LINK));
    const start = this.#word(table + SHDR_OFFSET);
    const count = Math.floor(this.#word(table + SHDR_BYTES) / SYM_SIZE);
    const symbols: ImageSymbol[] = [];
    for (let at = start; at < start + count * SYM_SIZE; at += SYM_SIZE) {
      const type = this.#byte(at + SYM_INFO) & 15;
      if (type === STT_FILE || type === STT_SECTION || !this.#word(at + SYM_NAME)) continue;
      if (this.#half(at + SYM_SHNDX) === SHN_UNDEF) continue;
      symbols.push({
        name: this.#string(strings, this.#word(at + SYM_NAME)),
        va: this.#word(at + SYM_VALUE),
        size: this.#word(at + SYM_SYMBOL_SIZE),
      });
    }
    return symbols.sort((a, b) => a.va - b.va);
  }

  #indices(countField: number): number[] {
    return Array.from({ length: this.#half(countField) }, (_, index) => index);
  }

  #sectionHeader(index: number): number {
    return this.#word(EHDR_SHOFF) + index * SHDR_SIZE;
  }

  #string(table: number, offset: number): string {
    const start = this.#word(table + SHDR_OFFSET) + offset;
    const end = this.bytes.indexOf(0, start);
    if (end < 0) throw this.#malformed("a name is cut off");
    return Buffer.from(this.bytes.subarray(start, end)).toString("utf8");
  }

  #byte(offset: number): number {
    return this.#inFile(offset, 1) ? this.#view.getUint8(offset) : 0;
  }

  #half(offset: number): number {
    return this.#inFile(offset, 2) ? this.#view.getUint16(offset, true) : 0;
  }

  #word(offset: number): number {
    return this.#inFile(offset, 4) ? this.#view.getUint32(offset, true) : 0;
  }

  #inFile(offset: number, size: number): boolean {
    if (offset + size > this.bytes.length) throw this.#malformed("it is cut off");
    return true;
  }

  #malformed(what: string): Diagnostic {
    return new Diagnostic(
      "INSP001",
      `${this.name} is not an i386 ELF file: ${what}`,
      "Name a kernel that `isthmus build` or a linker for elf32-i386 made",
      { file: this.name },
    );
  }
}
