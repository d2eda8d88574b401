// `.debug_line`: a program for a small machine that prints the table address -> file, line, column.
//
// Each function is a sequence of its own: DW_LNE_set_address, rows, DW_LNE_end_sequence. A row
// takes one byte in most cases: the special opcode for (advance of the address, advance of the
// line).
//
//   special = OPCODE_BASE + (lines - LINE_BASE) + LINE_RANGE * bytes
//
// See the DWARF 4 standard, 6.2.

import type { LinkedFunction } from "../passes/functions";
import type { DebugSection } from "./debug-section";

const DW_LNS_COPY = 1;
const DW_LNS_ADVANCE_PC = 2;
const DW_LNS_ADVANCE_LINE = 3;
const DW_LNS_SET_FILE = 4;
const DW_LNS_SET_COLUMN = 5;
const DW_LNE_END_SEQUENCE = 1;
const DW_LNE_SET_ADDRESS = 2;

const LINE_BASE = -5;
const LINE_RANGE = 14;
const OPCODE_BASE = 13;
/** How many operands the standard opcodes 1 to 12 have. */
const OPERANDS = [0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1];

/** The files of a line table: numbered from 1, each with the number of its directory. */
export class LineFiles {
  readonly directories: string[] = [];
  readonly files: { readonly name: string; readonly directory: number }[] = [];
  readonly #numbers = new Map<string, number>();

  /** The number of a file, which is added if it is new. */
  number(file: string): number {
    return this.#numbers.get(file) ?? this.#add(file);
  }

  #add(file: string): number {
    const slash = file.lastIndexOf("/");
    const directory = slash < 0 ? 0 : this.#directoryNumber(file.slice(0, slash));
    this.files.push({ name: file.slice(slash + 1), directory });
    this.#numbers.set(file, this.files.length);
    return this.files.length;
  }

  #directoryNumber(path: string): number {
    const known = this.directories.indexOf(path);
    return known >= 0 ? known + 1 : this.directories.push(path);
  }
}

/** Appends the line table of `functions`; all files that it names must be in `files`. */
export function writeLines(
  functions: readonly LinkedFunction[],
  files: LineFiles,
  out: DebugSection,
): void {
  const start = out.length;
  writeHeader(files, out);
  for (const func of functions) {
    if (func.lines.length > 0) writeSequence(func, files, out);
  }
  out.patchU32(start, out.length - start - 4);
}

function writeHeader(files: LineFiles, out: DebugSection): void {
  out.u32(0); // the length of the table, patched at the end
  out.u16(4); // DWARF's version
  const headerLength = out.length;
  out.u32(0);
  out.u8(1); // bytes of the shortest instruction
  out.u8(1); // operations in an instruction
  out.u8(1); // rows begin statements
  out.u8(LINE_BASE);
  out.u8(LINE_RANGE);
  out.u8(OPCODE_BASE);
  out.bytes(OPERANDS);
  for (const directory of files.directories) out.cstring(directory);
  out.u8(0);
  for (const { name, directory } of files.files) {
    out.cstring(name);
    out.uleb(directory);
    out.uleb(0); // time of modification: unknown
    out.uleb(0); // size: unknown
  }
  out.u8(0);
  out.patchU32(headerLength, out.length - headerLength - 4);
}

function writeSequence(func: LinkedFunction, files: LineFiles, out: DebugSection): void {
  const state = { address: 0, file: 1, line: 1, column: 0 };
  const [first] = func.lines;
  state.address = first?.offset ?? 0;
  writeExtended(DW_LNE_SET_ADDRESS, out, 4);
  out.reference(func.input, func.offset + state.address);
  for (const { offset, file, line, column } of func.lines) {
    const number = files.number(file);
    if (number !== state.file) {
      out.u8(DW_LNS_SET_FILE);
      out.uleb(number);
    }
    if (column !== state.column) {
      out.u8(DW_LNS_SET_COLUMN);
      out.uleb(column);
    }
    writeRow(offset - state.address, line - state.line, out);
    Object.assign(state, { address: offset, file: number, line, column });
  }
  out.u8(DW_LNS_ADVANCE_PC);
  out.uleb(func.size - state.address);
  writeExtended(DW_LNE_END_SEQUENCE, out, 0);
}

function writeRow(bytes: number, lines: number, out: DebugSection): void {
  let rest = lines;
  if (rest < LINE_BASE || rest >= LINE_BASE + LINE_RANGE) {
    out.u8(DW_LNS_ADVANCE_LINE);
    out.sleb(rest);
    rest = 0;
  }
  const special = OPCODE_BASE + (rest - LINE_BASE) + LINE_RANGE * bytes;
  if (special <= 255) {
    out.u8(special);
    return;
  }
  out.u8(DW_LNS_ADVANCE_PC);
  out.uleb(bytes);
  if (rest === 0) out.u8(DW_LNS_COPY);
  else out.u8(OPCODE_BASE + (rest - LINE_BASE));
}

function writeExtended(opcode: number, out: DebugSection, operandBytes: number): void {
  out.u8(0);
  out.uleb(1 + operandBytes);
  out.u8(opcode);
}
