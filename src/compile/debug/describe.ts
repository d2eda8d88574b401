// What an object says of its source: from the facts that AssemblyScript gave, the names that the
// module's items have, and what was noted while code was made.

import type { DebugFunction, DebugInfo, GlobalVariable, ValueRange } from "../../i686/debug-info";
import type { FunctionFact, LocalFact, SourceFacts } from "../assemblyscript/source-facts";
import type { SourceMap } from "../assemblyscript/source-map";
import { CodeTrace } from "../emit/trace";
import type { IrFunction } from "../ir/ir";
import type { MachineFunction } from "../machine/machine";
import type { AddressRange } from "../translate/data";
import { LocalHistory } from "../translate/local-history";
import { Op } from "../wasm/opcodes";
import type { FunctionBody, WasmFunction, WasmGlobal, WasmModule } from "../wasm/wasm";
import { I64 } from "../wasm/wasm";
import { AssignmentOrder, Spans } from "./assignment-order";
import { InlinedCalls } from "./inlined-calls";
import { joinScopes } from "./join-scopes";
import type { LocalSpans } from "./local-spans";
import { PlacedCode, PlaceNumbers } from "./placed-code";
import { type Owners, SourceFunctions } from "./source-functions";
import { type TracedFunction, traceLocals, type WatchedLocal } from "./trace-locals";

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

/** A function that becomes code. */
export interface TracedCode {
  readonly fact: FunctionFact;
  readonly trace: CodeTrace;
}

/** What is noted of a function until the object is finished. */
interface FunctionNotes {
  readonly symbol: string;
  readonly fact: FunctionFact;
  readonly trace: CodeTrace;
  readonly inlined: InlinedCalls;
  readonly locals: { readonly facts: readonly LocalFact[]; readonly spans: LocalSpans } | undefined;
}

/** Locals whose values are noted while a function is built. */
interface Watch {
  readonly history: LocalHistory;
  readonly locals: readonly WatchedLocal[];
  readonly original: FunctionBody;
}

/** Describes functions, from their facts and from notes on their code. */
export class FunctionDescriber {
  private readonly functions: SourceFunctions;
  private readonly owners: Owners;
  private readonly originalPlaces: Int32Array;
  private readonly places: Int32Array;
  private readonly spans: Spans;
  private readonly bodies = new Map<string, FunctionBody>();
  private readonly watches = new Map<WasmFunction, Watch>();
  private readonly notes: FunctionNotes[] = [];

  constructor(
    private readonly facts: SourceFacts,
    private readonly sourceMap: SourceMap,
  ) {
    this.functions = new SourceFunctions(facts);
    this.owners = this.functions.ownersIn(sourceMap);
    const numbers = new PlaceNumbers();
    this.originalPlaces = numbers.of(facts.original.sourceMap);
    this.places = numbers.of(sourceMap);
    this.spans = new Spans(numbers.limit);
    for (const { name, body } of facts.original.module.functions) {
      if (body) this.bodies.set(name, body);
    }
  }

  /** Where the values of the locals are to be noted that the source has too. */
  watch(fn: WasmFunction): LocalHistory | undefined {
    const fact = this.facts.functions.get(fn.name);
    const original = this.bodies.get(fn.name);
    if (!fact || !fn.body || !original) return undefined;
    const locals: WatchedLocal[] = [];
    for (const [index, name] of fn.body.localNames) {
      const local = fact.locals.get(name);
      if (local) locals.push({ index, name, isParameter: local.isParameter, fact: local });
    }
    if (locals.length === 0) return undefined;
    const history = new LocalHistory(
      locals.map(({ index }) => index),
      fn.body.offset,
    );
    this.watches.set(fn, { history, locals, original });
    return history;
  }

  /** Begins with a function that becomes code; undefined: the source has none like it. */
  begin({ name, body }: WasmFunction): TracedCode | undefined {
    const fact = this.facts.functions.get(name);
    return fact && body && { fact, trace: new CodeTrace() };
  }

  /** Notes what has become of a function, now that it is code. */
  note(
    { fact, trace }: TracedCode,
    fn: WasmFunction,
    ir: IrFunction,
    machine: MachineFunction,
  ): void {
    const source = this.functions.named(fn.name)!;
    const code = new PlacedCode(fn.body!, this.sourceMap, this.places);
    const inlined = new InlinedCalls(source, code, this.owners, this.sourceMap);
    inlined.trace(trace, code);
    const watch = this.watches.get(fn);
    const locals = watch && this.traceLocals(watch, code, { ir, machine, trace });
    this.notes.push({ symbol: ir.name, fact, trace, inlined, locals });
  }

  private traceLocals(
    { original, locals: watched, history }: Watch,
    code: PlacedCode,
    made: Pick<TracedFunction, "ir" | "machine" | "trace">,
  ): FunctionNotes["locals"] {
    const before = new PlacedCode(original, this.facts.original.sourceMap, this.originalPlaces);
    const order = new AssignmentOrder(before, code, watched, this.spans);
    const spans = traceLocals({ ...made, code, watched, history, order });
    return { facts: watched.map(({ fact }) => fact), spans };
  }

  /** To be called when the object is finished. */
  describe(): DebugFunction[] {
    return this.notes.map(({ symbol, fact, trace, inlined, locals }) => {
      const { name, place, result } = fact;
      const offsets = trace.offsets();
      const ranges = new Map<LocalFact, readonly ValueRange[]>();
      const found = locals?.spans.ranges(offsets, trace.frame) ?? [];
      for (const [i, values] of found.entries()) ranges.set(locals!.facts[i]!, values);
      const variables = joinScopes(fact.locals.values(), (local) => ranges.get(local));
      const common = { symbol, name, place, variables, inlined: inlined.describe(offsets) };
      return result === undefined ? common : { ...common, result };
    });
  }
}
