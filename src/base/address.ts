// Arithmetic on addresses of 32 or 64 bits. They are bigints, because a JavaScript number cannot
// hold all 64 bits.

export const PAGE = 4096n;

export function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : Number(a > b);
}

/** An address as the manuals print it, as wide as it needs. */
export function hex(value: bigint): string {
  return `0x${value.toString(16).padStart(8, "0")}`;
}

export function pageDown(value: bigint): bigint {
  return value - (value % PAGE);
}

export function pageUp(value: bigint): bigint {
  return pageDown(value + PAGE - 1n);
}

/** 2^32 or 2^64: the end of the address space that a file's code runs in. */
export function spaceEndOf({ bits }: { readonly bits: 32 | 64 }): bigint {
  return 1n << BigInt(bits);
}
