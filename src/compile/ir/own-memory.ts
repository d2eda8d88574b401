// A memory that is the module's own: an array that no access leaves.
//
// What a check compares with depends on whether the memory can grow. If not, it is a number. If it
// can, it is a word for each number of bytes that some check asks for, which memory.grow updates:
//
//   isthmus.bound.N    the highest address at which N bytes are there: the size - N
//   isthmus.bound.0    so this one is the size, in bytes
//
// Invariant: a word for N is used only where the size is known to be N at least; a memory never
// shrinks.

/** A memory that belongs to one module. */
export interface OwnMemory {
  /** Where it begins: at a symbol, or at an address that is known. */
  readonly symbol?: string | undefined;
  readonly base: number;
  /** Bytes that it has at first. */
  readonly bytes: number;
  /** Whether it always has that many. */
  readonly isFixed: boolean;
}

/** The most bytes that such a memory can have, and what can be added to an address within it. */
export const SIZE_LIMIT = 0xf000_0000;
export const REACH = 0x0100_0000;

const BOUND = "isthmus.bound.";

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
