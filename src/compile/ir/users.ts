// Who uses each value of a function, for passes that ask often.

import type { IrFunction, Value } from "./ir";

/** The values that have a value as an operand, once for each time. */
export type Users = Map<Value, Value[]>;

/** Collects the users of all values in the blocks of `fn`. */
export function collectUsers(fn: IrFunction): Users {
  const users: Users = new Map();
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
