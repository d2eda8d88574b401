// ELF32 files for i386 as plain values: headers, sections, symbols, without interpreting them. For
// looking at a file; the linker itself reads objects through view.ts, which has the checks.

import type { ElfSections } from "./sections";
import type { ElfSegments } from "./segments";
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
 * @param name what diagnostics call it
 * @throws Diagnostic ELF001 (not such a file) or ELF002 (malformed)
 */
export function readElf(bytes: Uint8Array, name: string): ElfFile {
  const file = new ElfView(bytes, name);
  const segments = file.segments();
  const sections = file.sections();
  const symbols = file.symbols(sections);
  return {
    name,
    type: file.type,
    entry: Number(file.entry),
    segments: listOf(segments.count, (index) => readSegment(segments, index)),
    sections: listOf(sections.count, (index) => readSection(sections, index)),
    symbols: listOf(symbols.count, (index) => readSymbol(symbols, index)),
  };
}

function listOf<Value>(length: number, at: (index: number) => Value): Value[] {
  return Array.from({ length }, (_, index) => at(index));
}

function readSegment(segments: ElfSegments, index: number): ElfSegment {
  return {
    type: segments.type(index),
    offset: segments.offset(index),
    address: Number(segments.address(index)),
    loadAddress: Number(segments.loadAddress(index)),
    fileSize: segments.fileSize(index),
    memorySize: Number(segments.memorySize(index)),
    flags: segments.flags(index),
    align: Number(segments.align(index)),
  };
}

function readSection(sections: ElfSections, index: number): ElfSection {
  return {
    name: sections.name(index),
    type: sections.type(index),
    flags: sections.flags(index),
    address: Number(sections.address(index)),
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
