// Finds the calls that the optimiser inlined, from where the code says that it came from.
//
// Binaryen inlines without a trace but one: instructions keep their place in the source. Code of
// another function in the midst of this one is a call of it, and the module before optimisation
// says where such a call stands:
//
//   after   createProcess  unusedPid  isTaken  unusedPid  createProcess
//   before  createProcess calls unusedPid at 154:15; unusedPid calls isTaken at 215:10
//
// Exact: whose code an instruction is, which calls are possible and where they stand. Inferred: of
// several calls of one function in another, the one that is nearest to the code around; and two
// calls behind each other, with no code of the caller between them, are taken for one.

import type { Place } from "../../base/diagnostic";
import type { InlinedCall } from "../../i686/debug-info";
import type { CodeTrace } from "../emit/trace";
import type { FunctionBody } from "../wasm/wasm";
import type { CallPlace, SourceFunction, SourceFunctions } from "./source-functions";

/** A function's own code, or that of one call within. */
class CallNode {
  readonly children = new Map<string, CallNode>();
  /** Of its own code, the last that was seen. */
  last: Place | undefined;
  readonly ranges: number[] = [];

  constructor(
    readonly fn: SourceFunction,
    readonly call: CallPlace,
    readonly parent: CallNode | undefined,
  ) {}

  /** The call of `fn` in this code. */
  child(fn: SourceFunction): CallNode {
    const call = nearest(this.fn.calls.get(fn), this.last) ?? this.lastPlace();
    const { name, place } = fn.fact;
    const key = `${call.line}:${call.column} ${place.file}:${place.line} ${name}`;
    let child = this.children.get(key);
    if (!child) {
      child = new CallNode(fn, call, this);
      this.children.set(key, child);
    }
    return child;
  }

  private lastPlace(): CallPlace {
    const { file, line } = this.fn.fact.place;
    return { file, line: this.last?.line ?? line, column: this.last?.column ?? 0 };
  }

  addRange(start: number, end: number): void {
    if (this.parent) this.parent.addRange(start, end);
    if (this.ranges[this.ranges.length - 1] === start) this.ranges.pop();
    else this.ranges.push(start);
    this.ranges.push(end);
  }

  describe(): InlinedCall[] {
    return [...this.children.values()].flatMap((child) => {
      const { fn, call, ranges } = child;
      if (ranges.length === 0) return [];
      const { name, place } = fn.fact;
      return [{ name: withoutTypes(name), place, call, ranges, inlined: child.describe() }];
    });
  }
}

/** Of several places the one next to `last`, rather behind it than before. */
function nearest(
  places: readonly CallPlace[] | undefined,
  last: Place | undefined,
): CallPlace | undefined {
  const line = last?.line;
  if (!places || line === undefined) return places?.[0];
  const distance = (place: CallPlace) => {
    const lines = place.line - line;
    return lines >= 0 ? 2 * lines : -2 * lines + 1;
  };
  return [...places].sort((a, b) => distance(a) - distance(b))[0];
}

/** An inlined generic function stands for all its instances. */
function withoutTypes(name: string): string {
  const generic = name.indexOf("<");
  return generic < 0 ? name : name.slice(0, generic);
}

export interface InlinedCode {
  /** The calls within the function itself; offsets count from its start. */
  describe(trace: CodeTrace): InlinedCall[];
}

/**
 * Follows the code of `fn` through its calls.
 *
 * @param lookup the source of a byte of the module
 */
export function findInlinedCalls(
  fn: SourceFunction,
  { code }: FunctionBody,
  functions: SourceFunctions,
  lookup: (position: number) => Place | undefined,
): InlinedCode {
  const { file, line, column } = fn.fact.place;
  const root = new CallNode(fn, { file, line, column }, undefined);
  const nodes = new Map<number, CallNode>();
  const places = Array.from(code.at, lookup);
  const owners = places.map((place) => place && functions.around(place));
  const behind = nextOwners(owners);
  let node = root;
  for (let i = 0; i < code.length; i++) {
    const owner = owners[i];
    if (owner) {
      node = follow(node, owner, behind[i]);
      node.last = places[i];
    }
    nodes.set(code.at[i]!, node);
  }
  return { describe: (trace) => describe(root, nodes, trace) };
}

/** For each instruction the next function that code comes from, other than its own. */
function nextOwners(owners: readonly (SourceFunction | undefined)[]) {
  const next: (SourceFunction | undefined)[] = [];
  let current: SourceFunction | undefined;
  let other: SourceFunction | undefined;
  for (let i = owners.length - 1; i >= 0; i--) {
    const owner = owners[i];
    if (owner && owner !== current) {
      other = current;
      current = owner;
    }
    next[i] = other;
  }
  return next;
}

/**
 * Where code of `owner` is, if the code before it is in `from` and that behind it of `next`: a
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

function describe(
  root: CallNode,
  nodes: ReadonlyMap<number, CallNode>,
  trace: CodeTrace,
): InlinedCall[] {
  if (root.children.size === 0) return [];
  const offsets = trace.offsets();
  for (const [i, { instruction }] of trace.instructions.entries()) {
    const node = nodes.get(instruction.position) ?? root;
    if (offsets[i]! < offsets[i + 1]!) node.addRange(offsets[i]!, offsets[i + 1]!);
  }
  return root.describe();
}
