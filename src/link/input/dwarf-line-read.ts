// Reads `.debug_line` of an object that another compiler made, DWARF 2 to 5: which section and
// offset comes from which source line.
//
// In an object the addresses are still relocations: DW_LNE_set_address has an offset in its operand
// and a relocation that says which section that counts from. Only diagnostics depend on what this
// file finds, so damage ends the reading of a table and is no error.
//
// See the DWARF 5 standard, 6.2, and DWARF 4's of the same number.

import type { LineEntry } from "../../i686/object";
import { ByteReader, EndOfBytes } from "./byte-reader";

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

/** What the reader needs of an object. */
export interface LineSources {
  readonly line: Uint8Array;
  /** `.debug_line_str` and `.debug_str`; empty if there is none. */
  readonly lineStrings: Uint8Array;
  readonly strings: Uint8Array;
  /** The section that the address word at this offset of `.debug_line` counts from. */
  sectionAt(offset: number): number | undefined;
}

/** The lines of each section, by its index, ascending by offset. */
export function readLineTables(sources: LineSources): Map<number, LineEntry[]> {
  const lines = new Map<number, LineEntry[]>();
  const reader = new ByteReader(sources.line);
  try {
    while (!reader.atEnd) {
      const length = reader.u32();
      const start = reader.position;
      // 0xffffffff introduces 64-bit DWARF, which no i386 compiler writes.
      const end = Math.min(start + length, sources.line.length);
      readTable(new ByteReader(sources.line, start, end), sources, lines);
      reader.skip(end - start);
      if (length === 0) break;
    }
  } catch (error) {
    if (!(error instanceof EndOfBytes)) throw error;
  }
  for (const list of lines.values()) list.sort((a, b) => a.offset - b.offset);
  return lines;
}

interface Header {
  readonly minInstruction: number;
  readonly lineBase: number;
  readonly lineRange: number;
  readonly opcodeBase: number;
  /** How many operands each standard opcode has. */
  readonly operands: readonly number[];
  readonly files: string[];
}

function readTable(
  reader: ByteReader,
  sources: LineSources,
  lines: Map<number, LineEntry[]>,
): void {
  try {
    const header = readHeader(reader, sources);
    if (header) new LineProgram(header, reader, sources, lines).run();
  } catch (error) {
    if (!(error instanceof EndOfBytes)) throw error;
  }
}

function readHeader(reader: ByteReader, sources: LineSources): Header | undefined {
  const version = reader.u16();
  if (version < 2 || version > 5) return undefined;
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
  const files = version >= 5 ? readFiles5(reader, sources) : readFiles(reader);
  reader.skip(program - reader.position);
  return { minInstruction, lineBase, lineRange, opcodeBase, operands, files };
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
function readFiles5(reader: ByteReader, sources: LineSources): string[] {
  const directories = readEntries(reader, sources).map(({ path }, index) =>
    index === 0 ? "" : path,
  );
  return readEntries(reader, sources).map(({ path, directory }) =>
    joinPath(directories[directory], path),
  );
}

interface Entry {
  path: string;
  directory: number;
}

function readEntries(reader: ByteReader, sources: LineSources): Entry[] {
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
      const value = readForm(reader, form, sources);
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
  { lineStrings, strings }: LineSources,
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

/** The machine of DWARF 6.2.2, as far as lines depend on it. */
class LineProgram {
  private section: number | undefined;
  private address = 0;
  private file = 1;
  private line = 1;
  private column = 0;

  constructor(
    private readonly header: Header,
    private readonly reader: ByteReader,
    private readonly sources: LineSources,
    private readonly lines: Map<number, LineEntry[]>,
  ) {}

  run(): void {
    const { reader, header } = this;
    while (!reader.atEnd) {
      const opcode = reader.u8();
      if (opcode >= header.opcodeBase) this.special(opcode);
      else if (opcode === 0) this.extended();
      else this.standard(opcode);
    }
  }

  private special(opcode: number): void {
    const { opcodeBase, lineBase, lineRange, minInstruction } = this.header;
    const adjusted = opcode - opcodeBase;
    this.address += Math.floor(adjusted / lineRange) * minInstruction;
    this.line += lineBase + (adjusted % lineRange);
    this.row();
  }

  private standard(opcode: number): void {
    const { reader, header } = this;
    switch (opcode) {
      case DW_LNS_COPY:
        this.row();
        return;
      case DW_LNS_ADVANCE_PC:
        this.address += reader.uleb() * header.minInstruction;
        return;
      case DW_LNS_ADVANCE_LINE:
        this.line += reader.sleb();
        return;
      case DW_LNS_SET_FILE:
        this.file = reader.uleb();
        return;
      case DW_LNS_SET_COLUMN:
        this.column = reader.uleb();
        return;
      case DW_LNS_CONST_ADD_PC:
        this.address +=
          Math.floor((255 - header.opcodeBase) / header.lineRange) * header.minInstruction;
        return;
      case DW_LNS_FIXED_ADVANCE_PC:
        this.address += reader.u16();
        return;
      default:
        for (let rest = header.operands[opcode - 1] ?? 0; rest > 0; rest--) reader.uleb();
    }
  }

  private extended(): void {
    const { reader } = this;
    const length = reader.uleb();
    const start = reader.position;
    if (length === 0) return;
    switch (reader.u8()) {
      case DW_LNE_END_SEQUENCE:
        Object.assign(this, { address: 0, file: 1, line: 1, column: 0, section: undefined });
        break;
      case DW_LNE_SET_ADDRESS:
        this.section = this.sources.sectionAt(reader.position);
        this.address = reader.u32();
        break;
      case DW_LNE_DEFINE_FILE:
        this.header.files.push(reader.text());
        break;
    }
    reader.skip(start + length - reader.position);
  }

  private row(): void {
    if (this.section === undefined) return;
    const file = this.header.files[this.file];
    if (!file || this.line < 1) return;
    const list = this.lines.get(this.section) ?? [];
    this.lines.set(this.section, list);
    list.push({ offset: this.address, file, line: this.line, column: this.column });
  }
}
