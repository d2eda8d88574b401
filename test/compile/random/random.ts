// Choices: pseudo-random ones from a seed, or given ones, from which a smaller case can be made.
//
// A generator asks `below` for each decision, so that the list of answers is the case. With
// a list cut short or with smaller numbers, the same generator makes a smaller case of the same
// kind (as in D. MacIver and A. Donaldson, "Test-Case Reduction via Test-Case Generation", 2020):
// 0 is always the simplest choice.

/** A generator's decisions: the same for the same seed or list, everywhere. */
export class Random {
  /** All answers so far. */
  readonly taken: number[] = [];
  /** Which answers made one thing: [start, end) in `taken`. */
  readonly spans: (readonly [start: number, end: number])[] = [];
  #state: number;
  readonly #given: readonly number[] | undefined;

  /** @param source a seed, or the answers to give; 0 when they are used up */
  constructor(source: number | readonly number[]) {
    this.#state = typeof source === "number" ? source : 0;
    this.#given = typeof source === "number" ? undefined : source;
  }

  /** An integer in [0, limit). */
  below(limit: number): number {
    const answer = this.#given
      ? Math.min(this.#given[this.taken.length] ?? 0, limit - 1)
      : this.#next() % limit;
    this.taken.push(answer);
    return answer;
  }

  /** The generator mulberry32. */
  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** Whether something happens that does so in `percent` of all cases. */
  chance(percent: number): boolean {
    return this.below(100) >= 100 - percent;
  }

  /** Makes something and notes which answers did. */
  span<T>(make: () => T): T {
    const start = this.taken.length;
    const made = make();
    this.spans.push([start, this.taken.length]);
    return made;
  }

  /**
   * At least one thing and at most `most`. Whether there is another one is asked after each, so
   * that a list of answers without those of one thing makes the others.
   */
  some<T>(most: number, percent: number, make: (index: number) => T): T[] {
    const items: T[] = [];
    for (let more = true; more; ) {
      more = this.span(() => {
        items.push(make(items.length));
        return this.chance(percent) && items.length < most;
      });
    }
    return items;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** So many bits, often near the edges where mistakes live. */
  bits(width: 32 | 64): bigint {
    const kind = this.below(6);
    if (kind < 2) return BigInt(this.below(16)) * (kind === 0 ? 1n : -1n);
    if (kind === 2) return 1n << BigInt(this.below(width));
    if (kind === 3) return (1n << BigInt(this.below(width))) - 1n;
    const low = BigInt(this.below(2 ** 32));
    const isShort = kind === 4 || width === 32;
    return isShort ? low : (BigInt(this.below(2 ** 32)) << 32n) | low;
  }

  /** The bits of an f32 or f64: no NaN but the canonical one. */
  float(type: "f32" | "f64"): bigint {
    const kind = this.below(10);
    if (kind < 4) return bitsOfFloat(type, NUMBERS[this.below(NUMBERS.length)]!);
    // Most numbers are of a size at which sums are not just one of their operands.
    if (kind < 8) return bitsOfFloat(type, (this.below(2 ** 16) - 2 ** 15) / 64);
    const width = type === "f32" ? 32 : 64;
    const bits = BigInt.asUintN(width, this.bits(width));
    return isNaNBits(type, bits) ? bitsOfFloat(type, Number.NaN) : bits;
  }
}

const NUMBERS: readonly number[] = [
  0,
  1,
  -0,
  -1,
  0.5,
  -2.5,
  1.5,
  3.25e7,
  1e-7,
  2 ** 31,
  -(2 ** 31),
  2 ** 32,
  2 ** 53 + 2,
  2 ** 63,
  -(2 ** 63),
  2 ** 64,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.MIN_VALUE,
  2 ** -149,
  2 ** -126,
  Number.MAX_VALUE,
  3.4028234663852886e38,
];

/** The bits of a number in a type. */
export function bitsOfFloat(type: "f32" | "f64", value: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  if (type === "f32") view.setFloat32(0, value);
  else view.setFloat64(0, value);
  return type === "f32" ? BigInt(view.getUint32(0)) : view.getBigUint64(0);
}

/** The number of the bits. */
export function floatOfBits(type: "f32" | "f64", bits: bigint): number {
  const view = new DataView(new ArrayBuffer(8));
  if (type === "f32") view.setUint32(0, Number(bits));
  else view.setBigUint64(0, bits);
  return type === "f32" ? view.getFloat32(0) : view.getFloat64(0);
}

export function isNaNBits(type: "f32" | "f64", bits: bigint): boolean {
  return Number.isNaN(floatOfBits(type, bits));
}
