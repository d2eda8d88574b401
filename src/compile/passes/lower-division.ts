// Division in terms of what the machine has: one instruction for quotient and remainder, or none.
//
//   x / c           the high word of x * m, shifted: m is 2^k / c rounded up
//   x % c           x - x / c * c
//   x / y, x % y    one `div` or `idiv` gives both; equal divisions are merged later
//   64 bits by 32   two divisions, the second of remainder:low
//
// The multipliers are those of Granlund and Montgomery, "Division by invariant integers using
// multiplication" (1994), as in Hacker's Delight, second edition, chapter 10.

import type { Value } from "../ir/ir";
import { isConst } from "../ir/ir";
import type { Pair, ValueBuilder } from "../ir/value-builder";

/** What to use instead of `value`; its code is appended to `builder`'s block. */
export function lowerDivision(builder: ValueBuilder, value: Value): Value {
  const [dividend, divisor] = value.args as [Value, Value];
  const isSigned = value.op.endsWith("_s");
  const quotient = isConst(divisor)
    ? byConstant(builder, dividend, divisor.immediate, isSigned)
    : undefined;
  if (quotient) {
    if (value.op.startsWith("div")) return quotient;
    return builder.emit("sub", dividend, builder.emit("mul", quotient, divisor));
  }
  const both = isSigned
    ? builder.effect("divide_s", [dividend, divisor])
    : builder.effect("divide_u", [dividend, builder.constant(0), divisor]);
  return value.op.startsWith("div") ? both : builder.high(both);
}

/** A 64-bit unsigned division by one word that is known not to be 0; undefined: it is not one. */
export function lowerWideDivision(builder: ValueBuilder, value: Value): Pair | undefined {
  const [low, high, divisor, divisorHigh] = value.args as [Value, Value, Value, Value];
  const isWord = isConst(divisorHigh) && divisorHigh.immediate === 0;
  if (!value.op.endsWith("_u") || !isWord) return undefined;
  const first = builder.effect("divide_u", [high, builder.constant(0), divisor]);
  const second = builder.effect("divide_u", [low, builder.high(first), divisor]);
  if (value.op === "div64_u") return { low: second, high: first };
  return { low: builder.high(second), high: builder.constant(0) };
}

function byConstant(
  builder: ValueBuilder,
  x: Value,
  divisor: number,
  isSigned: boolean,
): Value | undefined {
  if (divisor === 0) return undefined;
  if (!isSigned) return unsignedQuotient(builder, x, divisor >>> 0);
  if (divisor === -1 || divisor === 1) return undefined;
  return signedQuotient(builder, x, divisor);
}

function shiftRight(builder: ValueBuilder, op: "shr" | "sar", x: Value, count: number): Value {
  return builder.emit(op, x, builder.constant(count));
}

/** The multiplier needs 33 bits for some divisors; then its top bit is added by hand. */
function unsignedQuotient(builder: ValueBuilder, x: Value, divisor: number): Value {
  const bits = 32 - Math.clz32(divisor - 1);
  const d = BigInt(divisor);
  for (let shift = 0; shift <= bits; shift++) {
    const multiplier = (1n << BigInt(32 + shift)) / d + 1n;
    const error = multiplier * d - (1n << BigInt(32 + shift));
    if (error > 1n << BigInt(shift) || multiplier >> 32n !== 0n) continue;
    const high = builder.emit("mulh_u", x, builder.constant(Number(BigInt.asIntN(32, multiplier))));
    return shiftRight(builder, "shr", high, shift);
  }
  const multiplier = (1n << BigInt(32 + bits)) / d + 1n;
  const low = builder.constant(Number(BigInt.asIntN(32, multiplier)));
  const high = builder.emit("mulh_u", x, low);
  const half = shiftRight(builder, "shr", builder.emit("sub", x, high), 1);
  return shiftRight(builder, "shr", builder.emit("add", half, high), bits - 1);
}

/** Rounds towards zero: the sign bit of the shifted product is added. */
function signedQuotient(builder: ValueBuilder, x: Value, divisor: number): Value {
  const magnitude = Math.abs(divisor);
  const power = Math.log2(magnitude);
  const positive = Number.isInteger(power)
    ? signedPowerOfTwo(builder, x, power)
    : signedByMultiplier(builder, x, magnitude);
  return divisor < 0 ? builder.emit("sub", builder.constant(0), positive) : positive;
}

/** Negative dividends get 2^k - 1 added, so that the shift rounds towards zero. */
function signedPowerOfTwo(builder: ValueBuilder, x: Value, power: number): Value {
  const sign = power === 1 ? x : shiftRight(builder, "sar", x, 31);
  const bias = shiftRight(builder, "shr", sign, 32 - power);
  return shiftRight(builder, "sar", builder.emit("add", x, bias), power);
}

function signedByMultiplier(builder: ValueBuilder, x: Value, divisor: number): Value {
  const d = BigInt(divisor);
  let shift = 0;
  let multiplier = (1n << 32n) / d + 1n;
  // The least shift for which the product is exact for all 31-bit magnitudes.
  while (multiplier * d - (1n << BigInt(32 + shift)) > 1n << BigInt(shift + 1)) {
    shift++;
    multiplier = (1n << BigInt(32 + shift)) / d + 1n;
  }
  const word = Number(BigInt.asIntN(32, multiplier));
  const product = builder.emit("mulh_s", x, builder.constant(word));
  // A multiplier of 32 bits is read as negative: add x, which the missing 2^32 stands for.
  const high = word < 0 ? builder.emit("add", product, x) : product;
  const shifted = shiftRight(builder, "sar", high, shift);
  return builder.emit("sub", shifted, shiftRight(builder, "sar", x, 31));
}
