// What the parameters and locals of inlined calls are, and those of the function itself that have
// lost their names.
//
// Inlining gives them new locals without names, and what becomes of these is not said. But code
// keeps its place: where the source reads a variable, and the optimised module has a `local.get` at
// that very place, this reads the variable's value. A variable that does not change afterwards has
// that value wherever the call goes on.
//
//   before   userPointer: 39:10  local.get address
//   after    read:        39:10  local.get 3          address is what local 3 is there
//
// Nothing that is only likely is taken as certain:
//   - A place counts if nothing else has it, neither before optimisation nor after it in the call:
//     then one is what the other became, with the same value.
//   - A parameter must never be assigned; a local once, and it counts only after that, in code
//     that cannot be reached but by the assignment.
//   - The call must be the only one of its kind that can have been inlined there: of two, it would
//     not be known which one code belongs to (`isOnlyOne`).

import type { LocalFact } from "../assemblyscript/source-facts";
import { Op } from "../wasm/opcodes";
import type { FunctionBody } from "../wasm/wasm";
import { dominatedEnd } from "./dominated";
import type { CallNode, InlinedCalls } from "./inlined-calls";
import type { PlacedCode } from "./placed-code";
import type { SourceFunction } from "./source-functions";

/** An instruction of the optimised module that reads a variable, from a local of that module. */
export interface Read {
  readonly index: number;
  readonly local: number;
}

/** A variable of an inlined call whose value is known. */
export class InlinedLocal {
  readonly #variable: Variable;
  readonly #reads: SourceReads;

  constructor(
    readonly node: CallNode,
    /** Where it is read: all must find one value. */
    readonly found: readonly Read[],
    variable: Variable,
    reads: SourceReads,
  ) {
    this.#variable = variable;
    this.#reads = reads;
  }

  get fact(): LocalFact {
    return this.#variable.fact;
  }

  /**
   * Whether it has that value in the source at an instruction of the optimised module.
   *
   * @param at the call that the instruction is of
   * @param place where that is in the source; 0: nowhere
   */
  isAssigned(at: CallNode, place: number): boolean {
    const { node } = this;
    const variable = this.#variable;
    if (at.number < node.number || at.number >= node.end) return false;
    if (variable.assigned < 0) return true;
    if (place === 0) return false;
    let within = at;
    while (within !== node && within.parent !== node && within.parent) within = within.parent;
    const index = within === node ? this.#reads.firstAt(place) : within.call.index;
    return index > variable.assigned && index <= variable.end;
  }
}

/** A variable that has one value: from the start on, or from the one place where it is assigned. */
interface Variable {
  readonly fact: LocalFact;
  /** The instruction that assigns it; -1: it is a parameter. */
  readonly assigned: number;
  /** The last instruction that certainly comes after it. */
  readonly end: number;
}

const NEVER = -1;
const SEVERAL = -2;

/** Counts how many instructions of one function are from each place. */
export class PlaceCounts {
  readonly #counts: Int32Array;

  /** @param limit all numbers of places are below it */
  constructor(limit: number) {
    this.#counts = new Int32Array(limit);
  }

  add(code: PlacedCode): void {
    for (let i = 0; i < code.length; i++) this.#counts[code.placeOf(i)]!++;
  }

  remove(code: PlacedCode): void {
    for (let i = 0; i < code.length; i++) this.#counts[code.placeOf(i)] = 0;
  }

  /** Whether one instruction alone is from there. */
  isSingle(place: number): boolean {
    return place !== 0 && this.#counts[place] === 1;
  }
}

/** Where a function reads its variables, before optimisation. */
export class SourceReads {
  readonly #code: PlacedCode;

  /** By place, the variable that is read there. */
  readonly variables = new Map<number, Variable>();
  /** By place, the first instruction. */
  #first: Map<number, number> | undefined;

  /** @param counts to work with */
  constructor(fn: SourceFunction, code: PlacedCode, counts: PlaceCounts) {
    this.#code = code;
    const { op, a, length } = code.body.code;
    const variables = variablesOf(fn, code.body);
    counts.add(code);
    for (let i = 0; i < length; i++) {
      const variable = op[i] === Op["local.get"] ? variables.get(a[i]!) : undefined;
      if (!variable || i < variable.assigned || i > variable.end) continue;
      const place = code.placeOf(i);
      if (counts.isSingle(place)) this.variables.set(place, variable);
    }
    counts.remove(code);
  }

  firstAt(place: number): number {
    if (!this.#first) {
      this.#first = new Map();
      for (let i = this.#code.length - 1; i >= 0; i--) this.#first.set(this.#code.placeOf(i), i);
    }
    return this.#first.get(place) ?? NEVER;
  }
}

/** By local, those that have one value only. */
function variablesOf(fn: SourceFunction, { code, localNames }: FunctionBody) {
  const { op, a, length } = code;
  const assigned: number[] = [];
  for (let i = 0; i < length; i++) {
    if (op[i] !== Op["local.set"] && op[i] !== Op["local.tee"]) continue;
    assigned[a[i]!] = assigned[a[i]!] === undefined ? i : SEVERAL;
  }
  const variables = new Map<number, Variable>();
  for (const [local, name] of localNames) {
    const fact = fn.fact.locals.get(name);
    const at = assigned[local] ?? NEVER;
    if (!fact || at === SEVERAL || fact.isParameter !== (at === NEVER)) continue;
    const end = at === NEVER ? length : dominatedEnd(code, at);
    variables.set(local, { fact, assigned: at, end });
  }
  return variables;
}

/** Finds variables of inlined calls in the code of one function, and those of its own. */
export class InlinedLocals {
  readonly #calls: InlinedCalls;
  readonly #code: PlacedCode;
  readonly #named: ReadonlySet<LocalFact>;
  readonly #calleeOf: (index: number) => SourceFunction | undefined;
  readonly #readsOf: (fn: SourceFunction) => SourceReads | undefined;

  /** By call; null: it may not be the only one. */
  readonly #reads = new Map<CallNode, SourceReads | null>();

  /** By call, how many instructions of its own code call each function. */
  readonly #remaining = new Map<CallNode, Map<SourceFunction, number>>();

  constructor(
    calls: InlinedCalls,
    code: PlacedCode,
    named: ReadonlySet<LocalFact>,
    calleeOf: (index: number) => SourceFunction | undefined,
    readsOf: (fn: SourceFunction) => SourceReads | undefined,
  ) {
    this.#calls = calls;
    this.#code = code;
    this.#named = named;
    this.#calleeOf = calleeOf;
    this.#readsOf = readsOf;
  }

  /** @param counts to work with */
  find(counts: PlaceCounts): InlinedLocal[] {
    const calls = this.#calls;
    const code = this.#code;
    const { root } = calls;
    const { op, a, length } = code.body.code;
    // All of the function's own locals may have their names.
    const isRootKnown = root.fn.fact.locals.size <= this.#named.size;
    if (isRootKnown && root.children.length === 0) return [];
    for (let i = 0; i < length; i++) {
      if (op[i] === Op.call) this.#addRemaining(calls.nodeAt(i), this.#calleeOf(a[i]!));
    }
    const found = new Map<CallNode, Map<Variable, Read[]>>();
    counts.add(code);
    for (let index = 0; index < length; index++) {
      const place = code.placeOf(index);
      if (op[index] !== Op["local.get"] || !counts.isSingle(place)) continue;
      const node = calls.nodeAt(index);
      if (node === root && isRootKnown) continue;
      const variable = this.#readsWithin(node)?.variables.get(place);
      if (!variable || this.#named.has(variable.fact)) continue;
      addRead(found, node, variable, { index, local: a[index]! });
    }
    counts.remove(code);
    return [...found].flatMap(([node, variables]) =>
      [...variables].map(
        ([variable, reads]) => new InlinedLocal(node, reads, variable, this.#readsWithin(node)!),
      ),
    );
  }

  /** What the source of a call reads; undefined: it may not be the only call there. */
  #readsWithin(node: CallNode): SourceReads | undefined {
    let reads = this.#reads.get(node);
    if (reads === undefined) {
      reads = (this.#isOnlyOne(node) && this.#readsOf(node.fn)) || null;
      this.#reads.set(node, reads);
    }
    return reads ?? undefined;
  }

  #addRemaining(node: CallNode, callee: SourceFunction | undefined): void {
    if (!callee) return;
    let counts = this.#remaining.get(node);
    if (!counts) {
      counts = new Map();
      this.#remaining.set(node, counts);
    }
    counts.set(callee, (counts.get(callee) ?? 0) + 1);
  }

  /**
   * Whether no other call of the same function can be in the code, however it came to be called: on
   * the path to it, no function calls the next one twice, nor any other that leads to it, unless
   * such calls are calls still.
   */
  #isOnlyOne(node: CallNode): boolean {
    const { fn, parent } = node;
    if (!fn.body) return false;
    if (!parent) return true;
    if (fn.reaches(fn)) return false;
    let next = node;
    for (let at: CallNode | undefined = parent; at; at = at.parent) {
      if (at.fn.counts.get(next.fn) !== 1) return false;
      for (const [callee, count] of at.fn.counts) {
        if (callee === next.fn) continue;
        const left = this.#remaining.get(at)?.get(callee) ?? 0;
        if (left < count && (callee === fn || callee.reaches(fn))) return false;
      }
      next = at;
    }
    return true;
  }
}

function addRead(
  found: Map<CallNode, Map<Variable, Read[]>>,
  node: CallNode,
  variable: Variable,
  read: Read,
): void {
  const variables = found.get(node) ?? new Map<Variable, Read[]>();
  found.set(node, variables);
  const reads = variables.get(variable);
  if (reads) reads.push(read);
  else variables.set(variable, [read]);
}
