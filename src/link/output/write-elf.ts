// The image as an ELF executable, of the class that its machine has.
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
// (`.data`, `.data.1`) and one for the zeros after it (`.data.zero`).

import {
  ET_EXEC,
  PF_R,
  PF_W,
  PF_X,
  PT_GNU_STACK,
  PT_LOAD,
  PT_NOTE,
  SHF_ALLOC,
  SHF_EXECINSTR,
  SHF_WRITE,
  SHN_ABS,
  SHT_NOBITS,
  SHT_NOTE,
  SHT_PROGBITS,
} from "../../abi/elf";
import { ByteWriter } from "../../base/byte-writer";
import { shapeFor } from "../elf/shape";
import {
  type ExtraSection,
  elfHeader,
  ProgramHeaders,
  SectionTable,
  type SegmentFields,
} from "../elf/tables";
import type { LinkedImage } from "../passes/image";
import type { Piece, Segment } from "../passes/make-segments";
import type { LinkSymbol, PlacedSection } from "../passes/model";
import {
  fileAlignOf,
  headerCount,
  headersEnd,
  type NotePiece,
  notePieces,
} from "../passes/place-in-files";

const PAGE = 4096;

export interface ElfOptions {
  /** Debug information, after the image. */
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
  const out = new ByteWriter(likelySize(image));
  out.fill(headersEnd(segments, layout, module));

  const table = new SectionTable(out, layout.machine);
  const headers = new Headers(table);
  for (const segment of segments) writeSegment(segment, headers, out);
  const unmapped = sections.filter(({ plan }) => !plan.allocate && plan.module === module);
  addUnmapped([...unmapped, ...(module === undefined ? extra : [])], table);
  if (symbols) {
    const shown = image.symbols.filter((symbol) => isOf(symbol, module));
    table.addSymbols(shown, {
      // By the gABI, thread-local variables count from the start of their block.
      value: ({ address, type }) =>
        type === "thread" ? address - (image.threads?.start ?? 0) : address,
      high: ({ high }) => high,
      header: (symbol) => headers.of(symbol),
    });
  }
  const sectionTable = table.finish();

  const front = new ByteWriter();
  front.bytes(
    elfHeader({
      machine: layout.machine,
      type: ET_EXEC,
      entry: module === undefined ? image.entry : 0,
      segments: headerCount(segments, layout, module),
      sectionTable,
      sections: table.headers.length,
    }),
  );
  const fileAlign = fileAlignOf(layout, module);
  const program = new ProgramHeaders(front, layout.machine);
  for (const segment of segments) {
    program.add(PT_LOAD, flagsOf(segment.permissions), { ...segment, align: fileAlign });
  }
  for (const piece of notePieces(segments)) program.add(PT_NOTE, PF_R, noteFields(piece));
  if (layout.stackHeader) program.add(PT_GNU_STACK, PF_R | PF_W, { ...NOWHERE, align: 16 });
  const bytes = out.release();
  bytes.set(front.finish(), 0);
  return bytes;
}

/** Room for all of the file but debug information of our own, so that it need not be copied. */
function likelySize({ segments, sections, symbols, layout }: LinkedImage): number {
  const stored = segments.reduce((sum, { fileSize }) => sum + fileSize + PAGE, PAGE);
  const unmapped = sections.reduce((sum, { bytes, plan }) => {
    return plan.allocate ? sum : sum + bytes.length;
  }, 0);
  const names = symbols.reduce((sum, { name }) => sum + name.length + 1, 0);
  return stored + unmapped + names + symbols.length * shapeFor(layout.machine).symbol.size;
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

/** Writes the segment's bytes and adds its section headers. */
function writeSegment(segment: Segment, headers: Headers, out: ByteWriter): void {
  if (segment.fileSize > 0) out.fill(segment.offset - out.length);
  for (const piece of segment.pieces) {
    const start = segment.offset + piece.section.address + piece.offset - segment.address;
    if (piece.fileSize > 0) {
      out.fill(start - out.length);
      out.bytes(piece.section.bytes.subarray(piece.offset, piece.offset + piece.fileSize));
      // A section of zeros has no bytes; in a module it is in the file anyway.
      out.fill(start + piece.fileSize - out.length);
    }
    headers.add(piece, start);
  }
}

/** The section headers of what is loaded. */
class Headers {
  readonly #ofSection = new Map<PlacedSection, number[]>();

  readonly #table: SectionTable;

  constructor(table: SectionTable) {
    this.#table = table;
  }

  /** Adds the headers of a piece whose bytes are at `offset` of the file. */
  add(piece: Piece, offset: number): void {
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
      this.#note(section, this.#table.add({ ...common, name, type: SHT_NOBITS, size }));
      return;
    }
    const type = section.isNote ? SHT_NOTE : SHT_PROGBITS;
    const stored = { ...common, name, type, size: fileSize };
    this.#note(section, this.#table.add(stored));
    if (fileSize === size) return;
    const zeros = {
      ...common,
      name: `${name}.zero`,
      type: SHT_NOBITS,
      address: address + fileSize,
      offset: offset + fileSize,
      size: size - fileSize,
      align: 1,
    };
    this.#note(section, this.#table.add(zeros));
  }

  /** The header that a symbol belongs to; one at the end of a section does too. */
  of({ input, address }: LinkSymbol): number {
    const section = input?.output;
    if (!section?.plan.allocate) return SHN_ABS;
    const own = this.#ofSection.get(section) ?? [];
    return own.find((index) => address < this.#endOf(index)) ?? own.at(-1) ?? SHN_ABS;
  }

  #note(section: PlacedSection, header: number): void {
    const own = this.#ofSection.get(section);
    if (own) own.push(header);
    else this.#ofSection.set(section, [header]);
  }

  #endOf(header: number): number {
    const { address = 0, size = 0 } = this.#table.headers[header] ?? {};
    return address + size;
  }
}

const NOWHERE = { offset: 0, address: 0, loadAddress: 0, fileSize: 0, memorySize: 0 };

/** Where a note is, which some loaders look for. */
function noteFields({ section, offset, fileSize, start }: NotePiece): SegmentFields {
  const address = section.address + offset;
  const loadAddress = section.loadAddress + offset;
  const size = { fileSize, memorySize: fileSize };
  return { offset: start, address, loadAddress, ...size, align: 4 };
}

function flagsOf(permissions: Segment["permissions"]): number {
  return PF_R | (permissions.includes("w") ? PF_W : 0) | (permissions.includes("x") ? PF_X : 0);
}
