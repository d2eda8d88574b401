// Linked ELF files for i386 and x86-64, made by any linker: what `check` looks at.
//
// Addresses are bigints in both classes, because a JavaScript number cannot hold all 64 bits.
//
// Invariants
//   - Section and symbol tables are optional, and a damaged one costs only itself: loaders do not
//     read them. A damaged program header is an error, as it is for a loader (elf/view.ts).

import {
  ET_REL,
  PF_R,
  PF_W,
  PF_X,
  SHF_ALLOC,
  SHF_EXECINSTR,
  SHF_WRITE,
  SHN_UNDEF,
  SHT_NOBITS,
  SHT_NULL,
  SHT_REL,
  SHT_RELA,
} from "../../abi/elf";
import { Diagnostic } from "../../base/diagnostic";
import type { ElfSections } from "../elf/sections";
import type { ElfSegments } from "../elf/segments";
import { PC_FILES } from "../elf/shape";
import type { ElfSymbols } from "../elf/symbols";
import { ElfView } from "../elf/view";
import { isArchive } from "../input/archive";
import { formatOf, ltoFormat } from "./file-format";

/** A range of the file that goes to memory, or a note, … See `type`. */
export interface FileSegment {
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

export interface LinkedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** It is not ELF: loaders know of it only what its boot header says. */
  readonly isFlat?: boolean;
  readonly bits: 32 | 64;
  readonly type: number;
  readonly entry: bigint;
  /** Where the program header table ends in the file: GRUB reads only so far. */
  readonly headersEnd: number;
  readonly segments: readonly FileSegment[];
  readonly sections: readonly FileSection[];
  readonly symbols: readonly FileSymbol[];
  readonly relocations: readonly FileRelocation[];
  /** What in the file could not be used, in sentences. */
  readonly damage: readonly string[];
}

/**
 * Reads the ELF file `bytes`.
 *
 * @param name what diagnostics call it
 * @throws Diagnostic ELF001 (not an ELF file for a PC) or ELF002 (malformed)
 */
export function readElfFile(bytes: Uint8Array, name: string): LinkedFile {
  const damage: string[] = [];
  const file = new ElfView(bytes, name, PC_FILES, damage);
  const headers = file.segments();
  const table = file.sections();
  const sections = listOf(table.count, (index) => section(table, index));
  const symbolTable = file.symbols(table);
  const symbols = listOf(symbolTable.count, (index) => symbol(symbolTable, index));
  return {
    name,
    bytes,
    bits: file.shape.bits,
    type: file.type,
    entry: file.entry,
    headersEnd: headers.end,
    segments: listOf(headers.count, (index) => segment(headers, index)),
    sections,
    symbols,
    relocations: relocations(file, sections, symbols),
    damage,
  };
}

/**
 * The same for a file that must be linked: a kernel or a module.
 *
 * @throws Diagnostic ELF001 for an object or an archive too
 */
export function readLinkedElf(bytes: Uint8Array, name: string): LinkedFile {
  const notLinked = (what: string, remedy = "Link it, and give the result first.") => {
    return new Diagnostic("ELF001", `${name} is ${what}, not a linked kernel`, remedy, {
      file: name,
    });
  };
  if (isArchive(bytes)) throw notLinked("an archive of objects");
  const format = formatOf(bytes);
  if (format)
    throw new Diagnostic("ELF001", `${name} is ${format.what}`, format.remedy, { file: name });
  const file = readElfFile(bytes, name);
  if (file.type !== ET_REL || file.segments.length > 0) return file;
  const lto = ltoFormat(file.sections);
  throw lto ? notLinked(lto.what, lto.remedy) : notLinked("an object");
}

function listOf<Value>(length: number, at: (index: number) => Value): Value[] {
  return Array.from({ length }, (_, index) => at(index));
}

function segment(headers: ElfSegments, index: number): FileSegment {
  const flags = headers.flags(index);
  return {
    index,
    type: headers.type(index),
    offset: headers.offset(index),
    address: headers.address(index),
    loadAddress: headers.loadAddress(index),
    fileSize: headers.fileSize(index),
    memorySize: headers.memorySize(index),
    align: headers.align(index),
    read: (flags & PF_R) !== 0,
    write: (flags & PF_W) !== 0,
    execute: (flags & PF_X) !== 0,
  };
}

function section(table: ElfSections, index: number): FileSection {
  const flags = table.flags(index);
  const type = table.type(index);
  return {
    index,
    name: table.name(index),
    type,
    address: table.address(index),
    size: BigInt(table.size(index)),
    offset: table.offset(index),
    link: table.link(index),
    info: table.info(index),
    entrySize: table.entrySize(index),
    alloc: (flags & SHF_ALLOC) !== 0 && type !== SHT_NULL,
    write: (flags & SHF_WRITE) !== 0,
    execute: (flags & SHF_EXECINSTR) !== 0,
    nobits: type === SHT_NOBITS,
    bytes: table.bytes(index),
  };
}

function symbol(table: ElfSymbols, index: number): FileSymbol {
  return {
    name: table.name(index),
    address: table.address(index),
    size: BigInt(table.size(index)),
    binding: table.binding(index),
    type: table.type(index),
    section: table.section(index),
  };
}

/** The relocations of sections that are in memory. */
function relocations(
  file: ElfView,
  sections: readonly FileSection[],
  symbols: readonly FileSymbol[],
): FileRelocation[] {
  return sections
    .filter(({ type, info }) => {
      const isTable = type === SHT_REL || type === SHT_RELA;
      return isTable && sections[info]?.alloc === true && info !== SHN_UNDEF;
    })
    .flatMap((table) => relocationTable(file, table, symbols));
}

function relocationTable(
  file: ElfView,
  table: FileSection,
  symbols: readonly FileSymbol[],
): FileRelocation[] {
  const { bits } = file.shape;
  const isWide = bits === 64;
  const word = bits / 8;
  const isExplicit = table.type === SHT_RELA;
  const step = word * (isExplicit ? 3 : 2);
  const found: FileRelocation[] = [];
  for (let at = 0; at + step <= table.bytes.length; at += step) {
    const start = table.offset + at;
    const info = file.address(start + word);
    const target = symbols[Number(isWide ? info >> 32n : info >> 8n)];
    if (!target) continue;
    const addend = isExplicit ? BigInt.asIntN(bits, file.address(start + 2 * word)) : undefined;
    const type = Number(info & (isWide ? 0xffff_ffffn : 0xffn));
    found.push({ place: file.address(start), type, symbol: target, addend });
  }
  return found;
}
