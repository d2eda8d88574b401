// Gives every critical edge that carries phi operands a block of its own.
//
// The moves that a phi becomes stand at the end of its predecessor. If that has other successors,
// the moves would run on their path too: such an edge gets an empty block between its ends. Those
// that stay empty become no code.

import type { Block, IrFunction } from "../ir/ir";
import { append } from "../ir/ir";

/** Splits every edge from a block with several successors to one with several predecessors. */
export function splitEdges(fn: IrFunction): void {
  const blocks: Block[] = [];
  for (const block of fn.blocks) {
    blocks.push(block);
    if (block.successors.length < 2) continue;
    for (const [index, target] of block.successors.entries()) {
      const isShared = target.predecessors.length > 1 || target.values[0]?.op === "phi";
      if (isShared) blocks.push(split(fn, block, index, target));
    }
  }
  fn.blocks = blocks;
}

function split(fn: IrFunction, from: Block, index: number, to: Block): Block {
  const between = fn.createBlock();
  append(between, fn.createValue("jump", [], from.terminator.position));
  between.depth = Math.min(from.depth, to.depth);
  from.successors[index] = between;
  between.predecessors.push(from);
  between.successors.push(to);
  to.predecessors[to.predecessors.indexOf(from)] = between;
  return between;
}
