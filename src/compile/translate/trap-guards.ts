// Traps of arithmetic as checks before it, where no instruction may trap by itself: in an object
// whose traps are calls, the processor's exceptions are nobody's.

import type { IrOp, Value } from "../ir/ir";
import { isConst } from "../ir/ir";
import { type Trap, trapKind } from "../ir/trap";
import type { Pair, ValueBuilder } from "../ir/value-builder";

const SIGN = 1 << 31;

/** Traps if `condition` is not 0. */
export function trapIfSet(values: ValueBuilder, condition: Value, trap: Trap): void {
  if (isConst(condition) && condition.immediate === 0) return;
  values.effect("trap_if", [condition], trapKind(trap));
}

/** Guards a division of words, `div_s`, `div_u`, `rem_s` or `rem_u`. */
export function guardDivision(values: ValueBuilder, op: string, a: Value, b: Value): void {
  const zero = values.constant(0);
  trapIfSet(values, values.emit("eq", b, zero), "integer divide by zero");
  if (op !== "div_s" || (isConst(b) && b.immediate !== -1)) return;
  const differs = values.emit("or", differsFrom(values, a, SIGN), differsFrom(values, b, -1));
  trapIfSet(values, values.emit("eq", differs, zero), "integer overflow");
}

/** The same of pairs. */
export function guardWideDivision(values: ValueBuilder, op: string, a: Pair, b: Pair): void {
  const zero = values.constant(0);
  const bits = values.emit("or", b.low, b.high);
  trapIfSet(values, values.emit("eq", bits, zero), "integer divide by zero");
  if (op !== "div_s") return;
  const left = values.emit("or", a.low, differsFrom(values, a.high, SIGN));
  const isMinusOne = differsFrom(values, values.emit("and", b.low, b.high), -1);
  const differs = values.emit("or", left, isMinusOne);
  trapIfSet(values, values.emit("eq", differs, zero), "integer overflow");
}

/** 0 if `value` is `word`. */
function differsFrom(values: ValueBuilder, value: Value, word: number): Value {
  return values.emit("xor", value, values.constant(word));
}

/** The f64 by its high word: 2^31 and so on are powers of two. */
const power = (exponent: number) => (1023 + exponent) << 20;

interface Range {
  /** How the smallest number compares that is too small. */
  readonly below: "le" | "lt";
  readonly low: readonly [low: number, high: number];
  readonly high: readonly [low: number, high: number];
}

const MINUS_ONE = [0, SIGN | power(0)] as const;
const RANGES: Readonly<Record<string, Range>> = {
  // -2^31 - 1
  i32_s: { below: "le", low: [0x0020_0000, 0xc1e0_0000 | 0], high: [0, power(31)] },
  i32_u: { below: "le", low: MINUS_ONE, high: [0, power(32)] },
  i64_s: { below: "lt", low: [0, SIGN | power(63)], high: [0, power(63)] },
  i64_u: { below: "le", low: MINUS_ONE, high: [0, power(64)] },
};

/** Guards the conversion of an f64 to an integer of this type. */
export function guardConversion(values: ValueBuilder, integer: string, x: Value): void {
  const { below, low, high } = RANGES[integer]!;
  const compare = (op: string, [lowWord, highWord]: readonly [number, number]) =>
    values.emit(`${op}_f64` as IrOp, x, values.fn.float("f64", lowWord, highWord));
  trapIfSet(values, values.emit("ne_f64", x, x), "invalid conversion to integer");
  trapIfSet(values, compare(below, low), "integer overflow");
  trapIfSet(values, compare("ge", high), "integer overflow");
}
