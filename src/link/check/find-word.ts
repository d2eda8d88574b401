// A 32-bit number in bytes, wherever it stands: instructions hold constants at any offset.

/** Offsets at which the little-endian bytes of `word` stand. */
export function findWord(bytes: Uint8Array, word: number): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = word & 0xff;
  const found: number[] = [];
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (at + 4 <= bytes.length && view.getUint32(at, true) === word) found.push(at);
  }
  return found;
}
