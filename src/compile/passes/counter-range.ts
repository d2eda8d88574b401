// What a loop's counter can be, where the loop's own test says so.
//
//   b1: v1 = phi -40 v2                v1 is -40, -36, … -4
//       v2 = add v1 4
//       branch (ne v2 0) b1 b2
//
// Only counters that begin with a constant, step upwards by one, and end by a comparison of the
// next value with a constant on the only way back. Signed numbers.

import type { Block, Value } from "../ir/ir";
import { isConst } from "../ir/ir";

/** The least and the largest number that a value can be. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

const MOST = 2 ** 31 - 1;

/** A phi that begins with a constant and steps upwards by one. */
export interface Counter {
  readonly first: number;
  readonly step: number;
  readonly next: Value;
  readonly header: Block;
  /** The block by which the next value comes. */
  readonly latch: Block;
}

/** What a value counts; undefined: it is no counter. */
export function counterOf(phi: Value): Counter | undefined {
  const { block: header, args, op } = phi;
  if (op !== "phi" || !header || args.length !== 2) return undefined;
  for (const [i, next] of args.entries()) {
    const first = args[1 - i]!;
    const [counted, step] = next.args;
    const isStep = next.op === "add" && counted === phi && step && isConst(step);
    if (!isStep || step.immediate <= 0 || !isConst(first)) continue;
    const latch = header.predecessors[i]!;
    return { first: first.immediate, step: step.immediate, next, header, latch };
  }
  return undefined;
}

/** The range of a phi that is such a counter; undefined: it is not one, as far as this sees. */
export function counterRange(phi: Value): Range | undefined {
  const counter = counterOf(phi);
  if (!counter) return undefined;
  const { first, step, next, header, latch } = counter;
  return rangeOf(first, step, limitOf(latch, header, next));
}

interface Limit {
  readonly kind: "ne" | "lt_s" | "lt_u";
  readonly number: number;
}

/** What holds of `next` whenever the loop goes on from `latch` to its header. */
function limitOf(latch: Block, header: Block, next: Value): Limit | undefined {
  const { op, args } = latch.terminator;
  const [condition] = args;
  const [yes, no] = latch.successors;
  if (op !== "branch" || !condition || yes === no) return undefined;
  // A branch on a number asks whether it is not 0.
  if (condition === next) return yes === header ? { kind: "ne", number: 0 } : undefined;
  const [left, right] = condition.args;
  if (left !== next || !right || !isConst(right)) return undefined;
  const number = right.immediate;
  if (condition.op === "eq" && no === header) return { kind: "ne", number };
  if (yes !== header) return undefined;
  const { op: kind } = condition;
  return kind === "ne" || kind === "lt_s" || kind === "lt_u" ? { kind, number } : undefined;
}

function rangeOf(first: number, step: number, limit: Limit | undefined): Range | undefined {
  if (!limit) return undefined;
  const { kind, number } = limit;
  if (kind === "ne") {
    // It must hit the number exactly, or it goes on through all numbers.
    const isHit = number > first && (number - first) % step === 0;
    return isHit ? { low: first, high: number - step } : undefined;
  }
  // The sum must not wrap around to where the comparison holds again.
  const isExact = number > 0 && number + step <= MOST && first < number;
  if (!isExact || (kind === "lt_u" && first < 0)) return undefined;
  return { low: first, high: number - 1 };
}
