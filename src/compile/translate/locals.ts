// The locals of a function while it is built: the value that each has at the current instruction.
//
// Reading or assigning one takes no instruction: a local's value is just used under another
// name. All changes pass through here, so that the history misses none.

import type { NumberType, Signature, Value } from "../ir/ir";
import { isFloatType } from "../ir/ir";
import type { ValueBuilder } from "../ir/value-builder";
import type { LocalHistory } from "./local-history";
import type { Operand } from "./operand-stack";

export class Locals {
  readonly #values: ValueBuilder;
  readonly #history: LocalHistory | undefined;
  #operands: Operand[] = [];

  /** @param history is told of each change */
  constructor(values: ValueBuilder, history: LocalHistory | undefined) {
    this.#values = values;
    this.#history = history;
  }

  /** Makes the parameters, and zeros for the locals of the types `declared`. */
  declare({ parameters }: Signature, declared: readonly NumberType[]): void {
    const values = this.#values;
    const history = this.#history;
    let words = 0;
    const parameter = (type: NumberType): Value => {
      const value = values.effect("param", [], words++);
      if (type !== "i64") value.type = type;
      return value;
    };
    for (const type of parameters) {
      const low = parameter(type);
      this.#operands.push({ low, high: type === "i64" ? parameter(type) : undefined });
    }
    const zero = values.constant(0);
    for (const type of declared) {
      const low = isFloatType(type) ? values.fn.float(type, 0) : zero;
      this.#operands.push({ low, high: type === "i64" ? zero : undefined });
    }
    history?.noteAll(this.#operands, history.start - 1);
  }

  get(local: number): Operand {
    return this.#operands[local]!;
  }

  /** Gives a local another value, from after the current instruction on. */
  set(local: number, value: Operand): void {
    this.#operands[local] = value;
    this.#history?.note(local, value, this.#values.position);
  }

  /** What all have now. */
  snapshot(): readonly Operand[] {
    return [...this.#operands];
  }

  /** Gives all their values of a snapshot, or of several joined. */
  restore(operands: readonly Operand[]): void {
    this.#operands = [...operands];
    this.#history?.noteAll(this.#operands, this.#values.position);
  }
}
