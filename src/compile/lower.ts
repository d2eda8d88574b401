// Replaces operations that the processor does not have by sequences of those that it has.
//
//   popcnt        the parallel sum of bits (no i686 has the instruction)
//   switch        comparisons or a table (lower-switches.ts)

import type { Block, IrFunction, Value } from "./ir";
import { lowerSwitches } from "./lower-switches";
import { ValueBuilder } from "./value-builder";

/** Lowers every value of `fn` that needs it. */
export function lower(fn: IrFunction): void {
  lowerSwitches(fn);
  for (const block of fn.blocks) {
    if (block.values.some(({ op }) => op === "popcnt")) lowerBlock(fn, block);
  }
}

function lowerBlock(fn: IrFunction, block: Block): void {
  const { values } = block;
  const builder = new ValueBuilder(fn);
  builder.block = block;
  block.values = [];
  const replaced = new Map<Value, Value>();
  for (const value of values) {
    if (value.op !== "popcnt") {
      block.values.push(value);
      continue;
    }
    builder.position = value.position;
    replaced.set(value, countBits(builder, replaced.get(value.args[0]!) ?? value.args[0]!));
  }
  for (const each of fn.blocks) {
    for (const value of each.values) {
      value.args = value.args.map((argument) => replaced.get(argument) ?? argument);
    }
  }
}

/** Adds neighbouring fields of 1, 2, 4 bits; a multiplication adds the four bytes. */
function countBits(builder: ValueBuilder, x: Value): Value {
  const constant = (value: number) => builder.constant(value);
  const every = (value: Value, mask: number) => builder.emit("and", value, constant(mask));
  const half = (value: Value, bits: number) => builder.emit("shr", value, constant(bits));
  const pairs = builder.emit("sub", x, every(half(x, 1), 0x55555555));
  const low = every(pairs, 0x33333333);
  const nibbles = builder.emit("add", low, every(half(pairs, 2), 0x33333333));
  const bytes = every(builder.emit("add", nibbles, half(nibbles, 4)), 0x0f0f0f0f);
  return half(builder.emit("mul", bytes, constant(0x01010101)), 24);
}
