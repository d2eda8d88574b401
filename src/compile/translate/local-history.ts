// Which value each local of WebAssembly has at each byte of the module.
//
// The builder passes every instruction once, in order, and knows the values of all locals there; it
// notes each change. Control is structured, so the byte of an instruction alone says which values
// the locals had when it ran, wherever its code ends up.

import type { Operand } from "./build-numeric";

interface Change {
  /** The instruction that changed it; those behind it see the new value. */
  readonly position: number;
  readonly value: Operand;
}

export class LocalHistory {
  private readonly changes: ReadonlyMap<number, Change[]>;

  /**
   * @param watched the locals to be noted
   * @param start the byte where the function begins, before any instruction of it
   */
  constructor(
    watched: Iterable<number>,
    readonly start: number,
  ) {
    this.changes = new Map([...watched].map((local) => [local, []]));
  }

  /** Notes what differs from the last time. */
  note(locals: readonly Operand[], position: number): void {
    for (const [local, changes] of this.changes) {
      const value = locals[local]!;
      if (changes[changes.length - 1]?.value !== value) changes.push({ position, value });
    }
  }

  /** The value of a local when the instruction at `position` begins. */
  valueAt(local: number, position: number): Operand | undefined {
    const changes = this.changes.get(local) ?? [];
    let low = 0;
    let high = changes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (changes[middle]!.position < position) low = middle + 1;
      else high = middle;
    }
    return changes[low - 1]?.value;
  }
}
