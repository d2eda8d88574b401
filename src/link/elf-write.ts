// The image as an ELF32 executable.
//
//   0          +---------------------------+
//              | ELF header                |  GRUB wants both headers in the first 8 KiB
//              | program headers           |
//              +---------------------------+
//   p_offset   | segments, p_offset = VMA  |  (modulo the layout's fileAlign)
//              +---------------------------+
//              | sections not allocated    |  symbol table for user programs, DWARF
//              | .symtab .strtab .shstrtab |
//   e_shoff    | section headers           |
//              +---------------------------+
//
// A section that was cut (make-segments.ts) has one section header for each part with bytes
// (`.data`, `.data.1`) and one for the zeros behind it (`.data.zero`).

import {
  EHDR_SIZE,
  ET_EXEC,
  PF_R,
  PF_W,
  PF_X,
  PHDR_SIZE,
  PT_GNU_STACK,
  PT_LOAD,
  SHF_ALLOC,
  SHF_EXECINSTR,
  SHF_WRITE,
  SHN_ABS,
  SHT_NOBITS,
  SHT_PROGBITS,
} from "../abi/elf";
import { ByteWriter } from "../base/byte-writer";
import { elfHeader, type FileSymbol, type SectionHeader, SectionTable } from "./elf-tables";
import type { LinkedImage } from "./image";
import type { Piece, Segment } from "./make-segments";
import type { LinkSymbol } from "./model";

const PAGE = 4096;

/** A section that is in the file but not in memory. */
export interface ExtraSection {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface ElfOptions {
  /** Debug information, behind the image. */
  readonly extra?: readonly ExtraSection[];
  /** false: leave `.symtab` out, as `strip` would; default: true. */
  readonly symbols?: boolean;
  /** Writes the layout's module of this name instead of the image. */
  readonly module?: string;
}

/** The bytes of the ELF file. */
export function writeElf(image: LinkedImage, options: ElfOptions = {}): Uint8Array {
  const { extra = [], symbols = true, module } = options;
  const { layout, sections } = image;
  const segments = image.segments.filter((segment) => segment.module === module);
  // A module's pages are mapped where the loader put the file.
  const fileAlign = module === undefined ? layout.fileAlign : PAGE;
  const headerCount = segments.length + (layout.stackHeader ? 1 : 0);
  const out = new ByteWriter();
  out.fill(EHDR_SIZE + headerCount * PHDR_SIZE);

  const table = new SectionTable(out);
  const offsets = segments.map((segment) => writeSegment(segment, fileAlign, table, out));
  const allocated = table.headers.slice();
  const unmapped = sections.filter(({ plan }) => !plan.allocate && plan.module === module);
  addUnmapped([...unmapped, ...(module === undefined ? extra : [])], table);
  if (symbols) {
    const shown = image.symbols.filter((symbol) => isOf(symbol, module));
    table.addSymbols(shown.map((symbol) => fileSymbol(symbol, allocated)));
  }
  const sectionTable = table.finish();

  const front = new ByteWriter();
  front.bytes(
    elfHeader({
      type: ET_EXEC,
      entry: module === undefined ? image.entry : 0,
      segments: headerCount,
      sectionTable,
      sections: table.headers.length,
    }),
  );
  for (const [index, segment] of segments.entries()) {
    writePhdr(front, segment, offsets[index] ?? 0, fileAlign);
  }
  if (layout.stackHeader) {
    for (const word of [PT_GNU_STACK, 0, 0, 0, 0, 0, PF_R | PF_W, 16]) front.u32(word);
  }
  const bytes = out.finish();
  bytes.set(front.finish(), 0);
  return bytes;
}

/** Whether a file's symbol table has `symbol`: the image's has all, a module's only its own. */
function isOf({ input }: LinkSymbol, module: string | undefined): boolean {
  return module === undefined || input?.output?.plan.module === module;
}

/** What is in the file only; sections of one name continue each other. */
function addUnmapped(sections: readonly ExtraSection[], table: SectionTable): void {
  const parts = new Map<string, Uint8Array[]>();
  for (const { name, bytes } of sections) parts.set(name, [...(parts.get(name) ?? []), bytes]);
  for (const [name, list] of parts) {
    const bytes = new Uint8Array(list.reduce((size, part) => size + part.length, 0));
    let at = 0;
    for (const part of list) {
      bytes.set(part, at);
      at += part.length;
    }
    table.addBytes(bytes, { name, type: SHT_PROGBITS, align: 4 });
  }
}

/** Writes the segment's bytes and adds its section headers; returns its file offset. */
function writeSegment(
  segment: Segment,
  fileAlign: number,
  table: SectionTable,
  out: ByteWriter,
): number {
  // Congruent to the address. A segment of zeros takes no room: its offset only has to look right.
  const excess = (out.length - (segment.address % fileAlign) + fileAlign) % fileAlign;
  if (segment.fileSize > 0) out.fill(excess === 0 ? 0 : fileAlign - excess);
  const offset = segment.fileSize > 0 ? out.length : Math.max(0, out.length - excess);
  for (const piece of segment.pieces) {
    const start = offset + piece.section.address + piece.offset - segment.address;
    if (piece.fileSize > 0) {
      out.fill(start - out.length);
      out.bytes(piece.section.bytes.subarray(piece.offset, piece.offset + piece.fileSize));
      // A section of zeros has no bytes; in a module it is in the file all the same.
      out.fill(start + piece.fileSize - out.length);
    }
    addHeaders(piece, start, table);
  }
  return offset;
}

function addHeaders(piece: Piece, offset: number, table: SectionTable): void {
  const { section, size, fileSize } = piece;
  const { align } = section;
  const { permissions } = section.plan;
  const flags =
    SHF_ALLOC |
    (permissions.includes("w") ? SHF_WRITE : 0) |
    (permissions.includes("x") ? SHF_EXECINSTR : 0);
  const address = section.address + piece.offset;
  const suffix = piece.offset === 0 ? "" : `.${piece.offset.toString(16)}`;
  const name = section.name + suffix;
  const common = { flags, address, offset, align: address % align === 0 ? align : 1 };
  if (fileSize === 0) {
    table.add({ ...common, name, type: SHT_NOBITS, size });
    return;
  }
  table.add({ ...common, name, type: SHT_PROGBITS, size: fileSize });
  if (fileSize === size) return;
  table.add({
    ...common,
    name: `${name}.zero`,
    type: SHT_NOBITS,
    address: address + fileSize,
    offset: offset + fileSize,
    size: size - fileSize,
    align: 1,
  });
}

function fileSymbol(symbol: LinkSymbol, headers: readonly SectionHeader[]): FileSymbol {
  const { name, binding, type, size, address } = symbol;
  return { name, binding, type, size, value: address, header: headerOf(symbol, headers) };
}

/** The header of the section that holds the symbol; one at a section's end belongs to it too. */
function headerOf({ input, address }: LinkSymbol, headers: readonly SectionHeader[]): number {
  if (!input?.output?.plan.allocate) return SHN_ABS;
  const inside = headers.findIndex(
    (header) => address >= header.address && address < header.address + header.size,
  );
  if (inside >= 0) return inside;
  const before = headers.findIndex((header) => address === header.address + header.size);
  return before > 0 ? before : SHN_ABS;
}

function writePhdr(out: ByteWriter, segment: Segment, offset: number, align: number): void {
  const { permissions } = segment;
  out.u32(PT_LOAD);
  out.u32(offset);
  out.u32(segment.address);
  out.u32(segment.loadAddress);
  out.u32(segment.fileSize);
  out.u32(segment.memorySize);
  out.u32(PF_R | (permissions.includes("w") ? PF_W : 0) | (permissions.includes("x") ? PF_X : 0));
  out.u32(align);
}
