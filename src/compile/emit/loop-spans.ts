// Where the innermost loops of a function are in its code: what the assembler should keep in few
// lines of the instruction cache (section-builder.ts).
//
// A processor takes its instructions from one line in a cycle, so a loop of a few instructions that
// lies across two lines may take one more cycle in each iteration.

import type { MachineBlock, MachineLoop } from "../code/code";

/** The blocks from number `first` on and before `end`. */
export interface LoopSpan {
  readonly first: number;
  readonly end: number;
  /** How often it runs, in relation to others. */
  readonly weight: number;
}

/** The loops in `order` that have no other loop inside and call nothing, as far as they connect. */
export function loopSpans(order: readonly MachineBlock[]): LoopSpan[] {
  const outer = new Set(order.flatMap(({ loops }) => loops.slice(0, -1)));
  const seen = new Set<MachineLoop>();
  const spans: LoopSpan[] = [];
  for (let first = 0; first < order.length; first++) {
    const loop = order[first]!.loops.at(-1);
    if (!loop || outer.has(loop) || seen.has(loop)) continue;
    seen.add(loop);
    let end = first + 1;
    while (order[end]?.loops.at(-1) === loop) end++;
    const blocks = order.slice(first, end);
    if (!blocks.some(hasCall)) spans.push({ first, end, weight: 8 ** loop.depth });
    first = end - 1;
  }
  return spans;
}

function hasCall({ instructions }: MachineBlock): boolean {
  return instructions.some(({ mnemonic }) => mnemonic === "call" || mnemonic === "tail_call");
}
