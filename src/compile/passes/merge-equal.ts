// Global value numbering: a value that was computed already on every path here is not computed
// again.
//
// Walks the dominator tree with a table of what is available. Only operations that cost more than a
// register take part: a sum or a comparison is cheaper inside the instruction that uses it, and
// Binaryen has merged what is worth it there. An equal division that dominates has trapped before,
// if it traps.

import { Dominators } from "../ir/dominators";
import type { Block, IrFunction, IrOp, Value } from "../ir/ir";
import { resolveOperands, rewriteUses } from "../ir/users";

const COSTLY: ReadonlySet<IrOp> = new Set([
  "mul",
  "mulh_s",
  "mulh_u",
  "mul_wide_s",
  "mul_wide_u",
  "divide_s",
  "divide_u",
  "div64_s",
  "div64_u",
  "rem64_s",
  "rem64_u",
  "clz",
  "ctz",
  "high",
]);

/** Merges equal values of `fn`; whether it found any. */
export function mergeEqual(fn: IrFunction): boolean {
  const children = new Dominators(fn).children();
  const available = new Map<string, Value>();
  let changed = false;
  const undo: { block: Block; keys: string[] }[] = [];
  const enter = (block: Block): void => {
    const keys: string[] = [];
    for (const value of block.values) changed = merge(value, available, keys) || changed;
    undo.push({ block, keys });
  };
  // Depth first; a block's values leave the table when all that it dominates are done.
  const work: { block: Block; leaves: boolean }[] = [{ block: fn.entry, leaves: false }];
  for (let step = work.pop(); step; step = work.pop()) {
    if (step.leaves) {
      for (const key of undo.pop()!.keys) available.delete(key);
      continue;
    }
    enter(step.block);
    work.push({ block: step.block, leaves: true });
    for (const child of children.get(step.block) ?? []) work.push({ block: child, leaves: false });
  }
  if (changed) rewriteUses(fn);
  return changed;
}

function merge(value: Value, available: Map<string, Value>, keys: string[]): boolean {
  resolveOperands(value);
  if (!COSTLY.has(value.op)) return false;
  const key = `${value.op} ${value.args.map(({ id }) => id).join(" ")}`;
  const equal = available.get(key);
  if (equal) {
    value.forward = equal;
    return true;
  }
  available.set(key, value);
  keys.push(key);
  return false;
}
