// Replaces selections by a branch, for the passes that need one.

import type { Block, IrFunction, Value } from "../ir/ir";
import { append, connect, moveSuccessors } from "../ir/ir";

/** What a block became: it, or `taken` after it, goes on in `rest`. */
export interface SplitBlock {
  readonly taken: Block;
  readonly rest: Block;
}

/**
 * Ends `block` before its value `first`: the values from there to `end`, selections by one
 * condition that do not use each other, become phis of `rest`. The new blocks are in no list yet.
 */
export function branchInstead(
  fn: IrFunction,
  block: Block,
  first: number,
  end: number,
): SplitBlock {
  const taken = fn.createBlock();
  const rest = fn.createBlock();
  taken.depth = block.depth;
  rest.depth = block.depth;

  const selects = block.values.slice(first, end);
  const [{ args, position }] = selects as [Value];
  const condition = args[0]!;
  rest.values = block.values.splice(first);
  for (const value of rest.values) value.block = rest;
  moveSuccessors(block, rest);

  append(block, fn.createValue("branch", [condition], position));
  append(taken, fn.createValue("jump", [], position));
  connect(block, taken);
  connect(block, rest);
  connect(taken, rest);
  for (const value of selects) {
    const [, yes, no] = value.args as [Value, Value, Value];
    value.become("phi");
    // In the order of the predecessors: the block itself, then the detour.
    value.args = [no, yes];
  }
  return { taken, rest };
}
