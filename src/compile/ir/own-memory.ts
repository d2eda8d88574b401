// A memory that is the module's own: an array that no access leaves.
//
// What a check compares with depends on whether the memory can grow. If not, it is a number. If it
// can, it is a word for each number of bytes that some check asks for, which memory.grow updates:
//
//   isthmus.bound.N    the highest address at which N bytes are there: the size - N
//   isthmus.bound.0    so this one is the size, in bytes
//
// In a segment, what checks is the processor: accesses go through a segment register whose base is
// the memory's and whose limit is its size (user/runtime/wasm-segment.asm.ts). What is left are the
// sums of an address and an offset that need 33 bits, which the processor takes modulo 2^32.
//
// Invariant: a word for N is used only where the size is known to be N at least; a memory never
// shrinks.

import type { Value } from "./ir";
import { isFree } from "./ir";

/** A memory that belongs to one module. */
export interface OwnMemory {
  /** Where it begins: at a symbol, or at an address that is known. */
  readonly symbol?: string | undefined;
  readonly base: number;
  /** Bytes that it has at first. */
  readonly bytes: number;
  /** Whether it always has that many. */
  readonly isFixed: boolean;
  /** Whether accesses go through a segment, whose limit the processor checks. */
  readonly isSegment?: boolean;
}

/** The most bytes that such a memory can have, and what can be added to an address within it. */
export const SIZE_LIMIT = 0xf000_0000;
export const REACH = 0x0100_0000;

/** What the processor found, and where: places of code that may leave a segment, with their end. */
export const SEGMENT_PLACES = "isthmus.places";
export const SEGMENT_PLACES_END = "isthmus.places.end";

const BOUND = "isthmus.bound.";

/** Whether the processor makes a check, by reading bytes: it is about some, at a place unknown. */
export function isProbed({ isSegment }: OwnMemory, { args, immediate: bytes }: Value): boolean {
  return isSegment === true && !isFree(args[0]!) && bytes > 0 && bytes < REACH;
}

/** Grows the memory: EAX pages; EAX := the pages before, or -1. */
export const OWN_GROW = "isthmus.grow";

/** The word with the highest address at which `bytes` bytes are there. */
export function boundSymbol(bytes: number): string {
  return `${BOUND}${bytes >>> 0}`;
}

/** What the word of that name is about; undefined: it is another. */
export function boundOf(symbol: string): number | undefined {
  return symbol.startsWith(BOUND) ? Number(symbol.slice(BOUND.length)) : undefined;
}
