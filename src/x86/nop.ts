// Padding for code: the longest no-operations first, so that few are executed.
//
// The sequences are those that SDM vol. 2B recommends under NOP. All of them are rows of the table.

const SEQUENCES: readonly (readonly number[])[] = [
  [0x90],
  [0x66, 0x90],
  [0x0f, 0x1f, 0x00],
  [0x0f, 0x1f, 0x40, 0x00],
  [0x0f, 0x1f, 0x44, 0x00, 0x00],
  [0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00],
  [0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00],
  [0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00],
  [0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00],
];

/** `length` bytes of no-operations. */
export function nopFill(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let offset = 0;
  while (offset < length) {
    const sequence = SEQUENCES[Math.min(length - offset, SEQUENCES.length) - 1] ?? [];
    bytes.set(sequence, offset);
    offset += sequence.length;
  }
  return bytes;
}
