// What an object says about its source: from the facts that AssemblyScript knows, the names of the
// module's items, and what was noted while code was generated.

import type {
  DebugFunction,
  DebugInfo,
  GlobalVariable,
  LocalVariable,
  ValueRange,
} from "../../object/debug-info";
import type { FunctionFact, LocalFact, SourceFacts } from "../assemblyscript/source-facts";
import type { SourceMap } from "../assemblyscript/source-map";
import type { MachineFunction } from "../code/code";
import { CodeTrace } from "../emit/trace";
import type { IrFunction } from "../ir/ir";
import { LocalHistory } from "../translate/local-history";
import type { AddressRange } from "../translate/module-data";
import { Op } from "../wasm/opcodes";
import type { FunctionBody, WasmFunction, WasmGlobal, WasmModule } from "../wasm/wasm";
import { I64 } from "../wasm/wasm";
import { AssignmentOrder, Spans } from "./assignment-order";
import { type CallNode, InlinedCalls } from "./inlined-calls";
import { type InlinedLocal, InlinedLocals, PlaceCounts, SourceReads } from "./inlined-locals";
import { joinInlined, joinScopes } from "./join-scopes";
import type { LocalSpans } from "./local-spans";
import { PlacedCode, PlaceNumbers } from "./placed-code";
import { type Owners, type SourceFunction, SourceFunctions } from "./source-functions";
import { traceLocals, type WatchedLocal } from "./trace-locals";

/** How the object names a module's globals. */
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
  readonly calls: InlinedCalls;
  readonly locals: TracedLocals | undefined;
}

/** The function's own locals, then those of inlined calls, and where they are in this order. */
interface TracedLocals {
  readonly own: readonly LocalFact[];
  readonly inlined: readonly InlinedLocal[];
  readonly spans: LocalSpans;
}

/** What is known of a function before it is built. */
interface Watch {
  readonly code: PlacedCode;
  readonly calls: InlinedCalls;
  readonly locals: readonly WatchedLocal[];
  readonly inlined: readonly InlinedLocal[];
  readonly original: FunctionBody | undefined;
  /** The history of the locals whose values are noted. */
  readonly history: LocalHistory;
}

/** Describes functions, from their facts and from notes on their code. */
export class FunctionDescriber {
  readonly #module: WasmModule;
  readonly #facts: SourceFacts;
  readonly #sourceMap: SourceMap;
  readonly #functions: SourceFunctions;
  readonly #owners: Owners;
  readonly #originalPlaces: Int32Array;
  readonly #places: Int32Array;
  readonly #spans: Spans;
  readonly #counts: PlaceCounts;
  readonly #sourceCounts: PlaceCounts;
  readonly #bodies = new Map<string, FunctionBody>();
  readonly #watches = new Map<WasmFunction, Watch>();
  readonly #reads = new Map<SourceFunction, SourceReads>();
  readonly #notes: FunctionNotes[] = [];

  constructor(module: WasmModule, facts: SourceFacts, sourceMap: SourceMap) {
    this.#module = module;
    this.#facts = facts;
    this.#sourceMap = sourceMap;
    this.#functions = new SourceFunctions(facts);
    this.#owners = this.#functions.ownersIn(sourceMap);
    const numbers = new PlaceNumbers();
    this.#originalPlaces = numbers.of(facts.original.sourceMap);
    this.#places = numbers.of(sourceMap);
    this.#spans = new Spans(numbers.limit);
    this.#counts = new PlaceCounts(numbers.limit);
    this.#sourceCounts = new PlaceCounts(numbers.limit);
    for (const { name, body } of facts.original.module.functions) {
      if (body) this.#bodies.set(name, body);
    }
  }

  /** Where values of locals are to be noted; undefined: the source has no such function. */
  watch(fn: WasmFunction): LocalHistory | undefined {
    const { name, body } = fn;
    const source = this.#functions.named(name);
    if (!source || !body) return undefined;
    const code = new PlacedCode(body, this.#sourceMap, this.#places);
    const calls = new InlinedCalls(source, code, this.#owners, this.#sourceMap);
    const original = this.#bodies.get(name);
    const locals = original ? this.#watched(fn.name, body) : [];
    const inlined = this.#findInlined(calls, code, locals);
    const indices = new Set(locals.map(({ index }) => index));
    for (const { found } of inlined) for (const { local } of found) indices.add(local);
    const history = new LocalHistory([...indices], body.offset);
    this.#watches.set(fn, { code, calls, locals, inlined, original, history });
    return indices.size === 0 ? undefined : history;
  }

  /** The locals that both the module and the source have. */
  #watched(name: string, { localNames }: FunctionBody): WatchedLocal[] {
    const facts = this.#facts.functions.get(name)?.locals;
    const locals: WatchedLocal[] = [];
    for (const [index, local] of localNames) {
      const fact = facts?.get(local);
      if (fact) locals.push({ index, name: local, isParameter: fact.isParameter, fact });
    }
    return locals;
  }

  #findInlined(
    calls: InlinedCalls,
    code: PlacedCode,
    locals: readonly WatchedLocal[],
  ): InlinedLocal[] {
    const named = new Set(locals.map(({ fact }) => fact));
    const calleeOf = (index: number) => this.#functions.named(this.#module.functions[index]!.name);
    return new InlinedLocals(calls, code, named, calleeOf, (fn) => this.#readsOf(fn)).find(
      this.#counts,
    );
  }

  #readsOf(fn: SourceFunction): SourceReads | undefined {
    let reads = this.#reads.get(fn);
    if (!reads && fn.body) {
      reads = new SourceReads(fn, this.#originalCode(fn.body), this.#sourceCounts);
      this.#reads.set(fn, reads);
    }
    return reads;
  }

  #originalCode(body: FunctionBody): PlacedCode {
    return new PlacedCode(body, this.#facts.original.sourceMap, this.#originalPlaces);
  }

  /** Begins with a function that becomes code; undefined: the source has no such function. */
  begin(fn: WasmFunction): TracedCode | undefined {
    const fact = this.#facts.functions.get(fn.name);
    return fact && this.#watches.has(fn) ? { fact, trace: new CodeTrace() } : undefined;
  }

  /** Notes where a function's locals are, now that it is code. */
  note(
    { fact, trace }: TracedCode,
    fn: WasmFunction,
    ir: IrFunction,
    machine: MachineFunction,
  ): void {
    const { code, calls, locals, inlined, original, history } = this.#watches.get(fn)!;
    this.#watches.delete(fn);
    calls.trace(trace, code);
    const notes = { symbol: ir.name, fact, trace, calls };
    if (locals.length + inlined.length === 0) {
      this.#notes.push({ ...notes, locals: undefined });
      return;
    }
    const before = original ? this.#originalCode(original) : code;
    const order = new AssignmentOrder(before, code, locals, this.#spans);
    const traced = { machine, ir, code, trace, watched: locals, inlined, calls, history, order };
    const spans = traceLocals(traced);
    this.#notes.push({ ...notes, locals: { own: locals.map(factOf), inlined, spans } });
  }

  /** To be called when the object is finished. */
  describe(): DebugFunction[] {
    return this.#notes.map(({ symbol, fact, trace, calls, locals }) => {
      const { name, place, result } = fact;
      const offsets = trace.offsets();
      const ranges = locals?.spans.ranges(offsets, trace.frame) ?? [];
      const own = new Map(locals?.own.map((local, i) => [local, ranges[i]!]));
      const inlined = new Map<CallNode, Map<LocalFact, ValueRange[]>>();
      for (const [i, { node, fact: local }] of (locals?.inlined ?? []).entries()) {
        const values = inlined.get(node) ?? new Map<LocalFact, ValueRange[]>();
        inlined.set(node, values.set(local, ranges[locals!.own.length + i]!));
      }
      const unnamed = inlined.get(calls.root);
      const rangesOf = (local: LocalFact) => own.get(local) ?? unnamed?.get(local);
      const variables = joinScopes(fact.locals.values(), rangesOf);
      const described = calls.describe(offsets, (node) => variablesOf(node, inlined.get(node)));
      const common = { symbol, name, place, variables, inlined: described };
      return result === undefined ? common : { ...common, result };
    });
  }
}

/**
 * The variables of an inlined call; none of a generic function's, since they have no single type.
 */
function variablesOf(
  { fn }: CallNode,
  values: ReadonlyMap<LocalFact, ValueRange[]> | undefined,
): LocalVariable[] {
  return fn.body ? joinInlined(fn.fact.locals.values(), values) : [];
}

function factOf({ fact }: WatchedLocal): LocalFact {
  return fact;
}
