// The uses of a function's values: which values use each, for passes that ask often, and how uses
// are rewritten where a pass has found a value equal to another and noted that in its `forward`.

import { IdMap } from "./id-map";
import type { IrFunction, Value } from "./ir";
import { resolve } from "./ir";

/** The values that use a value, once for each operand. */
export type Users = IdMap<Value, Value[]>;

/** Collects the users of all values in the blocks of `fn`. */
export function collectUsers(fn: IrFunction): Users {
  const users: Users = new IdMap(fn.valueLimit);
  for (const block of fn.blocks) {
    for (const value of block.values) {
      for (const operand of value.args) {
        const found = users.get(operand);
        if (found) found.push(value);
        else users.set(operand, [value]);
      }
    }
  }
  return users;
}

/** Makes `value` use what its operands were found equal to. */
export function resolveOperands({ args }: Value): void {
  for (let i = 0; i < args.length; i++) args[i] = resolve(args[i]!);
}

/** Drops the values of `fn` that were found equal to others, which take over all uses. */
export function rewriteUses(fn: IrFunction): void {
  for (const block of fn.blocks) {
    block.values = block.values.filter((value) => !value.forward);
    for (const value of block.values) resolveOperands(value);
  }
}
