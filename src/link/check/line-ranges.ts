// Reads `.debug_line`: which source line an address comes from.
//
// The section is a list of units; each has a header (directories, files) and a program for a small
// machine whose registers are address, file, line and column. A row that the program appends counts
// up to the next row's address; a sequence ends with a row that is only an end.
//
// Versions 2 to 5 of the 32-bit format are understood: what GCC, Clang, NASM and rustc write. The
// bytes may come from anywhere: a unit that breaks the format is skipped, and nothing outside the
// section is read. It differs from input/dwarf-line-read.ts, which reads objects, in that
// addresses are final, may have 64 bits, and end where a sequence ends.
//
// See the DWARF 4 and 5 standards, 6.2.

import { ByteReader, EndOfBytes } from "../input/byte-reader";

/** From `start` up to, not including, `end`, code comes from this line. */
export interface LineRange {
  readonly start: bigint;
  readonly end: bigint;
  readonly file: string;
  readonly line: number;
}

export interface LineSections {
  readonly line: Uint8Array;
  /** `.debug_line_str` and `.debug_str`: strings of version 5. */
  readonly lineStrings: Uint8Array;
  readonly strings: Uint8Array;
}

const DW_LNS_COPY = 1;
const DW_LNS_ADVANCE_PC = 2;
const DW_LNS_ADVANCE_LINE = 3;
const DW_LNS_SET_FILE = 4;
const DW_LNS_CONST_ADD_PC = 8;
const DW_LNS_FIXED_ADVANCE_PC = 9;
const DW_LNE_END_SEQUENCE = 1;
const DW_LNE_SET_ADDRESS = 2;
const DW_LNCT_PATH = 1;
const DW_LNCT_DIRECTORY_INDEX = 2;
const DW_FORM = {
  data2: 0x05,
  data4: 0x06,
  data8: 0x07,
  string: 0x08,
  block: 0x09,
  data1: 0x0b,
  strp: 0x0e,
  udata: 0x0f,
  lineStrp: 0x1f,
  data16: 0x1e,
} as const;
/** A file of debug information larger than this is not worth a minute of its reader's time. */
const MAX_RANGES = 4_000_000;

/** The ranges of all units, ascending by `start`. */
export function readLineRanges(sections: LineSections): LineRange[] {
  const ranges: LineRange[] = [];
  let offset = 0;
  while (offset + 4 <= sections.line.length && ranges.length < MAX_RANGES) {
    const view = viewOf(sections.line);
    const length = view.getUint32(offset, true);
    const end = Math.min(offset + 4 + length, sections.line.length);
    if (length === 0 || length >= 0xffff_fff0) break;
    try {
      readUnit(new ByteReader(sections.line, offset + 4, end), sections, ranges);
    } catch (error) {
      if (!(error instanceof EndOfBytes)) throw error; // A torn unit: the next one may be whole.
    }
    offset = end;
  }
  return ranges.sort((a, b) => (a.start < b.start ? -1 : Number(a.start > b.start)));
}

/** The range that covers `address`. */
export function lineRangeAt(ranges: readonly LineRange[], address: bigint): LineRange | undefined {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ranges[middle]?.start ?? 0n) <= address) low = middle + 1;
    else high = middle;
  }
  const range = ranges[low - 1];
  return range && address < range.end ? range : undefined;
}

interface Header {
  readonly minimumLength: bigint;
  readonly lineBase: number;
  readonly lineRange: number;
  readonly opcodeBase: number;
  readonly operands: readonly number[];
  /** By number as the program has it. */
  readonly files: readonly string[];
}

function readUnit(reader: ByteReader, sections: LineSections, ranges: LineRange[]): void {
  const version = reader.u16();
  if (version < 2 || version > 5) return;
  if (version === 5) reader.skip(2); // sizes of addresses and of segment selectors
  const headerLength = reader.u32();
  const program = reader.position + headerLength;
  const minimumLength = BigInt(reader.u8());
  if (version >= 4) reader.skip(1); // operations in an instruction
  reader.skip(1); // whether rows begin statements
  const lineBase = (reader.u8() << 24) >> 24;
  const lineRange = Math.max(1, reader.u8());
  const opcodeBase = reader.u8();
  const operands = Array.from({ length: Math.max(0, opcodeBase - 1) }, () => reader.u8());
  const files = version === 5 ? readFiles5(reader, sections) : readFiles4(reader);
  reader.skip(program - reader.position);
  run(reader, { minimumLength, lineBase, lineRange, opcodeBase, operands, files }, ranges);
}

/**
 * Version 2 to 4: strings up to an empty one; files count from 1, directory 0 is the
 * compiler's.
 */
function readFiles4(reader: ByteReader): string[] {
  const directories = [""];
  for (let text = reader.text(); text !== ""; text = reader.text()) directories.push(text);
  const files = [""];
  for (let text = reader.text(); text !== ""; text = reader.text()) {
    const directory = directories[reader.uleb()] ?? "";
    reader.uleb();
    reader.uleb();
    files.push(join(directory, text));
  }
  return files;
}

function readFiles5(reader: ByteReader, sections: LineSections): string[] {
  const directories = readEntries(reader, sections).map(({ path }) => path);
  return readEntries(reader, sections).map(({ path, directory }) => {
    return join(directory === 0 ? "" : (directories[directory] ?? ""), path);
  });
}

/** Version 5: the table says which fields its entries have. */
function readEntries(reader: ByteReader, sections: LineSections) {
  const fields = Array.from({ length: reader.u8() }, () => [reader.uleb(), reader.uleb()]);
  const count = reader.uleb();
  const found: { path: string; directory: number }[] = [];
  for (let index = 0; index < count; index++) {
    const entry = { path: "", directory: 0 };
    for (const [type, form] of fields) {
      const value = readForm(reader, form ?? 0, sections);
      if (type === DW_LNCT_PATH) entry.path = String(value);
      if (type === DW_LNCT_DIRECTORY_INDEX) entry.directory = Number(value);
    }
    if (fields.length === 0) break;
    found.push(entry);
  }
  return found;
}

function readForm(reader: ByteReader, form: number, sections: LineSections): string | number {
  switch (form) {
    case DW_FORM.string:
      return reader.text();
    case DW_FORM.lineStrp:
      return textAt(sections.lineStrings, reader.u32());
    case DW_FORM.strp:
      return textAt(sections.strings, reader.u32());
    case DW_FORM.udata:
      return reader.uleb();
    case DW_FORM.data1:
      return reader.u8();
    case DW_FORM.data2:
      return reader.u16();
    case DW_FORM.data4:
      return reader.u32();
    case DW_FORM.data8:
      return skipped(reader, 8);
    case DW_FORM.data16:
      return skipped(reader, 16);
    case DW_FORM.block:
      return skipped(reader, reader.uleb());
    default:
      throw new EndOfBytes();
  }
}

function skipped(reader: ByteReader, count: number): number {
  reader.skip(count);
  return 0;
}

/** Executes the line program up to the reader's end. */
function run(reader: ByteReader, header: Header, ranges: LineRange[]): void {
  const start = { address: 0n, file: 1, line: 1 };
  let state = { ...start };
  let last: typeof start | undefined;
  const append = () => {
    if (last && state.address > last.address) {
      const file = header.files[last.file] ?? "";
      ranges.push({ start: last.address, end: state.address, file, line: last.line });
    }
    last = { ...state };
  };
  const advance = (operations: number) => {
    state.address += BigInt(operations) * header.minimumLength;
  };
  while (!reader.atEnd && ranges.length < MAX_RANGES) {
    const opcode = reader.u8();
    if (opcode >= header.opcodeBase) {
      const adjusted = opcode - header.opcodeBase;
      advance(Math.floor(adjusted / header.lineRange));
      state.line += header.lineBase + (adjusted % header.lineRange);
      append();
      continue;
    }
    switch (opcode) {
      case 0: {
        const length = reader.uleb();
        const next = reader.position + length;
        if (length === 0) break;
        const extended = reader.u8();
        if (extended === DW_LNE_SET_ADDRESS) {
          state.address = next - reader.position === 8 ? reader.u64() : BigInt(reader.u32());
        } else if (extended === DW_LNE_END_SEQUENCE) {
          append();
          last = undefined;
          state = { ...start };
        }
        reader.skip(Math.min(next, reader.end) - reader.position);
        break;
      }
      case DW_LNS_COPY:
        append();
        break;
      case DW_LNS_ADVANCE_PC:
        advance(reader.uleb());
        break;
      case DW_LNS_ADVANCE_LINE:
        state.line += reader.sleb();
        break;
      case DW_LNS_SET_FILE:
        state.file = reader.uleb();
        break;
      case DW_LNS_CONST_ADD_PC:
        advance(Math.floor((255 - header.opcodeBase) / header.lineRange));
        break;
      case DW_LNS_FIXED_ADVANCE_PC:
        state.address += BigInt(reader.u16());
        break;
      default:
        for (let n = header.operands[opcode - 1] ?? 0; n > 0; n--) reader.uleb();
    }
  }
}

function join(directory: string, file: string): string {
  return directory === "" || file.startsWith("/") ? file : `${directory}/${file}`;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const decoder = new TextDecoder();

function textAt(table: Uint8Array, offset: number): string {
  const end = offset < table.length ? table.indexOf(0, offset) : -1;
  return end < 0 ? "" : decoder.decode(table.subarray(offset, end));
}
