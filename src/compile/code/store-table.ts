// Stores of constants to constant addresses as bytes, which a routine (runtime/store-table.ts)
// carries out: about half of what the instructions take.
//
//   control      bits 0-1   bytes of the value, less one; what is missing are zeros at its top
//                bits 2-3   what is stored: 0 a byte, 1 two bytes, 2 a word; 3: this is the end
//                bits 4-7   the address: that of the store before, plus 4 times this (0 to 13),
//                           14: plus the signed two bytes that follow, 15: the word that follows
//   address      0, 2 or 4 bytes
//   value        1 to 4 bytes
//
// Invariants
//   - The stores are those of the code, in its order, each as wide as it was there: a device could
//     not tell the difference.
//   - As the routine reads values a word at a time, three bytes can be read after each control byte
//     but the end's.

/** A store of a constant to a constant address. */
export interface ConstantStore {
  readonly address: number;
  readonly value: number;
  readonly size: 8 | 16 | 32;
}

export const VALUE_BITS = 2;
export const SIZE_SHIFT = 2;
export const STEP_SHIFT = 4;
export const SIZE_CODES = { 8: 0, 16: 1, 32: 2, end: 3 } as const;
/** Bytes between addresses that differ by one step. */
export const STEP = 4;
export const STEP_OFFSET = 14;
export const STEP_ADDRESS = 15;
/** The control byte of the end. */
export const END = SIZE_CODES.end << SIZE_SHIFT;

/** What the routine is called. */
export const STORE_TABLE_ROUTINE = "__isthmus_store_table";

/** The bytes of a table of `stores`. */
export function storeTable(stores: readonly ConstantStore[]): Uint8Array {
  const bytes: number[] = [];
  let before: number | undefined;
  for (const { address, value, size } of stores) {
    const place = placeAfter(before, address);
    const length = valueBytes(value, size);
    bytes.push((length - 1) | (SIZE_CODES[size] << SIZE_SHIFT) | (place.step << STEP_SHIFT));
    bytes.push(...littleEndian(place.number, place.bytes), ...littleEndian(value, length));
    before = address;
  }
  return Uint8Array.from([...bytes, END, 0, 0]);
}

/** How a table says `address` after the address of the store before. */
function placeAfter(before: number | undefined, address: number) {
  const distance = before === undefined ? Number.NaN : (address - before) | 0;
  const steps = distance / STEP;
  if (Number.isInteger(steps) && steps >= 0 && steps < STEP_OFFSET) {
    return { step: steps, number: 0, bytes: 0 };
  }
  if (distance >= -0x8000 && distance < 0x8000) {
    return { step: STEP_OFFSET, number: distance, bytes: 2 };
  }
  return { step: STEP_ADDRESS, number: address, bytes: 4 };
}

/** How many bytes of a value have to stand in the table. */
function valueBytes(value: number, size: number): number {
  const stored = (value >>> 0) % 2 ** size;
  return Math.max(1, Math.ceil((32 - Math.clz32(stored)) / 8));
}

function littleEndian(number: number, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, i) => (number >>> (8 * i)) & 0xff);
}
