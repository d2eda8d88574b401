// A UEFI application: a file in Microsoft's PE format, of one object whose sections refer to each
// other and to nothing else.
//
//      0  "MZ", at 60 where the next begins
//     64  "PE\0\0", the COFF header, the optional header (PE32 or PE32+), the section headers
//   1024  the sections, each at a multiple of FILE_ALIGNMENT; in memory at one of SECTION_ALIGNMENT
//
// Firmware loads it wherever there is room. Code of 64 bits refers to its data by distances; where
// 32-bit code has addresses, `.reloc` lists the places (pages of words: kind and offset), and they
// hold the address that counts from 0. Firmware that enforces NX wants code and data in sections of
// their own, so permissions are those of the object's.
//
// See Microsoft's PE format specification, and UEFI 2.10, 2.1.1.

import { alignUp } from "../../base/align";
import type { ObjectFile, Section } from "../../object/object";

const PE_OFFSET = 64;
const COFF_SIZE = 24;
const SECTION_HEADER_SIZE = 40;
const DIRECTORIES = 16;
const RELOCATION_DIRECTORY = 5;
const FILE_ALIGNMENT = 512;
const SECTION_ALIGNMENT = 4096;
const SUBSYSTEM_EFI_APPLICATION = 10;
const RELOCATION_PAGE = 4096;
const RELOCATION_HIGHLOW = 3;

const SHAPES = {
  32: { machine: 0x014c, magic: 0x10b, optionalSize: 96, characteristics: 0x0102 },
  64: { machine: 0x8664, magic: 0x20b, optionalSize: 112, characteristics: 0x0022 },
} as const;

const [CODE, INITIALIZED] = [0x20, 0x40];
const [DISCARDABLE, EXECUTE, READ, WRITE] = [0x0200_0000, 0x2000_0000, 0x4000_0000, 0x8000_0000];

export type PeBits = keyof typeof SHAPES;

/** A section as it is in file and memory. */
interface PeSection {
  readonly name: string;
  readonly flags: number;
  readonly address: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/**
 * The bytes of the application.
 *
 * @param entry the symbol where it begins
 * @throws Error if the object refers to what it does not define: it is the caller's own
 */
export function writePe(object: ObjectFile, bits: PeBits, entry: string): Uint8Array {
  const placed = place(object);
  const fixups = relocate(object, placed, bits);
  const sections = fixups.length === 0 ? placed : [...placed, relocationSection(placed, fixups)];
  const last = sections.at(-1);
  if (!last) throw new Error("a UEFI application needs a section");
  const file = new Uint8Array(last.offset + alignUp(last.bytes.length, FILE_ALIGNMENT));
  const start = object.symbols.find(({ name }) => name === entry);
  if (start?.section === undefined) throw new Error(`the application has no symbol ${entry}`);
  const entryAddress = (placed[start.section]?.address ?? 0) + start.offset;
  writeHeaders(file, sections, bits, entryAddress);
  for (const { offset, bytes } of sections) file.set(bytes, offset);
  return file;
}

/** Sections follow one another in the object's order. */
function place({ sections }: ObjectFile): PeSection[] {
  let address = SECTION_ALIGNMENT;
  let offset = 2 * FILE_ALIGNMENT;
  return sections.map((section) => {
    const { name, size } = section;
    const bytes = new Uint8Array(size);
    if (section.copyTo) section.copyTo(bytes, 0);
    else bytes.set(section.bytes);
    const placed = { name, flags: flagsOf(section), address, offset, bytes };
    address += alignUp(Math.max(size, 1), SECTION_ALIGNMENT);
    offset += alignUp(size, FILE_ALIGNMENT);
    return placed;
  });
}

function flagsOf({ flags }: Section): number {
  const what = flags.execute ? CODE | EXECUTE : INITIALIZED;
  return (what | READ | (flags.write ? WRITE : 0)) >>> 0;
}

/** Fills in what refers to other sections; returns where the words are that are addresses. */
function relocate(object: ObjectFile, placed: readonly PeSection[], bits: PeBits): number[] {
  const fixups: number[] = [];
  for (const [index, { relocations }] of object.sections.entries()) {
    const section = placed[index];
    if (!section) continue;
    const view = new DataView(section.bytes.buffer);
    for (const { offset, kind, width, symbol, addend } of relocations) {
      const target = object.symbols[symbol];
      const home = target?.section === undefined ? undefined : placed[target.section];
      if (!target || !home) throw new Error(`the application refers to ${target?.name}`);
      const isAddress = kind === "absolute" && bits === 32;
      if (width !== 4 || (!isAddress && kind !== "relative")) {
        throw new Error(`${target.name}: ${kind} of ${width} bytes is not for PE files here`);
      }
      const value = home.address + target.offset + addend;
      view.setUint32(offset, isAddress ? value : value - (section.address + offset), true);
      if (isAddress) fixups.push(section.address + offset);
    }
  }
  return fixups.sort((a, b) => a - b);
}

/** For each page: its address, the size of what is said of it, and a word for each place. */
function relocationSection(placed: readonly PeSection[], fixups: readonly number[]): PeSection {
  const pages = new Map<number, number[]>();
  for (const address of fixups) {
    const page = address - (address % RELOCATION_PAGE);
    pages.set(page, [...(pages.get(page) ?? []), address - page]);
  }
  const blocks = [...pages].map(([page, offsets]) => {
    const block = new Uint8Array(8 + alignUp(2 * offsets.length, 4));
    const view = new DataView(block.buffer);
    view.setUint32(0, page, true);
    view.setUint32(4, block.length, true);
    for (const [index, offset] of offsets.entries()) {
      view.setUint16(8 + 2 * index, (RELOCATION_HIGHLOW << 12) | offset, true);
    }
    return block;
  });
  const bytes = new Uint8Array(blocks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const block of blocks) {
    bytes.set(block, at);
    at += block.length;
  }
  const before = placed.at(-1);
  return {
    name: ".reloc",
    flags: (INITIALIZED | DISCARDABLE | READ) >>> 0,
    address: (before?.address ?? 0) + alignUp(before?.bytes.length ?? 0, SECTION_ALIGNMENT),
    offset: (before?.offset ?? 0) + alignUp(before?.bytes.length ?? 0, FILE_ALIGNMENT),
    bytes,
  };
}

function writeHeaders(
  file: Uint8Array,
  sections: readonly PeSection[],
  bits: PeBits,
  entry: number,
): void {
  const { machine, magic, optionalSize, characteristics } = SHAPES[bits];
  const view = new DataView(file.buffer);
  file.set([0x4d, 0x5a]);
  view.setUint32(60, PE_OFFSET, true);
  file.set([0x50, 0x45, 0, 0], PE_OFFSET);
  view.setUint16(PE_OFFSET + 4, machine, true);
  view.setUint16(PE_OFFSET + 6, sections.length, true);
  view.setUint16(PE_OFFSET + 20, optionalSize + 8 * DIRECTORIES, true);
  view.setUint16(PE_OFFSET + 22, characteristics, true);
  const optional = PE_OFFSET + COFF_SIZE;
  view.setUint16(optional, magic, true);
  view.setUint32(optional + 4, sumOf(sections, CODE), true);
  view.setUint32(optional + 8, sumOf(sections, INITIALIZED), true);
  view.setUint32(optional + 16, entry, true);
  view.setUint32(optional + 20, sections[0]?.address ?? 0, true);
  view.setUint32(optional + 32, SECTION_ALIGNMENT, true);
  view.setUint32(optional + 36, FILE_ALIGNMENT, true);
  view.setUint32(optional + 56, endOf(sections), true);
  view.setUint32(optional + 60, 2 * FILE_ALIGNMENT, true);
  view.setUint16(optional + 68, SUBSYSTEM_EFI_APPLICATION, true);
  view.setUint32(optional + optionalSize - 4, DIRECTORIES, true);
  const relocations = sections.find(({ name }) => name === ".reloc");
  if (relocations) {
    const directory = optional + optionalSize + 8 * RELOCATION_DIRECTORY;
    view.setUint32(directory, relocations.address, true);
    view.setUint32(directory + 4, relocations.bytes.length, true);
  }
  const table = optional + optionalSize + 8 * DIRECTORIES;
  for (const [index, section] of sections.entries()) {
    writeSectionHeader(view, table + index * SECTION_HEADER_SIZE, section);
  }
}

function writeSectionHeader(view: DataView, at: number, section: PeSection): void {
  const { name, bytes, address, offset, flags } = section;
  new Uint8Array(view.buffer).set(new TextEncoder().encode(name).subarray(0, 8), at);
  view.setUint32(at + 8, bytes.length, true);
  view.setUint32(at + 12, address, true);
  view.setUint32(at + 16, alignUp(bytes.length, FILE_ALIGNMENT), true);
  view.setUint32(at + 20, offset, true);
  view.setUint32(at + 36, flags, true);
}

function sumOf(sections: readonly PeSection[], flag: number): number {
  return sections
    .filter(({ flags }) => (flags & flag) !== 0)
    .reduce((sum, { bytes }) => sum + alignUp(bytes.length, FILE_ALIGNMENT), 0);
}

function endOf(sections: readonly PeSection[]): number {
  const last = sections.at(-1);
  return last ? last.address + alignUp(Math.max(last.bytes.length, 1), SECTION_ALIGNMENT) : 0;
}
