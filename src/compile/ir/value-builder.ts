// Appends values to a block under construction, simplified as they are made, and composes the
// operations on 64-bit integers from operations on their two words.
//
// A 64-bit shift or rotation by a constant becomes two double shifts; by a variable, these and
// selects on bit 5 of the count, without branches. Division is left to `div64_*`, a call.

import { evaluateWide, type WideOp } from "./evaluate";
import type { Block, IrFunction, IrOp, Value } from "./ir";
import { append, isConst } from "./ir";
import { reduce } from "./reduce";

/** A 64-bit integer. */
export interface Pair {
  readonly low: Value;
  readonly high: Value;
}

/** Operations on pairs that work on each word alone. */
type Bitwise = "and" | "or" | "xor";
type Comparison = "lt_s" | "lt_u" | "gt_s" | "gt_u" | "le_s" | "le_u" | "ge_s" | "ge_u";

/** How to compare pairs: with which operation, and whether with the operands swapped. */
const WIDE_COMPARISONS: Readonly<Record<Comparison, readonly [IrOp, boolean]>> = {
  lt_s: ["lt64_s", false],
  lt_u: ["lt64_u", false],
  gt_s: ["lt64_s", true],
  gt_u: ["lt64_u", true],
  le_s: ["ge64_s", true],
  le_u: ["ge64_u", true],
  ge_s: ["ge64_s", false],
  ge_u: ["ge64_u", false],
};

function toBigInt(pair: Pair): bigint {
  return (BigInt(pair.high.immediate) << 32n) | BigInt(pair.low.immediate >>> 0);
}

/** Fills one block at a time. */
export class ValueBuilder {
  /** The block being filled; undefined where control cannot arrive. */
  block: Block | undefined;
  /** Byte offset in the module of what is being built. */
  position = 0;

  constructor(readonly fn: IrFunction) {}

  constant(value: number): Value {
    return this.fn.constant(value);
  }

  pairConstant(low: number, high: number): Pair {
    return { low: this.constant(low), high: this.constant(high) };
  }

  /** The result of `op`, which may be a value that existed before. */
  emit(op: IrOp, ...args: Value[]): Value {
    const value = this.fn.createValue(op, args, this.position);
    const reduced = reduce(this.fn, value);
    if (reduced === value) this.#place(value);
    return reduced;
  }

  /** A value that is placed as it is: memory, calls, terminators. */
  effect(op: IrOp, args: Value[], immediate = 0, name = ""): Value {
    const value = this.fn.createValue(op, args, this.position);
    value.immediate = immediate;
    value.name = name;
    return this.#place(value);
  }

  /** The high word that `wide` computes in addition to its own result. */
  high(wide: Value): Value {
    return this.#place(this.fn.createValue("high", [wide], this.position));
  }

  isZero(value: Value): boolean {
    return isConst(value) && value.immediate === 0;
  }

  #place(value: Value): Value {
    if (!this.block) throw new Error(`${this.fn.name}: ${value.op} in unreachable code`);
    return append(this.block, value);
  }

  // --- pairs ---

  #isPairConstant({ low, high }: Pair): boolean {
    return isConst(low) && isConst(high);
  }

  wide(op: WideOp, a: Pair, b: Pair): Pair {
    if (this.#isPairConstant(a) && this.#isPairConstant(b)) {
      const known = evaluateWide(op, toBigInt(a), toBigInt(b));
      if (known !== undefined) return this.#fromBigInt(known);
    }
    if (op === "add64" || op === "sub64") {
      if (this.isZero(b.low))
        return { low: a.low, high: this.emit(op === "add64" ? "add" : "sub", a.high, b.high) };
      if (op === "add64" && this.isZero(a.low)) return this.wide(op, b, a);
    }
    const divided = this.#divideByPowerOfTwo(op, a, b);
    if (divided) return divided;
    const low = this.effect(op, [a.low, a.high, b.low, b.high]);
    return { low, high: this.high(low) };
  }

  #divideByPowerOfTwo(op: WideOp, a: Pair, b: Pair): Pair | undefined {
    if (!this.#isPairConstant(b) || (op !== "div64_u" && op !== "rem64_u")) return undefined;
    const divisor = BigInt.asUintN(64, toBigInt(b));
    if (divisor === 0n || (divisor & (divisor - 1n)) !== 0n) return undefined;
    if (op === "rem64_u") return this.bitwise("and", a, this.#fromBigInt(divisor - 1n));
    return this.shift("shr", a, this.constant(divisor.toString(2).length - 1));
  }

  #fromBigInt(value: bigint): Pair {
    return this.pairConstant(
      Number(BigInt.asIntN(32, value)),
      Number(BigInt.asIntN(32, value >> 32n)),
    );
  }

  bitwise(op: Bitwise, a: Pair, b: Pair): Pair {
    return { low: this.emit(op, a.low, b.low), high: this.emit(op, a.high, b.high) };
  }

  /** 64 x 64 bits modulo 2^64; one `mul` suffices where both are extended from 32 bits. */
  multiply(a: Pair, b: Pair): Pair {
    if (this.#isPairConstant(a) && this.#isPairConstant(b)) {
      return this.#fromBigInt(toBigInt(a) * toBigInt(b));
    }
    if (this.#isSignExtended(a) && this.#isSignExtended(b)) {
      const low = this.effect("mul_wide_s", [a.low, b.low]);
      return { low, high: this.high(low) };
    }
    const low = this.effect("mul_wide_u", [a.low, b.low]);
    const cross = this.emit(
      "add",
      this.emit("mul", a.low, b.high),
      this.emit("mul", a.high, b.low),
    );
    return { low, high: this.emit("add", this.high(low), cross) };
  }

  #isSignExtended({ low, high }: Pair): boolean {
    if (isConst(low)) return isConst(high) && high.immediate === low.immediate >> 31;
    const [source, count] = high.args;
    return high.op === "sar" && source === low && count?.immediate === 31;
  }

  signExtend(low: Value): Pair {
    return { low, high: this.emit("sar", low, this.constant(31)) };
  }

  shift(op: "shl" | "shr" | "sar", a: Pair, count: Value): Pair {
    if (isConst(count)) return this.#shiftConstant(op, a, count.immediate & 63);
    const isFar = this.emit("and", count, this.constant(32));
    if (op === "shl") {
      const low = this.emit("shl", a.low, count);
      const high = this.emit("shld", a.high, a.low, count);
      return {
        low: this.emit("select", isFar, this.constant(0), low),
        high: this.emit("select", isFar, low, high),
      };
    }
    const low = this.emit("shrd", a.low, a.high, count);
    const high = this.emit(op, a.high, count);
    const rest = op === "sar" ? this.emit("sar", a.high, this.constant(31)) : this.constant(0);
    return {
      low: this.emit("select", isFar, high, low),
      high: this.emit("select", isFar, rest, high),
    };
  }

  #shiftConstant(op: "shl" | "shr" | "sar", a: Pair, count: number): Pair {
    const near = this.constant(count & 31);
    if (op === "shl") {
      if (count >= 32) return { low: this.constant(0), high: this.emit("shl", a.low, near) };
      return {
        low: this.emit("shl", a.low, near),
        high: this.emit("shld", a.high, a.low, near),
      };
    }
    if (count >= 32) {
      const rest = op === "sar" ? this.emit("sar", a.high, this.constant(31)) : this.constant(0);
      return { low: this.emit(op, a.high, near), high: rest };
    }
    return { low: this.emit("shrd", a.low, a.high, near), high: this.emit(op, a.high, near) };
  }

  rotate(op: "rotl" | "rotr", a: Pair, count: Value): Pair {
    const isFar = this.emit("and", count, this.constant(32));
    const low = this.emit("select", isFar, a.high, a.low);
    const high = this.emit("select", isFar, a.low, a.high);
    return op === "rotl"
      ? { low: this.emit("shld", low, high, count), high: this.emit("shld", high, low, count) }
      : { low: this.emit("shrd", low, high, count), high: this.emit("shrd", high, low, count) };
  }

  isEqual(a: Pair, b: Pair): Value {
    const low = this.emit("xor", a.low, b.low);
    const high = this.emit("xor", a.high, b.high);
    return this.emit("eq", this.emit("or", low, high), this.constant(0));
  }

  compare(op: Comparison, a: Pair, b: Pair): Value {
    const [wideOp, isSwapped] = WIDE_COMPARISONS[op];
    const [left, right] = isSwapped ? [b, a] : [a, b];
    return this.emit(wideOp, left.low, left.high, right.low, right.high);
  }

  clz({ low, high }: Pair): Pair {
    const below = this.emit("add", this.emit("clz", low), this.constant(32));
    return this.zeroExtend(this.emit("select", high, this.emit("clz", high), below));
  }

  ctz({ low, high }: Pair): Pair {
    const above = this.emit("add", this.emit("ctz", high), this.constant(32));
    return this.zeroExtend(this.emit("select", low, this.emit("ctz", low), above));
  }

  popcnt({ low, high }: Pair): Pair {
    return this.zeroExtend(this.emit("add", this.emit("popcnt", low), this.emit("popcnt", high)));
  }

  zeroExtend(low: Value): Pair {
    return { low, high: this.constant(0) };
  }
}
