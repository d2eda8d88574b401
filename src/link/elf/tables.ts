// The tables at the end of every ELF file that we write: symbols, strings, section headers.

import {
  ELF_CLASS_32,
  ELF_CLASS_64,
  ELF_DATA_LITTLE,
  ELF_MAGIC,
  ELF_VERSION,
  EM_386,
  EM_X86_64,
  SHT_NULL,
  SHT_STRTAB,
  SHT_SYMTAB,
  STB_GLOBAL,
  STB_LOCAL,
  STB_WEAK,
  STT_FUNC,
  STT_NOTYPE,
  STT_OBJECT,
  STT_SECTION,
  STT_TLS,
} from "../../abi/elf";
import { ByteWriter } from "../../base/byte-writer";
import type { Machine, SymbolBinding, SymbolType } from "../../object/object";
import { type ElfShape, shapeFor } from "./shape";

export interface SectionHeader {
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
}

/** A section that is in the file but not in memory. */
export interface ExtraSection {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What a symbol table says about a symbol besides its place. */
interface NamedSymbol {
  readonly name: string;
  readonly binding: SymbolBinding;
  readonly type: SymbolType;
  readonly size: number;
}

/** Where a symbol is. */
export interface SymbolPlaces<Symbol> {
  value(symbol: Symbol): number;
  /** Units of 2^32 to add to the value. */
  high?(symbol: Symbol): number;
  /** The index of its section's header, or SHN_…. */
  header(symbol: Symbol): number;
}

const BINDING = { local: STB_LOCAL, global: STB_GLOBAL, weak: STB_WEAK };
const TYPE = {
  function: STT_FUNC,
  object: STT_OBJECT,
  section: STT_SECTION,
  thread: STT_TLS,
  none: STT_NOTYPE,
};

const EMPTY: SectionHeader = {
  name: "",
  type: SHT_NULL,
  flags: 0,
  address: 0,
  offset: 0,
  size: 0,
  link: 0,
  info: 0,
  align: 0,
  entrySize: 0,
};

/** Collects section headers while a file is written; header 0 is the null section. */
export class SectionTable {
  readonly headers: SectionHeader[] = [EMPTY];

  readonly #out: ByteWriter;
  readonly #shape: ElfShape;

  constructor(out: ByteWriter, machine: Machine = "i386") {
    this.#out = out;
    this.#shape = shapeFor(machine);
  }

  /** Adds a header; returns its index. */
  add(fields: Partial<SectionHeader> & Pick<SectionHeader, "name" | "type">): number {
    return this.headers.push({ ...EMPTY, ...fields }) - 1;
  }

  /** Writes `bytes` here and adds their header; returns its index. */
  addBytes(
    bytes: Uint8Array,
    fields: Partial<SectionHeader> & Pick<SectionHeader, "name" | "type">,
  ): number {
    const align = fields.align ?? 1;
    this.#out.alignTo(align);
    const offset = this.#out.length;
    this.#out.bytes(bytes);
    return this.add({ align, ...fields, offset, size: bytes.length });
  }

  /**
   * Writes `.symtab` and `.strtab`. Locals come first, as the gABI demands; returns the symbols in
   * the order of their numbers, which begin with 1.
   */
  addSymbols<Symbol extends NamedSymbol>(
    symbols: readonly Symbol[],
    places: SymbolPlaces<Symbol>,
  ): readonly Symbol[] {
    const locals = symbols.filter((symbol) => symbol.binding === "local");
    const sorted = locals.concat(symbols.filter((symbol) => symbol.binding !== "local"));
    const names = new StringTable();
    const strings = this.headers.length + 1;
    const out = this.#out;
    const { symbol: fields, bits } = this.#shape;
    out.alignTo(bits / 8);
    const offset = out.length;
    out.fill(fields.size);
    for (const symbol of sorted) {
      // Global names are unique already, and looking each up would take longer than the rest.
      const isLocal = symbol.binding === "local";
      const name = isLocal ? names.add(symbol.name) : names.append(symbol.name);
      const kind = (BINDING[symbol.binding] << 4) | TYPE[symbol.type];
      const value = places.value(symbol);
      out.u32(name);
      if (bits === 64) {
        out.u8(kind);
        out.u8(0);
        out.u16(places.header(symbol));
        out.u32(value);
        out.u32(Math.floor(value / 2 ** 32) + (places.high?.(symbol) ?? 0));
        out.u64(symbol.size);
        continue;
      }
      out.u32(value);
      out.u32(symbol.size);
      out.u8(kind);
      out.u8(0);
      out.u16(places.header(symbol));
    }
    this.add({
      name: ".symtab",
      type: SHT_SYMTAB,
      offset,
      size: this.#out.length - offset,
      link: strings,
      info: locals.length + 1,
      align: bits / 8,
      entrySize: fields.size,
    });
    this.addBytes(names.finish(), { name: ".strtab", type: SHT_STRTAB });
    return sorted;
  }

  /** Writes `.shstrtab` and the headers; returns their offset. Nothing can be added after that. */
  finish(): number {
    const names = new StringTable();
    const offsets = this.headers.map(({ name }) => names.add(name));
    offsets.push(names.add(".shstrtab"));
    this.addBytes(names.finish(), { name: ".shstrtab", type: SHT_STRTAB });
    const out = this.#out;
    out.alignTo(this.#shape.bits / 8);
    const start = out.length;
    const word = wordWriter(out, this.#shape);
    for (const [index, header] of this.headers.entries()) {
      out.u32(offsets[index] ?? 0);
      out.u32(header.type);
      word(header.flags);
      word(header.address);
      word(header.offset);
      word(header.size);
      out.u32(header.link);
      out.u32(header.info);
      word(header.align);
      word(header.entrySize);
    }
    return start;
  }
}

/** Writes numbers as wide as the class. */
function wordWriter(out: ByteWriter, { bits }: ElfShape): (value: number) => void {
  return bits === 64 ? (value) => out.u64(value) : (value) => out.u32(value);
}

/** The ELF header of a file whose program headers follow it directly. */
export function elfHeader(fields: {
  readonly machine?: Machine;
  readonly type: number;
  readonly entry: number;
  readonly segments: number;
  readonly sectionTable: number;
  readonly sections: number;
}): Uint8Array {
  const { machine = "i386", type, entry, segments, sectionTable, sections } = fields;
  const shape = shapeFor(machine);
  const is64 = shape.bits === 64;
  const out = new ByteWriter();
  const word = wordWriter(out, shape);
  out.u32(ELF_MAGIC);
  out.bytes([is64 ? ELF_CLASS_64 : ELF_CLASS_32, ELF_DATA_LITTLE, ELF_VERSION]);
  out.fill(9);
  out.u16(type);
  out.u16(is64 ? EM_X86_64 : EM_386);
  out.u32(ELF_VERSION);
  word(entry);
  word(segments > 0 ? shape.header.size : 0);
  word(sectionTable);
  out.u32(0); // flags: neither machine has any
  out.u16(shape.header.size);
  out.u16(segments > 0 ? shape.segment.size : 0);
  out.u16(segments);
  out.u16(shape.section.size);
  out.u16(sections);
  out.u16(sections - 1); // .shstrtab is the last
  return out.finish();
}

/** What a program header says besides type and flags. */
export interface SegmentFields {
  readonly offset: number;
  readonly address: number;
  readonly loadAddress: number;
  readonly fileSize: number;
  readonly memorySize: number;
  readonly align: number;
}

/** Writes program headers, one after the other. */
export class ProgramHeaders {
  readonly #out: ByteWriter;
  readonly #is64: boolean;
  readonly #word: (value: number) => void;

  constructor(out: ByteWriter, machine: Machine) {
    const shape = shapeFor(machine);
    this.#out = out;
    this.#is64 = shape.bits === 64;
    this.#word = wordWriter(out, shape);
  }

  add(type: number, flags: number, fields: SegmentFields): void {
    const { offset, address, loadAddress, fileSize, memorySize, align } = fields;
    this.#out.u32(type);
    // The two classes have the flags at different places.
    if (this.#is64) this.#out.u32(flags);
    for (const field of [offset, address, loadAddress, fileSize, memorySize]) this.#word(field);
    if (!this.#is64) this.#out.u32(flags);
    this.#word(align);
  }
}

/** NUL-terminated strings in a row, each stored once; offset 0 is the empty one. */
class StringTable {
  readonly #out = new ByteWriter();
  readonly #offsets = new Map<string, number>();

  constructor() {
    this.add("");
  }

  add(text: string): number {
    let offset = this.#offsets.get(text);
    if (offset === undefined) {
      offset = this.#out.length;
      this.#offsets.set(text, offset);
      this.#out.cstring(text);
    }
    return offset;
  }

  /** Adds a text that is not there yet. */
  append(text: string): number {
    const offset = this.#out.length;
    this.#out.cstring(text);
    return offset;
  }

  finish(): Uint8Array {
    return this.#out.release();
  }
}
