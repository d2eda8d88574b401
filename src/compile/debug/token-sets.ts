// Sets of small numbers from 1 on, as numbers: equal sets have one number, and 0 is the empty one.
//
// Nearly all have one member, whose number is the member itself. Larger ones are kept in lists,
// ascending, and found by what was added to which.

export type SetNumber = number;

export class TokenSets {
  readonly #limit: number;
  readonly #lists: (readonly number[])[] = [];
  readonly #extended = new Map<number, SetNumber>();

  /** @param limit all members are below it */
  constructor(limit: number) {
    this.#limit = limit;
  }

  has(set: SetNumber, token: number): boolean {
    return set < this.#limit ? set === token && set !== 0 : this.#membersOf(set).includes(token);
  }

  with(set: SetNumber, token: number): SetNumber {
    if (set === 0) return token;
    if (this.has(set, token)) return set;
    return this.#of([...this.#membersOf(set), token].sort((a, b) => a - b));
  }

  without(set: SetNumber, token: number): SetNumber {
    if (!this.has(set, token)) return set;
    return set < this.#limit ? 0 : this.#of(this.#membersOf(set).filter((each) => each !== token));
  }

  /** What both have. */
  both(a: SetNumber, b: SetNumber): SetNumber {
    if (a === b) return a;
    if (a === 0 || b === 0) return 0;
    return this.#of(this.#membersOf(a).filter((token) => this.has(b, token)));
  }

  #membersOf(set: SetNumber): readonly number[] {
    return set < this.#limit ? [set] : this.#lists[set - this.#limit]!;
  }

  /** @param members ascending */
  #of(members: readonly number[]): SetNumber {
    let set = 0;
    for (const [i, token] of members.entries()) {
      if (i === 0) {
        set = token;
        continue;
      }
      const key = set * this.#limit + token;
      let next = this.#extended.get(key);
      if (next === undefined) {
        next = this.#limit + this.#lists.push(members.slice(0, i + 1)) - 1;
        this.#extended.set(key, next);
      }
      set = next;
    }
    return set;
  }
}
