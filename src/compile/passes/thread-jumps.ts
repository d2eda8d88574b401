// Branches whose outcome is known on the way to them are not taken again.
//
// `a && b` reaches us as a block that merges 0 from one side and the truth of b from the other, and
// then branches on the merged value:
//
//   P: ...            Q: v2 = lt x y         P: jump F        Q: branch (lt x y) T F
//   J: v3 = phi 0 v2; branch v3 T F    ->
//
// Also, a branch on `a & b` or `a | b` of two comparisons becomes two branches, each of which needs
// no more than the flags.
//
// Invariant: the block that is passed over holds nothing but phis, which only it and the phis
// behind it use, so no value is needed where it is no longer defined.

import { isComparison } from "../ir/counterparts";
import type { Block, IrFunction, Value } from "../ir/ir";
import { append, connect, disconnect, isConst, moveSuccessors } from "../ir/ir";
import { collectUsers, type Users } from "../ir/users";

/** Threads what can be threaded; whether anything changed. Unreachable blocks may remain. */
export function threadJumps(fn: IrFunction): boolean {
  let changed = false;
  const uses = collectUsers(fn);
  for (const block of [...fn.blocks]) {
    if (splitCondition(fn, block, uses)) changed = true;
    else if (isThreadable(block, uses)) changed = threadBlock(fn, block, uses) || changed;
  }
  return changed;
}

// --- branches on phis ---

/** Whether `block` is phis and a branch on one of them, and nobody far away uses the phis. */
function isThreadable(block: Block, users: Users): boolean {
  const { terminator, values } = block;
  const [condition] = terminator.args;
  if (terminator.op !== "branch" || condition?.op !== "phi" || condition.block !== block) {
    return false;
  }
  const phis = values.slice(0, -1);
  return phis.every(
    (phi) =>
      phi.op === "phi" && (users.get(phi) ?? []).every((user) => isLocalUse(phi, user, block)),
  );
}

function isLocalUse(phi: Value, user: Value, block: Block): boolean {
  if (user === block.terminator) return true;
  if (user.op !== "phi" || !user.block || user.block === block) return false;
  const { block: home } = user;
  return user.args.every((argument, i) => argument !== phi || home.predecessors[i] === block);
}

function threadBlock(fn: IrFunction, block: Block, users: Users): boolean {
  let changed = false;
  for (const from of [...block.predecessors]) {
    const edge = block.predecessors.indexOf(from);
    const condition = block.terminator.args[0]!.args[edge]!;
    if (from === block) continue;
    if (isConst(condition)) {
      const target = block.successors[condition.immediate ? 0 : 1]!;
      changed = redirect(from, block, target) || changed;
    } else if (from.terminator.op === "jump" && isComparison(condition)) {
      changed = branchEarly(fn, from, block, condition, users) || changed;
    }
  }
  if (changed) for (const phi of block.phis()) phi.isBypassed = true;
  return changed;
}

/** What the phis of `target` get when `from` goes there directly, and not by way of `via`. */
function operandsPast(from: Block, via: Block, target: Block): Value[] {
  const incoming = via.predecessors.indexOf(from);
  const outgoing = target.predecessors.indexOf(via);
  return target.phis().map((phi) => {
    const argument = phi.args[outgoing]!;
    return argument.op === "phi" && argument.block === via ? argument.args[incoming]! : argument;
  });
}

function goTo(from: Block, target: Block, operands: readonly Value[]): void {
  connect(from, target);
  for (const [i, phi] of target.phis().entries()) phi.args.push(operands[i]!);
}

/** Lets the edge from `from` to `via` end at `target`. */
function redirect(from: Block, via: Block, target: Block): boolean {
  if (target.predecessors.includes(from) || target === via) return false;
  const operands = operandsPast(from, via, target);
  const place = from.successors.indexOf(via);
  disconnect(from, via);
  goTo(from, target, operands);
  // The new edge takes the old one's place: a branch's successors are ordered.
  from.successors.pop();
  from.successors.splice(place, 0, target);
  return true;
}

/** Makes the branch of `via` already in `from`, which jumps there. */
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
  goTo(from, yes, toYes);
  goTo(from, no, toNo);
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
  splitBranch(fn, block, condition, parts, isOnce);
  return true;
}

function splitBranch(
  fn: IrFunction,
  block: Block,
  condition: Value,
  { first, decides, early, second }: Parts,
  isOnce: boolean,
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
  append(next, fn.createValue("branch", [second], position));
  moveSuccessors(block, next);
  append(block, fn.createValue("branch", [first], position));
  if (decides) goTo(block, target, operands);
  connect(block, next);
  if (!decides) goTo(block, target, operands);
}
