// Comparisons: the flags that they leave, for jumps, conditional moves and byte sets.
//
// A comparison with one use in its block is made right where the flags are needed. `x & y` against
// zero is a `test`; a byte from memory against a constant is compared in memory. Whether some
// adjacent bits are all set is a `test`, too: exactly then they become 0 when the lowest is added.

import type { Condition } from "../../x86/instructions/condition";
import { negated } from "../../x86/instructions/condition";
import { immediate, memory, register } from "../code/code";
import { isComparison, SWAPPED } from "../ir/counterparts";
import type { IrOp, Value } from "../ir/ir";
import { isConst, isFree } from "../ir/ir";
import { possibleBits, possibleBitsOfPhi } from "../ir/known-bits";
import { compareFloats } from "./float";
import { isFoldableLoad, loadOperand, sizeOfLoad, sourceOperand } from "./operand";
import type { Selection } from "./selection";

const CONDITION: Readonly<Partial<Record<IrOp, Condition>>> = {
  eq: "e",
  ne: "ne",
  lt_s: "l",
  lt_u: "b",
  gt_s: "g",
  gt_u: "a",
  le_s: "le",
  le_u: "be",
  ge_s: "ge",
  ge_u: "ae",
  lt64_s: "l",
  lt64_u: "b",
  ge64_s: "ge",
  ge64_u: "ae",
};

/** How numbers below 2^31 compare, whatever their declared sign. */
const UNSIGNED: Readonly<Partial<Record<IrOp, Condition>>> = {
  eq: "e",
  ne: "ne",
  lt_s: "b",
  lt_u: "b",
  gt_s: "a",
  gt_u: "a",
  le_s: "be",
  le_u: "be",
  ge_s: "ae",
  ge_u: "ae",
};

/** After `test x, x`, which condition decides the comparison with 0. */
const AGAINST_ZERO: Readonly<Partial<Record<IrOp, Condition>>> = {
  eq: "e",
  ne: "ne",
  lt_s: "s",
  ge_s: "ns",
  gt_s: "g",
  le_s: "le",
};

/** Emits what sets the flags so that the result holds exactly when `value` is not zero. */
export function conditionOf(selection: Selection, value: Value): Condition {
  if (isComparison(value) && selection.canFold(value)) return compare(selection, value);
  return negated(testZero(selection, value, false));
}

/** Emits the comparison that `value` is; the condition is its truth. */
export function compare(selection: Selection, value: Value): Condition {
  if (value.args[0]!.type !== "i32") return compareFloats(selection, value);
  const condition = CONDITION[value.op];
  if (!condition) throw new Error(`${value.op} is not a comparison`);
  if (value.args.length === 4) {
    compareWide(selection, value);
    return condition;
  }
  const [left, right] = value.args as [Value, Value];
  if (isConst(right)) {
    const againstZero = right.immediate === 0 ? AGAINST_ZERO[value.op] : undefined;
    if (againstZero) {
      testZero(selection, left, againstZero !== "e" && againstZero !== "ne");
      return againstZero;
    }
    if (compareByte(selection, value, left, right.immediate)) return condition;
    if (compareOnes(selection, value, left, right.immediate)) return condition;
  }
  const bytes = compareBytes(selection, value, left, right);
  if (bytes) return bytes;
  return compareWords(selection, value, left, right, condition);
}

function compareWords(
  selection: Selection,
  value: Value,
  left: Value,
  right: Value,
  condition: Condition,
): Condition {
  if (isFoldableLoad(selection, left) && !isFoldableLoad(selection, right)) {
    const place = loadOperand(selection, left);
    selection.emit("cmp", place, selection.orImmediate(right));
    return condition;
  }
  const mirror = SWAPPED[value.op];
  if (isConst(left) && !isConst(right) && mirror) {
    return compareWords(selection, value, right, left, CONDITION[mirror] ?? condition);
  }
  const first = selection.inRegister(left);
  selection.emit("cmp", first, sourceOperand(selection, right));
  return condition;
}

/** Compares a byte or 16 bits in memory with a constant, where that decides the same. */
function compareByte(selection: Selection, value: Value, left: Value, constant: number): boolean {
  if (left.op !== "load8_u" || !selection.canFold(left)) return false;
  const isSignless = value.op === "eq" || value.op === "ne" || value.op.endsWith("_u");
  if (!isSignless || constant < 0 || constant > 0xff) return false;
  selection.emit("cmp", loadOperand(selection, left, 8), immediate(constant));
  return true;
}

/** Compares adjacent bits with ones. */
function compareOnes(selection: Selection, value: Value, left: Value, ones: number): boolean {
  const [word, mask] = left.args;
  if (left.op !== "and" || !word || !mask || !isConst(mask)) return false;
  if (mask.immediate !== ones || (value.op !== "eq" && value.op !== "ne")) return false;
  const lowest = ones & -ones;
  if (((ones + lowest) & ones) !== 0 || !selection.canFold(left)) return false;
  const base = selection.inRegister(word).register;
  const sum = register(selection.machine.newRegister());
  selection.emit("lea", sum, memory({ base, displacement: lowest }, undefined));
  selection.emit("test", sum, immediate(ones));
  return true;
}

/** Compares a byte in a register with one in memory: both extended with zeros compare the same. */
function compareBytes(
  selection: Selection,
  value: Value,
  left: Value,
  right: Value,
): Condition | undefined {
  const isSwapped = !isFoldableByte(selection, right);
  const [first, second] = isSwapped ? [right, left] : [left, right];
  const other = byteOf(selection, first);
  if (first === second || !other || !isFoldableByte(selection, second)) return undefined;
  const op = isSwapped ? SWAPPED[value.op] : value.op;
  const condition = op && UNSIGNED[op];
  if (!condition) return undefined;
  const byte = selection.inRegister(other, 8);
  selection.emit("cmp", byte, loadOperand(selection, second, 8));
  return condition;
}

function isFoldableByte(selection: Selection, value: Value): boolean {
  return value.op === "load8_u" && selection.canFold(value);
}

/** The value whose low byte is all of `value`, if that is a byte extended with zeros. */
function byteOf(selection: Selection, value: Value): Value | undefined {
  if (isConst(value)) return undefined;
  const [inner, mask] = value.args;
  const isMasked = value.op === "and" && inner && mask && isConst(mask) && mask.immediate === 0xff;
  if (isMasked && !isFree(inner) && selection.canFold(value)) return inner;
  const bits = value.op === "phi" ? possibleBitsOfPhi(value) : possibleBits(value);
  return (bits & ~0xff) === 0 ? value : undefined;
}

/**
 * Sets the flags by `value`; the condition returned holds when it is 0. A narrow operation leaves
 * the sign of a narrow value, so `needsSign` rules out those whose value is extended with zeros.
 */
function testZero(selection: Selection, value: Value, needsSign: boolean): Condition {
  const size = sizeOfLoad(value);
  const keepsSign = !value.op.endsWith("_u");
  if (value.op === "and" && selection.canFold(value)) {
    testBits(selection, value, needsSign);
  } else if (size && selection.canFold(value) && (keepsSign || !needsSign)) {
    selection.emit("cmp", loadOperand(selection, value, size), immediate(0));
  } else {
    const place = selection.inRegister(value);
    selection.emit("test", place, place);
  }
  return "e";
}

function testBits(selection: Selection, value: Value, needsSign: boolean): void {
  const [left, right] = value.args as [Value, Value];
  const isByte = isConst(right) && left.op === "load8_u" && selection.canFold(left);
  if (isByte && !needsSign) {
    const bits = right.immediate & 0xff;
    selection.emit("test", loadOperand(selection, left, 8), immediate(bits));
  } else if (isFoldableLoad(selection, left)) {
    const place = loadOperand(selection, left);
    selection.emit("test", place, selection.orImmediate(right));
  } else if (isFoldableLoad(selection, right)) {
    const place = loadOperand(selection, right);
    selection.emit("test", place, selection.inRegister(left));
  } else {
    const place = selection.inRegister(left);
    selection.emit("test", place, selection.orImmediate(right));
  }
}

/** `cmp` of the low words and `sbb` of the high ones leave the flags of the whole difference. */
function compareWide(selection: Selection, value: Value): void {
  const [aLow, aHigh, bLow, bHigh] = value.args as [Value, Value, Value, Value];
  const high = selection.copy(aHigh);
  const low = selection.inRegister(aLow);
  const lowSource = sourceOperand(selection, bLow);
  const highSource = sourceOperand(selection, bHigh);
  selection.emit("cmp", low, lowSource);
  selection.emit("sbb", register(high), highSource);
}
