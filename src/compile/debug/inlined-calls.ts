// Finds the calls that the optimiser inlined, from where the code says that it came from.
//
// Binaryen inlines without a trace but one: instructions keep their place in the source. Code of
// another function inside this one is a call of it, and the module before optimisation
// says where such a call stands:
//
//   after   createProcess  unusedPid  isTaken  unusedPid  createProcess
//   before  createProcess calls unusedPid at 154:15; unusedPid calls isTaken at 215:10
//
// Exact: whose code an instruction is, which calls are possible and where they stand. Inferred: of
// several calls of one function in another, the one that is nearest to the code around; and two
// calls in a row, with no code of the caller between them, are taken for one.

import type { InlinedCall, LocalVariable } from "../../object/debug-info";
import type { SourceMap } from "../assemblyscript/source-map";
import type { CodeTrace } from "../emit/trace";
import type { PlacedCode } from "./placed-code";
import type { CallPlace, Owners, SourceFunction } from "./source-functions";

/** A function's own code, or that of one call within. */
export class CallNode {
  readonly #map: SourceMap;

  /** The calls within have numbers from here on, up to `end`, in an order in which it is first. */
  number = 0;
  end = 0;
  readonly children: CallNode[] = [];
  /** The last of its own code that was seen: a segment of the source map. */
  last = -1;
  readonly ranges: number[] = [];

  constructor(
    readonly fn: SourceFunction,
    readonly call: CallPlace,
    readonly parent: CallNode | undefined,
    map: SourceMap,
  ) {
    this.#map = map;
  }

  /** The call of `fn` in this code. */
  child(fn: SourceFunction): CallNode {
    const map = this.#map;
    const line = this.last < 0 ? this.fn.fact.place.line : map.lineOf(this.last);
    const column = this.last < 0 ? 0 : map.columnOf(this.last);
    const places = this.fn.calls.get(fn);
    const known = this.last < 0 ? places?.[0] : places && nearest(places, line);
    const call = known ?? { file: this.fn.fact.place.file, line, column, index: -1 };
    let child = this.children.find(
      (each) => each.fn === fn && each.call.line === call.line && each.call.column === call.column,
    );
    if (!child) {
      child = new CallNode(fn, call, this, map);
      this.children.push(child);
    }
    return child;
  }

  addRange(start: number, end: number): void {
    for (let node: CallNode = this; node.parent; node = node.parent) {
      const { ranges } = node;
      if (ranges[ranges.length - 1] === start) ranges.pop();
      else ranges.push(start);
      ranges.push(end);
    }
  }

  /** Numbers the calls within, and what is called there. */
  numberFrom(number: number): number {
    this.number = number;
    this.end = number + 1;
    for (const child of this.children) this.end = child.numberFrom(this.end);
    return this.end;
  }

  describe(variablesOf: (node: CallNode) => readonly LocalVariable[]): InlinedCall[] {
    const described: InlinedCall[] = [];
    for (const child of this.children) {
      const { fn, call, ranges } = child;
      if (ranges.length === 0) continue;
      const { name, place } = fn.fact;
      described.push({
        name: withoutTypes(name),
        place,
        call,
        ranges,
        variables: variablesOf(child),
        inlined: child.describe(variablesOf),
      });
    }
    return described;
  }
}

/** Of several places the one nearest to `line`, preferably after it. */
function nearest(places: readonly CallPlace[], line: number): CallPlace | undefined {
  let best: CallPlace | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const place of places) {
    const lines = place.line - line;
    const distance = lines >= 0 ? 2 * lines : -2 * lines + 1;
    if (distance >= least) continue;
    least = distance;
    best = place;
  }
  return best;
}

/** An inlined generic function stands for all its instances. */
function withoutTypes(name: string): string {
  const generic = name.indexOf("<");
  return generic < 0 ? name : name.slice(0, generic);
}

/** Code of one function in a row; code of none belongs to what stands before it. */
interface Run {
  readonly owner: SourceFunction;
  readonly start: number;
  /** The last segment of the source map that is of the function. */
  last: number;
}

function runsOf({ segments }: PlacedCode, owners: Owners): Run[] {
  const runs: Run[] = [];
  let run: Run | undefined;
  for (let i = 0; i < segments.length; i++) {
    const segment = segments[i]!;
    const owner = owners[segment];
    if (!owner) continue;
    if (run?.owner === owner) run.last = segment;
    else {
      run = { owner, start: i, last: segment };
      runs.push(run);
    }
  }
  return runs;
}

/** Instructions of the machine in a row that are of one node. */
interface TracedRun {
  readonly node: CallNode;
  readonly start: number;
  end: number;
}

/** The inlined calls within a function. */
export class InlinedCalls {
  /** The function itself. */
  readonly root: CallNode;
  /** By instruction of WebAssembly: whose code it is; empty: all is the function's own. */
  readonly #nodes: CallNode[] = [];

  readonly #traced: TracedRun[] = [];

  /**
   * Follows the code of `fn` through its calls.
   *
   * @param owners of the segments of `map`
   */
  constructor(fn: SourceFunction, code: PlacedCode, owners: Owners, map: SourceMap) {
    const { file, line, column } = fn.fact.place;
    this.root = new CallNode(fn, { file, line, column, index: -1 }, undefined, map);
    this.root.numberFrom(0);
    const runs = runsOf(code, owners);
    if (runs.every(({ owner }) => owner === fn)) return;
    let node = this.root;
    for (const [i, { owner, start, last }] of runs.entries()) {
      while (this.#nodes.length < start) this.#nodes.push(node);
      node = follow(node, owner, runs[i + 1]?.owner);
      node.last = last;
    }
    while (this.#nodes.length < code.length) this.#nodes.push(node);
    this.root.numberFrom(0);
  }

  /** Whose code an instruction of WebAssembly is. */
  nodeAt(index: number): CallNode {
    return this.#nodes[index] ?? this.root;
  }

  /** Follows the finished code. */
  trace({ blocks, counts }: CodeTrace, code: PlacedCode): void {
    if (this.#nodes.length === 0) return;
    let number = 0;
    let last: TracedRun | undefined;
    for (let i = 0; i < blocks.length; i++) {
      const { instructions } = blocks[i]!;
      for (let j = 0; j < counts[i]!; j++) {
        const node = this.nodeAt(code.indexAt(instructions[j]!.position));
        const start = number++;
        if (last?.node === node) last.end = number;
        else {
          last = { node, start, end: number };
          this.#traced.push(last);
        }
      }
    }
  }

  /** @param offsets of the traced instructions, from the function's start */
  describe(
    offsets: Int32Array,
    variablesOf: (node: CallNode) => readonly LocalVariable[],
  ): InlinedCall[] {
    for (const { node, start, end } of this.#traced) {
      if (offsets[start]! < offsets[end]!) node.addRange(offsets[start]!, offsets[end]!);
    }
    return this.root.describe(variablesOf);
  }
}

/**
 * Where code of `owner` is, if the code before it is in `from` and the code after it of `next`: a
 * function that may begin with a call of `owner`, as operands come before the operation.
 */
function follow(from: CallNode, owner: SourceFunction, next?: SourceFunction): CallNode {
  for (let node: CallNode | undefined = from; node; node = node.parent) {
    if (node.fn === owner) return node;
  }
  if (next?.calls.has(owner)) {
    const caller = follow(from, next);
    return caller.child(owner);
  }
  for (let node: CallNode | undefined = from; node; node = node.parent) {
    const way = wayTo(node.fn, owner);
    if (way) return way.reduce((at, next) => at.child(next), node);
  }
  let root = from;
  while (root.parent) root = root.parent;
  return root.child(owner);
}

/** So many calls within each other may have left no other code. */
const MAX_DEPTH = 3;

/** The shortest chain of calls from one function to another, both ends but the first included. */
function wayTo(from: SourceFunction, to: SourceFunction): SourceFunction[] | undefined {
  let ways: SourceFunction[][] = [[from]];
  const seen = new Set([from]);
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const longer: SourceFunction[][] = [];
    for (const way of ways) {
      const { calls } = way[way.length - 1]!;
      if (calls.has(to)) return [...way.slice(1), to];
      for (const next of calls.keys()) {
        if (seen.has(next)) continue;
        seen.add(next);
        longer.push([...way, next]);
      }
    }
    ways = longer;
  }
  return undefined;
}
