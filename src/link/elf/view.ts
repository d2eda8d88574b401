// An ELF32 file for i386 as it lies in memory: headers, sections and symbols by number, read from
// the file when asked for. Objects have sections and symbols by the hundred thousand, and one
// JavaScript object for each would take longer than linking them.
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
  PHDR_SIZE,
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
} from "../../abi/elf";
import { Diagnostic } from "../../base/diagnostic";

const NO_BYTES = new Uint8Array(0);

/** A table of entries of one size that lies within the file. */
interface Table {
  readonly start: number;
  readonly count: number;
}

/** The file's header, and the way to its tables. */
export class ElfView {
  readonly bytes: Uint8Array;
  readonly view: DataView;

  /**
   * @param name what diagnostics call the file
   * @throws Diagnostic ELF001 if it is no ELF32 file for i386
   */
  constructor(
    bytes: Uint8Array,
    readonly name: string,
  ) {
    // Node's Buffer is a Uint8Array whose `slice` does not copy; this one does.
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.checkIdentity();
  }

  /** ET_REL, ET_EXEC, … */
  get type(): number {
    return this.half(EHDR_TYPE);
  }

  get entry(): number {
    return this.word(EHDR_ENTRY);
  }

  half(offset: number): number {
    return this.view.getUint16(offset, true);
  }

  word(offset: number): number {
    return this.view.getUint32(offset, true);
  }

  /** The program headers' place. */
  segments(): Table {
    const count = this.half(EHDR_PHNUM);
    return this.table("program headers", EHDR_PHOFF, count, EHDR_PHENTSIZE, PHDR_SIZE);
  }

  /** The sections, each of which lies within the file. */
  sections(): ElfSections {
    const { count, names } = this.sectionCounts();
    const table = this.table("section headers", EHDR_SHOFF, count, EHDR_SHENTSIZE, SHDR_SIZE);
    return new ElfSections(this, table, names);
  }

  malformed(what: string): Diagnostic {
    const text = `${this.name} is malformed: ${what} (${this.bytes.length} bytes)`;
    return new Diagnostic("ELF002", text, "Rebuild the file; it was cut off or damaged.", {
      file: this.name,
    });
  }

  private checkIdentity(): void {
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

  private table(
    what: string,
    offsetField: number,
    count: number,
    sizeField: number,
    expectedSize: number,
  ): Table {
    const start = this.word(offsetField);
    if (count === 0) return { start, count };
    if (this.half(sizeField) !== expectedSize) {
      throw this.malformed(`its ${what} have ${this.half(sizeField)} bytes, not ${expectedSize}`);
    }
    if (start + count * expectedSize > this.bytes.length) {
      throw this.malformed(`its ${count} ${what} at offset ${start} reach beyond its end`);
    }
    return { start, count };
  }
}

/** The section headers, by index. What a number beyond the table asks for is 0 or empty. */
export class ElfSections {
  readonly count: number;
  private readonly start: number;
  private readonly names: Strings;

  constructor(
    private readonly file: ElfView,
    { start, count }: Table,
    namesIndex: number,
  ) {
    this.start = start;
    this.count = count;
    for (let index = 0; index < count; index++) this.checkPlace(index);
    this.names = new Strings(namesIndex < count ? this.bytes(namesIndex) : new Uint8Array(1));
  }

  name(index: number): string {
    const name = this.names.at(this.field(index, SHDR_NAME));
    if (name !== undefined || this.type(index) === SHT_NULL) return name ?? "";
    throw this.file.malformed(`the name of section ${index} lies outside the string table`);
  }

  type(index: number): number {
    return this.field(index, SHDR_TYPE);
  }

  flags(index: number): number {
    return this.field(index, SHDR_FLAGS);
  }

  address(index: number): number {
    return this.field(index, SHDR_ADDR);
  }

  offset(index: number): number {
    return this.field(index, SHDR_OFFSET);
  }

  size(index: number): number {
    return this.field(index, SHDR_BYTES);
  }

  link(index: number): number {
    return this.field(index, SHDR_LINK);
  }

  info(index: number): number {
    return this.field(index, SHDR_INFO);
  }

  align(index: number): number {
    return this.field(index, SHDR_ADDRALIGN);
  }

  entrySize(index: number): number {
    return this.field(index, SHDR_ENTSIZE);
  }

  /** What the file holds of it: empty for SHT_NOBITS. A view, not a copy. */
  bytes(index: number): Uint8Array {
    if (!this.isStored(index)) return NO_BYTES;
    const offset = this.offset(index);
    return this.file.bytes.subarray(offset, offset + this.size(index));
  }

  /** The first section of a type, or -1. */
  find(type: number, where: (index: number) => boolean = () => true): number {
    for (let index = 0; index < this.count; index++) {
      if (this.type(index) === type && where(index)) return index;
    }
    return -1;
  }

  /** The symbol table: the file's first, or an empty one. */
  symbols(): ElfSymbols {
    return new ElfSymbols(this.file, this, this.find(SHT_SYMTAB));
  }

  private isStored(index: number): boolean {
    const type = this.type(index);
    return type !== SHT_NOBITS && type !== SHT_NULL;
  }

  private checkPlace(index: number): void {
    const offset = this.offset(index);
    const end = offset + this.size(index);
    if (end <= this.file.bytes.length || !this.isStored(index)) return;
    throw this.file.malformed(`a section from offset ${offset} to ${end} reaches beyond its end`);
  }

  private field(index: number, field: number): number {
    return index >>> 0 < this.count ? this.file.word(this.start + index * SHDR_SIZE + field) : 0;
  }
}

/** The symbols, by index, the null entry included. */
export class ElfSymbols {
  readonly count: number;
  private readonly start: number;
  private readonly names: Strings;
  /** The offset of the table of extended indices, and how many there are. */
  private readonly indices: Table;

  constructor(
    private readonly file: ElfView,
    sections: ElfSections,
    table: number,
  ) {
    if (sections.size(table) % SYM_SIZE !== 0) {
      throw file.malformed("the symbol table has a torn entry");
    }
    this.start = sections.offset(table);
    this.count = sections.size(table) / SYM_SIZE;
    const link = sections.link(table);
    this.names = new Strings(link < sections.count ? sections.bytes(link) : new Uint8Array(1));
    const extended = sections.find(SHT_SYMTAB_SHNDX, (index) => sections.link(index) === table);
    this.indices = {
      start: sections.offset(extended),
      count: Math.floor(sections.size(extended) / 4),
    };
  }

  name(index: number): string {
    const name = this.names.at(this.file.word(this.at(index) + SYM_NAME));
    if (name !== undefined) return name;
    throw this.file.malformed(`the name of symbol ${index} lies outside the string table`);
  }

  value(index: number): number {
    return this.file.word(this.at(index) + SYM_VALUE);
  }

  size(index: number): number {
    return this.file.word(this.at(index) + SYM_SYMBOL_SIZE);
  }

  /** STB_… */
  binding(index: number): number {
    return this.info(index) >> 4;
  }

  /** STT_… */
  type(index: number): number {
    return this.info(index) & 15;
  }

  /** A section's index (even above 16 bits), or what `special` says. */
  section(index: number): number {
    const short = this.file.half(this.at(index) + SYM_SHNDX);
    return short === SHN_XINDEX ? this.extended(index) : short;
  }

  /** SHN_UNDEF, SHN_ABS, SHN_COMMON, …; 0 too if the symbol is in a section. */
  special(index: number): number {
    const short = this.file.half(this.at(index) + SYM_SHNDX);
    return short >= SHN_LORESERVE && short !== SHN_XINDEX ? short : 0;
  }

  private info(index: number): number {
    return this.file.bytes[this.at(index) + SYM_INFO] ?? 0;
  }

  private at(index: number): number {
    return this.start + index * SYM_SIZE;
  }

  private extended(index: number): number {
    if (index < this.indices.count) return this.file.word(this.indices.start + index * 4);
    throw this.file.malformed(`symbol ${index} has no entry in the table of extended indices`);
  }
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
