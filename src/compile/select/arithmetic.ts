// Selects arithmetic: two-address operations, shifts, products, quotients, bit counts.
//
// An operation `d = a op b` is written `mov d, a; op d, b`; the allocator joins d and a where it
// can, and emission turns what is left into `lea` where that saves the move.

import type { Condition } from "../../x86/instructions/condition";
import { negated } from "../../x86/instructions/condition";
import type { Mnemonic } from "../../x86/instructions/table";
import type { MachineOperand } from "../code/code";
import { immediate, memory, register } from "../code/code";
import { isCommutative, isComparison } from "../ir/counterparts";
import type { IrOp, Value } from "../ir/ir";
import { isConst, isFree, isScaling } from "../ir/ir";
import { DIVISION_REGISTERS } from "../runtime/runtime";
import { sumOperand } from "./address";
import { compare, conditionOf } from "./compare";
import { ACCUMULATOR, COUNTER, DATA } from "./fixed-registers";
import {
  isFoldableLoad,
  loadOperand,
  placeOperand,
  placeOperandUnderPressure,
  sourceOperand,
} from "./operand";
import type { Selection } from "./selection";

const TWO_ADDRESS: Readonly<Partial<Record<IrOp, Mnemonic>>> = {
  add: "add",
  sub: "sub",
  mul: "imul",
  and: "and",
  or: "or",
  xor: "xor",
};

const SHIFTS: Readonly<Partial<Record<IrOp, Mnemonic>>> = {
  shl: "shl",
  shr: "shr",
  sar: "sar",
  rotl: "rol",
  rotr: "ror",
};

const DIVISION_ROUTINE: Readonly<Partial<Record<IrOp, string>>> = {
  div64_s: "__isthmus_div64_s",
  div64_u: "__isthmus_div64_u",
  rem64_s: "__isthmus_rem64_s",
  rem64_u: "__isthmus_rem64_u",
};

/** Selects `value` if it is arithmetic; whether it was. */
export function selectArithmetic(selection: Selection, value: Value): boolean {
  const { op } = value;
  const mnemonic = TWO_ADDRESS[op];
  if (mnemonic) selectTwoAddress(selection, value, mnemonic);
  else if (SHIFTS[op]) selectShift(selection, value, SHIFTS[op]);
  else if (DIVISION_ROUTINE[op]) selectWideDivision(selection, value, DIVISION_ROUTINE[op]);
  else {
    const special = SPECIAL[op];
    if (!special) return false;
    special(selection, value);
  }
  return true;
}

function selectTwoAddress(selection: Selection, value: Value, mnemonic: Mnemonic): void {
  let [left, right] = value.args as [Value, Value];
  if (selectUnary(selection, value, left, right)) return;
  if (selectFromFlag(selection, value, left, right)) return;
  if (value.op === "add" && selectSum(selection, value, left, right)) return;
  if (value.op === "and" && selectZeroExtension(selection, value, left, right)) return;
  if (value.op === "mul" && selectProduct(selection, value, left, right)) return;
  if (isCommutative(value.op) && betterSwapped(selection, left, right)) {
    [left, right] = [right, left];
  }
  const result = selection.registerOf(value);
  const source = sourceOperand(selection, right);
  selection.move(result, sourceOperand(selection, left));
  selection.emit(mnemonic, register(result), source);
}

/** Whether `right` should be the operand that is overwritten. */
function betterSwapped(selection: Selection, left: Value, right: Value): boolean {
  if (isFree(right)) return false;
  const isLoad = (value: Value) => isFoldableLoad(selection, value);
  if (isLoad(left) !== isLoad(right)) return isLoad(left);
  if (!selection.diesHere(right)) return false;
  // A sum with a loop-carried value often is the next such value.
  return !selection.diesHere(left) || (right.op === "phi" && left.op !== "phi");
}

/** `0 - x` and `x ^ -1`. */
function selectUnary(selection: Selection, value: Value, left: Value, right: Value): boolean {
  const isNegation = value.op === "sub" && isConst(left) && left.immediate === 0;
  const isComplement = value.op === "xor" && isConst(right) && right.immediate === -1;
  if (!isNegation && !isComplement) return false;
  const result = selection.registerOf(value);
  selection.move(result, sourceOperand(selection, isNegation ? right : left));
  selection.emit(isNegation ? "neg" : "not", register(result));
  return true;
}

/** `c - (x < y)` as `(x >= y) + (c - 1)`, whose constant needs no register. */
function selectFromFlag(selection: Selection, value: Value, left: Value, right: Value): boolean {
  if (value.op !== "sub" || !isConst(left) || !isComparison(right)) return false;
  if (!selection.canFold(right)) return false;
  const result = selection.registerOf(value);
  emitFlag(selection, result, negated(compare(selection, right)));
  selection.emit("add", register(result), immediate(left.immediate - 1));
  return true;
}

/** Sums of three parts, and sums whose operands stay in use, by `lea`. */
function selectSum(selection: Selection, value: Value, left: Value, right: Value): boolean {
  if (!selection.options.folds || isFoldableLoad(selection, left)) return false;
  if (isFoldableLoad(selection, right)) return false;
  const hasParts = [left, right].some(
    (operand) => (operand.op === "add" || isScaling(operand)) && selection.canFold(operand),
  );
  const survives = !selection.diesHere(left) && (isFree(right) || !selection.diesHere(right));
  const isSymbolic = left.op === "symbol" || right.op === "symbol";
  if (!hasParts && !survives && !isSymbolic) return false;
  const result = selection.registerOf(value);
  selection.emit("lea", register(result), sumOperand(selection, value));
  return true;
}

/** `x & 0xff` and `x & 0xffff`. */
function selectZeroExtension(
  selection: Selection,
  value: Value,
  left: Value,
  right: Value,
): boolean {
  if (!isConst(right)) return false;
  const size = right.immediate === 0xff ? 8 : right.immediate === 0xffff ? 16 : undefined;
  if (!size) return false;
  extend(selection, value, left, "movzx", size);
  return true;
}

function extend(
  selection: Selection,
  value: Value,
  source: Value,
  mnemonic: "movzx" | "movsx",
  size: 8 | 16,
): void {
  const from = isFoldableLoad(selection, source)
    ? loadOperand(selection, source, size)
    : selection.inRegister(source, size);
  selection.emit(mnemonic, register(selection.registerOf(value)), from);
}

/** Products with a constant: `lea` for 3, 5 and 9, else the three-operand form. */
function selectProduct(selection: Selection, value: Value, left: Value, right: Value): boolean {
  // Lowering can have made the left operand known.
  if (isConst(left) && !isConst(right)) return selectProduct(selection, value, right, left);
  if (!isConst(right)) return false;
  const result = register(selection.registerOf(value));
  const scale = right.immediate - 1;
  if (selection.options.folds && (scale === 2 || scale === 4 || scale === 8)) {
    const base = selection.inRegister(left).register;
    selection.emit("lea", result, memory({ base, index: base, scale }, undefined));
  } else {
    const source = placeOperand(selection, left);
    selection.emit("imul", result, source, immediate(right.immediate));
  }
  return true;
}

function selectShift(selection: Selection, value: Value, mnemonic: Mnemonic): void {
  const [left, count] = value.args as [Value, Value];
  const result = selection.registerOf(value);
  if (selection.options.folds && isScaling(value) && !selection.diesHere(left)) {
    selection.emit("lea", register(result), sumOperand(selection, value));
    return;
  }
  selection.move(result, sourceOperand(selection, left));
  selection.emit(mnemonic, register(result), countOperand(selection, count));
}

/** A shift count: a constant, or the low byte of the counter. */
function countOperand(selection: Selection, count: Value): MachineOperand {
  if (isConst(count)) return immediate(count.immediate & 31);
  selection.move(COUNTER, selection.orImmediate(count));
  return register(COUNTER, 8);
}

function selectDoubleShift(selection: Selection, value: Value): void {
  const [kept, filler, count] = value.args as [Value, Value, Value];
  const result = selection.registerOf(value);
  const from = selection.inRegister(filler);
  selection.move(result, sourceOperand(selection, kept));
  const by = countOperand(selection, count);
  selection.emit(value.op === "shld" ? "shld" : "shrd", register(result), from, by);
}

/** Division of data:accumulator; the quotient goes to the accumulator, the remainder to data. */
function selectDivision(selection: Selection, value: Value): void {
  const isSigned = value.op === "divide_s";
  const [dividend, ...rest] = value.args as [Value, Value];
  const by = placeOperandUnderPressure(selection, rest[rest.length - 1]!);
  if (isSigned) {
    selection.move(ACCUMULATOR, sourceOperand(selection, dividend));
    selection.emit("cdq");
  } else {
    const moves = [register(ACCUMULATOR), dividend, register(DATA), rest[0]!] as const;
    selection.moves(moves.map((each) => ("op" in each ? selection.orImmediate(each) : each)));
  }
  selection.emit(isSigned ? "idiv" : "div", by);
  takeResults(selection, value);
}

/** The two words of a product, or its high one. */
function selectWideProduct(selection: Selection, value: Value): void {
  let [left, right] = value.args as [Value, Value];
  if (betterSwapped(selection, left, right)) [left, right] = [right, left];
  const isHighOnly = value.op.startsWith("mulh");
  const by = placeOperand(selection, right);
  selection.move(ACCUMULATOR, sourceOperand(selection, left));
  selection.emit(value.op.endsWith("_s") ? "imul" : "mul", by);
  if (isHighOnly) selection.move(selection.registerOf(value), register(DATA));
  else takeResults(selection, value);
}

/**
 * Moves what is in the registers of results, as far as wanted, to the registers of `value` and its
 * high word, together with `moves` of the same kind.
 */
export function takeResults(
  selection: Selection,
  value: Value,
  moves: MachineOperand[] = [],
): void {
  const { machine } = selection;
  const { general, float } = machine.target.convention.results;
  const high = selection.highOf(value);
  if (selection.isRequested(value)) {
    const from = machine.operandOf((value.type === "i32" ? general : float)[0]!);
    moves.push(machine.operandOf(selection.registerOf(value)), from);
  }
  if (high && selection.isRequested(high)) {
    moves.push(register(selection.registerOf(high)), register(general[1]!));
  }
  selection.moves(moves);
}

function selectWideDivision(selection: Selection, value: Value, routine: string): void {
  const { operands, writes } = DIVISION_REGISTERS;
  const operand = (argument: Value) => selection.orImmediate(argument);
  selection.moves(value.args.flatMap((arg, i) => [register(operands[i]!), operand(arg)]));
  selection.push("call", [immediate(0, routine)], operands, writes);
  takeResults(selection, value);
}

function selectWideSum(selection: Selection, value: Value): void {
  const [aLow, aHigh, bLow, bHigh] = value.args as [Value, Value, Value, Value];
  const isSum = value.op === "add64";
  const low = selection.registerOf(value);
  const highValue = selection.highOf(value);
  if (!highValue) throw new Error(`${selection.fn.name}: ${value.op} without a high word`);
  const high = selection.registerOf(highValue);
  const lowSource = sourceOperand(selection, bLow);
  const highSource = sourceOperand(selection, bHigh);
  selection.move(low, selection.orImmediate(aLow));
  selection.emit(isSum ? "add" : "sub", register(low), lowSource);
  selection.move(high, selection.orImmediate(aHigh));
  selection.emit(isSum ? "adc" : "sbb", register(high), highSource);
}

/** `bsr` and `bsf` leave their result undefined for 0, and say so in ZF. */
function selectBitScan(selection: Selection, value: Value): void {
  const [source] = value.args as [Value];
  const isLeading = value.op === "clz";
  const result = selection.registerOf(value);
  const ifZero = selection.machine.newRegister();
  const from = placeOperand(selection, source);
  selection.move(ifZero, immediate(isLeading ? 63 : 32));
  selection.emit(isLeading ? "bsr" : "bsf", register(result), from);
  selection.emit("cmove", register(result), register(ifZero));
  if (isLeading) selection.emit("xor", register(result), immediate(31));
}

/** A comparison whose result is used as a number. */
function selectFlag(selection: Selection, value: Value): void {
  emitFlag(selection, selection.registerOf(value), compare(selection, value));
}

/** Sets `result` to 1 or 0 by the flags. */
function emitFlag(selection: Selection, result: number, condition: Condition): void {
  const flag = selection.machine.newRegister();
  selection.machine.restrictToBytes(flag);
  selection.emit(`set${condition}`, register(flag, 8));
  selection.emit("movzx", register(result), register(flag, 8));
}

function selectSelect(selection: Selection, value: Value): void {
  const [condition, yes, no] = value.args as [Value, Value, Value];
  const result = selection.registerOf(value);
  const source = placeOperand(selection, yes);
  selection.move(result, sourceOperand(selection, no));
  const holds = conditionOf(selection, condition);
  selection.emit(`cmov${holds}`, register(result), source);
}

const SPECIAL: Readonly<Partial<Record<IrOp, (selection: Selection, value: Value) => void>>> = {
  shld: selectDoubleShift,
  shrd: selectDoubleShift,
  divide_s: selectDivision,
  divide_u: selectDivision,
  mulh_s: selectWideProduct,
  mulh_u: selectWideProduct,
  mul_wide_s: selectWideProduct,
  mul_wide_u: selectWideProduct,
  extend8_s: (selection, value) => extend(selection, value, value.args[0]!, "movsx", 8),
  extend16_s: (selection, value) => extend(selection, value, value.args[0]!, "movsx", 16),
  clz: selectBitScan,
  ctz: selectBitScan,
  select: selectSelect,
  add64: selectWideSum,
  sub64: selectWideSum,
  eq: selectFlag,
  ne: selectFlag,
  lt_s: selectFlag,
  lt_u: selectFlag,
  gt_s: selectFlag,
  gt_u: selectFlag,
  le_s: selectFlag,
  le_u: selectFlag,
  ge_s: selectFlag,
  ge_u: selectFlag,
  lt64_s: selectFlag,
  lt64_u: selectFlag,
  ge64_s: selectFlag,
  ge64_u: selectFlag,
  lt_f32: selectFlag,
  gt_f32: selectFlag,
  le_f32: selectFlag,
  ge_f32: selectFlag,
  lt_f64: selectFlag,
  gt_f64: selectFlag,
  le_f64: selectFlag,
  ge_f64: selectFlag,
};
