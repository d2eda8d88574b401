// Reads `.debug_line`: which source line an address comes from.
//
// The section is a list of units; each has a header (directories, files) and a program for a small
// machine whose registers are address, file, line and column. A row that the program appends counts
// up to the next row's address; a sequence ends with a row that is only an end.
//
// Versions 2 to 5 of the 32-bit format are understood: what GCC, Clang, NASM and rustc write. The
// bytes may come from anywhere: a unit that breaks the format is skipped, and nothing outside the
// section is read.
//
// See the DWARF 4 and 5 standards, 6.2.

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
      readUnit(new Cursor(sections.line, offset + 4, end), sections, ranges);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error; // A torn unit: the next one may be whole.
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

function readUnit(cursor: Cursor, sections: LineSections, ranges: LineRange[]): void {
  const version = cursor.u16();
  if (version < 2 || version > 5) return;
  if (version === 5) cursor.skip(2); // sizes of addresses and of segment selectors
  const headerLength = cursor.u32();
  const program = cursor.offset + headerLength;
  const minimumLength = BigInt(cursor.u8());
  if (version >= 4) cursor.skip(1); // operations in an instruction
  cursor.skip(1); // whether rows begin statements
  const lineBase = (cursor.u8() << 24) >> 24;
  const lineRange = Math.max(1, cursor.u8());
  const opcodeBase = cursor.u8();
  const operands = Array.from({ length: Math.max(0, opcodeBase - 1) }, () => cursor.u8());
  const files = version === 5 ? readFiles5(cursor, sections) : readFiles4(cursor);
  cursor.offset = program;
  run(cursor, { minimumLength, lineBase, lineRange, opcodeBase, operands, files }, ranges);
}

/** Version 2 to 4: strings up to an empty one; files count from 1, directory 0 is the compiler's. */
function readFiles4(cursor: Cursor): string[] {
  const directories = [""];
  for (let text = cursor.text(); text !== ""; text = cursor.text()) directories.push(text);
  const files = [""];
  for (let text = cursor.text(); text !== ""; text = cursor.text()) {
    const directory = directories[cursor.uleb()] ?? "";
    cursor.uleb();
    cursor.uleb();
    files.push(join(directory, text));
  }
  return files;
}

function readFiles5(cursor: Cursor, sections: LineSections): string[] {
  const directories = readEntries(cursor, sections).map(({ path }) => path);
  return readEntries(cursor, sections).map(({ path, directory }) => {
    return join(directory === 0 ? "" : (directories[directory] ?? ""), path);
  });
}

/** Version 5: the table says which fields its entries have. */
function readEntries(cursor: Cursor, sections: LineSections) {
  const fields = Array.from({ length: cursor.u8() }, () => [cursor.uleb(), cursor.uleb()]);
  const count = cursor.uleb();
  const found: { path: string; directory: number }[] = [];
  for (let index = 0; index < count; index++) {
    const entry = { path: "", directory: 0 };
    for (const [type, form] of fields) {
      const value = readForm(cursor, form ?? 0, sections);
      if (type === DW_LNCT_PATH) entry.path = String(value);
      if (type === DW_LNCT_DIRECTORY_INDEX) entry.directory = Number(value);
    }
    if (fields.length === 0) break;
    found.push(entry);
  }
  return found;
}

function readForm(cursor: Cursor, form: number, sections: LineSections): string | number {
  switch (form) {
    case DW_FORM.string:
      return cursor.text();
    case DW_FORM.lineStrp:
      return textAt(sections.lineStrings, cursor.u32());
    case DW_FORM.strp:
      return textAt(sections.strings, cursor.u32());
    case DW_FORM.udata:
      return cursor.uleb();
    case DW_FORM.data1:
      return cursor.u8();
    case DW_FORM.data2:
      return cursor.u16();
    case DW_FORM.data4:
      return cursor.u32();
    case DW_FORM.data8:
      return cursor.skip(8);
    case DW_FORM.data16:
      return cursor.skip(16);
    case DW_FORM.block:
      return cursor.skip(cursor.uleb());
    default:
      throw new RangeError(`form ${form}`);
  }
}

/** Executes the line program up to the cursor's end. */
function run(cursor: Cursor, header: Header, ranges: LineRange[]): void {
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
  while (!cursor.atEnd && ranges.length < MAX_RANGES) {
    const opcode = cursor.u8();
    if (opcode >= header.opcodeBase) {
      const adjusted = opcode - header.opcodeBase;
      advance(Math.floor(adjusted / header.lineRange));
      state.line += header.lineBase + (adjusted % header.lineRange);
      append();
      continue;
    }
    switch (opcode) {
      case 0: {
        const next = cursor.uleb() + cursor.offset;
        const extended = cursor.u8();
        if (extended === DW_LNE_SET_ADDRESS) {
          state.address = next - cursor.offset === 8 ? cursor.u64() : BigInt(cursor.u32());
        } else if (extended === DW_LNE_END_SEQUENCE) {
          append();
          last = undefined;
          state = { ...start };
        }
        cursor.offset = next;
        break;
      }
      case DW_LNS_COPY:
        append();
        break;
      case DW_LNS_ADVANCE_PC:
        advance(cursor.uleb());
        break;
      case DW_LNS_ADVANCE_LINE:
        state.line += cursor.sleb();
        break;
      case DW_LNS_SET_FILE:
        state.file = cursor.uleb();
        break;
      case DW_LNS_CONST_ADD_PC:
        advance(Math.floor((255 - header.opcodeBase) / header.lineRange));
        break;
      case DW_LNS_FIXED_ADVANCE_PC:
        state.address += BigInt(cursor.u16());
        break;
      default:
        for (let n = header.operands[opcode - 1] ?? 0; n > 0; n--) cursor.uleb();
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

/** Reads forward; a read past the end throws RangeError. */
class Cursor {
  private readonly view: DataView;

  constructor(
    private readonly bytes: Uint8Array,
    public offset: number,
    private readonly end: number,
  ) {
    this.view = viewOf(bytes);
  }

  get atEnd(): boolean {
    return this.offset >= this.end;
  }

  u8(): number {
    return this.view.getUint8(this.take(1));
  }

  u16(): number {
    return this.view.getUint16(this.take(2), true);
  }

  u32(): number {
    return this.view.getUint32(this.take(4), true);
  }

  u64(): bigint {
    return this.view.getBigUint64(this.take(8), true);
  }

  skip(count: number): number {
    this.take(count);
    return 0;
  }

  uleb(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.u8();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  sleb(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.u8();
      value += (byte & 127) * scale;
      if (byte < 128) return byte & 64 ? value - scale * 128 : value;
    }
  }

  text(): string {
    const stop = this.bytes.indexOf(0, this.offset);
    if (stop < 0 || stop >= this.end) throw new RangeError("a string does not end");
    const text = decoder.decode(this.bytes.subarray(this.offset, stop));
    this.offset = stop + 1;
    return text;
  }

  private take(count: number): number {
    const at = this.offset;
    if (!(count >= 0) || at + count > this.end) throw new RangeError("the unit ends here");
    this.offset = at + count;
    return at;
  }
}
