// Reads linked ELF files for i386 and x86-64, made by any linker: what `check` looks at.
//
// Addresses are bigints in both classes: an address of 64 bits is no JavaScript number. Where the
// fields are: elf-shape.ts.
//
// Invariants
//   - Every offset, size, count and index is checked before it is followed; what is returned refers
//     to nothing outside the file.
//   - Section and symbol tables are optional, and a damaged one costs only itself: loaders do not
//     read them. A damaged program header is an error, as it is for a loader.
//
// See the System V gABI, chapters 4 and 5.

import {
  EHDR_TYPE,
  ET_REL,
  PF_R,
  PF_W,
  PF_X,
  PT_LOAD,
  SHF_ALLOC,
  SHF_EXECINSTR,
  SHF_WRITE,
  SHN_UNDEF,
  SHT_NOBITS,
  SHT_NULL,
  SHT_REL,
  SHT_RELA,
  SHT_SYMTAB,
} from "../../abi/elf";
import { Diagnostic } from "../../base/diagnostic";
import { isArchive } from "../input/archive";
import { type ElfShape, identifyElf } from "./elf-shape";

/** A range of the file that goes to memory, or a note, … See `type`. */
export interface Segment {
  /** Its index among the program headers. */
  readonly index: number;
  readonly type: number;
  readonly offset: number;
  readonly address: bigint;
  readonly loadAddress: bigint;
  readonly fileSize: number;
  readonly memorySize: bigint;
  readonly align: bigint;
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
}

export interface FileSection {
  readonly index: number;
  readonly name: string;
  readonly type: number;
  readonly address: bigint;
  readonly size: bigint;
  readonly offset: number;
  readonly link: number;
  readonly info: number;
  readonly entrySize: number;
  readonly alloc: boolean;
  readonly write: boolean;
  readonly execute: boolean;
  /** SHT_NOBITS: zeros in memory, nothing in the file. */
  readonly nobits: boolean;
  /** What the file holds of it; empty for NOBITS. A view, not a copy. */
  readonly bytes: Uint8Array;
}

export interface FileSymbol {
  readonly name: string;
  readonly address: bigint;
  readonly size: bigint;
  readonly type: number;
  readonly binding: number;
  /** A section's index, or SHN_UNDEF, SHN_ABS, … */
  readonly section: number;
}

/** A relocation that the linker kept (`ld -q`); `place` is an address. */
export interface FileRelocation {
  readonly place: bigint;
  readonly type: number;
  readonly symbol: FileSymbol;
  /** Undefined in REL: it is in the patched bytes. */
  readonly addend: bigint | undefined;
}

export interface ElfFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly bits: 32 | 64;
  readonly type: number;
  readonly entry: bigint;
  /** Where the program header table ends in the file: GRUB reads only so far. */
  readonly headersEnd: number;
  readonly segments: readonly Segment[];
  readonly sections: readonly FileSection[];
  readonly symbols: readonly FileSymbol[];
  readonly relocations: readonly FileRelocation[];
  /** What of the file could not be used, in sentences. */
  readonly damage: readonly string[];
}

/**
 * Reads the ELF file `bytes`.
 *
 * @param name what diagnostics call it
 * @throws Diagnostic ELF001 (no ELF file for a PC) or ELF002 (malformed)
 */
export function readElfFile(bytes: Uint8Array, name: string): ElfFile {
  const reader = new Reader(bytes, name, identifyElf(bytes, name));
  const segments = reader.segments();
  const sections = reader.sections();
  const symbols = reader.symbols(sections);
  return {
    name,
    bytes,
    bits: reader.shape.bits,
    type: reader.half(EHDR_TYPE),
    entry: reader.address(24),
    headersEnd: reader.headersEnd,
    segments,
    sections,
    symbols,
    relocations: reader.relocations(sections, symbols),
    damage: reader.damage,
  };
}

/**
 * The same for a file that must be linked: a kernel or a module.
 *
 * @throws Diagnostic ELF001 for an object or an archive too
 */
export function readLinkedElf(bytes: Uint8Array, name: string): ElfFile {
  const notLinked = (what: string) => {
    const text = `${name} is ${what}, not a linked kernel`;
    return new Diagnostic("ELF001", text, "Link it, and give the result first.", { file: name });
  };
  if (isArchive(bytes)) throw notLinked("an archive of objects");
  const file = readElfFile(bytes, name);
  if (file.type === ET_REL && file.segments.length === 0) throw notLinked("an object");
  return file;
}

/** Where a table lies, all of it within the file. */
interface Table {
  readonly start: number;
  readonly count: number;
  readonly step: number;
}

class Reader {
  readonly damage: string[] = [];
  headersEnd = 0;
  private readonly view: DataView;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly name: string,
    readonly shape: ElfShape,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  half(offset: number): number {
    return this.view.getUint16(offset, true);
  }

  word(offset: number): number {
    return this.view.getUint32(offset, true);
  }

  /** A field as wide as the class. */
  address(offset: number): bigint {
    return this.shape.bits === 64
      ? this.view.getBigUint64(offset, true)
      : BigInt(this.view.getUint32(offset, true));
  }

  /** An offset or a size of something in the file: what does not fit a number is outside it. */
  private extent(offset: number): number {
    return Number(this.address(offset));
  }

  segments(): Segment[] {
    const { counts, phoff, segment: at } = this.shape;
    const table = this.table("program headers", phoff, counts, at.size);
    if (typeof table === "string") throw this.malformed(table);
    this.headersEnd = table.start + table.count * table.step;
    return entries(table).map((start, index) => {
      const segment = this.segment(start, index);
      if (segment.type === PT_LOAD && segment.offset + segment.fileSize > this.bytes.length) {
        throw this.malformed(`segment ${index} reaches beyond its end`);
      }
      return segment;
    });
  }

  private segment(start: number, index: number): Segment {
    const { segment: at } = this.shape;
    const flags = this.word(start + at.flags);
    return {
      index,
      type: this.word(start),
      offset: this.extent(start + at.offset),
      address: this.address(start + at.va),
      loadAddress: this.address(start + at.pa),
      fileSize: this.extent(start + at.file),
      memorySize: this.address(start + at.memory),
      align: this.address(start + at.align),
      read: (flags & PF_R) !== 0,
      write: (flags & PF_W) !== 0,
      execute: (flags & PF_X) !== 0,
    };
  }

  sections(): FileSection[] {
    const { counts, shoff, section: at } = this.shape;
    const table = this.table("section headers", shoff, counts + 4, at.size);
    if (typeof table === "string") {
      this.damage.push(table);
      return [];
    }
    const headers = entries(table);
    const namesAt = headers[this.half(counts + 8)];
    const names = namesAt === undefined ? new Uint8Array(0) : this.content(namesAt);
    return headers.map((start, index) => this.section(start, index, names));
  }

  private section(start: number, index: number, names: Uint8Array): FileSection {
    const { section: at } = this.shape;
    const flags = this.extent(start + at.flags) % 2 ** 31;
    const type = this.word(start + 4);
    return {
      index,
      name: textAt(names, this.word(start)) ?? `section ${index}`,
      type,
      address: this.address(start + at.address),
      size: this.address(start + at.bytes),
      offset: this.extent(start + at.offset),
      link: this.word(start + at.link),
      info: this.word(start + at.info),
      entrySize: this.extent(start + at.entry),
      alloc: (flags & SHF_ALLOC) !== 0 && type !== SHT_NULL,
      write: (flags & SHF_WRITE) !== 0,
      execute: (flags & SHF_EXECINSTR) !== 0,
      nobits: type === SHT_NOBITS,
      bytes: this.content(start),
    };
  }

  /**
   * The bytes of the section whose header is at `start`; none, and damage, if the file lacks
   * them.
   */
  private content(start: number): Uint8Array {
    const { section: at } = this.shape;
    const type = this.word(start + 4);
    if (type === SHT_NOBITS || type === SHT_NULL) return new Uint8Array(0);
    const offset = this.extent(start + at.offset);
    const end = offset + this.extent(start + at.bytes);
    if (end <= this.bytes.length) return this.bytes.subarray(offset, end);
    this.damage.push(
      `a section from offset ${offset} to ${end} reaches beyond the end of the file`,
    );
    return new Uint8Array(0);
  }

  symbols(sections: readonly FileSection[]): FileSymbol[] {
    const table = sections.find((section) => section.type === SHT_SYMTAB);
    if (!table) return [];
    const { symbol: at } = this.shape;
    const names = sections[table.link]?.bytes ?? new Uint8Array(0);
    const count = Math.floor(table.bytes.length / at.size);
    return Array.from({ length: count }, (_, index) => {
      const start = table.offset + index * at.size;
      const info = this.view.getUint8(start + at.info);
      return {
        name: textAt(names, this.word(start)) ?? "",
        address: this.address(start + at.value),
        size: this.address(start + at.bytes),
        binding: info >> 4,
        type: info & 15,
        section: this.half(start + at.section),
      };
    });
  }

  relocations(sections: readonly FileSection[], symbols: readonly FileSymbol[]): FileRelocation[] {
    return sections
      .filter(({ type, info }) => {
        const isTable = type === SHT_REL || type === SHT_RELA;
        return isTable && sections[info]?.alloc === true && info !== SHN_UNDEF;
      })
      .flatMap((table) => this.relocationTable(table, symbols));
  }

  private relocationTable(table: FileSection, symbols: readonly FileSymbol[]): FileRelocation[] {
    const wide = this.shape.bits === 64;
    const word = wide ? 8 : 4;
    const explicit = table.type === SHT_RELA;
    const step = word * (explicit ? 3 : 2);
    const found: FileRelocation[] = [];
    for (let at = 0; at + step <= table.bytes.length; at += step) {
      const start = table.offset + at;
      const info = this.address(start + word);
      const symbol = symbols[Number(wide ? info >> 32n : info >> 8n)];
      if (!symbol) continue;
      const addend = BigInt.asIntN(this.shape.bits, explicit ? this.address(start + 2 * word) : 0n);
      found.push({
        place: this.address(start),
        type: Number(info & (wide ? 0xffff_ffffn : 0xffn)),
        symbol,
        addend: explicit ? addend : undefined,
      });
    }
    return found;
  }

  /** Where a table lies, or why it cannot be used. */
  private table(what: string, offset: number, counts: number, size: number): Table | string {
    const start = this.extent(offset);
    const step = this.half(counts);
    const count = this.half(counts + 2);
    if (count === 0) return { start, count, step };
    if (step < size) return `its ${what} have ${step} bytes, not ${size}`;
    if (start + count * step > this.bytes.length) {
      return `its ${count} ${what} at offset ${start} reach beyond its end`;
    }
    return { start, count, step };
  }

  private malformed(what: string): Diagnostic {
    const text = `${this.name} is malformed: ${what} (${this.bytes.length} bytes)`;
    const remedy = "Rebuild the file; it was cut off or damaged.";
    return new Diagnostic("ELF002", text, remedy, { file: this.name });
  }
}

function entries({ start, count, step }: Table): number[] {
  return Array.from({ length: count }, (_, index) => start + index * step);
}

const decoder = new TextDecoder();

function textAt(table: Uint8Array, offset: number): string | undefined {
  if (offset >= table.length) return undefined;
  const end = table.indexOf(0, offset);
  return end < 0 ? undefined : decoder.decode(table.subarray(offset, end));
}
