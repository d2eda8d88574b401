// Replaces operations that the processor does not have by sequences of those that it has.
//
//   popcnt             the parallel sum of bits (no i686 has the instruction)
//   div, rem           lower-division.ts
//   switch             lower-switches.ts
//   select of numbers  lower-selects.ts

import type { Block, IrFunction, Value } from "../ir/ir";
import { resolveOperands, rewriteUses } from "../ir/users";
import { ValueBuilder } from "../ir/value-builder";
import { lowerDivision, lowerWideDivision } from "./lower-division";
import { lowerFloatSelects } from "./lower-selects";
import { lowerSwitches } from "./lower-switches";

/** Lowers every value of `fn` that needs it. */
export function lower(fn: IrFunction): void {
  lowerSwitches(fn);
  lowerFloatSelects(fn);
  const highs = new Map<Value, Value>();
  for (const block of fn.blocks) {
    for (const value of block.values) if (value.op === "high") highs.set(value.args[0]!, value);
  }
  for (const block of fn.blocks) lowerBlock(fn, block, highs);
  rewriteUses(fn);
}

function lowerBlock(fn: IrFunction, block: Block, highs: ReadonlyMap<Value, Value>): void {
  const { values } = block;
  const builder = new ValueBuilder(fn);
  builder.block = block;
  block.values = [];
  for (const value of values) {
    resolveOperands(value);
    builder.position = value.position;
    if (!lowerValue(builder, value, highs.get(value))) block.values.push(value);
  }
}

/** Forwards `value`, and its high word if it has one, to what computes the same. */
function lowerValue(builder: ValueBuilder, value: Value, high: Value | undefined): boolean {
  switch (value.op) {
    case "popcnt":
      value.forward = countBits(builder, value.args[0]!);
      return true;
    case "div_s":
    case "div_u":
    case "rem_s":
    case "rem_u":
      value.forward = lowerDivision(builder, value);
      return true;
    case "div64_u":
    case "rem64_u": {
      const pair = lowerWideDivision(builder, value);
      if (!pair) return false;
      value.forward = pair.low;
      if (high) high.forward = pair.high;
      return true;
    }
    default:
      return value.forward !== undefined;
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
