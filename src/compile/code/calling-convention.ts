// Where arguments and results are, for everything that is compiled. On the i686 it is GCC's
// `-mregparm=3 -msseregparm`; which registers there are is in the target's record.
//
//   f(a: u32, b: u64, c: u32)      a EAX   b EDX (low), ECX (high)   c [ESP + 4] at entry
//   g(x: f64, a: u32, y: f32)      x XMM0  a EAX   y XMM1
//
// From the left, each integer takes the next of EAX, EDX, ECX; a 64-bit one takes two and both
// words must fit. The first that does not fit goes to the stack, and so do all integers after it.
// Floating-point numbers take XMM0 to XMM2, the further ones go to the stack: an f32 is one word
// there, an f64 two. Whatever is on the stack lies in the order of the arguments.
//
// The first result is in EAX, EDX:EAX or XMM0. The caller has room for the others above the
// arguments on the stack, in order, and the callee writes them there before it returns.
//
//   [ESP + 4]       at entry: arguments on the stack
//   … + 4 n         results from the second on, the low word of an i64 first
//
// A call that a function ends with takes the place of that function's own: its arguments lie where
// its caller has put this function's. So in a module that has such calls with arguments on the
// stack, every caller leaves room for `tailWords` words, and results lie above these.

import type { Signature, ValueType } from "../ir/ir";
import { valuesOf } from "../ir/ir";
import { wordsOf } from "./code";
import type { Target } from "./target";

/** A value of the arguments: a register by number, or from the n-th word of the stack arguments. */
export type ArgumentPlace = { readonly register: number } | { readonly stack: number };

/** The place of each value of the results; of an i64 the low word comes first. */
export function resultPlaces(signature: Signature, target: Target): ArgumentPlace[] {
  const { general, float } = target.convention.results;
  const inRegisters = valuesOf(signature.results.slice(0, 1)).length;
  let stack = roomForArguments(signature, target);
  return valuesOf(signature.results).map((type, i) => {
    if (i < inRegisters) return { register: (type === "i32" ? general : float)[i]! };
    const place = { stack };
    stack += wordsOf(type);
    return place;
  });
}

/** How many words the arguments and results on the stack take together. */
export function exchangedWords(signature: Signature, target: Target): number {
  const others = valuesOf(signature.results.slice(1));
  return others.reduce((words, type) => words + wordsOf(type), roomForArguments(signature, target));
}

/** Words that a caller leaves for arguments: what it calls may end with a call of many. */
function roomForArguments(signature: Signature, target: Target): number {
  return Math.max(stackWords(signature, target), target.convention.tailWords);
}

/**
 * How many words the arguments of a function that is called at the end of another take there, with
 * the address of the function if that is in no register (select.ts).
 */
export function tailWords(signature: Signature, target: Target, isIndirect: boolean): number {
  const { general } = target.convention.callerSaved;
  const used = argumentPlaces(signature, target).flatMap((place) =>
    "register" in place ? [place.register] : [],
  );
  const isFull = general.every((register) => used.includes(register));
  return stackWords(signature, target) + (isIndirect && isFull ? 1 : 0);
}

/** Whether any argument on the stack takes two words as one value. */
export function hasStackedFloats(signature: Signature, target: Target): boolean {
  const types = valuesOf(signature.parameters);
  return argumentPlaces(signature, target).some(
    (place, i) => "stack" in place && types[i] === "f64",
  );
}

/** The place of each value of the arguments, in order. */
export function argumentPlaces(signature: Signature, target: Target): ArgumentPlace[] {
  const { general, float } = target.convention.arguments;
  const places: ArgumentPlace[] = [];
  let used = 0;
  let floats = 0;
  let stack = 0;
  const onStack = (type: ValueType): void => {
    places.push({ stack });
    stack += wordsOf(type);
  };
  for (const type of signature.parameters) {
    const values = valuesOf([type]);
    if (values[0] !== "i32") {
      const register = float[floats++];
      if (register === undefined) onStack(values[0]!);
      else places.push({ register });
      continue;
    }
    if (used + values.length > general.length) used = general.length;
    for (const each of values) {
      const register = general[used];
      if (register === undefined) onStack(each);
      else {
        places.push({ register });
        used++;
      }
    }
  }
  return places;
}

/** How many words the arguments on the stack take. */
export function stackWords(signature: Signature, target: Target): number {
  const types = valuesOf(signature.parameters);
  return argumentPlaces(signature, target).reduce(
    (words, place, i) => words + ("stack" in place ? wordsOf(types[i]!) : 0),
    0,
  );
}
