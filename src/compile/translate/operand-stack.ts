// The operand stack of WebAssembly while a function is built: the values that instructions will
// find there. Nothing of it exists when the program runs.
//
//                  +------+------+------+
//   i32, f32, f64  | low  |      |      |      one value
//   i64            | low  | high |      |      two, each of a word
//                  +------+------+------+
//
// An operand that goes to a local and back stays one object: where control meets, equal objects
// are known to need no phi.

import type { Value } from "../ir/ir";
import type { Pair, ValueBuilder } from "../ir/value-builder";
import type { LinearMemory } from "./linear-memory";

/** A wasm operand: one value, or two words for an i64. */
export interface Operand {
  readonly low: Value;
  readonly high: Value | undefined;
}

export class OperandStack {
  readonly #operands: Operand[] = [];

  constructor(
    readonly values: ValueBuilder,
    readonly memory: LinearMemory,
    /** Whether no instruction may trap by itself (trap-guards.ts). */
    readonly guards: boolean,
  ) {}

  /** How many operands there are. */
  get height(): number {
    return this.#operands.length;
  }

  push(low: Value, high?: Value): void {
    this.#operands.push({ low, high });
  }

  /** Pushes an operand as it is. */
  put(operand: Operand): void {
    this.#operands.push(operand);
  }

  pop(): Operand {
    const operand = this.#operands.pop();
    if (!operand) throw new Error(`${this.values.fn.name}: the operand stack is empty`);
    return operand;
  }

  /** The top operand, which stays. */
  peek(): Operand {
    const operand = this.#operands[this.#operands.length - 1];
    if (!operand) throw new Error(`${this.values.fn.name}: the operand stack is empty`);
    return operand;
  }

  popWord(): Value {
    return this.pop().low;
  }

  popPair(): Pair {
    const { low, high } = this.pop();
    if (!high) throw new Error(`${this.values.fn.name}: a word stands where an i64 must`);
    return { low, high };
  }

  /** Takes `count` operands off the stack, the deepest first. */
  popMany(count: number): Operand[] {
    return count === 0 ? [] : this.#operands.splice(-count);
  }

  /** Takes `count` operands off the stack, as values: arguments or results. */
  popWords(count: number): Value[] {
    return this.popMany(count).flatMap(({ low, high }) => (high ? [low, high] : [low]));
  }

  /** The top `count` operands, the deepest first; they stay. */
  top(count: number): readonly Operand[] {
    return count === 0 ? [] : this.#operands.slice(-count);
  }

  /** Drops what lies above the first `height` operands. */
  cut(height: number): void {
    this.#operands.length = height;
  }
}

/**
 * Builds an instruction that needs nothing but its operands. `a` and `b` are its immediates as in
 * `Code`.
 */
export type StackHandler = (stack: OperandStack, a: number, b: number) => void;
