// Damage to files, in ways that upset readers: bytes flipped, words of tables made extreme, parts
// cut off or copied elsewhere, as an exact function of a number.

/** Numbers that look random; the same ones for the same seed. */
export class Random {
  private state: number;

  constructor(seed: number) {
    // Neighbouring seeds must not begin alike.
    this.state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0;
    this.below(2);
  }

  below(limit: number): number {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.state / 2 ** 32) * limit);
  }
}

/** Words that upset arithmetic on offsets and sizes. */
const WORDS = [0, 1, 0x7f, 0xff, 0xffff, 0xff00, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff];
/** Where the headers of most files are. */
const FRONT = 512;

/** A copy of `bytes` with some kind of damage. */
export function damage(bytes: Uint8Array, random: Random): Uint8Array {
  const copy = new Uint8Array(bytes);
  const view = new DataView(copy.buffer);
  const word = () => WORDS[random.below(WORDS.length)] ?? 0;
  switch (random.below(7)) {
    case 0: // Bytes anywhere.
      for (let count = 1 + random.below(8); count > 0; count--) {
        copy[random.below(copy.length)] = random.below(256);
      }
      return copy;
    case 1: // A byte of the ELF header, or of an archive's first one.
      copy[random.below(Math.min(68, copy.length))] = random.below(256);
      return copy;
    case 2: // Words of tables, which lie at the end of most files.
      for (let count = 1 + random.below(3); count > 0; count--) {
        const back = 4 + 4 * random.below(Math.floor(copy.length / 4));
        view.setUint32(Math.max(0, copy.length - back), word(), true);
      }
      return copy;
    case 3: // Words of the headers in front.
      for (let count = 1 + random.below(3); count > 0; count--) {
        const at = 4 * random.below(Math.floor(Math.min(FRONT, copy.length) / 4));
        view.setUint32(at, word(), true);
      }
      return copy;
    case 4: // Cut off.
      return copy.slice(0, random.below(copy.length));
    case 5: {
      // Longer than it says.
      const longer = new Uint8Array(copy.length + 1 + random.below(5000));
      longer.set(copy);
      return longer;
    }
    default: {
      // A part of the file in another place.
      const length = 1 + random.below(64);
      const from = random.below(Math.max(1, copy.length - length));
      copy.copyWithin(random.below(Math.max(1, copy.length - length)), from, from + length);
      return copy;
    }
  }
}
