// Reads ELF32 files for i386: headers, sections, symbols and relocations, without interpreting
// them.
//
// The file may come from anywhere, so every offset, size, count and index is checked before it is
// followed, and what is returned holds no reference outside the file. A file that breaks the format
// gives a Diagnostic that names the field.
//
// See the System V gABI, chapters 4 and 5.

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
  ELF_CLASS,
  ELF_CLASS_32,
  ELF_DATA,
  ELF_DATA_LITTLE,
  ELF_MAGIC,
  EM_386,
  PHDR_ALIGN,
  PHDR_FILESZ,
  PHDR_FLAGS,
  PHDR_MEMSZ,
  PHDR_OFFSET,
  PHDR_PADDR,
  PHDR_SIZE,
  PHDR_TYPE,
  PHDR_VADDR,
  SHDR_ADDR,
  SHDR_ADDRALIGN,
  SHDR_BYTES,
  SHDR_ENTSIZE,
  SHDR_FLAGS,
  SHDR_INFO,
  SHDR_LINK,
  SHDR_NAME,
  SHDR_OFFSET,
  SHDR_SIZE,
  SHDR_TYPE,
  SHN_LORESERVE,
  SHN_XINDEX,
  SHT_NOBITS,
  SHT_NULL,
  SHT_SYMTAB,
  SHT_SYMTAB_SHNDX,
  SYM_INFO,
  SYM_NAME,
  SYM_SHNDX,
  SYM_SIZE,
  SYM_SYMBOL_SIZE,
  SYM_VALUE,
} from "../abi/elf";
import { Diagnostic } from "../base/diagnostic";

export interface ElfSegment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly loadAddress: number;
  readonly fileSize: number;
  readonly memorySize: number;
  readonly flags: number;
  readonly align: number;
}

export interface ElfSection {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly address: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly info: number;
  readonly align: number;
  readonly entrySize: number;
  /** What the file holds of it: empty for SHT_NOBITS. A view, not a copy. */
  readonly bytes: Uint8Array;
}

export interface ElfSymbol {
  readonly name: string;
  readonly value: number;
  readonly size: number;
  readonly binding: number;
  readonly type: number;
  /** A section's index (even above 16 bits), or what `special` says. */
  readonly section: number;
  /** SHN_UNDEF, SHN_ABS, SHN_COMMON, …; 0 too if the symbol is in a section. */
  readonly special: number;
}

export interface ElfFile {
  readonly name: string;
  /** ET_REL, ET_EXEC, … */
  readonly type: number;
  readonly entry: number;
  readonly segments: readonly ElfSegment[];
  readonly sections: readonly ElfSection[];
  /** The symbol table, its null entry included; empty if the file was stripped. */
  readonly symbols: readonly ElfSymbol[];
}

/**
 * Reads the ELF file `bytes`.
 *
 * @param name what diagnostics call it
 * @throws Diagnostic ELF001 (not such a file) or ELF002 (malformed)
 */
export function readElf(bytes: Uint8Array, name: string): ElfFile {
  const reader = new ElfReader(bytes, name);
  reader.checkIdentity();
  const sections = reader.sections();
  return {
    name,
    type: reader.half(EHDR_TYPE),
    entry: reader.word(EHDR_ENTRY),
    segments: reader.segments(),
    sections,
    symbols: reader.symbols(sections),
  };
}

/** A table of NUL-terminated strings, decoded once: names are slices of the whole. */
export class Strings {
  private readonly text: string;

  constructor(private readonly bytes: Uint8Array) {
    this.text = new TextDecoder().decode(bytes);
  }

  /** The string at `offset`; undefined if it does not end in the table. */
  at(offset: number): string | undefined {
    // Characters are bytes, unless a name has characters of several.
    if (this.text.length !== this.bytes.length) return stringAt(this.bytes, offset);
    const end = this.text.indexOf("\0", offset);
    return end < 0 || offset > this.text.length ? undefined : this.text.slice(offset, end);
  }
}

/** The NUL-terminated string at `offset` of a string table; undefined if it does not end there. */
export function stringAt(table: Uint8Array, offset: number): string | undefined {
  if (offset > table.length) return undefined;
  const end = table.indexOf(0, offset);
  return end < 0 ? undefined : new TextDecoder().decode(table.subarray(offset, end));
}

/** A section whose view of the file is made only for those who look: most look at few. */
class FileSection implements ElfSection {
  constructor(
    private readonly file: Uint8Array,
    private readonly isStored: boolean,
    readonly name: string,
    readonly type: number,
    readonly flags: number,
    readonly address: number,
    readonly offset: number,
    readonly size: number,
    readonly link: number,
    readonly info: number,
    readonly align: number,
    readonly entrySize: number,
  ) {}

  get bytes(): Uint8Array {
    if (!this.isStored) return new Uint8Array(0);
    return this.file.subarray(this.offset, this.offset + this.size);
  }
}

class ElfReader {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;

  constructor(
    bytes: Uint8Array,
    private readonly name: string,
  ) {
    // Node's Buffer is a Uint8Array whose `slice` does not copy; this one does.
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  half(offset: number): number {
    return this.view.getUint16(offset, true);
  }

  word(offset: number): number {
    return this.view.getUint32(offset, true);
  }

  checkIdentity(): void {
    const wrong = (what: string) =>
      new Diagnostic(
        "ELF001",
        `${this.name} ${what}`,
        "Give a 32-bit i386 ELF file: gcc -m32, clang --target=i686-elf, nasm -f elf32.",
        { file: this.name },
      );
    if (this.bytes.length < EHDR_SIZE || this.word(0) !== ELF_MAGIC) {
      throw wrong("is no ELF file");
    }
    if (this.bytes[ELF_CLASS] !== ELF_CLASS_32) throw wrong("is an ELF file of 64 bits");
    if (this.bytes[ELF_DATA] !== ELF_DATA_LITTLE) throw wrong("is a big-endian ELF file");
    if (this.half(EHDR_MACHINE) !== EM_386) {
      throw wrong(`is for ELF machine ${this.half(EHDR_MACHINE)}, not for i386`);
    }
  }

  segments(): ElfSegment[] {
    const count = this.half(EHDR_PHNUM);
    const offsets = this.table("program headers", EHDR_PHOFF, count, EHDR_PHENTSIZE, PHDR_SIZE);
    return offsets.map((at) => ({
      type: this.word(at + PHDR_TYPE),
      offset: this.word(at + PHDR_OFFSET),
      address: this.word(at + PHDR_VADDR),
      loadAddress: this.word(at + PHDR_PADDR),
      fileSize: this.word(at + PHDR_FILESZ),
      memorySize: this.word(at + PHDR_MEMSZ),
      flags: this.word(at + PHDR_FLAGS),
      align: this.word(at + PHDR_ALIGN),
    }));
  }

  sections(): ElfSection[] {
    const { count, names: namesIndex } = this.sectionCounts();
    const headers = this.table("section headers", EHDR_SHOFF, count, EHDR_SHENTSIZE, SHDR_SIZE);
    const names = headers[namesIndex];
    const strings = new Strings(names === undefined ? new Uint8Array(1) : this.sectionBytes(names));
    return headers.map((at, index) => {
      const name = strings.at(this.word(at + SHDR_NAME));
      if (name === undefined && this.word(at + SHDR_TYPE) !== SHT_NULL) {
        throw this.malformed(`the name of section ${index} lies outside the string table`);
      }
      const type = this.word(at + SHDR_TYPE);
      const isStored = type !== SHT_NOBITS && type !== SHT_NULL;
      const offset = this.word(at + SHDR_OFFSET);
      const size = this.word(at + SHDR_BYTES);
      if (isStored) this.checkWithin(offset, offset + size);
      return new FileSection(
        this.bytes,
        isStored,
        name ?? "",
        type,
        this.word(at + SHDR_FLAGS),
        this.word(at + SHDR_ADDR),
        offset,
        size,
        this.word(at + SHDR_LINK),
        this.word(at + SHDR_INFO),
        this.word(at + SHDR_ADDRALIGN),
        this.word(at + SHDR_ENTSIZE),
      );
    });
  }

  symbols(sections: readonly ElfSection[]): ElfSymbol[] {
    const table = sections.find((section) => section.type === SHT_SYMTAB);
    if (!table) return [];
    const strings = new Strings(sections[table.link]?.bytes ?? new Uint8Array(1));
    const view = new DataView(table.bytes.buffer, table.bytes.byteOffset, table.bytes.byteLength);
    if (table.size % SYM_SIZE !== 0) throw this.malformed("the symbol table has a torn entry");
    const indices = this.extendedIndices(table, sections);
    return Array.from({ length: table.size / SYM_SIZE }, (_, index) => {
      const at = index * SYM_SIZE;
      const name = strings.at(view.getUint32(at + SYM_NAME, true));
      if (name === undefined) {
        throw this.malformed(`the name of symbol ${index} lies outside the string table`);
      }
      const info = view.getUint8(at + SYM_INFO);
      const short = view.getUint16(at + SYM_SHNDX, true);
      const section = short === SHN_XINDEX ? indices(index) : short;
      return {
        name,
        value: view.getUint32(at + SYM_VALUE, true),
        size: view.getUint32(at + SYM_SYMBOL_SIZE, true),
        binding: info >> 4,
        type: info & 15,
        section,
        special: short >= SHN_LORESERVE && short !== SHN_XINDEX ? short : 0,
      };
    });
  }

  /** Counts that need more than 16 bits are in the first section header. */
  private sectionCounts(): { count: number; names: number } {
    const count = this.half(EHDR_SHNUM);
    const names = this.half(EHDR_SHSTRNDX);
    const first = this.word(EHDR_SHOFF);
    if (first === 0 || first + SHDR_SIZE > this.bytes.length) return { count, names };
    return {
      count: count === 0 ? this.word(first + SHDR_BYTES) : count,
      names: names === SHN_XINDEX ? this.word(first + SHDR_LINK) : names,
    };
  }

  /** The section of a symbol whose index does not fit its field. */
  private extendedIndices(
    symbols: ElfSection,
    sections: readonly ElfSection[],
  ): (symbol: number) => number {
    const table = sections.find(
      ({ type, link }) => type === SHT_SYMTAB_SHNDX && sections[link] === symbols,
    );
    return (symbol) => {
      if (!table || symbol * 4 + 4 > table.bytes.length) {
        throw this.malformed(`symbol ${symbol} has no entry in the table of extended indices`);
      }
      return this.word(table.offset + symbol * 4);
    };
  }

  /** The offsets of a table's entries, all of which lie within the file. */
  private table(
    what: string,
    offsetField: number,
    count: number,
    sizeField: number,
    expectedSize: number,
  ): number[] {
    const start = this.word(offsetField);
    if (count === 0) return [];
    if (this.half(sizeField) !== expectedSize) {
      throw this.malformed(`its ${what} have ${this.half(sizeField)} bytes, not ${expectedSize}`);
    }
    if (start + count * expectedSize > this.bytes.length) {
      throw this.malformed(`its ${count} ${what} at offset ${start} reach beyond its end`);
    }
    return Array.from({ length: count }, (_, index) => start + index * expectedSize);
  }

  private sectionBytes(at: number): Uint8Array {
    const type = this.word(at + SHDR_TYPE);
    if (type === SHT_NOBITS || type === SHT_NULL) return new Uint8Array(0);
    const offset = this.word(at + SHDR_OFFSET);
    const end = offset + this.word(at + SHDR_BYTES);
    this.checkWithin(offset, end);
    return this.bytes.subarray(offset, end);
  }

  private checkWithin(offset: number, end: number): void {
    if (end <= this.bytes.length) return;
    throw this.malformed(`a section from offset ${offset} to ${end} reaches beyond its end`);
  }

  private malformed(what: string): Diagnostic {
    const text = `${this.name} is malformed: ${what} (${this.bytes.length} bytes)`;
    return new Diagnostic("ELF002", text, "Rebuild the file; it was cut off or damaged.", {
      file: this.name,
    });
  }
}
