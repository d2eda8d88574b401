// Moves what loops rarely do after the function's other blocks (hot/cold splitting).
//
//   b1: cmp x, 10; branch e b2 b3              b1: cmp x, 10; branch e b2 b3
//   b2: ...; jump b4                     ->    b3: ...
//   b3: ...                                    b4: ...
//   b4: ...                                    b2: ...; jump b4
//
// Every jump that is taken ends what the processor fetches in a cycle, so an iteration should jump
// no more than it must. That two things are equal is the less likely case (T. Ball, J. R. Larus,
// "Branch prediction for free", 1993). Nothing executes one more instruction: what moves ended with
// a jump where it was, and what came after it is now fallen into.

import type { MachineBlock, MachineFunction } from "../code/code";
import { keptBlocks } from "./skipped-blocks";

/** At most so many blocks move together. */
const LONGEST = 4;

/** Moves what is unlikely to the end of `fn`. */
export function sideline(fn: MachineFunction): void {
  const { kept: order, skipped, successorsOf } = keptBlocks(fn);
  const kept: MachineBlock[] = [];
  const aside: MachineBlock[] = [];
  for (let i = 0; i < order.length; i++) {
    kept.push(order[i]!);
    const count = unlikelyBlocks(order, i, successorsOf);
    aside.push(...order.slice(i + 1, i + 1 + count));
    i += count;
  }
  fn.blocks = [...kept, ...aside, ...skipped];
}

/** How many blocks after the one at `at` are there only for its unlikely outcome. */
function unlikelyBlocks(
  order: readonly MachineBlock[],
  at: number,
  successorsOf: (block: MachineBlock) => readonly MachineBlock[],
): number {
  const block = order[at]!;
  const depth = block.loops.length;
  const condition = block.instructions.at(-1)?.condition;
  if (depth === 0 || (condition !== "e" && condition !== "ne")) return 0;
  const [yes, no] = successorsOf(block) as [MachineBlock, MachineBlock];
  const [unlikely, likely] = condition === "e" ? [yes, no] : [no, yes];
  if (unlikely !== order[at + 1]) return 0;
  for (let count = 1; count <= LONGEST; count++) {
    const last = order[at + count];
    const next = order[at + count + 1];
    if (!last || !next || last.loops.length > depth || last === likely) return 0;
    if (next === likely) return successorsOf(last).includes(next) ? 0 : count;
  }
  return 0;
}
