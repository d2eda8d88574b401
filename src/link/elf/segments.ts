// The program headers of an ELF file. A broken one is always an error, as it is for a loader.

import { PT_LOAD } from "../../abi/elf";
import type { ElfBytes, Table } from "./bytes";
import type { ElfShape } from "./shape";

/** The program headers, by index. */
export class ElfSegments {
  readonly count: number;
  /** Where the table ends in the file. */
  readonly end: number;

  readonly #file: ElfBytes;
  readonly #headers: Table;

  constructor(file: ElfBytes, headers: Table) {
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
