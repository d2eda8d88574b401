// Turns a selection between floating-point numbers into a branch: no instruction moves a float
// register on a condition.
//
//   b0: ...                         b0: ...
//       v3 = select v0 v1 v2            branch v0 b1 b2
//       ...                   ->    b1: jump b2
//                                   b2: v3 = phi v1 v2
//                                       ...
//
// Neighbours with one condition share the branch.

import type { Block, IrFunction, Value } from "../ir/ir";
import { branchInstead, type SplitBlock } from "./branch-instead";

/** Replaces every `select` of `fn` whose type is f32 or f64. */
export function lowerFloatSelects(fn: IrFunction): void {
  const blocks: Block[] = [];
  for (const block of fn.blocks) {
    blocks.push(block);
    for (let last = block; ; ) {
      const made = splitAtSelect(fn, last);
      if (!made) break;
      blocks.push(made.taken, made.rest);
      last = made.rest;
    }
  }
  fn.blocks = blocks;
}

function isFloatSelect(value: Value | undefined, condition?: Value): boolean {
  if (value?.op !== "select" || value.type === "i32") return false;
  return condition === undefined || value.args[0] === condition;
}

/** Ends `block` at its first such selection; what follows it is in `rest`. */
function splitAtSelect(fn: IrFunction, block: Block): SplitBlock | undefined {
  const first = block.values.findIndex((value) => isFloatSelect(value));
  if (first < 0) return undefined;
  const [condition] = block.values[first]!.args as [Value];
  let end = first + 1;
  while (isFloatSelect(block.values[end], condition) && !usesOneOf(block, first, end)) end++;
  return branchInstead(fn, block, first, end);
}

/** Whether the value at `end` takes one from `first` on: phis cannot take each other's results. */
function usesOneOf(block: Block, first: number, end: number): boolean {
  const before = new Set(block.values.slice(first, end));
  return block.values[end]!.args.some((argument) => before.has(argument));
}
