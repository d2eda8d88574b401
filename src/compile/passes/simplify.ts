// Whole-function clean-up: needless phis, constant folding, branches that are decided (jump
// threading), dead code, unused high words, blocks that are only a jump.
//
// Repeats until nothing changes; each round is linear, and few functions need a third.

import { reversePostorder } from "../ir/dominators";
import { IdSet } from "../ir/id-map";
import type { Block, IrFunction, Value } from "../ir/ir";
import { disconnect, isConst, moveSuccessors, resolve } from "../ir/ir";
import { possibleBitsOfPhi } from "../ir/known-bits";
import { reduce } from "../ir/reduce";
import { resolveOperands, rewriteUses } from "../ir/users";
import { threadJumps } from "./thread-jumps";

/** Simplifies `fn` in place. */
export function simplify(fn: IrFunction): void {
  for (let changed = true; changed; ) {
    removeUnreachable(fn);
    changed = simplifyValues(fn);
    changed = decideBranches(fn) || changed;
    changed = threadJumps(fn) || changed;
    if (changed) removeUnreachable(fn);
    removeDead(fn);
    changed = narrowWide(fn) || changed;
    changed = mergeBlocks(fn) || changed;
  }
}

/** Drops blocks that control cannot reach; orders the rest in reverse postorder. */
export function removeUnreachable(fn: IrFunction): void {
  const order = reversePostorder(fn);
  const reachable = new IdSet<Block>(fn.blockLimit);
  for (const block of order) reachable.add(block);
  for (const block of fn.blocks) {
    if (reachable.has(block)) continue;
    for (const successor of [...block.successors]) disconnect(block, successor);
  }
  fn.blocks = order;
}

/** The only value that a phi can have, if there is just one. */
function onlyOperand(phi: Value): Value | undefined {
  let only: Value | undefined;
  for (const argument of phi.args) {
    const value = resolve(argument);
    if (value === phi || value === only) continue;
    if (only) return undefined;
    only = value;
  }
  return only;
}

function simplifyValues(fn: IrFunction): boolean {
  let changed = false;
  for (const block of fn.blocks) {
    for (const value of block.values) {
      resolveOperands(value);
      const found = value.op === "phi" ? (onlyOperand(value) ?? value) : reduced(fn, value);
      if (found === value) continue;
      value.forward = found;
      changed = true;
    }
  }
  if (changed) rewriteUses(fn);
  return changed;
}

function reduced(fn: IrFunction, value: Value): Value {
  const [x, mask] = value.args;
  const masksPhi = value.op === "and" && x?.op === "phi" && mask && isConst(mask);
  if (masksPhi && (possibleBitsOfPhi(x) & ~mask.immediate) === 0) return x;
  return reduce(fn, value);
}

/** Turns branches on constants into jumps and strips `x != 0` and `x == 0` from conditions. */
function decideBranches(fn: IrFunction): boolean {
  let changed = false;
  for (const block of fn.blocks) {
    const { terminator } = block;
    const [condition] = terminator.args;
    if (!condition) continue;
    if (terminator.op === "branch") changed = decideBranch(block, terminator, condition) || changed;
    if (terminator.op === "switch" && isConst(condition)) {
      const cases = terminator.cases ?? [];
      const index = Math.min(condition.immediate >>> 0, cases.length - 1);
      jumpTo(block, terminator, block.successors[cases[index] ?? 0]!);
      changed = true;
    }
  }
  return changed;
}

function decideBranch(block: Block, branch: Value, condition: Value): boolean {
  if (isConst(condition)) {
    jumpTo(block, branch, block.successors[condition.immediate ? 0 : 1]!);
    return true;
  }
  const [x, zero] = condition.args;
  const againstZero = x && zero && isConst(zero) && zero.immediate === 0;
  if (!againstZero || (condition.op !== "eq" && condition.op !== "ne")) return false;
  branch.args = [x];
  if (condition.op === "eq") block.successors.reverse();
  return true;
}

function jumpTo(block: Block, terminator: Value, target: Block): void {
  for (const successor of [...block.successors]) {
    if (successor !== target) disconnect(block, successor);
  }
  terminator.become("jump");
  terminator.args = [];
  terminator.cases = undefined;
}

/** Whether a value must stay even if its result is unused. */
function isRequired(value: Value): boolean {
  if (value.effect === "write" || value.effect === "terminator") return true;
  if (value.op === "trap_if") return !isConst(value.args[0]!) || value.args[0]!.immediate !== 0;
  return value.op === "check" || (value.effect === "trap" && !isSafeDivision(value));
}

/** Whether a division cannot fault: the divisor is a constant other than 0 and -1. */
function isSafeDivision(value: Value): boolean {
  // The quotient of `divide_u` may not fit, whatever the divisor is.
  if (value.op === "divide_u")
    return (
      isConst(value.args[1]!) && value.args[1]!.immediate === 0 && isSafeDivisor([value.args[2]!])
    );
  return isSafeDivisor(value.args.slice(value.args.length / 2));
}

function isSafeDivisor(words: readonly Value[]): boolean {
  return words.every(isConst) && words.some(({ immediate }) => immediate > 0);
}

function removeDead(fn: IrFunction): void {
  const live = new IdSet<Value>(fn.valueLimit);
  const work: Value[] = [];
  for (const { values } of fn.blocks) {
    for (const value of values) if (isRequired(value) && live.add(value)) work.push(value);
  }
  for (let value = work.pop(); value; value = work.pop()) {
    for (const operand of value.args) if (live.add(operand)) work.push(operand);
  }
  const isLive = (value: Value) => live.has(value);
  for (const block of fn.blocks) {
    if (!block.values.every(isLive)) block.values = block.values.filter(isLive);
  }
}

/** Operations on pairs whose high word is unused become operations on words. */
function narrowWide(fn: IrFunction): boolean {
  const withHigh = new IdSet<Value>(fn.valueLimit);
  for (const block of fn.blocks) {
    for (const value of block.values) if (value.op === "high") withHigh.add(value.args[0]!);
  }
  let changed = false;
  for (const block of fn.blocks) {
    for (const value of block.values) {
      if (!withHigh.has(value)) changed = narrow(value) || changed;
    }
  }
  return changed;
}

function narrow(value: Value): boolean {
  const [a, b, c] = value.args;
  if (value.op === "add64" || value.op === "sub64") {
    value.become(value.op === "add64" ? "add" : "sub");
    value.args = [a!, c!];
    return true;
  }
  if (value.op === "mul_wide_u" || value.op === "mul_wide_s") {
    value.become("mul");
    value.args = [a!, b!];
    return true;
  }
  return false;
}

/** Joins a block with its only successor where that has no other predecessor. */
function mergeBlocks(fn: IrFunction): boolean {
  const gone = new IdSet<Block>(fn.blockLimit);
  let changed = false;
  for (const block of fn.blocks) {
    if (gone.has(block)) continue;
    for (let next = onlyNext(block); next; next = onlyNext(block)) {
      absorb(block, next);
      gone.add(next);
      changed = true;
    }
  }
  if (changed) {
    fn.blocks = fn.blocks.filter((block) => !gone.has(block));
    rewriteUses(fn);
  }
  return changed;
}

function onlyNext(block: Block): Block | undefined {
  const [next] = block.successors;
  const isOnly = block.successors.length === 1 && next?.predecessors.length === 1;
  return isOnly && next !== block ? next : undefined;
}

function absorb(block: Block, next: Block): void {
  block.values.pop();
  for (const value of next.values) {
    value.block = block;
    if (value.op === "phi") value.forward = resolve(value.args[0]!);
    else block.values.push(value);
  }
  moveSuccessors(next, block);
}
