// A growing array of bytes, little-endian: what every encoder of a file format writes to.
//
// Invariants
//   - `length` bytes are written; whatever follows them in the buffer is zero.
//   - Words are taken modulo their width, so an end at 4 GiB is written as 0.

export class ByteWriter {
  length = 0;
  #buffer: Uint8Array;
  #view: DataView;

  /** @param room for how many bytes to begin with; it grows when that is too little */
  constructor(room = 256) {
    this.#buffer = new Uint8Array(room);
    this.#view = new DataView(this.#buffer.buffer);
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#view.setUint8(this.length, value);
    this.length += 1;
  }

  u16(value: number): void {
    this.#reserve(2);
    this.#view.setUint16(this.length, value, true);
    this.length += 2;
  }

  /** Also takes negative numbers and sums past 2^32: the low 32 bits are written. */
  u32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.length, value, true);
    this.length += 4;
  }

  /** 64 bits of a number that is at most 2^53 away from 0. */
  u64(value: number): void {
    this.u32(value);
    this.u32(Math.floor(value / 2 ** 32));
  }

  /** An unsigned number in LEB128: seven bits a byte, the low ones first. DWARF 4, 7.6. */
  uleb(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.u8((rest % 128) + 128);
      rest = Math.floor(rest / 128);
    }
    this.u8(rest);
  }

  /** A signed 32-bit number in LEB128: bit 6 of the last byte is its sign. DWARF 4, 7.6. */
  sleb(value: number): void {
    let rest = value;
    while (rest < -64 || rest > 63) {
      this.u8((rest & 127) | 128);
      rest >>= 7;
    }
    this.u8(rest & 127);
  }

  bytes(values: ArrayLike<number>): void {
    this.#reserve(values.length);
    this.#buffer.set(values, this.length);
    this.length += values.length;
  }

  /** The text in UTF-8, without a terminator. */
  text(value: string): void {
    this.#reserve(value.length);
    const start = this.length;
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index);
      if (code >= 0x80) {
        this.length = start;
        this.bytes(new TextEncoder().encode(value));
        return;
      }
      this.#buffer[start + index] = code;
    }
    this.length = start + value.length;
  }

  /** The text in UTF-8 and a NUL. */
  cstring(value: string): void {
    this.text(value);
    this.u8(0);
  }

  fill(count: number, value = 0): void {
    this.#reserve(count);
    this.#buffer.fill(value, this.length, this.length + count);
    this.length += count;
  }

  alignTo(alignment: number, value = 0): void {
    this.fill(Math.ceil(this.length / alignment) * alignment - this.length, value);
  }

  /** Overwrites a byte that was written as a place-holder. */
  patchU8(offset: number, value: number): void {
    this.#view.setUint8(offset, value);
  }

  patchU16(offset: number, value: number): void {
    this.#view.setUint16(offset, value, true);
  }

  /** Overwrites a word that was written as a place-holder. */
  patchU32(offset: number, value: number): void {
    this.#view.setUint32(offset, value, true);
  }

  /** What was written so far, as an array of its own. */
  finish(): Uint8Array {
    return this.#buffer.slice(0, this.length);
  }

  /** What was written, without a copy: nothing may be written afterwards. */
  release(): Uint8Array {
    return this.#buffer.subarray(0, this.length);
  }

  #reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.#buffer.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#buffer.length * 2));
    grown.set(this.#buffer.subarray(0, this.length));
    this.#buffer = grown;
    this.#view = new DataView(grown.buffer);
  }
}
