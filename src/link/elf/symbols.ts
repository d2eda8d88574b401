// The symbol table of an ELF file.

import { SHN_LORESERVE, SHN_XINDEX, SHT_SYMTAB_SHNDX } from "../../abi/elf";
import type { ElfBytes, Table } from "./bytes";
import type { ElfSections } from "./sections";
import type { ElfShape } from "./shape";
import { Strings } from "./strings";

/** The symbols, by index, the null entry included. */
export class ElfSymbols {
  readonly count: number;
  readonly #start: number;
  readonly #fields: ElfShape["symbol"];
  readonly #names: Strings;
  /** The table of extended indices. */
  readonly #indices: Table;

  readonly #file: ElfBytes;

  constructor(file: ElfBytes, sections: ElfSections, table: number) {
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

  /** As a number, signed in a 64-bit file; what no double holds is in two parts. */
  value(index: number): number {
    return this.#file.value(this.#at(index) + this.#fields.value);
  }

  /** The other part of the value, in units of 2^32; mostly 0. */
  highPart(index: number): number {
    return this.#file.highPart(this.#at(index) + this.#fields.value);
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
