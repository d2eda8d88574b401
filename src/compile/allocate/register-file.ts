// Which physical register is taken where: for each one, the ranges of its occupants in order.
//
// Lists are kept sorted, so that finding what is in the way of an interval is a binary search and a
// walk along both.

import { FIRST_VIRTUAL } from "../code/code";
import type { Ranges } from "./live";

/** The occupant of ranges that instructions themselves demand. */
export const FIXED = -1;

const NOBODY: ReadonlySet<number> = new Set();

class Occupancy {
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #owners: number[] = [];

  /** The index of the first range that ends after `position`. */
  #search(position: number): number {
    let low = 0;
    let high = this.#ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#ends[middle]! <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  add(ranges: Ranges, owner: number): void {
    for (let i = 0; i < ranges.length; i += 2) {
      const at = this.#search(ranges[i]!);
      this.#starts.splice(at, 0, ranges[i]!);
      this.#ends.splice(at, 0, ranges[i + 1]!);
      this.#owners.splice(at, 0, owner);
    }
  }

  remove(ranges: Ranges): void {
    for (let i = 0; i < ranges.length; i += 2) {
      const at = this.#search(ranges[i]!);
      this.#starts.splice(at, 1);
      this.#ends.splice(at, 1);
      this.#owners.splice(at, 1);
    }
  }

  /** The occupants that `ranges` would meet; undefined: a fixed one is among them. */
  conflicts(ranges: Ranges): ReadonlySet<number> | undefined {
    let found: Set<number> | undefined;
    let at = this.#search(ranges[0] ?? 0);
    for (let i = 0; i < ranges.length; i += 2) {
      const start = ranges[i]!;
      const end = ranges[i + 1]!;
      if (this.#ends[at] !== undefined && this.#ends[at]! <= start) at = this.#search(start);
      for (let j = at; j < this.#starts.length && this.#starts[j]! < end; j++) {
        const owner = this.#owners[j]!;
        if (owner === FIXED) return undefined;
        found ??= new Set();
        found.add(owner);
      }
    }
    return found ?? NOBODY;
  }

  isFree(position: number): boolean {
    const at = this.#search(position);
    return at >= this.#starts.length || this.#starts[at]! > position;
  }
}

/** The occupancy of all physical registers. */
export class RegisterFile {
  readonly #occupancies = Array.from({ length: FIRST_VIRTUAL }, () => new Occupancy());

  /** Puts `owner` in `register` for `ranges`, which must be free there. */
  add(register: number, ranges: Ranges, owner: number): void {
    this.#occupancies[register]!.add(ranges, owner);
  }

  remove(register: number, ranges: Ranges): void {
    this.#occupancies[register]!.remove(ranges);
  }

  /** What is in the way of `ranges` in `register`; undefined: something that cannot be moved. */
  conflicts(register: number, ranges: Ranges): ReadonlySet<number> | undefined {
    return this.#occupancies[register]!.conflicts(ranges);
  }

  isFree(register: number, position: number): boolean {
    return this.#occupancies[register]!.isFree(position);
  }
}
