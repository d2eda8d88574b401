// Pass: makes the compact symbol table (src/abi/symbol-table.ts draws it).
//
// The table's size must be known before the sections after it get their addresses, and its content
// is about those addresses. So everything in it counts from the start of a section, which is fixed
// once the inside of the sections is arranged; the starts themselves are left to relocations
// against the layout's symbols, like any other address.
//
// Requires: offsets within output sections.  Provides: an object with one section, for collect.

import {
  LINE_ADVANCE,
  LINE_BASE,
  LINE_FILE,
  LINE_LINE,
  LINE_RANGE,
  LINE_SPECIAL,
  LINE_SWAP,
  RECORDS_PER_ENTRY,
  SECTION_ADDRESS,
  SECTION_RECORD,
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

/** The table of these functions; sections without functions do not appear in it. */
function makeSymbolTable(groups: readonly SectionFunctions[], machine: Machine): SymbolTable {
  const paths = new PathList(groups.flatMap(({ functions }) => functions));
  const out = new ByteWriter();
  const entryCount = (group: SectionFunctions) =>
    Math.ceil(group.functions.length / RECORDS_PER_ENTRY);
  for (const word of [TABLE_MAGIC_VALUE, 0, groups.length, 0, 0, paths.count]) out.u32(word);

  let first = 0;
  for (const group of groups) {
    const entries = entryCount(group);
    for (const word of [0, group.section.size, first, entries]) out.u32(word);
    first += entries;
  }

  const index = out.length;
  out.patchU32(TABLE_INDEX, index);
  for (let entry = 0; entry < first; entry++) {
    out.u32(0);
    out.u32(0);
  }
  out.patchU32(TABLE_PATHS, out.length);
  paths.write(out);

  let entry = index;
  for (const { functions } of groups) {
    let previousEnd = 0;
    for (const [number, func] of functions.entries()) {
      const start = func.input.offset + func.offset;
      const isFirst = number % RECORDS_PER_ENTRY === 0;
      if (isFirst) {
        out.patchU32(entry, start);
        out.patchU32(entry + 4, out.length);
        entry += 8;
      }
      const lines = machine === "i386" ? stopLines(func) : func.lines;
      writeRecord(func, lines, isFirst ? 0 : start - previousEnd, paths, out);
      previousEnd = start + func.size;
    }
  }
  out.alignTo(4);
  out.patchU32(TABLE_SIZE, out.length);
  const addresses = groups.map(
    (_, number) => TABLE_HEADER_SIZE + number * SECTION_RECORD + SECTION_ADDRESS,
  );
  return { bytes: out.finish(), addresses };
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

function writeRecord(
  func: LinkedFunction,
  lines: readonly LineEntry[],
  gap: number,
  paths: PathList,
  out: ByteWriter,
): void {
  const { path, rest } = paths.split(func.name);
  const name = new TextEncoder().encode(rest);
  const program = lineProgram(lines, paths);
  out.uleb(gap);
  out.uleb(func.size);
  out.uleb((func.bodyCfa ?? 0) / 4);
  out.uleb(path);
  out.uleb(name.length);
  out.bytes(name);
  out.uleb(program.length);
  out.bytes(program);
}

/** The state of a line program: a path and a line. */
interface Spot {
  readonly path: number;
  readonly line: number;
}

function lineProgram(lines: readonly LineEntry[], paths: PathList): Uint8Array {
  const out = new ByteWriter();
  const [first, ...rest] = lines;
  if (!first) return out.finish();
  const starts = first.offset === 0;
  let spot: Spot = { path: paths.number(first.file), line: starts ? first.line : 0 };
  let other: Spot | undefined;
  let address = 0;
  out.uleb(spot.path);
  out.uleb(spot.line);
  for (const { offset, file, line } of starts ? rest : lines) {
    const path = paths.number(file);
    if (path === spot.path && line === spot.line) continue;
    if (path !== spot.path) {
      const swaps = other?.path === path;
      const left = spot;
      if (swaps && other) {
        out.u8(LINE_SWAP);
        spot = other;
      } else {
        out.u8(LINE_FILE);
        out.uleb(path);
        out.uleb(line);
        spot = { path, line };
      }
      other = left;
    }
    writeStep(offset - address, line - spot.line, out);
    spot = { path, line };
    address = offset;
  }
  return out.finish();
}

/** One row: `advance` bytes on, `lines` lines on. */
function writeStep(advance: number, lines: number, out: ByteWriter): void {
  const far = lines < LINE_BASE || lines >= LINE_BASE + LINE_RANGE;
  if (far) {
    out.u8(LINE_LINE);
    out.sleb(lines);
  }
  const lineCode = (far ? 0 : lines) - LINE_BASE;
  const steps = Math.floor((255 - LINE_SPECIAL - lineCode) / LINE_RANGE) + 1;
  const rest = Math.min(advance, steps);
  if (rest < advance) {
    out.u8(LINE_ADVANCE);
    out.uleb(advance - rest);
  }
  out.u8(LINE_SPECIAL + (rest - 1) * LINE_RANGE + lineCode);
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

  write(out: ByteWriter): void {
    let previous: Uint8Array = new Uint8Array(0);
    for (const path of this.#sorted) {
      const bytes = new TextEncoder().encode(path);
      let shared = 0;
      while (shared < bytes.length && bytes[shared] === previous[shared]) shared += 1;
      out.uleb(shared);
      out.uleb(bytes.length - shared);
      out.bytes(bytes.subarray(shared));
      previous = bytes;
    }
  }
}
