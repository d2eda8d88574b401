// Repeats returns where blocks jump to one (tail duplication): the jump costs as much as sharing
// the epilogue saves.
//
//   b1: v1 = add v0 1; jump b3            b1: v1 = add v0 1; return v1
//   b2: jump b3                     ->    b2: return 0
//   b3: v2 = phi v1 0; return v2

import type { Block, IrFunction, Value } from "../ir/ir";
import { append, disconnect } from "../ir/ir";

/** Repeats returns of `fn`; whether it did, and left blocks unreachable, phis with one operand. */
export function duplicateReturns(fn: IrFunction): boolean {
  let changed = false;
  for (const block of fn.blocks) {
    if (block.terminator.op !== "return" || !isOnlyReturn(block)) continue;
    for (const from of [...block.predecessors]) {
      if (from.terminator.op !== "jump") continue;
      returnFrom(fn, from, block);
      changed = true;
    }
  }
  return changed;
}

/** Whether a block is a return and the phis that it returns. */
function isOnlyReturn(block: Block): boolean {
  return block.values.every((value) => value.op === "phi" || value === block.terminator);
}

function returnFrom(fn: IrFunction, from: Block, block: Block): void {
  const edge = block.predecessors.indexOf(from);
  const results = block.terminator.args.map((result) => incoming(result, block, edge));
  const { position } = from.terminator;
  from.values.pop();
  disconnect(from, block);
  append(from, fn.createValue("return", results, position));
}

function incoming(value: Value, block: Block, edge: number): Value {
  return value.op === "phi" && value.block === block ? value.args[edge]! : value;
}
