// Moves pure values to the block that uses them, where that is another one and runs less often
// (code sinking).
//
//   b0: v1 = add v0 1; branch v5 b1 b2        b0: branch v5 b1 b2
//   b1: jump b3                          ->   b1: v1 = add v0 1; jump b3
//   b3: v2 = phi v1 v0                        b3: v2 = phi v1 v0
//
// A value that only one path needs is computed on that path alone, and has a shorter life. Values
// move against the order of blocks, so that one can follow another.
//
// Invariant: nothing moves into a loop, nor past what it depends on.

import { IdMap } from "../ir/id-map";
import type { Block, IrFunction, Value } from "../ir/ir";
import { isFree } from "../ir/ir";

/** Sinks what can be sunk in `fn`, whose blocks are in reverse postorder with depths set. */
export function sink(fn: IrFunction): void {
  const uses = findUseBlocks(fn);
  for (let i = fn.blocks.length - 1; i >= 0; i--) sinkFrom(fn.blocks[i]!, uses);
}

/** The one block that uses each value; null: several do. Phis use in their predecessors. */
type UseBlocks = IdMap<Value, Block | null>;

function findUseBlocks(fn: IrFunction): UseBlocks {
  const uses: UseBlocks = new IdMap(fn.valueLimit);
  for (const block of fn.blocks) {
    for (const value of block.values) noteUses(uses, block, value);
  }
  return uses;
}

function noteUses(uses: UseBlocks, block: Block, value: Value): void {
  for (let i = 0; i < value.args.length; i++) {
    const argument = value.args[i]!;
    const from = value.op === "phi" ? block.predecessors[i]! : block;
    const known = uses.get(argument);
    if (known === undefined) uses.set(argument, from);
    else if (known !== from) uses.set(argument, null);
  }
}

function sinkFrom(block: Block, uses: UseBlocks): void {
  if (block.successors.length < 2) return;
  const kept: Value[] = [];
  for (const value of [...block.values].reverse()) {
    const target = uses.get(value);
    if (target && target !== block && mayMove(value, block, target)) {
      value.block = target;
      const place = target.values.findIndex(({ op }) => op !== "phi");
      target.values.splice(place, 0, value);
      for (const argument of value.args) {
        // It is used there now; if that was its only use here, it may follow.
        if (!isFree(argument)) recount(uses, argument, block, target);
      }
    } else kept.push(value);
  }
  block.values = kept.reverse();
}

function mayMove(value: Value, from: Block, to: Block): boolean {
  const isPlain = value.effect === "none" && value.op !== "phi" && value.op !== "param";
  const isPart = value.op === "high" || value.op === "result";
  return isPlain && !isPart && !isWide(value) && to.depth <= from.depth;
}

function isWide(value: Value): boolean {
  return value.facts.results === 2;
}

/** Updates the use block of an operand whose user moved; exact only where it had one user. */
function recount(uses: UseBlocks, value: Value, from: Block, to: Block): void {
  if (uses.get(value) === from && !usedIn(from, value)) uses.set(value, to);
  else if (uses.get(value) !== to) uses.set(value, null);
}

function usedIn(block: Block, value: Value): boolean {
  const inValues = block.values.some((user) => user.block === block && user.args.includes(value));
  return inValues || block.successors.some((next) => isPhiOperand(next, block, value));
}

function isPhiOperand(block: Block, from: Block, value: Value): boolean {
  const edge = block.predecessors.indexOf(from);
  return block.phis().some((phi) => phi.args[edge] === value);
}
