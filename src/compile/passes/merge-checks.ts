// Bounds-check elimination: leaves out checks of memory that cannot fail, or that another makes.
//
//   check v0 bytes=8                     check v0 bytes=12
//   v1 = load32 memory v0 offset=4       v1 = load32 memory v0 offset=4
//   check v0 bytes=12              ->    v2 = load32 memory v0 offset=8
//   v2 = load32 memory v0 offset=8
//
// A check cannot fail if the address has an upper bound that lies within the memory's first size,
// or if a check that dominates it has proven it. What is proven is kept for each address, and for
// what it was computed from by adding constants:
//
//   lowest    0 <= v + lowest: subtracting that much from v does not wrap
//   end       v + end <= the size: the bytes up to there are in the memory
//
// Within a block an earlier check of the same address is made to ask for more, as long as nothing
// between the two can be noticed: then a trap comes before loads that nobody will see.
//
// Invariant: the memory never shrinks and has at most SIZE_LIMIT bytes, so that an address within
// it and a constant below REACH have a sum that does not wrap.

import { Dominators } from "../ir/dominators";
import type { Block, IrFunction, Value } from "../ir/ir";
import { isConst, isFree, resolve } from "../ir/ir";
import { possibleBits } from "../ir/known-bits";
import { REACH } from "../ir/own-memory";
import { counterRange } from "./counter-range";

/** What is known of an address at some place. */
interface Proven {
  readonly lowest: number;
  readonly end: number;
}

const NOTHING: Proven = { lowest: 0, end: -Infinity };
const WORD_LIMIT = 2 ** 32;
/** How far operands are followed for an upper bound. */
const DEPTH = 6;

/** Leaves out needless checks of `fn`. */
export function mergeChecks(fn: IrFunction): void {
  if (!fn.blocks.some(({ values }) => values.some(({ op }) => op === "check"))) return;
  for (const block of fn.blocks) combine(block);
  new Elimination(fn).run();
}

// --- within a block ---

/** Makes the first check of an address ask for all that later ones do, where that is the same. */
function combine(block: Block): void {
  /** The first check of each address since the last value that can be noticed. */
  const first = new Map<Value, Value>();
  for (const value of block.values) {
    if (value.op === "check") combineWith(first, value);
    else if (value.effect !== "none" && value.effect !== "read") first.clear();
  }
}

function combineWith(first: Map<Value, Value>, check: Value): void {
  const [address] = check.args as [Value];
  for (const { value, distance } of chain(address)) {
    const earlier = first.get(value);
    if (!earlier || distance < 0) continue;
    const bytes = distance + bytesOf(check);
    // A check may ask for no more than what the memory has for certain, there.
    if (bytes > leastSize(earlier)) continue;
    if (bytes > bytesOf(earlier)) earlier.immediate = bytes | 0;
    return;
  }
  first.set(address, check);
}

// --- along the dominator tree ---

class Elimination {
  readonly #fn: IrFunction;
  readonly #proven = new Map<Value, Proven>();

  constructor(fn: IrFunction) {
    this.#fn = fn;
  }

  run(): void {
    const children = new Dominators(this.#fn).children();
    const undo: (readonly (readonly [Value, Proven | undefined])[])[] = [];
    const work: { block: Block; leaves: boolean }[] = [{ block: this.#fn.entry, leaves: false }];
    for (let step = work.pop(); step; step = work.pop()) {
      if (step.leaves) {
        for (const [value, before] of undo.pop()!) {
          if (before) this.#proven.set(value, before);
          else this.#proven.delete(value);
        }
        continue;
      }
      undo.push(this.#block(step.block));
      work.push({ block: step.block, leaves: true });
      for (const child of children.get(step.block) ?? []) {
        work.push({ block: child, leaves: false });
      }
    }
  }

  /** Leaves out checks of a block; what was known before of what is now. */
  #block(block: Block): (readonly [Value, Proven | undefined])[] {
    const before: [Value, Proven | undefined][] = [];
    const learn = (value: Value, proven: Proven) => {
      before.unshift([value, this.#proven.get(value)]);
      this.#proven.set(value, proven);
    };
    block.values = block.values.filter((value) => {
      if (value.op !== "check") return true;
      if (this.#isProven(value)) return false;
      this.#learnFrom(value, learn);
      return true;
    });
    return before;
  }

  #isProven(check: Value): boolean {
    const [address] = check.args as [Value];
    const bytes = bytesOf(check);
    if (upperBound(address, DEPTH) + bytes <= leastSize(check)) return true;
    return chain(address).some(({ value, distance }) => {
      const { lowest, end } = this.#proven.get(value) ?? NOTHING;
      return lowest <= distance && distance + bytes <= end;
    });
  }

  /** Notes what holds after a check of the address, and of what that was computed from. */
  #learnFrom(check: Value, learn: (value: Value, proven: Proven) => void): void {
    const [address] = check.args as [Value];
    const bytes = bytesOf(check);
    if (bytes >= REACH) return;
    let last = 0;
    for (const { value, distance } of chain(address)) {
      const known = this.#proven.get(value) ?? NOTHING;
      // Adding to what is not known to be small may have wrapped.
      const isExact = distance <= last || known.end >= 0;
      if (!isExact) return;
      last = distance;
      const lowest = Math.min(known.lowest, distance);
      learn(value, { lowest, end: Math.max(known.end, distance + bytes) });
    }
  }
}

/** An address is `value` + `distance`. */
interface Link {
  readonly value: Value;
  readonly distance: number;
}

/** The address itself, and what it was computed from by adding constants below REACH. */
function chain(address: Value): Link[] {
  const links: Link[] = [];
  let value = resolve(address);
  for (let distance = 0; Math.abs(distance) < REACH; ) {
    links.push({ value, distance });
    const [left, right] = value.args;
    if (value.op !== "add" || !left || !right || !isConst(right)) break;
    distance += right.immediate;
    value = resolve(left);
    if (isFree(value)) break;
  }
  return links;
}

function bytesOf({ immediate }: Value): number {
  return immediate >>> 0;
}

/** What the memory has at least, by what checks know. */
function leastSize({ highImmediate }: Value): number {
  return highImmediate >>> 0;
}

/** The largest number that `value` can be. */
function upperBound(value: Value, depth: number): number {
  const known = possibleBits(value) >>> 0;
  if (depth === 0 || isConst(value)) return known;
  const [a, b, c] = value.args;
  const of = (operand: Value | undefined) =>
    operand ? upperBound(operand, depth - 1) : WORD_LIMIT;
  const computed = (): number => {
    switch (value.op) {
      case "phi":
        return boundOfSum(value, 0);
      case "add":
        return Math.min(of(a) + of(b), b && isConst(b) ? boundOfSum(a!, b.immediate) : WORD_LIMIT);
      case "mul":
        return of(a) * of(b);
      case "shl":
        return b && isConst(b) ? of(a) * 2 ** (b.immediate & 31) : WORD_LIMIT;
      case "shr":
        return b && isConst(b) ? Math.floor(of(a) / 2 ** (b.immediate & 31)) : of(a);
      case "and":
        return Math.min(of(a), of(b));
      case "rem_u":
        return Math.min(of(a), of(b));
      case "select":
        return Math.max(of(b), of(c));
      default:
        return WORD_LIMIT;
    }
  };
  const bound = computed();
  // A sum that may wrap can be anything.
  return bound < WORD_LIMIT ? Math.min(known, bound) : known;
}

/** The largest number that a loop's counter plus a constant can be, if it is never negative. */
function boundOfSum(counter: Value, constant: number): number {
  const range = counterRange(counter);
  return range && range.low + constant >= 0 ? range.high + constant : WORD_LIMIT;
}
