// Algebra on single values: constant folding, identities, canonical forms.
//
// The builder applies it to every value that it makes, the simplifier again once phis are known. A
// rule looks at a value and its operands alone and returns an equal value that exists already, or
// turns the value into a cheaper operation in place. No rule makes new non-constant values.
//
// Canonical forms that later passes rely on: a constant operand is on the right; `sub x c` is
// `add x -c`; a shift count is below 32; a comparison with a comparison's result is gone.

import { INVERSE, isComparison, SWAPPED } from "./counterparts";
import { evaluate, evaluateComparison, evaluateUnary } from "./evaluate";
import type { IrFunction, IrOp, Value } from "./ir";
import { isConst } from "./ir";
import { possibleBits } from "./known-bits";

/** An existing value equal to `value`, or `value`, perhaps as a cheaper operation. */
export function reduce(fn: IrFunction, value: Value): Value {
  switch (value.op) {
    case "select":
      return reduceSelect(fn, value);
    case "shld":
    case "shrd":
      return reduceDoubleShift(fn, value);
    case "lt64_s":
    case "lt64_u":
    case "ge64_s":
    case "ge64_u":
      return reduceWideComparison(fn, value);
    case "extend8_s":
    case "extend16_s":
    case "clz":
    case "ctz":
    case "popcnt":
      return reduceUnary(fn, value);
    default:
      return value.args.length === 2 && value.op !== "phi" && value.effect !== "write"
        ? reduceBinary(fn, value)
        : value;
  }
}

/** Turns `value` into another operation on other operands. */
function become(value: Value, op: IrOp, args: Value[]): Value {
  value.become(op);
  value.args = args;
  value.immediate = 0;
  return value;
}

function reduceUnary(fn: IrFunction, value: Value): Value {
  const [x] = value.args as [Value];
  const known = isConst(x) ? evaluateUnary(value.op, x.immediate) : undefined;
  if (known !== undefined) return fn.constant(known);
  const bits = value.op === "extend8_s" ? 0x7f : value.op === "extend16_s" ? 0x7fff : 0;
  return bits && (possibleBits(x) & ~bits) === 0 ? x : value;
}

// --- two operands ---

function reduceBinary(fn: IrFunction, value: Value): Value {
  let [a, b] = value.args as [Value, Value];
  if (isConst(a) && isConst(b)) {
    const known = evaluate(value.op, a.immediate, b.immediate);
    if (known !== undefined) return fn.constant(known);
  }
  const swapped = SWAPPED[value.op];
  if (isConst(a) && !isConst(b) && swapped) {
    value.become(swapped);
    value.args = [b, a];
    [a, b] = [b, a];
  }
  if (a === b) {
    const known = withItself(fn, value, a);
    if (known) return known;
  }
  if (!isConst(b)) return value;
  switch (value.op) {
    case "shl":
    case "shr":
    case "sar":
      return reduceShift(fn, value, a, b.immediate);
    case "rotl":
    case "rotr":
      if ((b.immediate & 31) === 0) return a;
      value.args = [a, fn.constant(b.immediate & 31)];
      return value;
    default:
      if (isComparison(value)) return compareConstant(fn, value, a, b.immediate);
      return withConstant(fn, value, a, b.immediate);
  }
}

/** Rules for two operands that are one value. */
function withItself(fn: IrFunction, value: Value, x: Value): Value | undefined {
  switch (value.op) {
    case "sub":
    case "xor":
    case "ne":
    case "lt_s":
    case "lt_u":
    case "gt_s":
    case "gt_u":
      return fn.constant(0);
    case "eq":
    case "le_s":
    case "le_u":
    case "ge_s":
    case "ge_u":
      return fn.constant(1);
    case "and":
    case "or":
      return x;
    default:
      return undefined;
  }
}

/** Rules for `x op c` where `op` is an arithmetic or bitwise operation. */
function withConstant(fn: IrFunction, value: Value, x: Value, c: number): Value {
  const shift = log2(c);
  switch (value.op) {
    case "add":
      if (c === 0) return x;
      if (x.op === "symbol") return fn.symbol(x.name, (x.immediate + c) | 0);
      break;
    case "sub":
      return reduce(fn, become(value, "add", [x, fn.constant(-c)]));
    case "mul":
      if (c === 0) return fn.constant(0);
      if (c === 1) return x;
      if (c === -1) return become(value, "sub", [fn.constant(0), x]);
      if (shift !== undefined) return reduce(fn, become(value, "shl", [x, fn.constant(shift)]));
      break;
    case "and":
      if (c === 0) return fn.constant(0);
      if ((possibleBits(x) & ~c) === 0) return x;
      break;
    case "or":
      if (c === 0) return x;
      if (c === -1) return fn.constant(-1);
      break;
    case "xor": {
      if (c === 0) return x;
      const opposite = c === 1 ? invert(fn, value, x) : undefined;
      if (opposite) return opposite;
      break;
    }
    case "div_u":
      if (shift !== undefined) return reduce(fn, become(value, "shr", [x, fn.constant(shift)]));
      break;
    case "rem_u":
      if (shift !== undefined) return reduce(fn, become(value, "and", [x, fn.constant(c - 1)]));
      break;
    case "div_s":
      if (c === 1) return x;
      break;
    case "rem_s":
      if (c === 1 || c === -1) return fn.constant(0);
      break;
  }
  return reassociate(fn, value, x, c) ?? value;
}

function isBit(word: number): boolean {
  return log2(word) !== undefined;
}

function log2(word: number): number | undefined {
  return word !== 0 && (word & (word - 1)) === 0 ? 31 - Math.clz32(word) : undefined;
}

/** `(x op c1) op c2` as `x op c`, for the operations where constants combine. */
function reassociate(fn: IrFunction, value: Value, inner: Value, c2: number): Value | undefined {
  const [x, c] = inner.args;
  if (inner.op !== value.op || !x || !c || !isConst(c)) return undefined;
  const c1 = c.immediate;
  switch (value.op) {
    case "add":
    case "mul":
    case "and":
    case "or":
    case "xor": {
      const combined = evaluate(value.op, c1, c2) ?? 0;
      return reduce(fn, become(value, value.op, [x, fn.constant(combined)]));
    }
    case "shl":
    case "shr":
      if (c1 + c2 >= 32) return fn.constant(0);
      return reduce(fn, become(value, value.op, [x, fn.constant(c1 + c2)]));
    case "sar":
      return reduce(fn, become(value, "sar", [x, fn.constant(Math.min(31, c1 + c2))]));
    default:
      return undefined;
  }
}

function reduceShift(fn: IrFunction, value: Value, x: Value, count: number): Value {
  const masked = count & 31;
  if (masked === 0) return x;
  if (masked !== count) value.args = [x, fn.constant(masked)];
  const [inner, innerCount] = x.args;
  if (x.op === "shl" && inner && innerCount && isConst(innerCount) && value.op !== "shl") {
    const same = innerCount.immediate === masked;
    if (same && value.op === "shr") {
      return reduce(fn, become(value, "and", [inner, fn.constant(-1 >>> masked)]));
    }
    if (same && value.op === "sar" && masked === 24) {
      return reduce(fn, become(value, "extend8_s", [inner]));
    }
    if (same && value.op === "sar" && masked === 16) {
      return reduce(fn, become(value, "extend16_s", [inner]));
    }
  }
  if (value.op === "shr" && possibleBits(x) >>> masked === 0) return fn.constant(0);
  return reassociate(fn, value, x, masked) ?? value;
}

// --- comparisons ---

/** Rules for comparisons with a constant. */
function compareConstant(fn: IrFunction, value: Value, x: Value, c: number): Value {
  if (c === 0) {
    switch (value.op) {
      case "eq":
        return invert(fn, value, x) ?? value;
      case "ne":
        return isComparison(x) ? x : value;
      case "lt_u":
        return fn.constant(0);
      case "ge_u":
        return fn.constant(1);
      case "gt_u":
        return reduce(fn, become(value, "ne", [x, fn.constant(0)]));
      case "le_u":
        return reduce(fn, become(value, "eq", [x, fn.constant(0)]));
    }
  }
  if (isBit(c) && x.op === "and" && isConst(x.args[1]!) && x.args[1]!.immediate === c) {
    if (value.op === "eq") return become(value, "ne", [x, fn.constant(0)]);
    if (value.op === "ne") return become(value, "eq", [x, fn.constant(0)]);
  }
  if (c === 1 && value.op === "lt_u") {
    return reduce(fn, become(value, "eq", [x, fn.constant(0)]));
  }
  if (c === 1 && value.op === "ge_u") {
    return reduce(fn, become(value, "ne", [x, fn.constant(0)]));
  }
  return value;
}

/** The opposite of a comparison; undefined: it has none. */
function invert(fn: IrFunction, value: Value, comparison: Value): Value | undefined {
  const inverse = INVERSE[comparison.op];
  return inverse && reduce(fn, become(value, inverse, [...comparison.args]));
}

/** 64-bit comparisons of which one word decides. */
function reduceWideComparison(fn: IrFunction, value: Value): Value {
  const [aLow, aHigh, bLow, bHigh] = value.args as [Value, Value, Value, Value];
  const isUnsigned = value.op.endsWith("_u");
  const isLess = value.op.startsWith("lt");
  if (aHigh === bHigh) {
    return reduce(fn, become(value, isLess ? "lt_u" : "ge_u", [aLow, bLow]));
  }
  if (isConst(bLow) && bLow.immediate === 0) {
    const op = isLess ? (isUnsigned ? "lt_u" : "lt_s") : isUnsigned ? "ge_u" : "ge_s";
    return reduce(fn, become(value, op, [aHigh, bHigh]));
  }
  if (isConst(aHigh) && isConst(bHigh)) {
    const less = evaluateComparison(isUnsigned ? "lt_u" : "lt_s", aHigh.immediate, bHigh.immediate);
    return fn.constant(isLess ? (less ?? 0) : 1 - (less ?? 0));
  }
  return value;
}

// --- three operands ---

function reduceSelect(fn: IrFunction, value: Value): Value {
  const [condition, yes, no] = value.args as [Value, Value, Value];
  if (isConst(condition)) return condition.immediate ? yes : no;
  if (yes === no) return yes;
  const [x, zero] = condition.args;
  if (zero && isConst(zero) && zero.immediate === 0 && x) {
    if (condition.op === "ne") return reduceSelect(fn, become(value, "select", [x, yes, no]));
    if (condition.op === "eq") return reduceSelect(fn, become(value, "select", [x, no, yes]));
  }
  return value;
}

function reduceDoubleShift(fn: IrFunction, value: Value): Value {
  const [kept, filler, count] = value.args as [Value, Value, Value];
  if (!isConst(count)) return value;
  const masked = count.immediate & 31;
  if (masked === 0) return kept;
  const isLeft = value.op === "shld";
  if (isConst(filler) && filler.immediate === 0) {
    return reduce(fn, become(value, isLeft ? "shl" : "shr", [kept, fn.constant(masked)]));
  }
  if (isConst(kept) && kept.immediate === 0) {
    const other = fn.constant(32 - masked);
    return reduce(fn, become(value, isLeft ? "shr" : "shl", [filler, other]));
  }
  value.args = [kept, filler, fn.constant(masked)];
  return value;
}
