// What an object says of its source: from the facts that AssemblyScript gave, the names that the
// module's items have, and what was noted while code was made.

import type { DebugFunction, DebugInfo, GlobalVariable } from "../../i686/debug-info";
import type { FunctionFact, SourceFacts } from "../assemblyscript/source-facts";
import type { SourceMap } from "../assemblyscript/source-map";
import { CodeTrace } from "../emit/trace";
import type { IrFunction } from "../ir/ir";
import type { MachineFunction } from "../machine/machine";
import type { AddressRange } from "../translate/data";
import { LocalHistory } from "../translate/local-history";
import { Op } from "../wasm/opcodes";
import type { FunctionBody, WasmFunction, WasmGlobal, WasmModule } from "../wasm/wasm";
import { I64 } from "../wasm/wasm";
import { AssignmentOrder } from "./assignment-order";
import { LocalTrace, type WatchedLocal, withoutPlaces } from "./describe-locals";
import { findInlinedCalls, type InlinedCode } from "./inlined-calls";
import { type SourceFunction, SourceFunctions } from "./source-functions";

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
  readonly fact: FunctionFact;
  readonly source: SourceFunction;
  readonly trace: CodeTrace;
  readonly inlined: InlinedCode;
  readonly locals: LocalTrace | undefined;
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
  private readonly bodies = new Map<string, FunctionBody>();
  private readonly watches = new Map<WasmFunction, Watch>();
  private readonly notes: FunctionNotes[] = [];

  constructor(
    private readonly facts: SourceFacts,
    private readonly sourceMap: SourceMap,
  ) {
    this.functions = new SourceFunctions(facts);
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
      if (local) locals.push({ index, name, fact: local });
    }
    if (locals.length === 0) return undefined;
    const history = new LocalHistory(
      locals.map(({ index }) => index),
      fn.body.offset,
    );
    this.watches.set(fn, { history, locals, original });
    return history;
  }

  /** Begins the notes on a function that becomes code; undefined: the source has none like it. */
  note(fn: WasmFunction, ir: IrFunction, machine: MachineFunction): FunctionNotes | undefined {
    const { name, body } = fn;
    const source = this.functions.named(name);
    const fact = this.facts.functions.get(name);
    if (!source || !fact || !body) return undefined;
    const lookup = (position: number) => this.sourceMap.lookup(position);
    const inlined = findInlinedCalls(source, body, this.functions, lookup);
    const locals = this.traceLocals(fn, body, ir, machine);
    const notes = { symbol: ir.name, fact, source, trace: new CodeTrace(), inlined, locals };
    this.notes.push(notes);
    return notes;
  }

  private traceLocals(
    fn: WasmFunction,
    body: FunctionBody,
    ir: IrFunction,
    machine: MachineFunction,
  ): LocalTrace | undefined {
    const watch = this.watches.get(fn);
    if (!watch) return undefined;
    const order = new AssignmentOrder(
      { body: watch.original, sourceMap: this.facts.original.sourceMap },
      { body, sourceMap: this.sourceMap },
    );
    return new LocalTrace(machine, ir.signature, watch.locals, watch.history, order);
  }

  /** To be called when the object is finished. */
  describe(): DebugFunction[] {
    return this.notes.map(({ symbol, fact, trace, inlined, locals }) => {
      const { name, place, result } = fact;
      const facts = fact.locals.values();
      const variables = locals?.describe(facts, trace) ?? withoutPlaces(facts);
      const common = { symbol, name, place, variables, inlined: inlined.describe(trace) };
      return result === undefined ? common : { ...common, result };
    });
  }
}
