// Reads little-endian numbers one after the other from bytes that may be damaged.
//
// Invariants
//   - Nothing outside the bytes is read; a read that would go there throws EndOfBytes, and the
//     position never moves backwards.

/** The bytes end before what they promise. The reader's owner catches it. */
export class EndOfBytes extends Error {
  override readonly name = "EndOfBytes";
}

/** No 64-bit number takes more bytes than this. */
const LEB_LIMIT = 2 ** 63;

export class ByteReader {
  readonly #view: DataView;

  constructor(
    readonly bytes: Uint8Array,
    public position = 0,
    readonly end = bytes.length,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get atEnd(): boolean {
    return this.position >= this.end;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  /** Unsigned LEB128. A number above 2^53 loses its low bits; no offset in a file is that large. */
  uleb(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      if (scale > LEB_LIMIT) throw new EndOfBytes();
      const byte = this.u8();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  /** Signed LEB128. */
  sleb(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      if (scale > LEB_LIMIT) throw new EndOfBytes();
      const byte = this.u8();
      value += (byte & 127) * scale;
      if (byte < 128) return byte & 64 ? value - scale * 128 : value;
    }
  }

  /** A NUL-terminated text. */
  text(): string {
    const end = this.bytes.indexOf(0, this.position);
    if (end < 0 || end >= this.end) throw new EndOfBytes();
    const text = new TextDecoder().decode(this.bytes.subarray(this.position, end));
    this.position = end + 1;
    return text;
  }

  skip(count: number): void {
    this.#take(count);
  }

  #take(count: number): number {
    const at = this.position;
    if (count < 0 || at + count > this.end) throw new EndOfBytes();
    this.position = at + count;
    return at;
  }
}
