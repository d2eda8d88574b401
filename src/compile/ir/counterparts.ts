// The counterparts of an operation: the one that means the same with its operands exchanged, and,
// of a comparison, its negation.
//
// A comparison of floating-point numbers has few: with a NaN neither `lt` nor `ge` holds.

import type { IrOp, Value } from "./ir";

/** The operation that gives the same result with its two operands swapped. */
export const SWAPPED: Readonly<Partial<Record<IrOp, IrOp>>> = {
  add: "add",
  mul: "mul",
  and: "and",
  or: "or",
  xor: "xor",
  mulh_s: "mulh_s",
  mulh_u: "mulh_u",
  mul_wide_s: "mul_wide_s",
  mul_wide_u: "mul_wide_u",
  eq: "eq",
  ne: "ne",
  lt_s: "gt_s",
  gt_s: "lt_s",
  lt_u: "gt_u",
  gt_u: "lt_u",
  le_s: "ge_s",
  ge_s: "le_s",
  le_u: "ge_u",
  ge_u: "le_u",
};

/** The comparison that holds exactly when `op` does not. */
export const INVERSE: Readonly<Partial<Record<IrOp, IrOp>>> = {
  eq: "ne",
  ne: "eq",
  lt_s: "ge_s",
  ge_s: "lt_s",
  lt_u: "ge_u",
  ge_u: "lt_u",
  gt_s: "le_s",
  le_s: "gt_s",
  gt_u: "le_u",
  le_u: "gt_u",
  eq_f32: "ne_f32",
  ne_f32: "eq_f32",
  eq_f64: "ne_f64",
  ne_f64: "eq_f64",
  lt64_s: "ge64_s",
  ge64_s: "lt64_s",
  lt64_u: "ge64_u",
  ge64_u: "lt64_u",
};

const FLOAT_COMPARISONS: ReadonlySet<IrOp> = new Set([
  ...(["eq_f32", "ne_f32", "lt_f32", "gt_f32", "le_f32", "ge_f32"] as const),
  ...(["eq_f64", "ne_f64", "lt_f64", "gt_f64", "le_f64", "ge_f64"] as const),
]);

/** Whether the operands may be swapped. */
export function isCommutative(op: IrOp): boolean {
  return SWAPPED[op] === op;
}

/** Whether the value is 0 or 1 because a comparison made it. */
export function isComparison(value: Value): boolean {
  return INVERSE[value.op] !== undefined || FLOAT_COMPARISONS.has(value.op);
}
