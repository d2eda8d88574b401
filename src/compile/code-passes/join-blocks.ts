// Straightening: moves runs of blocks to where control falls into them, now that it is known which
// blocks become code: after a block none of whose successors comes next, if nothing falls into the
// run where it is.
//
//   b1: ...; jump b4              b1: ...
//   b2: ...; ret           ->     b4: ...; ret
//   b4: ...; ret                  b2: ...; ret
//
// Invariant: no loop is torn apart.

import type { MachineBlock, MachineFunction } from "../code/code";
import { isCold } from "./block-order";
import { keptBlocks } from "./skipped-blocks";

/** Joins the blocks of `fn`; those that become no code are last then. */
export function joinBlocks(fn: MachineFunction): void {
  const { kept, skipped, successorsOf } = keptBlocks(fn);
  fn.blocks = [...joinRuns(kept, successorsOf), ...skipped];
}

function joinRuns(
  order: readonly MachineBlock[],
  successorsOf: (block: MachineBlock) => readonly MachineBlock[],
): MachineBlock[] {
  const result = [...order];
  const falls = (from: MachineBlock | undefined, to: MachineBlock | undefined): boolean =>
    from !== undefined && to !== undefined && successorsOf(from).includes(to);
  for (let i = 0; i + 1 < result.length; i++) {
    const block = result[i]!;
    if (falls(block, result[i + 1])) continue;
    const start = successorsOf(block)
      .map((successor) => result.indexOf(successor))
      .find((at) => at > i + 1 && !falls(result[at - 1], result[at]) && fits(result, i, at));
    if (start === undefined) continue;
    let end = start + 1;
    while (end < result.length && falls(result[end - 1], result[end])) end++;
    if (isCold(result[start]!) && !isCold(block)) continue;
    result.splice(i + 1, 0, ...result.splice(start, end - start));
  }
  return result;
}

/** Whether the block at `at` is in every loop that goes on from `i` to `i + 1`. */
function fits(order: readonly MachineBlock[], i: number, at: number): boolean {
  const around = order[i]!.loops.filter((loop) => order[i + 1]!.loops.includes(loop));
  return around.every((loop) => order[at]!.loops.includes(loop));
}
