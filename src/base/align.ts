// Arithmetic on addresses and sizes that need not fit 32 signed bits.
//
// Addresses are plain numbers: of i686 in [0, 2^32], where the end of the address space is a valid
// end of a half-open range, so nothing here may use the bitwise operators, which would wrap it to
// 0; of x86-64 signed (link/layout/address-space.ts), so that the upper half is negative and ends
// at 0.

/** 2^32: the first address past the end of an i686 address space. */
export const ADDRESS_SPACE_END = 0x1_0000_0000;

/** `value` rounded up to a multiple of `alignment` (any positive integer). */
export function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment + 0; // -0 becomes 0
}

/** `value` rounded down to a multiple of `alignment` (any positive integer). */
export function alignDown(value: number, alignment: number): number {
  return Math.floor(value / alignment) * alignment + 0;
}

/** An address as the manuals print it: `0xffffd000`; a negative one is of the upper half. */
export function hex(value: number, digits = 8): string {
  if (value < 0) return `0x${BigInt.asUintN(64, BigInt(value)).toString(16)}`;
  return `0x${value.toString(16).padStart(digits, "0")}`;
}
