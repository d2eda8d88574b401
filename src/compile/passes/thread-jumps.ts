// Jump threading: a branch whose outcome is known on a path to it is passed over on that path.
//
// `a && b` arrives as a block that merges 0 from one side and the truth of b from the other, and
// then branches on the merged value:
//
//   P: ...            Q: v2 = lt x y         P: jump F        Q: branch (lt x y) T F
//   J: v3 = phi 0 v2; branch v3 T F    ->
//
// A function that returns 0 for what it does not find, inlined, looks the same, and so does a
// second test of what some of the paths to it have tested. Also, a branch on `a & b` or `a | b` of
// two comparisons becomes two branches, each of which needs no more than the flags; and one on a
// comparison with a constant and a truth value, as in `x == 8 - (y != z)`, becomes three, of which
// a path takes two.
//
// Invariant: the block that is passed over holds phis and pure values. What uses them is phis right
// after it, which the paths that pass it give the same, or is where no such path leads.

import { isComparison } from "../ir/counterparts";
import type { Block, IrFunction, Value } from "../ir/ir";
import { append, connect, disconnect, isConst, moveSuccessors } from "../ir/ir";
import { collectUsers, type Users } from "../ir/users";

/** Threads what can be threaded; whether anything changed. Unreachable blocks may remain. */
export function threadJumps(fn: IrFunction): boolean {
  let changed = false;
  const users = collectUsers(fn);
  for (const block of [...fn.blocks]) {
    if (splitCondition(fn, block, users) || splitSum(fn, block, users)) changed = true;
    else changed = threadBlock(fn, block, users) || changed;
  }
  return changed;
}

// --- branches whose outcome is known on some paths ---

/** How far back the branch may be that decided the outcome, or the one that leads to a use. */
const REACH = 8;
/** Values other than phis in a block that is passed over. */
const SHORT = 3;

/**
 * Sends the paths to `block` on which its branch is known to where it leads, if they can go there.
 */
function threadBlock(fn: IrFunction, block: Block, users: Users): boolean {
  const { op, args } = block.terminator;
  const [condition] = args;
  if (op !== "branch" || !condition) return false;
  const isMerged = condition.block === block;
  if (isMerged && condition.op !== "phi") return false;
  const valueOn = (from: Block) =>
    isMerged ? condition.args[block.predecessors.indexOf(from)]! : condition;
  const [first, ...others] = block.predecessors.map((from) =>
    outcomeOn(from, block, valueOn(from)),
  );
  if (first !== undefined && others.every((other) => other === first)) {
    if (isConst(condition)) return false;
    block.terminator.args = [fn.constant(first ? 1 : 0)];
    return true;
  }
  const targets = targetsPast(block, users);
  if (targets.length === 0) return false;
  let changed = false;
  for (const from of [...block.predecessors]) {
    if (from === block) continue;
    const value = valueOn(from);
    const outcome = outcomeOn(from, block, value);
    if (outcome !== undefined) {
      const target = block.successors[outcome ? 0 : 1]!;
      if (targets.includes(target)) changed = redirect(from, block, target, users) || changed;
    } else if (from.terminator.op === "jump" && isMerged && isComparison(value)) {
      if (targets.length === 2) changed = branchEarly(fn, from, block, value, users) || changed;
    }
  }
  if (changed) for (const phi of block.phis()) phi.isBypassed = true;
  return changed;
}

/**
 * Where paths may lead past `block`: to none of its successors if it does more than merge and
 * compute a little, nor to one that leads to where its values are used.
 */
function targetsPast(block: Block, users: Users): readonly Block[] {
  let targets: readonly Block[] = block.successors;
  let computed = 0;
  for (const value of block.values) {
    if (value === block.terminator) break;
    const isPhi = value.op === "phi";
    if (!isPhi && (value.effect !== "none" || ++computed > SHORT)) return [];
    for (const user of users.get(value) ?? []) {
      const isHere = user.block === block;
      if (user === block.terminator || (isHere && user.op !== "phi")) continue;
      for (const at of placesOfUse(value, user)) {
        const isRightAfter = user.op === "phi" && at === block && !isHere;
        // What a phi gets from a phi of this block, it can get from before it as well.
        if (isRightAfter && isPhi) continue;
        const side = isRightAfter ? user.block : entrance(at, block);
        if (!side) return [];
        targets = targets.filter((target) => target !== side);
      }
    }
  }
  return targets;
}

/** The blocks at whose end or in which `user` uses `value`. */
function placesOfUse(value: Value, { op, block, args }: Value): readonly Block[] {
  if (!block) return [];
  if (op !== "phi") return [block];
  return block.predecessors.filter((_, i) => args[i] === value);
}

/** The successor of `block` that has no other predecessor, and is the only path to `to`. */
function entrance(to: Block, block: Block): Block | undefined {
  let at = to;
  for (let step = 0; step < REACH && at.predecessors.length === 1; step++) {
    const [before] = at.predecessors;
    if (before === block) return at;
    at = before!;
  }
  return undefined;
}

/** Whether `value` is not 0 on the path from `from` to `to`; undefined: that is not known. */
function outcomeOn(from: Block, to: Block, value: Value): boolean | undefined {
  if (isConst(value)) return value.immediate !== 0;
  let next = to;
  let at: Block | undefined = from;
  for (let step = 0; step < REACH && at; step++) {
    const { op, args } = at.terminator;
    if (op === "branch" && args[0] === value) return at.successors[0] === next;
    next = at;
    at = at.predecessors.length === 1 ? at.predecessors[0] : undefined;
  }
  return undefined;
}

/** What the phis of `target` get when `from` goes there directly, and not through `via`. */
function operandsPast(from: Block, via: Block, target: Block): Value[] {
  const incoming = via.predecessors.indexOf(from);
  const outgoing = target.predecessors.indexOf(via);
  return target.phis().map((phi) => {
    const argument = phi.args[outgoing]!;
    return argument.op === "phi" && argument.block === via ? argument.args[incoming]! : argument;
  });
}

function goTo(from: Block, target: Block, operands: readonly Value[], users: Users): void {
  connect(from, target);
  for (const [i, phi] of target.phis().entries()) {
    phi.args.push(operands[i]!);
    users.get(operands[i]!)?.push(phi);
  }
}

/** Lets the edge from `from` to `via` end at `target`. */
function redirect(from: Block, via: Block, target: Block, users: Users): boolean {
  if (target.predecessors.includes(from) || target === via) return false;
  // Where what a call throws lands must not become the start of a loop.
  if (from.terminator.op === "may_throw") return false;
  const operands = operandsPast(from, via, target);
  const place = from.successors.indexOf(via);
  disconnect(from, via);
  goTo(from, target, operands, users);
  // The new edge takes the old one's place: a branch's successors are ordered.
  from.successors.pop();
  from.successors.splice(place, 0, target);
  return true;
}

/** Moves the branch of `via` up into `from`, which jumps there. */
function branchEarly(
  fn: IrFunction,
  from: Block,
  via: Block,
  condition: Value,
  users: Users,
): boolean {
  const [yes, no] = via.successors as [Block, Block];
  if (yes === via || no === via) return false;
  const toYes = operandsPast(from, via, yes);
  const toNo = operandsPast(from, via, no);
  const { position } = from.terminator;
  from.values.pop();
  disconnect(from, via);
  const branch = append(from, fn.createValue("branch", [condition], position));
  users.get(condition)?.push(branch);
  goTo(from, yes, toYes, users);
  goTo(from, no, toNo, users);
  return true;
}

// --- branches on two comparisons ---

/** A condition of two parts. The first decides alone if it is `decides`: the outcome is `early`. */
interface Parts {
  readonly first: Value;
  readonly decides: boolean;
  readonly early: boolean;
  readonly second: Value;
}

/** Takes a condition apart that can be decided in two steps. */
function partsOf(condition: Value): Parts | undefined {
  const [a, b, c] = condition.args as [Value, Value, Value | undefined];
  if (condition.op === "and" && isComparison(a) && isComparison(b)) {
    return { first: a, decides: false, early: false, second: b };
  }
  if (condition.op === "or" && isComparison(a) && isComparison(b)) {
    return { first: a, decides: true, early: true, second: b };
  }
  if (condition.op !== "select" || !c) return undefined;
  if (isConst(b)) return { first: a, decides: true, early: b.immediate !== 0, second: c };
  if (isConst(c)) return { first: a, decides: false, early: c.immediate !== 0, second: b };
  return undefined;
}

/** Splits a branch on `a & b`, `a | b` or `a ? b : constant`, if that is what it is. */
function splitCondition(fn: IrFunction, block: Block, users: Users): boolean {
  const { terminator } = block;
  const [condition] = terminator.args;
  if (terminator.op !== "branch" || !condition || condition.block !== block) return false;
  const parts = partsOf(condition);
  if (!parts || (users.get(condition) ?? []).length !== 1) return false;
  const isOnce = (users.get(parts.second) ?? []).length === 1;
  splitBranch(fn, block, condition, parts, isOnce, users);
  return true;
}

function splitBranch(
  fn: IrFunction,
  block: Block,
  condition: Value,
  { first, decides, early, second }: Parts,
  isOnce: boolean,
  users: Users,
): void {
  const target = block.successors[early ? 0 : 1]!;
  const { position } = block.terminator;
  const edge = target.predecessors.indexOf(block);
  const operands = target.phis().map((phi) => phi.args[edge]!);
  const next = fn.createBlock();
  fn.blocks.splice(fn.blocks.indexOf(block) + 1, 0, next);
  block.values.pop();
  block.values.splice(block.values.indexOf(condition), 1);
  if (second.block === block && isComparison(second) && isOnce) {
    // It moves with its branch, where it needs no more than the flags.
    block.values.splice(block.values.indexOf(second), 1);
    append(next, second);
  }
  users.get(second)?.push(append(next, fn.createValue("branch", [second], position)));
  moveSuccessors(block, next);
  users.get(first)?.push(append(block, fn.createValue("branch", [first], position)));
  if (decides) goTo(block, target, operands, users);
  connect(block, next);
  if (!decides) goTo(block, target, operands, users);
}

// --- branches on a comparison with a truth value ---

/** A constant and a truth value, added or subtracted. */
interface TruthSum {
  readonly truth: Value;
  readonly ifTrue: number;
  readonly ifFalse: number;
}

/** Takes a sum apart that nothing else needs, nor its truth value. */
function truthSumOf(sum: Value, block: Block, users: Users): TruthSum | undefined {
  const [a, b] = sum.args;
  const isAdded = sum.op === "add" && b !== undefined && isConst(b);
  const isTaken = sum.op === "sub" && a !== undefined && isConst(a);
  const truth = isAdded ? a : isTaken ? b : undefined;
  const constant = isAdded ? b.immediate : isTaken ? a.immediate : 0;
  if (!truth || !isComparison(truth)) return undefined;
  const areOwn = [sum, truth].every((each) => {
    return each.block === block && users.get(each)?.length === 1;
  });
  if (!areOwn) return undefined;
  return { truth, ifTrue: (constant + (isAdded ? 1 : -1)) | 0, ifFalse: constant };
}

/** Splits a branch on a comparison of a word with such a sum, if that is what it is. */
function splitSum(fn: IrFunction, block: Block, users: Users): boolean {
  const { terminator } = block;
  const [condition] = terminator.args;
  const [yes, no] = block.successors;
  if (terminator.op !== "branch" || !condition || !yes || !no || yes === no) return false;
  if (yes === block || no === block || condition.block !== block) return false;
  if (!isComparison(condition) || condition.args.length !== 2) return false;
  if (users.get(condition)?.length !== 1) return false;
  const at = condition.args.findIndex((each) => truthSumOf(each, block, users));
  const sum = condition.args[at];
  const parts = sum && truthSumOf(sum, block, users);
  if (!parts) return false;
  const operandsTo = (target: Block) =>
    target.phis().map((phi) => phi.args[target.predecessors.indexOf(block)]!);
  const [toYes, toNo] = [operandsTo(yes), operandsTo(no)];
  const arms = [parts.ifTrue, parts.ifFalse].map((constant) => {
    const arm = fn.createBlock();
    const args = condition.args.map((each, i) => (i === at ? fn.constant(constant) : each));
    const comparison = append(arm, fn.createValue(condition.op, args, condition.position));
    for (const each of args) users.get(each)?.push(comparison);
    append(arm, fn.createValue("branch", [comparison], terminator.position));
    return arm;
  });
  const [first, second] = arms as [Block, Block];
  fn.blocks.splice(fn.blocks.indexOf(block) + 1, 0, first, second);
  block.values = block.values.filter((each) => ![terminator, condition, sum].includes(each));
  moveSuccessors(block, first);
  const branch = fn.createValue("branch", [parts.truth], terminator.position);
  users.get(parts.truth)?.push(append(block, branch));
  for (const arm of arms) connect(block, arm);
  goTo(second, yes, toYes, users);
  goTo(second, no, toNo, users);
  return true;
}
