// ELF files as plain values: headers, sections, symbols, without interpreting them. For looking at
// a file; the linker itself reads objects through view.ts, which has the checks. Addresses of
// 64-bit files are signed, as the linker counts them.

import type { ElfBytes } from "./bytes";
import type { ElfSections } from "./sections";
import type { ElfSegments } from "./segments";
import { type AcceptedFiles, LINK_FILES } from "./shape";
import type { ElfSymbols } from "./symbols";
import { ElfView } from "./view";

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
 * @param name what diagnostics call it; `accepted`: default, both classes
 * @throws Diagnostic ELF001 (not such a file) or ELF002 (malformed)
 */
export function readElf(
  bytes: Uint8Array,
  name: string,
  accepted: AcceptedFiles = LINK_FILES,
): ElfFile {
  const file = new ElfView(bytes, name, accepted);
  const segments = file.segments();
  const sections = file.sections();
  const symbols = file.symbols(sections);
  return {
    name,
    type: file.type,
    entry: signed(file.entry, file),
    segments: listOf(segments.count, (index) => readSegment(segments, index, file)),
    sections: listOf(sections.count, (index) => readSection(sections, index, file)),
    symbols: listOf(symbols.count, (index) => readSymbol(symbols, index)),
  };
}

function listOf<Value>(length: number, at: (index: number) => Value): Value[] {
  return Array.from({ length }, (_, index) => at(index));
}

/** An address as the linker counts it. */
function signed(address: bigint, { shape }: ElfBytes): number {
  return Number(shape.bits === 64 ? BigInt.asIntN(64, address) : address);
}

function readSegment(segments: ElfSegments, index: number, file: ElfBytes): ElfSegment {
  return {
    type: segments.type(index),
    offset: segments.offset(index),
    address: signed(segments.address(index), file),
    loadAddress: signed(segments.loadAddress(index), file),
    fileSize: segments.fileSize(index),
    memorySize: Number(segments.memorySize(index)),
    flags: segments.flags(index),
    align: Number(segments.align(index)),
  };
}

function readSection(sections: ElfSections, index: number, file: ElfBytes): ElfSection {
  return {
    name: sections.name(index),
    type: sections.type(index),
    flags: sections.flags(index),
    address: signed(sections.address(index), file),
    offset: sections.offset(index),
    size: sections.size(index),
    link: sections.link(index),
    info: sections.info(index),
    align: sections.align(index),
    entrySize: sections.entrySize(index),
    bytes: sections.bytes(index),
  };
}

function readSymbol(symbols: ElfSymbols, index: number): ElfSymbol {
  return {
    name: symbols.name(index),
    value: symbols.value(index),
    size: symbols.size(index),
    binding: symbols.binding(index),
    type: symbols.type(index),
    section: symbols.section(index),
    special: symbols.special(index),
  };
}
