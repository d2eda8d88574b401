// The results of operations on constants: the machine's arithmetic, done by the compiler.
//
// A word is a signed number from -2^31 to 2^31 - 1. What would make the processor trap has no
// result, so that the operation stays and traps when the program runs.

import type { IrOp } from "./ir";

function popcount(word: number): number {
  let count = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** The high words of 64-bit products. */
function highProduct(a: number, b: number, signed: boolean): number {
  const wide = signed ? BigInt(a) * BigInt(b) : BigInt(a >>> 0) * BigInt(b >>> 0);
  return Number(BigInt.asIntN(32, wide >> 32n));
}

/**
 * The result of an operation on two words, which may have bits above the 32 that count.
 *
 * @returns undefined: it traps, or is not one of these
 */
export function evaluate(op: IrOp, a: number, b: number): number | undefined {
  switch (op) {
    case "add":
      return a + b;
    case "sub":
      return a - b;
    case "mul":
      return Math.imul(a, b);
    case "mulh_s":
      return highProduct(a, b, true);
    case "mulh_u":
      return highProduct(a, b, false);
    case "and":
      return a & b;
    case "or":
      return a | b;
    case "xor":
      return a ^ b;
    case "shl":
      return a << b;
    case "shr":
      return a >>> b;
    case "sar":
      return a >> b;
    case "rotl":
      return (a << b) | (a >>> -b);
    case "rotr":
      return (a >>> b) | (a << -b);
    case "div_s":
      return b === 0 || (b === -1 && a === -0x8000_0000) ? undefined : (a / b) | 0;
    case "div_u":
      return b === 0 ? undefined : Math.floor((a >>> 0) / (b >>> 0)) | 0;
    case "rem_s":
      return b === 0 ? undefined : (a % b) | 0;
    case "rem_u":
      return b === 0 ? undefined : ((a >>> 0) % (b >>> 0)) | 0;
    default:
      return evaluateComparison(op, a, b);
  }
}

/** Whether a comparison of two words holds; undefined: it is not one. */
export function evaluateComparison(op: IrOp, a: number, b: number): number | undefined {
  switch (op) {
    case "eq":
      return Number(a === b);
    case "ne":
      return Number(a !== b);
    case "lt_s":
      return Number(a < b);
    case "lt_u":
      return Number(a >>> 0 < b >>> 0);
    case "gt_s":
      return Number(a > b);
    case "gt_u":
      return Number(a >>> 0 > b >>> 0);
    case "le_s":
      return Number(a <= b);
    case "le_u":
      return Number(a >>> 0 <= b >>> 0);
    case "ge_s":
      return Number(a >= b);
    case "ge_u":
      return Number(a >>> 0 >= b >>> 0);
    default:
      return undefined;
  }
}

/** The result of an operation on one word; undefined: it is not one of these. */
export function evaluateUnary(op: IrOp, a: number): number | undefined {
  switch (op) {
    case "extend8_s":
      return (a << 24) >> 24;
    case "extend16_s":
      return (a << 16) >> 16;
    case "clz":
      return Math.clz32(a);
    case "ctz":
      return a === 0 ? 32 : 31 - Math.clz32(a & -a);
    case "popcnt":
      return popcount(a);
    default:
      return undefined;
  }
}

export type WideOp = "add64" | "sub64" | "div64_s" | "div64_u" | "rem64_s" | "rem64_u";

/**
 * The result of an operation on two signed 64-bit integers, which may have bits above the 64 that
 * count.
 *
 * @returns undefined: it traps
 */
export function evaluateWide(op: WideOp, a: bigint, b: bigint): bigint | undefined {
  const unsignedA = BigInt.asUintN(64, a);
  const unsignedB = BigInt.asUintN(64, b);
  switch (op) {
    case "add64":
      return a + b;
    case "sub64":
      return a - b;
    case "div64_s":
      return b === 0n || (b === -1n && a === -(1n << 63n)) ? undefined : a / b;
    case "div64_u":
      return b === 0n ? undefined : unsignedA / unsignedB;
    case "rem64_s":
      return b === 0n ? undefined : a % b;
    case "rem64_u":
      return b === 0n ? undefined : unsignedA % unsignedB;
  }
}
