// The addresses that a machine has, as plain numbers.
//
//      i386                        x86-64
//      0 … 2^32                    -2^47 … 0    the upper half: 0xffff800000000000 to 2^64
//                                  0 … 2^47     the lower half
//
// On x86-64 addresses are signed, because a double holds -0x1000 and not 0xfffffffffffff123. A
// layout may write the unsigned number where a double holds that, as it does at page boundaries:
// 0xffffffff80000000 becomes -0x80000000, and 2^64 becomes 0, the end of the upper half.

import type { Machine } from "../../object/object";

const TOP_64 = 2 ** 64;

/** A half-open range of addresses. */
export interface Half {
  readonly start: number;
  readonly end: number;
}

export interface AddressSpace {
  readonly halves: readonly [Half, ...Half[]];
  readonly addressName: string;
  readonly endName: string;
  /** What to give instead of something else. */
  readonly remedy: string;
  /** An address as the linker counts it, from what a layout may write. */
  canonical(value: number): number;
  /** The sum of addresses, which may leave the address space at one end and enter at the other. */
  wrap(value: number): number;
  /** Where an address is on one line from 0 up, with the halves next to each other. */
  along(value: number, edge: "start" | "end"): number;
  /** The address at a place on that line. */
  back(place: number): number;
  /** An address as files for people have it: hexadecimal digits, one width for all. */
  digits(value: number): string;
}

export const ADDRESS_SPACES: Readonly<Record<Machine, AddressSpace>> = {
  i386: {
    halves: [{ start: 0, end: 2 ** 32 }],
    addressName: "a 32-bit address",
    endName: "4 GiB",
    remedy: "Give a number from 0 to 0x100000000.",
    canonical: (value) => value,
    wrap: (value) => value % 2 ** 32,
    along: (value) => value,
    back: (place) => place,
    digits: (value) => (value % 2 ** 32).toString(16).padStart(8, "0"),
  },
  "x86-64": {
    halves: [
      { start: -(2 ** 47), end: 0 },
      { start: 0, end: 2 ** 47 },
    ],
    addressName: "a canonical address of 48 bits",
    endName: "the end of its half of the address space",
    remedy: "Give a number below 0x800000000000 or from 0xffff800000000000 to 2^64.",
    canonical: (value) => (value >= TOP_64 / 2 ? value - TOP_64 : value),
    wrap: (value) => value,
    // 0 is an end of the upper half, or a start of the lower one.
    along: (value, edge) =>
      value < 0 || (value === 0 && edge === "end") ? value + 2 ** 48 : value,
    back: (place) => (place >= 2 ** 47 ? place - 2 ** 48 : place),
    digits: (value) => BigInt.asUintN(64, BigInt(value)).toString(16).padStart(16, "0"),
  },
};

/** Whether `bound` may be a start or an end in `half`. */
export function isIn({ start, end }: Half, bound: number): boolean {
  return Number.isInteger(bound) && bound >= start && bound <= end;
}

/** The half that `bound`, a start or an end, is in; if it is no address, any. */
export function halfOf(
  { halves }: AddressSpace,
  bound: number | undefined,
  edge: "start" | "end",
): Half {
  const inside = halves.filter((half) => isIn(half, bound ?? 0));
  // 0 is the end of one half and the start of the other.
  const other = edge === "start" ? "end" : "start";
  return inside.find((half) => half[other] !== bound) ?? halves[0];
}

/** Bounds as files have them: an end at the end of the upper half is 2^64. */
export function unsignedBounds({ start, end }: Half): { start: bigint; end: bigint } {
  const first = BigInt.asUintN(64, BigInt(start));
  return { start: first, end: first + BigInt(end - start) };
}
