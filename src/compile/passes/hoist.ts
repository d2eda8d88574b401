// Computes before a loop what is the same in all its iterations (loop-invariant code motion).
//
//   b0: jump b1                         b0: v3 = mul v0 v1; jump b1
//   b1: v2 = phi 0 v5            ->     b1: v2 = phi 0 v5
//       v3 = mul v0 v1; ...                 ...
//
// What costs nothing where it is stays there: sums and scaled indices inside addresses, comparisons
// beside their branch. So does what not every iteration needs.
//
// Invariant: only pure values move, so it does not matter whether the loop runs at all.

import { isComparison } from "../ir/counterparts";
import { Dominators } from "../ir/dominators";
import type { IrFunction, Value } from "../ir/ir";
import { isConst, isFree, isMemoryAccess, isScaling } from "../ir/ir";
import { collectUsers, type Users } from "../ir/users";
import type { LoopNest } from "./loop-nest";
import { isInvariant, prepareLoops, putLast, REGISTERS, wordsNeeded } from "./loop-nest";

/** Hoists what is worth it in `fn`. */
export function hoist(fn: IrFunction): void {
  const loops = prepareLoops(fn);
  if (loops.length === 0) return;
  const dominators = new Dominators(fn);
  const users = collectUsers(fn);
  for (const loop of loops) {
    const room = { words: REGISTERS - wordsNeeded(loop) };
    for (const block of loop.ordered) {
      const isAlwaysRun = loop.latches.every((latch) => dominators.dominates(block, latch));
      if (!isAlwaysRun) continue;
      hoistFrom(block.values, loop, users, room);
      block.values = block.values.filter((value) => value.block === block);
    }
  }
}

function hoistFrom(
  values: readonly Value[],
  loop: LoopNest,
  users: Users,
  room: { words: number },
): void {
  for (const value of values) {
    if (!isPlain(value) || !value.args.every((operand) => isInvariant(operand, loop))) continue;
    if (isFreeInUsers(value, users)) continue;
    const cost = wordsAdded(value, users);
    if (cost > 0 && room.words < cost) continue;
    room.words -= cost;
    putLast(loop.preheader, value);
  }
}

/** How many more words the loop keeps in registers if `value` is computed before it. */
function wordsAdded(value: Value, users: Users): number {
  const released = [...new Set(value.args)].filter(
    (operand) =>
      operand.type === "i32" &&
      !isFree(operand) &&
      users.get(operand)?.every((user) => user === value),
  );
  return (value.type === "i32" ? 1 : 0) - released.length;
}

function isPlain({ op, facts: { effect, results }, args }: Value): boolean {
  if (effect !== "none" || results !== 1) return false;
  return args.length > 0 && op !== "phi" && op !== "high";
}

/** Whether the instructions that use `value` compute it in passing. */
function isFreeInUsers(value: Value, users: Users): boolean {
  const own = users.get(value) ?? [];
  const [, right] = value.args;
  if (isComparison(value)) return true;
  if (isScaling(value)) return own.every((user) => user.op === "add" || isAccess(user, value));
  if (value.op !== "add") return false;
  const isOffset = right !== undefined && isConst(right);
  return own.every((user) => (isOffset && user.op === "add") || isAccess(user, value));
}

/** Whether `user` takes `value` as the address of what it reads or writes. */
function isAccess(user: Value, value: Value): boolean {
  return isMemoryAccess(user) && user.args[0] === value && user.args[1] !== value;
}
