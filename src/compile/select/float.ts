// Selects floating-point arithmetic: scalars of SSE and SSE2, in float registers.
//
//   d = a op b      moves d, a; addsd d, b         b may be memory: a load, or a constant
//   a < b           ucomisd b, a; CF = ZF = 0      so a NaN on either side makes it false
//   a == b          cmpeqsd t, b; movd r, t        a jump would need two flags
//
// Constants are read from memory (float-constants.ts); allocation reads them again rather than
// keep them where registers are short.

import type { Condition } from "../../x86/instructions/condition";
import type { Mnemonic } from "../../x86/instructions/table";
import type { MachineOperand } from "../code/code";
import { floatRegister, immediate, memory, memorySizeOf, register } from "../code/code";
import { maskSymbol } from "../ir/float-constants";
import type { FloatType, IrOp, Value } from "../ir/ir";
import { isFloatConst } from "../ir/ir";
import { floatRoutine } from "../runtime/float-routines";
import { memoryOf } from "./address";
import { placeOperand } from "./operand";
import { constantOperand, type Selection } from "./selection";

type Select = (selection: Selection, value: Value) => void;

/** `add` of an f32 is `addss`, of an f64 `addsd`. */
const suffix = { f32: "ss", f64: "sd" } as const;

/** `value` as memory or in a register: the source of an operation on one number. */
function sourceOf(selection: Selection, value: Value): MachineOperand {
  if (isFloatConst(value)) return constantOperand(value);
  const isLoad = value.op === "load_f32" || value.op === "load_f64";
  if (isLoad && selection.canFold(value)) {
    return memoryOf(selection, value, memorySizeOf(value.type));
  }
  return floatRegister(selection.registerOf(value));
}

/** `value` in a register that may be read only. */
function inRegister(selection: Selection, value: Value): MachineOperand {
  return isFloatConst(value)
    ? copyOf(selection, value)
    : floatRegister(selection.registerOf(value));
}

/** `value` in a register that may be changed. */
function copyOf(selection: Selection, value: Value): MachineOperand {
  const fresh = floatRegister(selection.machine.newRegister(value.type));
  selection.moves([fresh, selection.orImmediate(value)]);
  return fresh;
}

/** Starts a two-address operation: `value`'s register holds `left`. */
function startWith(selection: Selection, value: Value, left: Value): MachineOperand {
  const result = floatRegister(selection.registerOf(value));
  selection.moves([result, selection.orImmediate(left)]);
  return result;
}

function isMemory(selection: Selection, value: Value): boolean {
  if (isFloatConst(value)) return true;
  return value.op.startsWith("load_") && selection.canFold(value);
}

function binary(mnemonic: Mnemonic, isCommutative: boolean): Select {
  return (selection, value) => {
    let [left, right] = value.args as [Value, Value];
    if (isCommutative && isMemory(selection, left) && !isMemory(selection, right)) {
      [left, right] = [right, left];
    }
    const source = sourceOf(selection, right);
    selection.emit(mnemonic, startWith(selection, value, left), source);
  };
}

/** From one number to another kind of register or type. */
function unary(mnemonic: Mnemonic): Select {
  return (selection, value) => {
    const source = sourceOf(selection, value.args[0]!);
    selection.emit(mnemonic, floatRegister(selection.registerOf(value)), source);
  };
}

function mask(name: "abs" | "sign", type: FloatType): MachineOperand {
  return memory({ symbol: maskSymbol(name, type) }, 128);
}

function withMask(mnemonic: Mnemonic, name: "abs" | "sign", type: FloatType): Select {
  return (selection, value) => {
    selection.emit(mnemonic, startWith(selection, value, value.args[0]!), mask(name, type));
  };
}

function copySign(type: FloatType): Select {
  return (selection, value) => {
    const [magnitude, sign] = value.args as [Value, Value];
    const signBit = copyOf(selection, sign);
    selection.emit("andps", signBit, mask("sign", type));
    const result = startWith(selection, value, magnitude);
    selection.emit("andps", result, mask("abs", type));
    selection.emit("orps", result, signBit);
  };
}

/** Bits of a NaN below the quiet bit. */
const PAYLOAD_SHIFT = { f32: 10, f64: 13 } as const;

/**
 * The processor returns the second operand if either is a NaN or both are zeros; so both orders are
 * computed. Where the results differ in a sign, `or` takes the negative one and `sub` the positive
 * one; where either is a NaN, all bits become ones but the payload's.
 */
function extreme(name: "min" | "max", type: FloatType): Select {
  return (selection, value) => {
    const [left, right] = value.args as [Value, Value];
    const mnemonic = `${name}${suffix[type]}` as const;
    const a = inRegister(selection, left);
    const b = inRegister(selection, right);
    const one = floatRegister(selection.machine.newRegister(type));
    selection.moves([one, b]);
    selection.emit(mnemonic, one, a);
    const other = floatRegister(selection.machine.newRegister(type));
    selection.moves([other, a]);
    selection.emit(mnemonic, other, b);
    if (name === "min") {
      selection.emit("orps", one, other);
    } else {
      selection.emit("xorps", other, one);
      selection.emit("orps", one, other);
      selection.emit(`sub${suffix[type]}`, one, other);
    }
    const nan = floatRegister(selection.machine.newRegister(type));
    selection.moves([nan, one]);
    selection.emit(`cmp${suffix[type]}`, nan, one, immediate(3));
    if (name === "min") selection.emit("orps", one, nan);
    selection.emit(type === "f32" ? "psrld" : "psrlq", nan, immediate(PAYLOAD_SHIFT[type]));
    selection.emit("andnps", nan, one);
    selection.moves([floatRegister(selection.registerOf(value)), nan]);
  };
}

function fromWord(type: FloatType): Select {
  return (selection, value) => {
    const source = placeOperand(selection, value.args[0]!);
    selection.emit(`cvtsi2${suffix[type]}`, floatRegister(selection.registerOf(value)), source);
  };
}

function selectBits32(selection: Selection, value: Value): void {
  const from = inRegister(selection, value.args[0]!);
  selection.emit("movd", register(selection.registerOf(value)), from);
}

function selectBits64(selection: Selection, value: Value): void {
  const high = selection.highOf(value);
  const from = inRegister(selection, value.args[0]!);
  if (high && selection.isRequested(high)) {
    const upper = floatRegister(selection.machine.newRegister("f64"));
    selection.moves([upper, from]);
    selection.emit("psrlq", upper, immediate(32));
    selection.emit("movd", register(selection.registerOf(high)), upper);
  }
  if (!selection.isRequested(value)) return;
  selection.emit("movd", register(selection.registerOf(value)), from);
}

function selectFromBits32(selection: Selection, value: Value): void {
  const source = placeOperand(selection, value.args[0]!);
  selection.emit("movd", floatRegister(selection.registerOf(value)), source);
}

function selectFromBits64(selection: Selection, value: Value): void {
  const [low, high] = value.args as [Value, Value];
  const upper = floatRegister(selection.machine.newRegister("f64"));
  const highSource = placeOperand(selection, high);
  const lowSource = placeOperand(selection, low);
  selection.emit("movd", upper, highSource);
  const result = floatRegister(selection.registerOf(value));
  selection.emit("movd", result, lowSource);
  selection.emit("punpckldq", result, upper);
}

function selectRoutine(selection: Selection, value: Value): void {
  const { operands, results, writes } = floatRoutine(value.name);
  const { machine } = selection;
  selection.moves(
    value.args.flatMap((argument, i) => [
      machine.operandOf(operands[i]!),
      selection.orImmediate(argument),
    ]),
  );
  selection.push("call", [immediate(0, value.name)], operands, writes);
  const wanted = [value, selection.highOf(value)].flatMap((part, i) =>
    part && selection.isRequested(part)
      ? [machine.operandOf(selection.registerOf(part)), machine.operandOf(results[i]!)]
      : [],
  );
  selection.moves(wanted);
}

function selectLoad(selection: Selection, value: Value): void {
  const { type } = value;
  const from = memoryOf(selection, value, memorySizeOf(type));
  selection.emit(
    type === "f32" ? "movss" : "movsd",
    floatRegister(selection.registerOf(value)),
    from,
  );
}

function store(type: FloatType): Select {
  return (selection, value) => {
    const [, stored] = value.args as [Value, Value];
    if (isFloatConst(stored)) {
      // Words of known bits need no register.
      const words = [stored.immediate, stored.highImmediate].slice(0, type === "f32" ? 1 : 2);
      for (const [i, word] of words.entries()) {
        const target = memoryOf(selection, value, 32, 4 * i);
        selection.emit("mov", target, immediate(word));
      }
      return;
    }
    const source = floatRegister(selection.registerOf(stored));
    const target = memoryOf(selection, value, memorySizeOf(type));
    selection.emit(type === "f32" ? "movss" : "movsd", target, source);
  };
}

// --- comparisons ---

/** What `ucomisd` must leave for the comparison to hold, and whether its operands are swapped. */
const BY_FLAGS = {
  gt: ["a", false],
  ge: ["ae", false],
  lt: ["a", true],
  le: ["ae", true],
} as const satisfies Readonly<Record<string, readonly [Condition, boolean]>>;

/** The constant of `cmpsd`. */
const BY_MASK = { eq: 0, ne: 4 } as const;

/** Emits the comparison of two numbers that `value` is; the condition is its truth. */
export function compareFloats(selection: Selection, value: Value): Condition {
  const [name, type] = value.op.split("_") as [keyof typeof BY_FLAGS | "eq" | "ne", FloatType];
  if (name === "eq" || name === "ne") {
    const word = register(equalityMask(selection, value));
    selection.emit("test", word, word);
    return "ne";
  }
  const [condition, isSwapped] = BY_FLAGS[name];
  const [left, right] = (isSwapped ? [...value.args].reverse() : value.args) as [Value, Value];
  const source = sourceOf(selection, right);
  selection.emit(`ucomi${suffix[type]}`, inRegister(selection, left), source);
  return condition;
}

/** A fresh register with all bits the truth of `a == b` or `a != b`. */
function equalityMask(selection: Selection, value: Value): number {
  let [left, right] = value.args as [Value, Value];
  const [name, type] = value.op.split("_") as ["eq" | "ne", FloatType];
  if (isMemory(selection, left)) [left, right] = [right, left];
  const source = sourceOf(selection, right);
  const flag = copyOf(selection, left);
  selection.emit(`cmp${suffix[type]}`, flag, source, immediate(BY_MASK[name]));
  const word = selection.machine.newRegister();
  selection.emit("movd", register(word), flag);
  return word;
}

/** `a == b` or `a != b` as a number. */
function selectEquality(selection: Selection, value: Value): void {
  const word = equalityMask(selection, value);
  const result = register(selection.registerOf(value));
  selection.moves([result, register(word)]);
  selection.emit("and", result, immediate(1));
}

function selectionsOf(type: FloatType): Readonly<Partial<Record<IrOp, Select>>> {
  const s = suffix[type];
  return {
    [`add_${type}`]: binary(`add${s}`, true),
    [`sub_${type}`]: binary(`sub${s}`, false),
    [`mul_${type}`]: binary(`mul${s}`, true),
    [`div_${type}`]: binary(`div${s}`, false),
    [`min_${type}`]: extreme("min", type),
    [`max_${type}`]: extreme("max", type),
    [`copysign_${type}`]: copySign(type),
    [`abs_${type}`]: withMask("andps", "abs", type),
    [`neg_${type}`]: withMask("xorps", "sign", type),
    [`sqrt_${type}`]: unary(`sqrt${s}`),
    [`convert_${type}`]: fromWord(type),
    [`load_${type}`]: selectLoad,
    [`store_${type}`]: store(type),
    [`eq_${type}`]: selectEquality,
    [`ne_${type}`]: selectEquality,
  };
}

const SELECTIONS: Readonly<Partial<Record<IrOp, Select>>> = {
  ...selectionsOf("f32"),
  ...selectionsOf("f64"),
  promote_f32: unary("cvtss2sd"),
  demote_f64: unary("cvtsd2ss"),
  bits_f32: selectBits32,
  bits_f64: selectBits64,
  from_bits_f32: selectFromBits32,
  from_bits_f64: selectFromBits64,
  routine: selectRoutine,
  checked_routine: selectRoutine,
};

/** Selects `value` if it is of this file's kind; whether it was. */
export function selectFloat(selection: Selection, value: Value): boolean {
  const select = SELECTIONS[value.op];
  select?.(selection, value);
  return select !== undefined;
}
