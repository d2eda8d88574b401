// Pass: makes the compact symbol table (src/abi/symbol-table.ts draws it).
//
// The table's size must be known before the sections after it get their addresses, and its content
// is about those addresses. So everything in it counts from the start of a section, which is fixed
// once the inside of the sections is arranged; the starts themselves are left to relocations
// against the layout's symbols, like any other address.
//
// Requires: offsets within output sections.  Provides: an object with one section, for collect.

import {
  CODE_DELTA,
  CODE_LINE,
  CODE_NAME,
  CODE_NUMBER,
  CODE_PATH,
  CODE_SIZE,
  CODE_STEP,
  CODE_STEP_ADDED,
  CODE_STEP_MOVED,
  ENTRY_BYTES,
  ENTRY_RECORD,
  LINE_ADVANCE,
  LINE_BASE,
  LINE_END,
  LINE_FILE,
  LINE_LINE,
  LINE_RANGE,
  LINE_SPECIAL,
  LINE_SWAP,
  LINES_ELSEWHERE,
  LINES_OF_NAME,
  LINES_UNKNOWN,
  RECORDS_PER_ENTRY,
  SECTION_ADDRESS,
  SECTION_RECORD,
  TABLE_CODES,
  TABLE_HEADER_SIZE,
  TABLE_INDEX,
  TABLE_MAGIC_VALUE,
  TABLE_PATHS,
  TABLE_SIZE,
} from "../../abi/symbol-table";
import { ByteWriter } from "../../base/byte-writer";
import type { LineEntry, Machine, ObjectFile, Section } from "../../object/object";
import { symbolStem } from "../layout/resolved";
import type { LinkedFunction } from "./functions";
import type { PlacedSection } from "./model";
import { CodedBytes, PrefixCodes } from "./prefix-codes";
import { stopLines } from "./stop-lines";

/** The functions of one output section. */
export interface SectionFunctions {
  readonly section: PlacedSection;
  readonly functions: readonly LinkedFunction[];
}

interface SymbolTable {
  readonly bytes: Uint8Array;
  /** Where the addresses of `sections[i]` belong. */
  readonly addresses: readonly number[];
}

/** What one entry of the index names: the records of some functions, one after another. */
interface Block {
  /** Offset of the first function in its section. */
  readonly start: number;
  readonly records: CodedBytes;
}

/** The table of these functions; sections without functions do not appear in it. */
function makeSymbolTable(groups: readonly SectionFunctions[], machine: Machine): SymbolTable {
  const paths = new PathList(groups.flatMap(({ functions }) => functions));
  const blocks = groups.map(({ functions }) => makeBlocks(functions, paths, machine));
  const codedPaths = paths.coded();
  const codes = new PrefixCodes([codedPaths, ...blocks.flat().map(({ records }) => records)]);

  const out = new ByteWriter();
  for (const word of [TABLE_MAGIC_VALUE, 0, groups.length, 0, 0, paths.count, 0]) out.u32(word);
  let first = 0;
  for (const [number, { section }] of groups.entries()) {
    const entries = blocks[number]!.length;
    for (const word of [0, section.size, first, entries]) out.u32(word);
    first += entries;
  }
  let entry = out.length;
  out.patchU32(TABLE_INDEX, entry);
  for (const { start } of blocks.flat()) {
    out.u32(start);
    out.u32(0);
  }
  out.patchU32(TABLE_CODES, out.length);
  codes.writeCodes(out);
  out.patchU32(TABLE_PATHS, out.length);
  codes.write(codedPaths, out);
  for (const { records } of blocks.flat()) {
    out.patchU32(entry + ENTRY_RECORD, out.length);
    codes.write(records, out);
    entry += ENTRY_BYTES;
  }
  out.alignTo(4);
  out.patchU32(TABLE_SIZE, out.length);
  const addresses = groups.map(
    (_, number) => TABLE_HEADER_SIZE + number * SECTION_RECORD + SECTION_ADDRESS,
  );
  return { bytes: out.finish(), addresses };
}

function makeBlocks(
  functions: readonly LinkedFunction[],
  paths: PathList,
  machine: Machine,
): Block[] {
  const blocks: Block[] = [];
  let end = 0;
  for (const [number, func] of functions.entries()) {
    const start = func.input.offset + func.offset;
    if (number % RECORDS_PER_ENTRY === 0) {
      blocks.push({ start, records: new CodedBytes() });
      end = start;
    }
    const lines = machine === "i386" ? stopLines(func) : func.lines;
    addRecord(func, lines, start - end, paths, blocks.at(-1)!.records);
    end = start + func.size;
  }
  return blocks;
}

/** The table as an object for output section `section`, to be bound and placed like any other. */
export function symbolTableObject(
  section: PlacedSection,
  groups: readonly SectionFunctions[],
  machine: Machine,
): ObjectFile {
  const { bytes, addresses } = makeSymbolTable(groups, machine);
  const relocations = addresses.map((offset, symbol) => {
    return { offset, kind: "absolute", width: 4, symbol, addend: 0 } as const;
  });
  const symbols = groups.map((group) => {
    const name = `${symbolStem(group.section.name)}_start`;
    return { name, binding: "global", type: "none", offset: 0, size: 0 } as const;
  });
  const table: Section = {
    name: section.name,
    type: "progbits",
    flags: { alloc: section.plan.allocate, write: false, execute: false },
    align: section.plan.allocate ? 4 : 1,
    size: bytes.length,
    bytes,
    relocations,
    lines: [],
  };
  return { name: "the linker's symbol table", sections: [table], symbols };
}

function addRecord(
  func: LinkedFunction,
  lines: readonly LineEntry[],
  gap: number,
  paths: PathList,
  out: CodedBytes,
): void {
  const { path, rest } = paths.split(func.name);
  out.uleb(CODE_NUMBER, gap);
  out.uleb(CODE_SIZE, func.size);
  out.uleb(CODE_NUMBER, (func.bodyCfa ?? 0) / 4);
  out.uleb(CODE_PATH, path);
  out.text(CODE_NAME, new TextEncoder().encode(rest));
  addLines(lines, path, paths, out);
}

/** The state of a line program: a path and a line. */
interface Spot {
  readonly path: number;
  readonly line: number;
}

/** `named`: 1 + the path that begins the function's name, or 0. */
function addLines(
  lines: readonly LineEntry[],
  named: number,
  paths: PathList,
  out: CodedBytes,
): void {
  const [first, ...rest] = lines;
  if (!first) {
    out.uleb(CODE_NUMBER, LINES_UNKNOWN);
    return;
  }
  const starts = first.offset === 0;
  let spot: Spot = { path: paths.number(first.file), line: starts ? first.line : 0 };
  let other: Spot | undefined;
  let address = 0;
  if (spot.path + 1 === named) out.uleb(CODE_NUMBER, LINES_OF_NAME);
  else {
    out.uleb(CODE_NUMBER, LINES_ELSEWHERE);
    out.uleb(CODE_PATH, spot.path);
  }
  out.uleb(CODE_LINE, spot.line);
  let code = CODE_STEP;
  for (const { offset, file, line } of starts ? rest : lines) {
    const path = paths.number(file);
    if (path === spot.path && line === spot.line) continue;
    if (path !== spot.path) {
      const swaps = other?.path === path;
      const left = spot;
      if (swaps && other) {
        out.byte(code, LINE_SWAP);
        spot = other;
      } else {
        out.byte(code, LINE_FILE);
        out.uleb(CODE_PATH, path);
        out.uleb(CODE_LINE, line);
        spot = { path, line };
      }
      other = left;
      code = CODE_STEP_MOVED;
    }
    addRow(offset - address, line - spot.line, code, out);
    spot = { path, line };
    address = offset;
    code = CODE_STEP;
  }
  out.byte(code, LINE_END);
}

/** One row: `advance` bytes on, `lines` lines on. `code` is that of its first step. */
function addRow(advance: number, lines: number, code: number, out: CodedBytes): void {
  let next = code;
  const far = lines < LINE_BASE || lines >= LINE_BASE + LINE_RANGE;
  if (far) {
    out.byte(next, LINE_LINE);
    out.sleb(CODE_DELTA, lines);
    next = CODE_STEP_ADDED;
  }
  const lineCode = (far ? 0 : lines) - LINE_BASE;
  const steps = Math.floor((255 - LINE_SPECIAL - lineCode) / LINE_RANGE) + 1;
  const rest = Math.min(advance, steps);
  if (rest < advance) {
    out.byte(next, LINE_ADVANCE);
    out.uleb(CODE_SIZE, advance - rest);
    next = CODE_STEP_ADDED;
  }
  out.byte(next, LINE_SPECIAL + (rest - 1) * LINE_RANGE + lineCode);
}

/** A path without its extension: what AssemblyScript puts before a function's name. */
function stemOf(path: string): string {
  const dot = path.lastIndexOf(".");
  return dot > path.lastIndexOf("/") ? path.slice(0, dot) : path;
}

/**
 * Every file that lines name, and every first part of a name that is not the stem of such a file.
 */
class PathList {
  readonly #sorted: string[];
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #stems: ReadonlyMap<string, number>;

  constructor(functions: readonly LinkedFunction[]) {
    const files = new Set(functions.flatMap((func) => func.lines.map((line) => line.file)));
    const known = new Set([...files].map(stemOf));
    for (const { name } of functions) {
      const stem = name.slice(0, Math.max(0, name.lastIndexOf("/")));
      // A stem with a dot would not survive stemOf: such a name is stored whole.
      if (stem !== "" && !known.has(stem) && stemOf(stem) === stem) files.add(stem);
    }
    this.#sorted = [...files].sort();
    this.#numbers = new Map(this.#sorted.map((path, number) => [path, number]));
    this.#stems = new Map(this.#sorted.map((path, number) => [stemOf(path), number]));
  }

  get count(): number {
    return this.#sorted.length;
  }

  number(path: string): number {
    const number = this.#numbers.get(path);
    if (number === undefined) throw new Error(`path ${path} was not listed`);
    return number;
  }

  /** `name` as a record stores it. */
  split(name: string): { path: number; rest: string } {
    const slash = name.lastIndexOf("/");
    const number = this.#stems.get(name.slice(0, Math.max(0, slash)));
    if (slash <= 0 || number === undefined) return { path: 0, rest: name };
    return { path: number + 1, rest: name.slice(slash + 1) };
  }

  coded(): CodedBytes {
    const out = new CodedBytes();
    let previous: Uint8Array = new Uint8Array(0);
    for (const path of this.#sorted) {
      const bytes = new TextEncoder().encode(path);
      let shared = 0;
      while (shared < bytes.length && bytes[shared] === previous[shared]) shared += 1;
      out.uleb(CODE_NUMBER, shared);
      out.text(CODE_NAME, bytes.subarray(shared));
      previous = bytes;
    }
    return out;
  }
}
