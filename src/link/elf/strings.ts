// String tables: names by offset.

/** A table of NUL-terminated strings, decoded once: names are slices of the whole. */
export class Strings {
  readonly #text: string;

  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#text = new TextDecoder().decode(bytes);
  }

  /** The string at `offset`; undefined if it does not end in the table. */
  at(offset: number): string | undefined {
    // Characters are bytes, unless a name has characters of several.
    if (this.#text.length !== this.#bytes.length) return stringAt(this.#bytes, offset);
    const end = this.#text.indexOf("\0", offset);
    return end < 0 || offset > this.#text.length ? undefined : this.#text.slice(offset, end);
  }
}

/** The NUL-terminated string at `offset` of a string table; undefined if it does not end there. */
export function stringAt(table: Uint8Array, offset: number): string | undefined {
  if (offset > table.length) return undefined;
  const end = table.indexOf(0, offset);
  return end < 0 ? undefined : new TextDecoder().decode(table.subarray(offset, end));
}
