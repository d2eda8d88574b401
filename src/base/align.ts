// Arithmetic on addresses and sizes that need not fit 32 signed bits.
//
// Addresses are plain numbers in [0, 2^32]; the end of the address space, 2^32, is a valid end of a
// half-open range, so nothing here may use the bitwise operators, which would wrap it to 0.

/** 2^32: the first address past the end of an i686 address space. */
export const ADDRESS_SPACE_END = 0x1_0000_0000;

/** `value` rounded up to a multiple of `alignment` (any positive integer). */
export function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}

/** `value` rounded down to a multiple of `alignment` (any positive integer). */
export function alignDown(value: number, alignment: number): number {
  return Math.floor(value / alignment) * alignment;
}

/** An address as the manuals print it: `0xffffd000`. */
export function hex(value: number, digits = 8): string {
  return `0x${value.toString(16).padStart(digits, "0")}`;
}
