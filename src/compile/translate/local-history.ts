// Which values locals of WebAssembly have one after another, and at which byte of the module.
//
// The builder passes every instruction once, in order, and knows the values of all locals there; it
// notes each change. Control is structured, so the byte of an instruction alone says which values
// the locals had when it ran, wherever its code ends up.
//
// Only some locals are watched, and go by their number among these here.

import type { Operand } from "./operand-stack";

export class LocalHistory {
  readonly #watched: readonly number[];

  /** By index in the function, the numbers of those that are watched. */
  readonly #numbers: (number | undefined)[] = [];

  /** By number, the values that the local had one after another. */
  readonly #values: Operand[][] = [];

  /** The instructions that gave it these; those after them see the values. Ascending. */
  readonly #positions: number[][] = [];

  /**
   * @param watched the indices of the locals to be noted
   * @param start the byte where the function begins, before any instruction of it
   */
  constructor(
    watched: readonly number[],
    readonly start: number,
  ) {
    this.#watched = watched;
    for (const [number, local] of watched.entries()) {
      this.#numbers[local] = number;
      this.#values.push([]);
      this.#positions.push([]);
    }
  }

  /** Notes all that differs from the last time. */
  noteAll(locals: readonly Operand[], position: number): void {
    for (const local of this.#watched) this.note(local, locals[local]!, position);
  }

  /** Notes the value of one local, if that is watched. */
  note(local: number, value: Operand, position: number): void {
    const number = this.#numbers[local];
    if (number === undefined) return;
    const values = this.#values[number]!;
    if (values[values.length - 1] === value) return;
    values.push(value);
    this.#positions[number]!.push(position);
  }

  /** The number of a local that is watched. */
  numberOf(local: number): number {
    return this.#numbers[local]!;
  }

  /** Whether it has two words. */
  isWide(number: number): boolean {
    return this.#values[number]![0]?.high !== undefined;
  }

  /** All values that a watched local ever has. */
  valuesOf(number: number): readonly Operand[] {
    return this.#values[number]!;
  }

  /** Which of these it has when the instruction at `position` begins; -1: none yet. */
  valueAt(number: number, position: number): number {
    const positions = this.#positions[number]!;
    let low = 0;
    let high = positions.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (positions[middle]! < position) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
