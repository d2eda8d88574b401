// The section headers of an ELF file, and what the file holds of each section.

import { SHT_NOBITS, SHT_NULL } from "../../abi/elf";
import type { ElfBytes, Table } from "./bytes";
import type { ElfShape } from "./shape";
import { Strings } from "./strings";

const NO_BYTES = new Uint8Array(0);

/** The section headers, by index. What a number beyond the table asks for is 0 or empty. */
export class ElfSections {
  readonly count: number;
  readonly #start: number;
  readonly #step: number;
  readonly #fields: ElfShape["section"];
  readonly #names: Strings;

  readonly #file: ElfBytes;

  constructor(file: ElfBytes, { start, count, step }: Table, namesIndex: number) {
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
