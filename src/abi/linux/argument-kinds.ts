// What the arguments of a system call are: kernel/syscall/table.ts says it of each call, and
// tracing and documentation print them accordingly.
//
//   packed kinds   |31  24|23  20|19  16|15  12|11   8|7    4|3    0|
//                  |  0   | sixth| fifth|fourth| third|second| first|

/** A signed integer: print it in decimal. */
export const INTEGER: u32 = 1;
/** A file descriptor. */
export const FILE: u32 = 2;
/** A count of bytes. */
export const SIZE: u32 = 3;
/** Flags or a command: print them in hexadecimal. */
export const FLAGS: u32 = 4;
/** The address of a string that ends in NUL. */
export const PATH: u32 = 5;
/** The address of bytes that the kernel reads; the next argument is their SIZE. */
export const INPUT: u32 = 6;
/** The address of bytes that the kernel fills; the next argument is the SIZE of their room. */
export const OUTPUT: u32 = 7;
/** The address of a structure, or of an array of words, that the kernel reads or fills. */
export const POINTER: u32 = 8;
/** An address, which nothing is read from or written to. */
export const ADDRESS: u32 = 9;

/** What a call has at most. */
export const ARGUMENTS_MAX: u32 = 6;

const BITS: u32 = 4;
const MASK: u32 = 15;

/** Packs the kinds of up to six arguments; 0: there is none. */
export function packKinds(a: u32, b: u32, c: u32, d: u32, e: u32, f: u32): u32 {
  const low = a | (b << BITS) | (c << (2 * BITS));
  return low | (d << (3 * BITS)) | (e << (4 * BITS)) | (f << (5 * BITS));
}

/**
 * The kind of argument `index` (from 0) in the packed `kinds`; 0: the call has no such argument.
 */
export function argumentKind(kinds: u32, index: u32): u32 {
  return index < ARGUMENTS_MAX ? (kinds >>> (index * BITS)) & MASK : 0;
}
