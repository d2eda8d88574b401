// What an object says of its source: from the facts that AssemblyScript gave, the names that the
// module's items have, and what was noted while code was made.

import type { Place } from "../base/diagnostic";
import type { DebugFunction, DebugInfo, GlobalVariable } from "../i686/debug-info";
import type { AddressRange } from "./data";
import { findInlinedCalls, type InlinedCode } from "./inlined-calls";
import { Op } from "./opcodes";
import type { SourceFacts } from "./source-facts";
import { type SourceFunction, SourceFunctions } from "./source-functions";
import { CodeTrace } from "./trace";
import type { WasmFunction, WasmGlobal, WasmModule } from "./wasm";
import { I64 } from "./wasm";

/** What the object has of a module's globals. */
export interface ObjectGlobals {
  readonly symbols: readonly string[];
  /** Numbers that the linker changes, as they are addresses; undefined: there are none. */
  readonly addresses: AddressRange | undefined;
}

/** @param functions those that have code, as far as the source is known */
export function describeModule(
  module: WasmModule,
  facts: SourceFacts,
  globals: ObjectGlobals,
  functions: readonly DebugFunction[],
): DebugInfo {
  return { types: facts.types, globals: describeGlobals(module, facts, globals), functions };
}

const LIBRARY = "~lib/";

/** Globals with storage, and all constants of the program's own files. */
function describeGlobals(
  module: WasmModule,
  facts: SourceFacts,
  { symbols, addresses }: ObjectGlobals,
): GlobalVariable[] {
  const stored = new Map<string, GlobalVariable["where"]>();
  for (const [index, global] of module.globals.entries()) {
    const where = global.mutable
      ? { kind: "symbol" as const, symbol: symbols[index]! }
      : constant(global);
    if (where) stored.set(global.name, where);
  }
  const described: GlobalVariable[] = [];
  for (const [name, fact] of facts.globals) {
    const { constant: words, ...global } = fact;
    const type = facts.types[fact.type];
    const isWide = type?.kind === "base" && type.size > 4;
    const value = words && (isWide ? words : words.slice(0, 1));
    const where =
      stored.get(name) ?? (value ? { kind: "constant" as const, words: value } : undefined);
    if (!where) continue;
    if (where.kind === "constant") {
      const isNoise = fact.place.file.startsWith(LIBRARY);
      if (isNoise || (addresses && isWithin(addresses, where.words[0]!))) continue;
    }
    described.push({ ...global, where });
  }
  return described;
}

function isWithin({ start, end }: AddressRange, value: number): boolean {
  return value >>> 0 >= start && value >>> 0 <= end;
}

function constant({ type, init }: WasmGlobal): GlobalVariable["where"] | undefined {
  if (init?.op !== Op["i32.const"] && init?.op !== Op["i64.const"]) return undefined;
  return { kind: "constant", words: type === I64 ? [init.a, init.b] : [init.a] };
}

/** What is noted of a function while it is compiled. */
export interface FunctionNotes {
  readonly symbol: string;
  readonly source: SourceFunction;
  readonly trace: CodeTrace;
  readonly inlined: InlinedCode;
}

/** Describes functions, from their facts and from notes on their code. */
export class FunctionDescriber {
  private readonly functions: SourceFunctions;
  private readonly notes: FunctionNotes[] = [];

  constructor(
    facts: SourceFacts,
    private readonly lookup: (position: number) => Place | undefined,
  ) {
    this.functions = new SourceFunctions(facts);
  }

  /** Begins the notes on a function that becomes code; undefined: the source has none like it. */
  note({ name, body }: WasmFunction, symbol: string): FunctionNotes | undefined {
    const source = this.functions.named(name);
    if (!source || !body) return undefined;
    const inlined = findInlinedCalls(source, body, this.functions, this.lookup);
    const notes = { symbol, source, trace: new CodeTrace(), inlined };
    this.notes.push(notes);
    return notes;
  }

  /** To be called when the object is finished. */
  describe(): DebugFunction[] {
    return this.notes.map(({ symbol, source, trace, inlined }) => {
      const { name, place, result } = source.fact;
      const calls = inlined.describe(trace);
      const common = { symbol, name, place, variables: [], inlined: calls };
      return result === undefined ? common : { ...common, result };
    });
  }
}
