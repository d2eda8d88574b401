// How a loop counts: from where, in which steps, and until when. The counter may wrap, and still
// how often the loop turns is known.

import { I32_ADD, I32_GT_S, I32_GT_U, I32_LT_S, I32_LT_U, I32_NE, i32, LOCAL_GET } from "./code";
import { MAX_COUNT } from "./leaf";
import type { Random } from "./random";

export interface Count {
  readonly start: number;
  /** What the counter is one turn later. */
  readonly next: readonly number[];
  /** Whether there is one more turn, of the counter on the stack. */
  readonly isMore: readonly number[];
}

/** The last ones are before a number that wraps, signed or not. */
const STARTS: readonly number[] = [0, 0, 1, 100, 0x7fff_fff4, -5];
const STEPS: readonly number[] = [1, 1, 2, 3, 4, 8, -1, -2, -4];

interface Comparison {
  readonly op: number;
  readonly holds: (a: number, b: number) => boolean;
}

const COMPARISONS: readonly Comparison[] = [
  { op: I32_NE, holds: (a, b) => a !== b },
  { op: I32_LT_S, holds: (a, b) => a < b },
  { op: I32_LT_U, holds: (a, b) => a >>> 0 < b >>> 0 },
  { op: I32_GT_S, holds: (a, b) => a > b },
  { op: I32_GT_U, holds: (a, b) => a >>> 0 > b >>> 0 },
];

/** A way to count, with the counter in a local, that ends after a few turns. */
export function randomCount(random: Random, counter: number): Count {
  const start = random.chance(80) ? random.pick(STARTS) : Number(random.bits(32)) | 0;
  const step = random.pick(STEPS);
  const exact = (start + step * (1 + random.below(MAX_COUNT))) | 0;
  // Of those that end soon there is at least the first one.
  const ways = [exact, (exact + 1) | 0].flatMap((end) =>
    COMPARISONS.filter(({ holds }) => endsSoon(start, step, (each) => holds(each, end))).map(
      ({ op }) => [...i32(end), op],
    ),
  );
  const next = [LOCAL_GET, counter, ...i32(step), I32_ADD];
  return { start, next, isMore: random.pick(ways) };
}

function endsSoon(start: number, step: number, isMore: (counter: number) => boolean): boolean {
  let turns = 1;
  let counter = (start + step) | 0;
  for (; isMore(counter) && turns <= MAX_COUNT; turns++) counter = (counter + step) | 0;
  return turns <= MAX_COUNT;
}
