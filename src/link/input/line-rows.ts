// Reads `.debug_line`, DWARF 2 to 5: which source line an address comes from.
//
// The section is a list of units; each has a header (directories, files) and a program for a small
// machine whose registers are address, file, line and column. A row that the program appends holds
// up to the next row's address; a sequence of rows ends with one that only marks the end.
//
// It reads linked files of 32 and 64 bits, whose addresses are final, and objects, where an address
// is an operand with a relocation: each row says which operand its address counts from.
//
// The bytes may come from anywhere: a unit that breaks the format is skipped, and nothing outside
// the sections is read. See the DWARF 4 and 5 standards, 6.2.

import { ByteReader, EndOfBytes } from "./byte-reader";

export interface LineSections {
  /** `.debug_line`. */
  readonly line: Uint8Array;
  /** `.debug_line_str` and `.debug_str`, strings of version 5; empty if there is none. */
  readonly lineStrings: Uint8Array;
  readonly strings: Uint8Array;
}

export interface LineRow {
  readonly address: bigint;
  /** "" if the program names a file that is not in its table. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Nothing comes from here on: the sequence ends. */
  readonly isEnd: boolean;
  /** Rows of one sequence ascend, and have one number. */
  readonly sequence: number;
  /** Where in `.debug_line` the address stands that this one counts from. */
  readonly origin: number | undefined;
}

const DW_LNS_COPY = 1;
const DW_LNS_ADVANCE_PC = 2;
const DW_LNS_ADVANCE_LINE = 3;
const DW_LNS_SET_FILE = 4;
const DW_LNS_SET_COLUMN = 5;
const DW_LNS_CONST_ADD_PC = 8;
const DW_LNS_FIXED_ADVANCE_PC = 9;
const DW_LNE_END_SEQUENCE = 1;
const DW_LNE_SET_ADDRESS = 2;
const DW_LNE_DEFINE_FILE = 3;

const DW_LNCT_PATH = 1;
const DW_LNCT_DIRECTORY_INDEX = 2;
const DW_FORM_BLOCK2 = 0x03;
const DW_FORM_BLOCK4 = 0x04;
const DW_FORM_DATA2 = 0x05;
const DW_FORM_DATA4 = 0x06;
const DW_FORM_DATA8 = 0x07;
const DW_FORM_STRING = 0x08;
const DW_FORM_BLOCK = 0x09;
const DW_FORM_DATA1 = 0x0b;
const DW_FORM_STRP = 0x0e;
const DW_FORM_UDATA = 0x0f;
const DW_FORM_DATA16 = 0x1e;
const DW_FORM_LINE_STRP = 0x1f;

/** 64-bit DWARF, which no compiler writes for these files, and lengths that are reserved. */
const RESERVED_LENGTH = 0xffff_fff0;
/** More rows than this would keep a user waiting for too long. */
const MAX_ROWS = 4_000_000;

/** Calls `visit` with each row of each unit. */
export function readLineRows(sections: LineSections, visit: (row: LineRow) => void): void {
  const { line } = sections;
  const view = new DataView(line.buffer, line.byteOffset, line.byteLength);
  const rows = new RowCounter(visit);
  for (let offset = 0; offset + 4 <= line.length && !rows.isFull; ) {
    const length = view.getUint32(offset, true);
    const end = Math.min(offset + 4 + length, line.length);
    if (length === 0 || length >= RESERVED_LENGTH) return;
    try {
      readUnit(new ByteReader(line, offset + 4, end), sections, rows);
    } catch (error) {
      if (!(error instanceof EndOfBytes)) throw error; // A torn unit: the next one may be whole.
    }
    offset = end;
  }
}

/** Numbers the sequences, and limits the number of rows. */
class RowCounter {
  sequence = 0;
  #count = 0;

  readonly #visit: (row: LineRow) => void;

  constructor(visit: (row: LineRow) => void) {
    this.#visit = visit;
  }

  get isFull(): boolean {
    return this.#count >= MAX_ROWS;
  }

  add(row: Omit<LineRow, "sequence">): void {
    this.#count += 1;
    this.#visit({ ...row, sequence: this.sequence });
    if (row.isEnd) this.sequence += 1;
  }
}

interface Header {
  readonly minInstruction: number;
  readonly lineBase: number;
  readonly lineRange: number;
  readonly opcodeBase: number;
  /** How many operands each standard opcode has. */
  readonly operands: readonly number[];
  /** By number as the program has it. */
  readonly files: string[];
}

function readUnit(reader: ByteReader, sections: LineSections, rows: RowCounter): void {
  const version = reader.u16();
  if (version < 2 || version > 5) return;
  if (version >= 5) reader.skip(2); // bytes of an address and of a segment selector
  const headerLength = reader.u32();
  const program = reader.position + headerLength;
  const minInstruction = reader.u8();
  if (version >= 4) reader.skip(1); // operations in an instruction
  reader.skip(1); // whether rows begin statements
  const lineBase = (reader.u8() << 24) >> 24;
  const lineRange = Math.max(1, reader.u8());
  const opcodeBase = reader.u8();
  const operands = Array.from({ length: Math.max(0, opcodeBase - 1) }, () => reader.u8());
  const files = version >= 5 ? readFiles5(reader, sections) : readFiles(reader);
  reader.skip(program - reader.position);
  rows.sequence += 1;
  const header = { minInstruction, lineBase, lineRange, opcodeBase, operands, files };
  new LineProgram(header, reader, rows).run();
}

/** Up to DWARF 4 files count from 1, and directory 0 is where the compiler ran. */
function readFiles(reader: ByteReader): string[] {
  const directories = [""];
  for (let name = reader.text(); name !== ""; name = reader.text()) directories.push(name);
  const files = [""];
  for (let name = reader.text(); name !== ""; name = reader.text()) {
    const directory = reader.uleb();
    reader.uleb();
    reader.uleb();
    files.push(joinPath(directories[directory], name));
  }
  return files;
}

/** DWARF 5 describes the columns of its two tables; both count from 0. */
function readFiles5(reader: ByteReader, sections: LineSections): string[] {
  const directories = readEntries(reader, sections).map(({ path }, index) =>
    index === 0 ? "" : path,
  );
  return readEntries(reader, sections).map(({ path, directory }) =>
    joinPath(directories[directory], path),
  );
}

interface Entry {
  path: string;
  directory: number;
}

function readEntries(reader: ByteReader, sections: LineSections): Entry[] {
  const columns = Array.from({ length: reader.u8() }, () => ({
    content: reader.uleb(),
    form: reader.uleb(),
  }));
  const count = reader.uleb();
  const entries: Entry[] = [];
  if (columns.length === 0) return entries;
  for (let index = 0; index < count; index++) {
    const entry = { path: "", directory: 0 };
    for (const { content, form } of columns) {
      const value = readForm(reader, form, sections);
      if (content === DW_LNCT_PATH && typeof value === "string") entry.path = value;
      if (content === DW_LNCT_DIRECTORY_INDEX && typeof value === "number") entry.directory = value;
    }
    entries.push(entry);
  }
  return entries;
}

function readForm(
  reader: ByteReader,
  form: number,
  { lineStrings, strings }: LineSections,
): string | number | undefined {
  switch (form) {
    case DW_FORM_STRING:
      return reader.text();
    case DW_FORM_LINE_STRP:
      return new ByteReader(lineStrings, reader.u32()).text();
    case DW_FORM_STRP:
      return new ByteReader(strings, reader.u32()).text();
    case DW_FORM_DATA1:
      return reader.u8();
    case DW_FORM_DATA2:
      return reader.u16();
    case DW_FORM_DATA4:
      return reader.u32();
    case DW_FORM_UDATA:
      return reader.uleb();
    case DW_FORM_DATA8:
      return reader.skip(8) as undefined;
    case DW_FORM_DATA16:
      return reader.skip(16) as undefined;
    case DW_FORM_BLOCK:
      return reader.skip(reader.uleb()) as undefined;
    case DW_FORM_BLOCK2:
      return reader.skip(reader.u16()) as undefined;
    case DW_FORM_BLOCK4:
      return reader.skip(reader.u32()) as undefined;
    default:
      throw new EndOfBytes(); // a form of unknown length: what follows cannot be read
  }
}

function joinPath(directory: string | undefined, name: string): string {
  return !directory || name.startsWith("/") ? name : `${directory}/${name}`;
}

const START = { address: 0n, file: 1, line: 1, column: 0, origin: undefined };

/** The machine of DWARF 6.2.2, as far as lines depend on it. */
class LineProgram {
  #address = START.address;
  #file = START.file;
  #line = START.line;
  #column = START.column;
  #origin: number | undefined = START.origin;

  readonly #header: Header;
  readonly #reader: ByteReader;
  readonly #rows: RowCounter;

  constructor(header: Header, reader: ByteReader, rows: RowCounter) {
    this.#header = header;
    this.#reader = reader;
    this.#rows = rows;
  }

  run(): void {
    const reader = this.#reader;
    const header = this.#header;
    const rows = this.#rows;
    while (!reader.atEnd && !rows.isFull) {
      const opcode = reader.u8();
      if (opcode >= header.opcodeBase) this.#special(opcode);
      else if (opcode === 0) this.#extended();
      else this.#standard(opcode);
    }
  }

  #special(opcode: number): void {
    const { opcodeBase, lineBase, lineRange } = this.#header;
    const adjusted = opcode - opcodeBase;
    this.#advance(Math.floor(adjusted / lineRange));
    this.#line += lineBase + (adjusted % lineRange);
    this.#row(false);
  }

  #standard(opcode: number): void {
    const reader = this.#reader;
    const header = this.#header;
    switch (opcode) {
      case DW_LNS_COPY:
        this.#row(false);
        return;
      case DW_LNS_ADVANCE_PC:
        this.#advance(reader.uleb());
        return;
      case DW_LNS_ADVANCE_LINE:
        this.#line += reader.sleb();
        return;
      case DW_LNS_SET_FILE:
        this.#file = reader.uleb();
        return;
      case DW_LNS_SET_COLUMN:
        this.#column = reader.uleb();
        return;
      case DW_LNS_CONST_ADD_PC:
        this.#advance(Math.floor((255 - header.opcodeBase) / header.lineRange));
        return;
      case DW_LNS_FIXED_ADVANCE_PC:
        this.#address += BigInt(reader.u16());
        return;
      default:
        for (let rest = header.operands[opcode - 1] ?? 0; rest > 0; rest--) reader.uleb();
    }
  }

  #extended(): void {
    const reader = this.#reader;
    const length = reader.uleb();
    const start = reader.position;
    if (length === 0) return;
    switch (reader.u8()) {
      case DW_LNE_END_SEQUENCE:
        this.#row(true);
        this.#reset();
        break;
      case DW_LNE_SET_ADDRESS:
        this.#origin = reader.position;
        this.#address = length === 9 ? reader.u64() : BigInt(reader.u32());
        break;
      case DW_LNE_DEFINE_FILE:
        this.#header.files.push(reader.text());
        break;
    }
    reader.skip(start + length - reader.position);
  }

  #reset(): void {
    this.#address = START.address;
    this.#file = START.file;
    this.#line = START.line;
    this.#column = START.column;
    this.#origin = START.origin;
  }

  #advance(operations: number): void {
    this.#address += BigInt(operations * this.#header.minInstruction);
  }

  #row(isEnd: boolean): void {
    const address = this.#address;
    const line = this.#line;
    const column = this.#column;
    const origin = this.#origin;
    const file = this.#header.files[this.#file] ?? "";
    this.#rows.add({ address, file, line, column, origin, isEnd });
  }
}
