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
  ELF_CLASS_32,
  ELF_DATA_LITTLE,
  ELF_MAGIC,
  ELF_VERSION,
  EM_386,
  ET_EXEC,
  PF_R,
  PF_W,
  PF_X,
  PHDR_SIZE,
  PT_GNU_STACK,
  PT_LOAD,
  SHDR_SIZE,
  SHF_ALLOC,
  SHF_EXECINSTR,
  SHF_WRITE,
  SHN_ABS,
  SHT_NOBITS,
  SHT_NULL,
  SHT_PROGBITS,
  SHT_STRTAB,
  SHT_SYMTAB,
  STB_GLOBAL,
  STB_LOCAL,
  STB_WEAK,
  STT_FUNC,
  STT_NOTYPE,
  STT_OBJECT,
  SYM_SIZE,
} from "../abi/elf";
import { ByteWriter } from "../base/byte-writer";
import type { LinkedImage } from "./image";
import type { Piece, Segment } from "./make-segments";
import type { LinkSymbol } from "./model";

/** A section that is in the file but not in memory. */
export interface ExtraSection {
  readonly name: string;
  readonly bytes: Uint8Array;
}

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

const BINDING = { local: STB_LOCAL, global: STB_GLOBAL, weak: STB_WEAK };
const TYPE = { function: STT_FUNC, object: STT_OBJECT, none: STT_NOTYPE };

/** The bytes of the ELF file, with `extra` (debug information) behind the image. */
export function writeElf(image: LinkedImage, extra: readonly ExtraSection[] = []): Uint8Array {
  const out = new ByteWriter();
  const headers: SectionHeader[] = [header({ name: "", type: SHT_NULL })];
  const headerCount = image.segments.length + (image.layout.stackHeader ? 1 : 0);
  out.fill(EHDR_SIZE + headerCount * PHDR_SIZE);

  const offsets = image.segments.map((segment) => writeSegment(segment, image, headers, out));
  const allocated = headers.length;
  for (const section of image.sections) {
    if (!section.plan.allocate) writeExtra(section.name, section.bytes, headers, out);
  }
  for (const { name, bytes } of extra) writeExtra(name, bytes, headers, out);
  writeSymbols(image.symbols, headers, allocated, out);
  const sectionTable = writeSectionHeaders(headers, out);

  const bytes = out.finish();
  const front = new ByteWriter();
  writeEhdr(front, image.entry, headerCount, sectionTable, headers.length);
  for (const [index, segment] of image.segments.entries()) {
    writePhdr(front, segment, offsets[index] ?? 0, image.layout.fileAlign);
  }
  if (image.layout.stackHeader) {
    for (const word of [PT_GNU_STACK, 0, 0, 0, 0, 0, PF_R | PF_W, 16]) front.u32(word);
  }
  bytes.set(front.finish(), 0);
  return bytes;
}

function header(fields: Partial<SectionHeader> & { name: string; type: number }): SectionHeader {
  const none = {
    flags: 0,
    address: 0,
    offset: 0,
    size: 0,
    link: 0,
    info: 0,
    align: 0,
    entrySize: 0,
  };
  return { ...none, ...fields };
}

/** Writes the segment's bytes and adds its section headers; returns its file offset. */
function writeSegment(
  segment: Segment,
  image: LinkedImage,
  headers: SectionHeader[],
  out: ByteWriter,
): number {
  const { fileAlign } = image.layout;
  // Only bytes need a place that suits their address; a segment of zeros takes none.
  if (segment.fileSize > 0) {
    out.fill((((segment.address - out.length) % fileAlign) + fileAlign) % fileAlign);
  }
  const offset = out.length;
  for (const piece of segment.pieces) {
    const start = offset + piece.section.address + piece.offset - segment.address;
    if (piece.fileSize > 0) {
      out.fill(start - out.length);
      out.bytes(piece.section.bytes.subarray(piece.offset, piece.offset + piece.fileSize));
    }
    headers.push(...pieceHeaders(piece, start));
  }
  return offset;
}

function pieceHeaders(piece: Piece, offset: number): SectionHeader[] {
  const { section, size, fileSize } = piece;
  const { permissions, align } = section.plan;
  const flags =
    SHF_ALLOC |
    (permissions.includes("w") ? SHF_WRITE : 0) |
    (permissions.includes("x") ? SHF_EXECINSTR : 0);
  const address = section.address + piece.offset;
  const common = { flags, address, offset, align: address % align === 0 ? align : 1 };
  const suffix = piece.offset === 0 ? "" : `.${piece.offset.toString(16)}`;
  const name = section.name + suffix;
  if (fileSize === 0) return [header({ ...common, name, type: SHT_NOBITS, size })];
  const stored = header({ ...common, name, type: SHT_PROGBITS, size: fileSize });
  if (fileSize === size) return [stored];
  const zero = {
    ...common,
    name: `${name}.zero`,
    type: SHT_NOBITS,
    address: address + fileSize,
    offset: offset + fileSize,
    size: size - fileSize,
    align: 1,
  };
  return [stored, header(zero)];
}

function writeExtra(
  name: string,
  bytes: Uint8Array,
  headers: SectionHeader[],
  out: ByteWriter,
): void {
  out.alignTo(4);
  headers.push(
    header({ name, type: SHT_PROGBITS, offset: out.length, size: bytes.length, align: 1 }),
  );
  out.bytes(bytes);
}

/** `.symtab` and `.strtab`: locals first, as the gABI demands. */
function writeSymbols(
  symbols: readonly LinkSymbol[],
  headers: SectionHeader[],
  allocated: number,
  out: ByteWriter,
): void {
  const locals = symbols.filter((symbol) => symbol.binding === "local");
  const others = symbols.filter((symbol) => symbol.binding !== "local");
  const names = new StringTable();
  out.alignTo(4);
  const offset = out.length;
  out.fill(SYM_SIZE);
  for (const symbol of [...locals, ...others]) {
    out.u32(names.add(symbol.name));
    out.u32(symbol.address);
    out.u32(symbol.size);
    out.u8((BINDING[symbol.binding] << 4) | TYPE[symbol.type]);
    out.u8(0);
    out.u16(sectionIndex(symbol, headers, allocated));
  }
  const size = out.length - offset;
  const link = headers.length + 1;
  const info = locals.length + 1;
  const entrySize = SYM_SIZE;
  headers.push(
    header({ name: ".symtab", type: SHT_SYMTAB, offset, size, link, info, align: 4, entrySize }),
  );
  writeStrings(".strtab", names, headers, out);
}

/** The header of the section that holds the symbol; a symbol at a section's end belongs to it too. */
function sectionIndex(
  symbol: LinkSymbol,
  headers: readonly SectionHeader[],
  allocated: number,
): number {
  if (!symbol.input) return SHN_ABS;
  for (let index = allocated - 1; index > 0; index--) {
    const candidate = headers[index];
    if (!candidate || symbol.address < candidate.address) continue;
    if (symbol.address <= candidate.address + candidate.size) return index;
  }
  return SHN_ABS;
}

/** Adds `.shstrtab` and writes the table of section headers; returns its offset. */
function writeSectionHeaders(headers: SectionHeader[], out: ByteWriter): number {
  const names = new StringTable();
  const nameOffsets = headers.map(({ name }) => names.add(name));
  nameOffsets.push(names.add(".shstrtab"));
  writeStrings(".shstrtab", names, headers, out);
  out.alignTo(4);
  const table = out.length;
  for (const [index, section] of headers.entries()) {
    out.u32(nameOffsets[index] ?? 0);
    out.u32(section.type);
    out.u32(section.flags);
    out.u32(section.address);
    out.u32(section.offset);
    out.u32(section.size);
    out.u32(section.link);
    out.u32(section.info);
    out.u32(section.align);
    out.u32(section.entrySize);
  }
  return table;
}

function writeStrings(
  name: string,
  strings: StringTable,
  headers: SectionHeader[],
  out: ByteWriter,
): void {
  const bytes = strings.finish();
  headers.push(
    header({ name, type: SHT_STRTAB, offset: out.length, size: bytes.length, align: 1 }),
  );
  out.bytes(bytes);
}

function writeEhdr(
  out: ByteWriter,
  entry: number,
  segments: number,
  sectionTable: number,
  sections: number,
): void {
  out.u32(ELF_MAGIC);
  out.bytes([ELF_CLASS_32, ELF_DATA_LITTLE, ELF_VERSION, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  out.u16(ET_EXEC);
  out.u16(EM_386);
  out.u32(ELF_VERSION);
  out.u32(entry);
  out.u32(segments > 0 ? EHDR_SIZE : 0);
  out.u32(sectionTable);
  out.u32(0);
  for (const half of [EHDR_SIZE, PHDR_SIZE, segments, SHDR_SIZE, sections, sections - 1]) {
    out.u16(half);
  }
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

/** Strings behind each other, each stored once; offset 0 is the empty one. */
export class StringTable {
  private readonly out = new ByteWriter();
  private readonly offsets = new Map<string, number>();

  constructor() {
    this.add("");
  }

  add(text: string): number {
    let offset = this.offsets.get(text);
    if (offset === undefined) {
      offset = this.out.length;
      this.offsets.set(text, offset);
      this.out.cstring(text);
    }
    return offset;
  }

  finish(): Uint8Array {
    return this.out.finish();
  }
}
