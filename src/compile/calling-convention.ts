// Where arguments and results are: GCC's `-mregparm=3`, for everything that is compiled.
//
//   f(a: u32, b: u64, c: u32)      a EAX   b EDX (low), ECX (high)   c [ESP + 4] at entry
//
// From the left, each argument takes the next of EAX, EDX, ECX; a 64-bit one takes two and both
// words must fit. The first that does not fit goes to the stack, and so do all after it.

import type { Signature } from "./ir";
import { EAX, EBP, EBX, ECX, EDI, EDX, ESI } from "./machine";

/** A word of an argument: a register by number, or the n-th word of the stack arguments. */
export type ArgumentPlace = { readonly register: number } | { readonly stack: number };

/** Registers that a call changes. */
export const CALLER_SAVED: readonly number[] = [EAX, ECX, EDX];
/** Registers that a function restores before it returns. */
export const CALLEE_SAVED: readonly number[] = [EBX, ESI, EDI, EBP];
/** Result words, the low one first. */
export const RESULTS: readonly number[] = [EAX, EDX];

const ARGUMENTS: readonly number[] = [EAX, EDX, ECX];

/** The place of each word of the arguments, in order. */
export function argumentPlaces(signature: Signature): ArgumentPlace[] {
  const places: ArgumentPlace[] = [];
  let used = 0;
  let stack = 0;
  for (const type of signature.parameters) {
    const words = type === "i64" ? 2 : 1;
    if (used + words > ARGUMENTS.length) used = ARGUMENTS.length;
    for (let word = 0; word < words; word++) {
      const register = ARGUMENTS[used];
      if (register === undefined) places.push({ stack: stack++ });
      else {
        places.push({ register });
        used++;
      }
    }
  }
  return places;
}
