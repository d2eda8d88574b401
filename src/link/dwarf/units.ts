// One compilation unit for each source file of an object: its functions, globals and types, with
// a line table of its own.
//
// A unit for each file lets gdb tell apart two files' uses of one name: inside a function a name
// means its own file's, and `'kernel/process/process.ts'::current` that file's anywhere.
//
// No name of TypeScript is global (DW_AT_external): each belongs to its module.
//
// Invariant: file 1 of a unit's line table is the unit's own, where all its entries are declared.

import type { DebugFunction, GlobalVariable, InlinedCall } from "../../object/debug-info";
import type { LinkedFunction } from "../passes/functions";
import { DW_AT, DW_INL_inlined, DW_LANG_C99, DW_OP, DW_TAG } from "./constants";
import { DebugSection } from "./debug-section";
import type { DescribedObject } from "./described-object";
import { Entries, EntryLabel } from "./entries";
import { LineFiles, writeLines } from "./lines";
import { TypeEntries, writeDeclaration } from "./types";
import { VariableEntries } from "./variables";

interface Unit {
  readonly file: string;
  readonly functions: LinkedFunction[];
  readonly globals: GlobalVariable[];
  /** Functions of the file that were inlined somewhere, by name and line. */
  readonly inlined: Map<string, InlinedCall>;
}

/** What an inlined call refers to: the function, and its variables. */
interface Origin {
  readonly target: EntryLabel;
  readonly variables: readonly EntryLabel[];
}

/** Writes the units of several objects into one set of sections. */
export class UnitWriter {
  readonly #entries = new Entries();
  readonly #lines = new DebugSection(".debug_line");
  readonly #ranges = new DebugSection(".debug_ranges");
  readonly #locations = new DebugSection(".debug_loc");

  add(described: DescribedObject): void {
    new ObjectUnits(described, this.#entries, this.#lines, this.#ranges, this.#locations).write();
  }

  finish(): DebugSection[] {
    const entries = this.#entries;
    const lines = this.#lines;
    const ranges = this.#ranges;
    const locations = this.#locations;
    entries.finish();
    return [lines, entries.info, entries.abbreviations, ranges, locations];
  }
}

class ObjectUnits {
  readonly #types: TypeEntries;
  readonly #variables: VariableEntries;
  readonly #units = new Map<string, Unit>();
  readonly #origins = new Map<string, Origin>();
  readonly #debugOf: ReadonlyMap<LinkedFunction, DebugFunction>;

  readonly #described: DescribedObject;
  readonly #entries: Entries;
  readonly #lines: DebugSection;
  readonly #ranges: DebugSection;

  constructor(
    described: DescribedObject,
    entries: Entries,
    lines: DebugSection,
    ranges: DebugSection,
    locations: DebugSection,
  ) {
    this.#described = described;
    this.#entries = entries;
    this.#lines = lines;
    this.#ranges = ranges;
    const { object } = described;
    this.#types = new TypeEntries(object.debug?.types ?? []);
    this.#variables = new VariableEntries(entries, this.#types, locations, described);
    this.#debugOf = matchFunctions(described);
    for (const func of described.functions) this.#unit(this.#fileOf(func)).functions.push(func);
    for (const global of object.debug?.globals ?? []) {
      this.#unit(global.place.file).globals.push(global);
    }
    for (const type of object.debug?.types ?? []) {
      if ("place" in type) this.#unit(type.place.file);
    }
    for (const { inlined } of this.#debugOf.values()) this.#collectInlined(inlined);
  }

  write(): void {
    let isFirst = true;
    for (const unit of this.#units.values()) {
      this.#writeUnit(unit, isFirst);
      isFirst = false;
    }
  }

  #unit(file: string): Unit {
    let unit = this.#units.get(file);
    if (!unit) {
      unit = { file, functions: [], globals: [], inlined: new Map() };
      this.#units.set(file, unit);
    }
    return unit;
  }

  #fileOf(func: LinkedFunction): string {
    const debug = this.#debugOf.get(func);
    return debug?.place.file ?? func.lines[0]?.file ?? this.#described.object.name;
  }

  #collectInlined(calls: readonly InlinedCall[]): void {
    for (const call of calls) {
      const { inlined } = this.#unit(call.place.file);
      const key = keyOf(call);
      if (!inlined.has(key)) inlined.set(key, call);
      this.#collectInlined(call.inlined);
    }
  }

  // --- units ---

  #writeUnit(unit: Unit, isFirst: boolean): void {
    const entries = this.#entries;
    const files = new LineFiles();
    files.number(unit.file);
    entries.beginUnit();
    entries.open(DW_TAG.compile_unit);
    entries.text(DW_AT.producer, "isthmus");
    entries.number(DW_AT.language, DW_LANG_C99);
    entries.text(DW_AT.name, unit.file);
    entries.place(DW_AT.stmt_list, this.#lines, this.#lines.length);
    this.#writeCode(unit);
    entries.closeParent();
    if (isFirst) this.#types.write(entries, undefined);
    this.#types.write(entries, unit.file);
    for (const global of unit.globals) this.#writeGlobal(global);
    for (const call of unit.inlined.values()) this.#writeOrigin(call);
    for (const func of unit.functions) this.#writeFunction(func, files);
    entries.endUnit();
    for (const { lines } of unit.functions) for (const { file } of lines) files.number(file);
    writeLines(unit.functions, files, this.#lines);
  }

  /** The unit's code: a range for each function. */
  #writeCode({ functions }: Unit): void {
    if (functions.length === 0) return;
    // Ranges and locations of the unit count from 0: they are addresses themselves.
    this.#entries.address(DW_AT.low_pc, undefined, 0);
    this.#entries.place(DW_AT.ranges, this.#ranges, this.#ranges.length);
    for (const { input, offset, size } of functions) {
      this.#ranges.reference(input, offset);
      this.#ranges.reference(input, offset + size);
    }
    this.#ranges.u32(0);
    this.#ranges.u32(0);
  }

  #writeGlobal({ name, place, type, where }: GlobalVariable): void {
    const entries = this.#entries;
    const storage = where.kind === "symbol" ? this.#described.locate(where.symbol) : undefined;
    if (where.kind === "symbol" && !storage) return;
    entries.open(DW_TAG.variable);
    writeDeclaration(entries, name, place.line);
    entries.entry(DW_AT.type, this.#types.target(type));
    if (storage) entries.location(storage.input, storage.offset);
    if (where.kind === "constant")
      entries.words(DW_AT.const_value, where.words[0]!, where.words[1]);
    entries.close();
  }

  // --- functions ---

  /** What all inlined calls of a function have in common. */
  #writeOrigin(call: InlinedCall): void {
    const entries = this.#entries;
    const { target, variables } = this.#origin(call);
    entries.open(DW_TAG.subprogram, target);
    writeDeclaration(entries, call.name, call.place.line);
    entries.flag(DW_AT.prototyped);
    entries.number(DW_AT.inline, DW_INL_inlined);
    if (call.variables.length === 0) {
      entries.close();
      return;
    }
    entries.closeParent();
    for (const [i, variable] of call.variables.entries()) {
      this.#variables.writeOrigin(variable, variables[i]!);
    }
    entries.end();
  }

  #origin(call: InlinedCall): Origin {
    const key = `${call.place.file}:${keyOf(call)}`;
    let origin = this.#origins.get(key);
    if (!origin) {
      origin = { target: new EntryLabel(), variables: call.variables.map(() => new EntryLabel()) };
      this.#origins.set(key, origin);
    }
    return origin;
  }

  #writeFunction(func: LinkedFunction, files: LineFiles): void {
    const entries = this.#entries;
    const debug = this.#debugOf.get(func);
    const { variables = [], inlined = [] } = debug ?? {};
    entries.open(DW_TAG.subprogram);
    const line = debug?.place.line ?? func.lines[0]?.line ?? 0;
    writeDeclaration(entries, debug?.name ?? shortName(func.name), line);
    entries.flag(debug ? DW_AT.prototyped : DW_AT.external);
    if (debug?.result !== undefined) entries.entry(DW_AT.type, this.#types.target(debug.result));
    entries.address(DW_AT.low_pc, func.input, func.offset);
    entries.words(DW_AT.high_pc, func.size);
    entries.expression(DW_AT.frame_base, FRAME_BASE);
    if (variables.length + inlined.length === 0) {
      entries.close();
      return;
    }
    entries.closeParent();
    for (const variable of variables) this.#variables.write(variable, func);
    for (const call of inlined) this.#writeInlined(call, func, files);
    entries.end();
  }

  #writeInlined(call: InlinedCall, func: LinkedFunction, files: LineFiles): void {
    const entries = this.#entries;
    const origin = this.#origin(call);
    const known = call.variables.some(({ values }) => values.length > 0);
    entries.open(DW_TAG.inlined_subroutine);
    entries.entry(DW_AT.abstract_origin, origin.target);
    this.#writeRanges(call.ranges, func);
    entries.number(DW_AT.call_file, files.number(call.call.file));
    entries.number(DW_AT.call_line, call.call.line);
    entries.number(DW_AT.call_column, call.call.column);
    if (call.inlined.length === 0 && !known) {
      entries.close();
      return;
    }
    entries.closeParent();
    for (const [i, variable] of call.variables.entries()) {
      if (variable.values.length > 0) {
        this.#variables.writeInlined(variable, origin.variables[i]!, func);
      }
    }
    if (call.inlined.length > 0) this.#writeInlinedWithin(call, func, files);
    entries.end();
  }

  #writeInlinedWithin(call: InlinedCall, func: LinkedFunction, files: LineFiles): void {
    const entries = this.#entries;
    // The block is for gdb, which complains of a call directly within a call.
    entries.open(DW_TAG.lexical_block);
    this.#writeRanges(call.ranges, func);
    entries.closeParent();
    for (const inner of call.inlined) this.#writeInlined(inner, func, files);
    entries.end();
  }

  #writeRanges(ranges: readonly number[], { input, offset }: LinkedFunction): void {
    const entries = this.#entries;
    const [start = 0, end = 0] = ranges;
    if (ranges.length === 2) {
      entries.address(DW_AT.low_pc, input, offset + start);
      entries.words(DW_AT.high_pc, end - start);
      return;
    }
    entries.place(DW_AT.ranges, this.#ranges, this.#ranges.length);
    for (const each of ranges) this.#ranges.reference(input, offset + each);
    this.#ranges.u32(0);
    this.#ranges.u32(0);
  }
}

const FRAME_BASE = [DW_OP.call_frame_cfa];

function keyOf({ name, place: { line } }: InlinedCall): string {
  return `${line}:${name}`;
}

/** What the object says of each function in the file. */
function matchFunctions({ object, functions, locate }: DescribedObject) {
  const found = new Map<LinkedFunction, DebugFunction>();
  const byInput = new Map(functions.map((func) => [func.input, func]));
  for (const debug of object.debug?.functions ?? []) {
    const place = locate(debug.symbol);
    const func = place && byInput.get(place.input);
    if (func && func.offset === place.offset) found.set(func, debug);
  }
  return found;
}

/**
 * `allocateFrame` of `kernel/memory/frames/allocateFrame`: what a user types after `break`. The
 * whole name stays in the symbol table; as DW_AT_linkage_name it would hide the short one from gdb.
 */
function shortName(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1) || name;
}
