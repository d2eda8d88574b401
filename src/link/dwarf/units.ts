// One compilation unit for each source file of an object: its functions, globals and types, with
// a line table of its own.
//
// A unit for each file lets gdb tell apart what two files call by one name: inside a function a
// name means its own file's, and `'kernel/process/process.ts'::current` that file's anywhere.
//
// No name of TypeScript is global (DW_AT_external): each belongs to its module.
//
// Invariant: file 1 of a unit's line table is the unit's own, where all its entries are declared.

import type {
  DebugFunction,
  DeclarationPlace,
  GlobalVariable,
  InlinedCall,
} from "../../i686/debug-info";
import type { ObjectFile } from "../../i686/object";
import type { LinkedFunction } from "../functions";
import type { InputSection } from "../model";
import { DW_AT, DW_FORM, DW_INL_inlined, DW_LANG_C99, DW_OP, DW_TAG } from "./constants";
import { DebugSection } from "./debug-section";
import {
  type Attribute,
  address,
  addressExpression,
  Entries,
  entry,
  expression,
  flag,
  number,
  place,
  Target,
  text,
  words,
} from "./entries";
import { LineFiles, writeLines } from "./lines";
import { TypeEntries } from "./types";
import { VariableEntries } from "./variables";

/** Where a symbol of an object lies. */
export interface SymbolPlace {
  readonly input: InputSection;
  readonly offset: number;
}

/** An object and what of it is in the file. */
export interface DescribedObject {
  readonly object: ObjectFile;
  /** Ascending by address; none is empty. */
  readonly functions: readonly LinkedFunction[];
  /** Undefined: the symbol is not in the file, or not known here. */
  locate(symbol: string): SymbolPlace | undefined;
}

interface Unit {
  readonly file: string;
  readonly functions: LinkedFunction[];
  readonly globals: GlobalVariable[];
  /** Functions of the file that were inlined somewhere, by name and line. */
  readonly inlined: Map<string, InlinedCall>;
}

/** Writes the units of several objects into one set of sections. */
export class UnitWriter {
  private readonly entries = new Entries();
  private readonly lines = new DebugSection(".debug_line");
  private readonly ranges = new DebugSection(".debug_ranges");
  private readonly locations = new DebugSection(".debug_loc");

  add(described: DescribedObject): void {
    new ObjectUnits(described, this.entries, this.lines, this.ranges, this.locations).write();
  }

  finish(): DebugSection[] {
    const { entries, lines, ranges, locations } = this;
    entries.finish();
    return [lines, entries.info, entries.abbreviations, ranges, locations];
  }
}

class ObjectUnits {
  private readonly types: TypeEntries;
  private readonly variables: VariableEntries;
  private readonly units = new Map<string, Unit>();
  private readonly origins = new Map<string, Target>();
  private readonly debugOf: ReadonlyMap<LinkedFunction, DebugFunction>;

  constructor(
    private readonly described: DescribedObject,
    private readonly entries: Entries,
    private readonly lines: DebugSection,
    private readonly ranges: DebugSection,
    locations: DebugSection,
  ) {
    const { object } = described;
    this.types = new TypeEntries(object.debug?.types ?? []);
    this.variables = new VariableEntries(entries, this.types, locations, described);
    this.debugOf = matchFunctions(described);
    for (const func of described.functions) this.unit(this.fileOf(func)).functions.push(func);
    for (const global of object.debug?.globals ?? []) {
      this.unit(global.place.file).globals.push(global);
    }
    for (const type of object.debug?.types ?? []) {
      if ("place" in type) this.unit(type.place.file);
    }
    for (const { inlined } of this.debugOf.values()) this.collectInlined(inlined);
  }

  write(): void {
    let isFirst = true;
    for (const unit of this.units.values()) {
      this.writeUnit(unit, isFirst);
      isFirst = false;
    }
  }

  private unit(file: string): Unit {
    let unit = this.units.get(file);
    if (!unit) {
      unit = { file, functions: [], globals: [], inlined: new Map() };
      this.units.set(file, unit);
    }
    return unit;
  }

  private fileOf(func: LinkedFunction): string {
    const debug = this.debugOf.get(func);
    return debug?.place.file ?? func.lines[0]?.file ?? this.described.object.name;
  }

  private collectInlined(calls: readonly InlinedCall[]): void {
    for (const call of calls) {
      const { inlined } = this.unit(call.place.file);
      const key = keyOf(call);
      if (!inlined.has(key)) inlined.set(key, call);
      this.collectInlined(call.inlined);
    }
  }

  // --- units ---

  private writeUnit(unit: Unit, isFirst: boolean): void {
    const { entries } = this;
    const files = new LineFiles();
    files.number(unit.file);
    const lineStart = this.lines.length;
    entries.beginUnit();
    const attributes = [
      text(DW_AT.producer, "isthmus"),
      number(DW_AT.language, DW_LANG_C99),
      text(DW_AT.name, unit.file),
      place(DW_AT.stmt_list, this.lines, lineStart),
    ];
    entries.begin(DW_TAG.compile_unit, [...attributes, ...this.codeOf(unit)]);
    if (isFirst) this.types.write(entries, undefined);
    this.types.write(entries, unit.file);
    for (const global of unit.globals) this.writeGlobal(global);
    for (const call of unit.inlined.values()) this.writeOrigin(call);
    for (const func of unit.functions) this.writeFunction(func, files);
    entries.endUnit();
    for (const { lines } of unit.functions) for (const { file } of lines) files.number(file);
    writeLines(unit.functions, files, this.lines);
  }

  /** The unit's code: a range for each function. */
  private codeOf({ functions }: Unit): Attribute[] {
    if (functions.length === 0) return [];
    const start = this.ranges.length;
    for (const { input, offset, size } of functions) {
      this.ranges.reference(input, offset);
      this.ranges.reference(input, offset + size);
    }
    this.ranges.u32(0);
    this.ranges.u32(0);
    return [ZERO, place(DW_AT.ranges, this.ranges, start)];
  }

  private writeGlobal(global: GlobalVariable): void {
    const { where } = global;
    const storage = where.kind === "symbol" ? this.described.locate(where.symbol) : undefined;
    if (where.kind === "symbol" && !storage) return;
    this.entries.entry(DW_TAG.variable, [
      ...declaration(global.name, global.place),
      entry(DW_AT.type, this.types.target(global.type)),
      ...(storage ? [addressExpression(storage.input, storage.offset)] : []),
      ...(where.kind === "constant" ? [words(DW_AT.const_value, where.words)] : []),
    ]);
  }

  // --- functions ---

  /** What all inlined calls of a function have in common. */
  private writeOrigin(call: InlinedCall): void {
    const attributes = [
      ...declaration(call.name, call.place),
      flag(DW_AT.prototyped),
      number(DW_AT.inline, DW_INL_inlined),
    ];
    this.entries.entry(DW_TAG.subprogram, attributes, this.origin(call));
  }

  private origin(call: InlinedCall): Target {
    const key = `${call.place.file}:${keyOf(call)}`;
    let target = this.origins.get(key);
    if (!target) {
      target = new Target();
      this.origins.set(key, target);
    }
    return target;
  }

  private writeFunction(func: LinkedFunction, files: LineFiles): void {
    const { entries } = this;
    const debug = this.debugOf.get(func);
    const line = debug?.place.line ?? func.lines[0]?.line ?? 0;
    const name = debug?.name ?? shortName(func.name);
    const file = this.fileOf(func);
    const attributes = [
      ...declaration(name, { file, line }),
      ...(debug ? [] : [flag(DW_AT.external)]),
      ...(debug ? [flag(DW_AT.prototyped)] : []),
      ...(debug?.result === undefined ? [] : [entry(DW_AT.type, this.types.target(debug.result))]),
      address(DW_AT.low_pc, func.input, func.offset),
      words(DW_AT.high_pc, [func.size]),
      expression(DW_AT.frame_base, [DW_OP.call_frame_cfa]),
    ];
    const { variables = [], inlined = [] } = debug ?? {};
    entries.parent(DW_TAG.subprogram, attributes, variables.length + inlined.length, () => {
      for (const variable of variables) this.variables.write(variable, func);
      for (const call of inlined) this.writeInlined(call, func, files);
    });
  }

  private writeInlined(call: InlinedCall, func: LinkedFunction, files: LineFiles): void {
    const { entries } = this;
    const attributes = [
      entry(DW_AT.abstract_origin, this.origin(call)),
      ...this.rangesOf(call.ranges, func),
      number(DW_AT.call_file, files.number(call.call.file)),
      number(DW_AT.call_line, call.call.line),
      number(DW_AT.call_column, call.call.column),
    ];
    entries.parent(DW_TAG.inlined_subroutine, attributes, call.inlined.length, () => {
      // The block is for gdb: a call directly within a call it takes for a fault (a complaint).
      entries.begin(DW_TAG.lexical_block, this.rangesOf(call.ranges, func));
      for (const inner of call.inlined) this.writeInlined(inner, func, files);
      entries.end();
    });
  }

  private rangesOf(ranges: readonly number[], { input, offset }: LinkedFunction): Attribute[] {
    const [start = 0, end = 0] = ranges;
    if (ranges.length === 2) {
      return [address(DW_AT.low_pc, input, offset + start), words(DW_AT.high_pc, [end - start])];
    }
    const at = this.ranges.length;
    for (const each of ranges) this.ranges.reference(input, offset + each);
    this.ranges.u32(0);
    this.ranges.u32(0);
    return [place(DW_AT.ranges, this.ranges, at)];
  }
}

function keyOf({ name, place: { line } }: InlinedCall): string {
  return `${line}:${name}`;
}

/** All that is declared in a unit is declared in its file 1. */
function declaration(name: string, { line }: DeclarationPlace): Attribute[] {
  return [text(DW_AT.name, name), number(DW_AT.decl_file, 1), number(DW_AT.decl_line, line)];
}

/** What ranges and locations of a unit count from: they are addresses themselves. */
const ZERO: Attribute = {
  name: DW_AT.low_pc,
  form: DW_FORM.addr,
  write: ({ info }) => info.u32(0),
};

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
 * `allocateFrame` of `kernel/memory/frames/allocateFrame`: what a person types after `break`. The
 * whole name stays in the symbol table; as DW_AT_linkage_name it would hide the short one from gdb.
 */
function shortName(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1) || name;
}
