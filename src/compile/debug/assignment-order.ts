// Where a local of the optimised module may be believed to be the variable of the source.
//
// The optimiser drops and moves assignments. After
//
//   5: i++;  6: log();  7: use(i)            6: log();  5+7: use(i = i + 1)
//
// the local is still the old one when line 6 runs. So a variable is believed at an instruction only
// if all its assignments remain, and each is on the same side of the instruction as it was in the
// module before optimisation. Where an instruction stood is known by its place in the source; code
// of other functions (inlined calls) stood somewhere between the function's own code around it.
//
// A variable that is not assigned yet is not believed either: it is not declared there.
//
// Instructions go by their index in the function here, in the module before or after.

import { Op } from "../wasm/opcodes";
import type { PlacedCode } from "./placed-code";

const LAST = 0x7fff_ffff;
const NONE = -1;

/** The local of this name in both modules. */
export interface NamedLocal {
  readonly name: string;
  readonly isParameter: boolean;
}

export class AssignmentOrder {
  /** By instruction of the optimised module: between which instructions it stood. */
  readonly #first: Int32Array;
  readonly #last: Int32Array;

  /** By local; undefined: not all assignments remain. */
  readonly #beliefs: readonly (Belief | undefined)[];

  /** @param spans to work with; those of other functions are forgotten */
  constructor(
    original: PlacedCode,
    optimised: PlacedCode,
    locals: readonly NamedLocal[],
    spans: Spans,
  ) {
    this.#first = new Int32Array(optimised.length);
    this.#last = new Int32Array(optimised.length);
    spans.note(original);
    this.#findSpans(optimised, spans);
    spans.forget(original);
    const before = assignmentsOf(original, locals);
    const after = assignmentsOf(optimised, locals);
    this.#beliefs = locals.map(({ isParameter }, i) => {
      const pairs = pair(before[i]!, after[i]!);
      return pairs && new Belief(pairs, isParameter);
    });
  }

  /** Whether the `local`-th is the variable when the instruction `index` begins. */
  isBelieved(local: number, index: number): boolean {
    return this.#beliefs[local]?.holds(index, this.#first[index]!, this.#last[index]!) ?? false;
  }

  /** Whether the `local`-th is the variable when the function begins: as its caller gave it. */
  isBelievedAtStart(local: number): boolean {
    return this.#beliefs[local]?.isParameter ?? false;
  }

  #findSpans(code: PlacedCode, spans: Spans): void {
    const { length } = code;
    let last = NONE;
    for (let i = 0; i < length; i++) {
      const place = code.placeOf(i);
      if (spans.first[place] !== NONE) last = spans.last[place]!;
      this.#last[i] = last;
    }
    let first = LAST;
    for (let i = length - 1; i >= 0; i--) {
      const place = code.placeOf(i);
      if (spans.first[place] !== NONE) {
        first = spans.first[place]!;
        this.#first[i] = first;
      } else {
        // Of code in between: what comes after the code around it on both sides. That may have
        // changed sides, and then nothing is between.
        const before = this.#last[i]!;
        this.#first[i] = Math.max(first, before);
        this.#last[i] = Math.min(first, before);
      }
    }
  }
}

/** By place in the source, the first and the last instruction of one function. */
export class Spans {
  readonly first: Int32Array;
  readonly last: Int32Array;

  /** @param limit all numbers of places are below it */
  constructor(limit: number) {
    this.first = new Int32Array(limit).fill(NONE);
    this.last = new Int32Array(limit);
  }

  note(code: PlacedCode): void {
    for (let i = 0; i < code.length; i++) {
      const place = code.placeOf(i);
      if (place === 0) continue;
      if (this.first[place] === NONE) this.first[place] = i;
      this.last[place] = i;
    }
  }

  forget(code: PlacedCode): void {
    for (let i = 0; i < code.length; i++) this.first[code.placeOf(i)] = NONE;
  }
}

/** Where a local is assigned, ascending. */
interface Assignment {
  readonly place: number;
  readonly index: number;
}

function assignmentsOf(code: PlacedCode, locals: readonly NamedLocal[]): Assignment[][] {
  const found = locals.map((): Assignment[] => []);
  const numbers = new Map(locals.map(({ name }, i) => [name, i]));
  const byIndex: number[] = [];
  for (const [index, name] of code.body.localNames) {
    const number = numbers.get(name);
    if (number !== undefined) byIndex[index] = number;
  }
  const { op, a, length } = code.body.code;
  for (let index = 0; index < length; index++) {
    if (op[index] !== Op["local.set"] && op[index] !== Op["local.tee"]) continue;
    const local = byIndex[a[index]!];
    if (local !== undefined) found[local]!.push({ place: code.placeOf(index), index });
  }
  return found;
}

/** An assignment in the module before optimisation, and in that after it. */
interface Pair {
  readonly before: number;
  readonly after: number;
}

/**
 * Each assignment before with the one that it became; undefined: not all are left, or it is
 * not clear which is which. One that moved into the first use of the variable has that place.
 */
function pair(before: readonly Assignment[], after: readonly Assignment[]): Pair[] | undefined {
  if (before.length !== after.length) return undefined;
  const byPlace = new Map<number, number[]>();
  for (const { place, index } of [...after].reverse()) {
    const others = byPlace.get(place);
    if (others) others.push(index);
    else byPlace.set(place, [index]);
  }
  const pairs: Pair[] = [];
  let moved: number | undefined;
  for (const { place, index } of before) {
    const match = byPlace.get(place)?.pop();
    if (match !== undefined) pairs.push({ before: index, after: match });
    else if (moved !== undefined) return undefined;
    else moved = index;
  }
  if (moved === undefined) return pairs;
  for (const rest of byPlace.values()) {
    for (const index of rest) pairs.push({ before: moved, after: index });
  }
  return pairs;
}

/** Where one local is believed, given its assignments. */
class Belief {
  readonly #after: readonly number[];

  /** Of the first n assignments after optimisation, the one that stood last before it. */
  readonly #latest: number[] = [NONE];

  /** Of those from the n-th on, the one that stood first. */
  readonly #earliest: number[] = [];

  constructor(
    pairs: readonly Pair[],
    readonly isParameter: boolean,
  ) {
    const sorted = [...pairs].sort((a, b) => a.after - b.after);
    this.#after = sorted.map(({ after }) => after);
    this.#earliest[sorted.length] = LAST;
    for (let i = 0; i < sorted.length; i++) {
      this.#latest.push(Math.max(this.#latest[i]!, sorted[i]!.before));
    }
    for (let i = sorted.length - 1; i >= 0; i--) {
      this.#earliest[i] = Math.min(this.#earliest[i + 1]!, sorted[i]!.before);
    }
  }

  /** At the instruction `index` of the optimised module, which stood from `first` to `last`. */
  holds(index: number, first: number, last: number): boolean {
    let low = 0;
    let end = this.#after.length;
    while (low < end) {
      const middle = (low + end) >> 1;
      if (this.#after[middle]! < index) low = middle + 1;
      else end = middle;
    }
    const isInOrder = this.#latest[low]! <= last && this.#earliest[low]! >= first;
    return isInOrder && (this.isParameter || this.#earliest[0]! <= last);
  }
}
