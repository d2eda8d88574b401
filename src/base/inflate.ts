// Unpacks zlib data (RFC 1950), which is a deflate stream (RFC 1951) between a header and a
// checksum. Node and browsers have it too, but not both in one synchronous form.
//
// The data may come from anywhere: nothing is written beyond the size that the caller expects, and
// damaged data of any kind gives undefined.

const MAX_BITS = 15;
const END_OF_BLOCK = 256;
/** No deflate stream compresses better than this. */
const BEST_RATIO = 1032;
/** The order in which the lengths of codes are sent. */
const CODE_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const ADLER_MODULUS = 65521;

/** What a symbol stands for: numbers from `base` on, told apart by the `bits` bits after it. */
interface Range {
  readonly base: number;
  readonly bits: number;
}

/** Adjacent ranges, with these numbers of bits. */
function ranges(first: number, bitCounts: readonly number[]): Range[] {
  let base = first;
  return bitCounts.map((bits) => {
    const range = { base, bits };
    base += 2 ** bits;
    return range;
  });
}

/** `from` to `to`, each `times` times. */
function repeated(from: number, to: number, times: number): number[] {
  return Array.from({ length: (to - from + 1) * times }, (_, n) => from + Math.floor(n / times));
}

/** The longest match, 258, has a symbol of its own. */
const LENGTHS = [
  ...ranges(3, [...repeated(0, 0, 4), ...repeated(0, 5, 4)]),
  { base: 258, bits: 0 },
];
const DISTANCES = ranges(1, [...repeated(0, 0, 2), ...repeated(0, 13, 2)]);

/** A Huffman code, canonical: how many symbols have each length, and the symbols in order. */
class Code {
  readonly counts = new Uint16Array(MAX_BITS + 1);
  readonly symbols: Uint16Array;

  constructor(lengths: ArrayLike<number>) {
    const next = new Uint16Array(MAX_BITS + 2);
    for (let symbol = 0; symbol < lengths.length; symbol++) this.counts[lengths[symbol] ?? 0]! += 1;
    this.counts[0] = 0;
    for (let bits = 1; bits <= MAX_BITS; bits++) {
      next[bits + 1] = (next[bits] ?? 0) + (this.counts[bits] ?? 0);
    }
    this.symbols = new Uint16Array(lengths.length);
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      const bits = lengths[symbol] ?? 0;
      if (bits > 0) this.symbols[next[bits]!++] = symbol;
    }
  }
}

const FIXED_LITERALS = new Code(
  Array.from({ length: 288 }, (_, symbol) =>
    symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8,
  ),
);
const FIXED_DISTANCES = new Code(new Array<number>(30).fill(5));

/** Thrown within this file only. */
class Damage extends Error {}

/** The `size` bytes that zlib packed into `data`; undefined if that is not what `data` holds. */
export function inflate(data: Uint8Array, size: number): Uint8Array | undefined {
  const [method = 0, flags = 0] = data;
  const needsDictionary = (flags & 32) !== 0;
  if ((method & 15) !== 8 || (method * 256 + flags) % 31 !== 0 || needsDictionary) return undefined;
  // A size like this means damage; no memory is taken for it.
  if (size > data.length * BEST_RATIO) return undefined;
  try {
    return new Inflater(data, size).run();
  } catch (error) {
    if (error instanceof Damage) return undefined;
    throw error;
  }
}

class Inflater {
  readonly #out: Uint8Array;
  #length = 0;
  /** Past the header. */
  #position = 2;
  /** Bits that are read but not used, the next one lowest. */
  #bits = 0;
  #bitCount = 0;

  readonly #data: Uint8Array;

  constructor(data: Uint8Array, size: number) {
    this.#data = data;
    this.#out = new Uint8Array(size);
  }

  run(): Uint8Array {
    for (let isLast = false; !isLast; ) {
      isLast = this.#take(1) === 1;
      const type = this.#take(2);
      if (type === 0) this.#stored();
      else if (type === 1) this.#packed(FIXED_LITERALS, FIXED_DISTANCES);
      else if (type === 2) this.#dynamic();
      else throw new Damage();
    }
    this.#endByte();
    const sum = [0, 0, 0, 0].reduce((value) => value * 256 + this.#byte(), 0);
    if (this.#length !== this.#out.length || sum !== adler32(this.#out)) throw new Damage();
    return this.#out;
  }

  #stored(): void {
    this.#endByte();
    const size = this.#byte() + this.#byte() * 256;
    const inverse = this.#byte() + this.#byte() * 256;
    const end = this.#position + size;
    if (size + inverse !== 0xffff || end > this.#data.length) throw new Damage();
    this.#room(size);
    this.#out.set(this.#data.subarray(this.#position, end), this.#length);
    this.#length += size;
    this.#position = end;
  }

  /** A block that begins with the two codes for the rest, themselves compressed. */
  #dynamic(): void {
    const literals = this.#take(5) + 257;
    const distances = this.#take(5) + 1;
    const sent = CODE_ORDER.slice(0, this.#take(4) + 4);
    const ownLengths = new Uint8Array(CODE_ORDER.length);
    for (const symbol of sent) ownLengths[symbol] = this.#take(3);
    const code = new Code(ownLengths);
    const lengths = new Uint8Array(literals + distances);
    for (let at = 0; at < lengths.length; ) {
      const symbol = this.#symbol(code);
      const value = symbol < 16 ? symbol : symbol === 16 ? lengths[at - 1] : 0;
      const count = symbol < 16 ? 1 : this.#repetitions(symbol);
      if (value === undefined || at + count > lengths.length) throw new Damage();
      lengths.fill(value, at, at + count);
      at += count;
    }
    this.#packed(new Code(lengths.subarray(0, literals)), new Code(lengths.subarray(literals)));
  }

  /** How often the symbols 16 to 18 repeat a length. */
  #repetitions(symbol: number): number {
    if (symbol === 16) return 3 + this.#take(2);
    return symbol === 17 ? 3 + this.#take(3) : 11 + this.#take(7);
  }

  #packed(literals: Code, distances: Code): void {
    for (;;) {
      const symbol = this.#symbol(literals);
      if (symbol === END_OF_BLOCK) return;
      if (symbol < END_OF_BLOCK) {
        this.#room(1);
        this.#out[this.#length++] = symbol;
      } else {
        const length = this.#number(LENGTHS[symbol - END_OF_BLOCK - 1]);
        this.#copy(length, this.#number(DISTANCES[this.#symbol(distances)]));
      }
    }
  }

  /** Repeats earlier bytes, which may overlap those being written. */
  #copy(length: number, distance: number): void {
    if (distance > this.#length) throw new Damage();
    this.#room(length);
    const out = this.#out;
    for (const end = this.#length + length; this.#length < end; this.#length++) {
      out[this.#length] = out[this.#length - distance] ?? 0;
    }
  }

  #number(range: Range | undefined): number {
    if (!range) throw new Damage();
    return range.base + this.#take(range.bits);
  }

  /** Reads bits until they form a code: shorter codes are smaller numbers. */
  #symbol({ counts, symbols }: Code): number {
    let code = 0;
    let first = 0;
    let index = 0;
    for (let length = 1; length <= MAX_BITS; length++) {
      code += this.#take(1);
      const count = counts[length] ?? 0;
      if (code - first < count) return symbols[index + code - first] ?? 0;
      index += count;
      first = (first + count) * 2;
      code *= 2;
    }
    throw new Damage();
  }

  #take(count: number): number {
    while (this.#bitCount < count) {
      this.#bits |= this.#byte() << this.#bitCount;
      this.#bitCount += 8;
    }
    const value = this.#bits & ((1 << count) - 1);
    this.#bits >>>= count;
    this.#bitCount -= count;
    return value;
  }

  /** Skips the rest of the byte. */
  #endByte(): void {
    this.#bits = 0;
    this.#bitCount = 0;
  }

  #byte(): number {
    const byte = this.#data[this.#position++];
    if (byte === undefined) throw new Damage();
    return byte;
  }

  #room(count: number): void {
    if (this.#length + count > this.#out.length) throw new Damage();
  }
}

/** The checksum of RFC 1950. */
function adler32(bytes: Uint8Array): number {
  let low = 1;
  let high = 0;
  for (const byte of bytes) {
    low = (low + byte) % ADLER_MODULUS;
    high = (high + low) % ADLER_MODULUS;
  }
  return high * 65536 + low;
}
