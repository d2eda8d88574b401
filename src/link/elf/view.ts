// An ELF file for i386 or x86-64 as it lies in memory: headers, sections and symbols by number,
// read from the file when asked for. Objects have sections and symbols by the hundred thousand, and
// one JavaScript object for each would take longer than linking them.
//
// The file may come from anywhere, so every offset, size, count and index is checked before it is
// followed, and what is returned holds no reference outside the file. Two kinds of readers want two
// answers to a broken file:
//
//   - the linker and its library throw a Diagnostic that names the field;
//   - `check` collects the damage and goes on: loaders do not read section and symbol tables, so a
//     broken one costs only itself. A broken program header is an error here too, as for a loader.
//
// Offsets, sizes and symbol values are numbers, which are exact for whatever is in the file; what
// may be an address of 64 bits is a bigint.
//
// See the System V gABI, chapters 4 and 5.

import {
  EHDR_TYPE,
  PT_LOAD,
  SHN_LORESERVE,
  SHN_XINDEX,
  SHT_NOBITS,
  SHT_NULL,
  SHT_SYMTAB,
  SHT_SYMTAB_SHNDX,
} from "../../abi/elf";
import { Diagnostic } from "../../base/diagnostic";
import { type AcceptedFiles, type ElfShape, I386_FILES, identifyElf } from "./shape";

const NO_BYTES = new Uint8Array(0);

/** A table of entries of `step` bytes that lies within the file. */
interface Table {
  readonly start: number;
  readonly count: number;
  readonly step: number;
}

const NO_TABLE: Table = { start: 0, count: 0, step: 0 };

/** The file's header, and the way to its tables. */
export class ElfView {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly shape: ElfShape;

  /**
   * @param name what diagnostics call the file
   * @param damage takes sentences about broken tables; without it they are thrown
   * @throws Diagnostic ELF001 if the file is not one of those `accepted`
   */
  constructor(
    bytes: Uint8Array,
    readonly name: string,
    accepted: AcceptedFiles = I386_FILES,
    readonly damage?: string[],
  ) {
    // Node's Buffer is a Uint8Array whose `slice` does not copy; this one does.
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.shape = identifyElf(this.bytes, name, accepted);
  }

  /** ET_REL, ET_EXEC, … */
  get type(): number {
    return this.half(EHDR_TYPE);
  }

  get entry(): bigint {
    return this.address(this.shape.header.entry);
  }

  half(offset: number): number {
    return this.view.getUint16(offset, true);
  }

  word(offset: number): number {
    return this.view.getUint32(offset, true);
  }

  /** A field as wide as the class: an offset or a size. What is not exact is outside the file. */
  extent(offset: number): number {
    if (this.shape.bits === 32) return this.view.getUint32(offset, true);
    return Number(this.view.getBigUint64(offset, true));
  }

  /** A field as wide as the class: an address. */
  address(offset: number): bigint {
    if (this.shape.bits === 32) return BigInt(this.view.getUint32(offset, true));
    return this.view.getBigUint64(offset, true);
  }

  /** The segments. Throws Diagnostic ELF002 if one of them is not all in the file. */
  segments(): ElfSegments {
    const { header, segment } = this.shape;
    const count = this.half(header.phnum);
    const table = this.#table(
      "program headers",
      header.phoff,
      count,
      header.phentsize,
      segment.size,
    );
    if (typeof table === "string") throw this.malformed(table);
    return new ElfSegments(this, table);
  }

  /** The sections; the content of each lies within the file. */
  sections(): ElfSections {
    const { header, section } = this.shape;
    const { count, names } = this.#sectionCounts();
    const table = this.#table(
      "section headers",
      header.shoff,
      count,
      header.shentsize,
      section.size,
    );
    if (typeof table !== "string") return new ElfSections(this, table, names);
    this.report(table);
    return new ElfSections(this, NO_TABLE, 0);
  }

  /** Records what is broken, or throws it if damage is not being collected. */
  report(what: string): void {
    if (!this.damage) throw this.malformed(what);
    this.damage.push(what);
  }

  malformed(what: string): Diagnostic {
    const text = `${this.name} is malformed: ${what} (${this.bytes.length} bytes)`;
    return new Diagnostic("ELF002", text, "Rebuild the file; it was cut off or damaged.", {
      file: this.name,
    });
  }

  /** Counts that need more than 16 bits are in the first section header. */
  #sectionCounts(): { count: number; names: number } {
    const { header, section } = this.shape;
    const count = this.half(header.shnum);
    const names = this.half(header.shstrndx);
    const first = this.extent(header.shoff);
    if (first === 0 || first + section.size > this.bytes.length) return { count, names };
    return {
      count: count === 0 ? this.extent(first + section.bytes) : count,
      names: names === SHN_XINDEX ? this.word(first + section.link) : names,
    };
  }

  /** Where a table lies, or why it cannot be used. */
  #table(
    what: string,
    offsetField: number,
    count: number,
    stepField: number,
    size: number,
  ): Table | string {
    const start = this.extent(offsetField);
    const step = this.half(stepField);
    if (count === 0) return { start, count, step };
    if (step < size) return `its ${what} have ${step} bytes, not ${size}`;
    if (start + count * step > this.bytes.length) {
      return `its ${count} ${what} at offset ${start} reach beyond its end`;
    }
    return { start, count, step };
  }
}

/** The program headers, by index. */
export class ElfSegments {
  readonly count: number;
  /** Where the table ends in the file. */
  readonly end: number;

  readonly #file: ElfView;
  readonly #headers: Table;

  constructor(file: ElfView, headers: Table) {
    this.#file = file;
    this.#headers = headers;
    const { start, count, step } = headers;
    this.count = count;
    this.end = start + count * step;
    for (let index = 0; index < count; index++) this.#checkPlace(index);
  }

  type(index: number): number {
    return this.#file.word(this.#at(index) + this.#fields.type);
  }

  flags(index: number): number {
    return this.#file.word(this.#at(index) + this.#fields.flags);
  }

  offset(index: number): number {
    return this.#file.extent(this.#at(index) + this.#fields.offset);
  }

  address(index: number): bigint {
    return this.#file.address(this.#at(index) + this.#fields.address);
  }

  loadAddress(index: number): bigint {
    return this.#file.address(this.#at(index) + this.#fields.loadAddress);
  }

  fileSize(index: number): number {
    return this.#file.extent(this.#at(index) + this.#fields.fileSize);
  }

  memorySize(index: number): bigint {
    return this.#file.address(this.#at(index) + this.#fields.memorySize);
  }

  align(index: number): bigint {
    return this.#file.address(this.#at(index) + this.#fields.align);
  }

  get #fields(): ElfShape["segment"] {
    return this.#file.shape.segment;
  }

  #at(index: number): number {
    return this.#headers.start + index * this.#headers.step;
  }

  #checkPlace(index: number): void {
    if (this.type(index) !== PT_LOAD) return;
    if (this.offset(index) + this.fileSize(index) <= this.#file.bytes.length) return;
    throw this.#file.malformed(`segment ${index} reaches beyond its end`);
  }
}

/** The section headers, by index. What a number beyond the table asks for is 0 or empty. */
export class ElfSections {
  readonly count: number;
  readonly #start: number;
  readonly #step: number;
  readonly #fields: ElfShape["section"];
  readonly #names: Strings;

  readonly #file: ElfView;

  constructor(file: ElfView, { start, count, step }: Table, namesIndex: number) {
    this.#file = file;
    this.#start = start;
    this.count = count;
    this.#step = step;
    this.#fields = file.shape.section;
    for (let index = 0; index < count; index++) this.#checkPlace(index);
    this.#names = new Strings(namesIndex < count ? this.bytes(namesIndex) : new Uint8Array(1));
  }

  name(index: number): string {
    const name = this.#names.at(this.#word(index, this.#fields.name));
    if (name !== undefined) return name;
    if (this.#file.damage) return `section ${index}`;
    if (this.type(index) === SHT_NULL) return "";
    throw this.#file.malformed(`the name of section ${index} lies outside the string table`);
  }

  type(index: number): number {
    return this.#word(index, this.#fields.type);
  }

  /** The low 32 bits, which are all that the gABI defines. */
  flags(index: number): number {
    return this.#word(index, this.#fields.flags);
  }

  address(index: number): bigint {
    return this.#has(index) ? this.#file.address(this.#at(index) + this.#fields.address) : 0n;
  }

  offset(index: number): number {
    return this.#extent(index, this.#fields.offset);
  }

  size(index: number): number {
    return this.#extent(index, this.#fields.bytes);
  }

  link(index: number): number {
    return this.#word(index, this.#fields.link);
  }

  info(index: number): number {
    return this.#word(index, this.#fields.info);
  }

  align(index: number): number {
    return this.#extent(index, this.#fields.align);
  }

  entrySize(index: number): number {
    return this.#extent(index, this.#fields.entrySize);
  }

  /** What the file holds of it: empty for SHT_NOBITS. A view, not a copy. */
  bytes(index: number): Uint8Array {
    if (!this.#isStored(index)) return NO_BYTES;
    const offset = this.offset(index);
    const end = offset + this.size(index);
    return end > this.#file.bytes.length ? NO_BYTES : this.#file.bytes.subarray(offset, end);
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
    return new ElfSymbols(this.#file, this, this.find(SHT_SYMTAB));
  }

  #isStored(index: number): boolean {
    const type = this.type(index);
    return type !== SHT_NOBITS && type !== SHT_NULL;
  }

  #checkPlace(index: number): void {
    const offset = this.offset(index);
    const end = offset + this.size(index);
    if (end <= this.#file.bytes.length || !this.#isStored(index)) return;
    this.#file.report(
      `a section from offset ${offset} to ${end} reaches beyond the end of the file`,
    );
  }

  #has(index: number): boolean {
    return index >>> 0 < this.count;
  }

  #at(index: number): number {
    return this.#start + index * this.#step;
  }

  #word(index: number, field: number): number {
    return this.#has(index) ? this.#file.word(this.#at(index) + field) : 0;
  }

  #extent(index: number, field: number): number {
    return this.#has(index) ? this.#file.extent(this.#at(index) + field) : 0;
  }
}

/** The symbols, by index, the null entry included. */
export class ElfSymbols {
  readonly count: number;
  readonly #start: number;
  readonly #fields: ElfShape["symbol"];
  readonly #names: Strings;
  /** The table of extended indices. */
  readonly #indices: Table;

  readonly #file: ElfView;

  constructor(file: ElfView, sections: ElfSections, table: number) {
    this.#file = file;
    this.#fields = file.shape.symbol;
    const { length } = sections.bytes(table);
    if (length % this.#fields.size !== 0) file.report("the symbol table has a torn entry");
    this.#start = sections.offset(table);
    this.count = Math.floor(length / this.#fields.size);
    const link = sections.link(table);
    this.#names = new Strings(link < sections.count ? sections.bytes(link) : new Uint8Array(1));
    const extended = sections.find(SHT_SYMTAB_SHNDX, (index) => sections.link(index) === table);
    const count = Math.floor(sections.bytes(extended).length / 4);
    this.#indices = { start: sections.offset(extended), count, step: 4 };
  }

  name(index: number): string {
    const name = this.#names.at(this.#file.word(this.#at(index) + this.#fields.name));
    if (name !== undefined) return name;
    if (this.#file.damage) return "";
    throw this.#file.malformed(`the name of symbol ${index} lies outside the string table`);
  }

  /** As a number, which is exact in a 32-bit file. */
  value(index: number): number {
    return this.#file.extent(this.#at(index) + this.#fields.value);
  }

  address(index: number): bigint {
    return this.#file.address(this.#at(index) + this.#fields.value);
  }

  size(index: number): number {
    return this.#file.extent(this.#at(index) + this.#fields.bytes);
  }

  /** STB_… */
  binding(index: number): number {
    return this.#info(index) >> 4;
  }

  /** STT_… */
  type(index: number): number {
    return this.#info(index) & 15;
  }

  /** A section's index (even above 16 bits), or what `special` says. */
  section(index: number): number {
    const short = this.#file.half(this.#at(index) + this.#fields.section);
    return short === SHN_XINDEX ? this.#extended(index) : short;
  }

  /** SHN_UNDEF, SHN_ABS, SHN_COMMON, …; 0 too if the symbol is in a section. */
  special(index: number): number {
    const short = this.#file.half(this.#at(index) + this.#fields.section);
    return short >= SHN_LORESERVE && short !== SHN_XINDEX ? short : 0;
  }

  #info(index: number): number {
    return this.#file.bytes[this.#at(index) + this.#fields.info] ?? 0;
  }

  #at(index: number): number {
    return this.#start + index * this.#fields.size;
  }

  #extended(index: number): number {
    const { start, count, step } = this.#indices;
    if (index < count) return this.#file.word(start + index * step);
    this.#file.report(`symbol ${index} has no entry in the table of extended indices`);
    return SHN_XINDEX;
  }
}

/** A table of NUL-terminated strings, decoded once: names are slices of the whole. */
export class Strings {
  readonly #text: string;

  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#text = new TextDecoder().decode(bytes);
  }

  /** The string at `offset`; undefined if it does not end in the table. */
  at(offset: number): string | undefined {
    // Characters are bytes, unless a name has characters of several.
    if (this.#text.length !== this.#bytes.length) return stringAt(this.#bytes, offset);
    const end = this.#text.indexOf("\0", offset);
    return end < 0 || offset > this.#text.length ? undefined : this.#text.slice(offset, end);
  }
}

/** The NUL-terminated string at `offset` of a string table; undefined if it does not end there. */
export function stringAt(table: Uint8Array, offset: number): string | undefined {
  if (offset > table.length) return undefined;
  const end = table.indexOf(0, offset);
  return end < 0 ? undefined : new TextDecoder().decode(table.subarray(offset, end));
}
