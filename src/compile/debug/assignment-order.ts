// Where a local of the optimised module may be believed to be the variable of the source.
//
// The optimiser drops and moves assignments. After
//
//   5: i++;  6: log();  7: use(i)            6: log();  5+7: use(i = i + 1)
//
// the local is still the old one when line 6 runs. So a variable is believed at an instruction only
// if all its assignments are left, and each is on the same side of the instruction as it was in the
// module before optimisation. Where an instruction stood is known by its place in the source; code
// of other functions (inlined calls) stood somewhere between the function's own code around it.
//
// A variable that is not assigned yet is not believed either: it is not declared there.

import type { SourceMap } from "../assemblyscript/source-map";
import { Op } from "../wasm/opcodes";
import type { FunctionBody } from "../wasm/wasm";

/** A function's code, and where it comes from. */
export interface PlacedCode {
  readonly body: FunctionBody;
  readonly sourceMap: SourceMap;
}

/** The first and the last instruction of a place in the source. */
interface Span {
  readonly first: number;
  last: number;
}

interface Assignment {
  /** By index of the instruction, before optimisation. */
  readonly before: number;
  /** By byte of the module, after it. */
  readonly after: number;
}

const LAST = Number.MAX_SAFE_INTEGER;

export class AssignmentOrder {
  /** By byte of the optimised module: between which instructions it stood. */
  private readonly spans = new Map<number, Span>();
  /** By name of the local, those that are all left. */
  private readonly assignments = new Map<string, readonly Assignment[]>();

  /** Up to here, parameters have what the caller gave. */
  private readonly start: number;

  constructor(original: PlacedCode, optimised: PlacedCode) {
    this.start = optimised.body.offset;
    const files = new Map<string, number>();
    const originalKeys = original.sourceMap.keysOf(original.body.code.at, files);
    const keys = optimised.sourceMap.keysOf(optimised.body.code.at, files);
    this.findSpans(optimised.body, keys, spansOf(originalKeys));
    const before = assignmentsOf(original.body, originalKeys);
    const after = assignmentsOf(optimised.body, keys);
    for (const name of optimised.body.localNames.values()) {
      const pairs = pair(before.get(name) ?? [], after.get(name) ?? []);
      if (pairs) this.assignments.set(name, pairs);
    }
  }

  /** Whether the local `name` is the variable when the instruction at `position` begins. */
  isBelieved(name: string, isParameter: boolean, position: number): boolean {
    const assignments = this.assignments.get(name);
    const span = this.spans.get(position);
    if (!assignments) return false;
    if (!span) return isParameter && position <= this.start;
    let isDeclared = isParameter;
    for (const { before, after } of assignments) {
      const isBehind = after < position;
      if (isBehind ? before > span.last : before < span.first) return false;
      isDeclared ||= before <= span.last;
    }
    return isDeclared;
  }

  private findSpans(
    { code }: FunctionBody,
    keys: Float64Array,
    places: ReadonlyMap<number, Span>,
  ): void {
    const { at, length } = code;
    const own = Array.from(keys, (key) => places.get(key));
    let last = -1;
    const lasts = own.map((span) => {
      if (span) last = span.last;
      return last;
    });
    let next = LAST;
    for (let i = length - 1; i >= 0; i--) {
      const span = own[i];
      if (span) next = span.first;
      // Of code in between: what is behind the code around on both sides of it.
      this.spans.set(at[i]!, span ?? { first: next, last: lasts[i]! });
    }
  }
}

function spansOf(keys: Float64Array): Map<number, Span> {
  const spans = new Map<number, Span>();
  for (const [i, key] of keys.entries()) {
    if (key === 0) continue;
    const known = spans.get(key);
    if (known) known.last = i;
    else spans.set(key, { first: i, last: i });
  }
  return spans;
}

interface PlacedAssignment {
  readonly key: number;
  readonly index: number;
  readonly position: number;
}

function assignmentsOf(body: FunctionBody, keys: Float64Array): Map<string, PlacedAssignment[]> {
  const found = new Map<string, PlacedAssignment[]>();
  const { op, a, at, length } = body.code;
  for (let index = 0; index < length; index++) {
    if (op[index] !== Op["local.set"] && op[index] !== Op["local.tee"]) continue;
    const name = body.localNames.get(a[index]!);
    if (name === undefined) continue;
    const assignment = { key: keys[index]!, index, position: at[index]! };
    const others = found.get(name);
    if (others) others.push(assignment);
    else found.set(name, [assignment]);
  }
  return found;
}

/**
 * Each assignment before with the one that it became; undefined: not all are left, or which is
 * which cannot be told. One that moved into the first use of the variable has the place of that.
 */
function pair(
  before: readonly PlacedAssignment[],
  after: readonly PlacedAssignment[],
): Assignment[] | undefined {
  if (before.length !== after.length) return undefined;
  const rest = [...after];
  const pairs: Assignment[] = [];
  const moved: PlacedAssignment[] = [];
  for (const assignment of before) {
    const match = rest.findIndex((each) => each.key === assignment.key);
    if (match < 0) moved.push(assignment);
    else pairs.push({ before: assignment.index, after: rest.splice(match, 1)[0]!.position });
  }
  if (moved.length > 1) return undefined;
  for (const { index } of moved) pairs.push({ before: index, after: rest[0]!.position });
  return pairs;
}
