// What an object knows of the source of its code and data: plain data, which the linker turns into
// DWARF (src/link/dwarf/).
//
// Invariants
//   - A type refers to others by index into `types`; types may refer to each other in circles.
//   - What is not known is absent: a variable has a location only where it certainly has its value.

/** Where something is declared; the path is relative to the project. */
export interface DeclarationPlace {
  readonly file: string;
  readonly line: number;
}

export type Encoding = "signed" | "unsigned" | "boolean" | "float";

export type DebugType =
  | {
      readonly kind: "base";
      readonly name: string;
      readonly size: number;
      readonly encoding: Encoding;
    }
  | { readonly kind: "pointer"; readonly to: number }
  | {
      readonly kind: "structure";
      readonly name: string;
      readonly size: number;
      readonly place: DeclarationPlace;
      readonly members: readonly StructureMember[];
    }
  /** Text in UTF-16, before which stands a word with its length in bytes. */
  | { readonly kind: "string"; readonly name: string; readonly place: DeclarationPlace }
  | {
      readonly kind: "enumeration";
      readonly name: string;
      /** The index of its integer type. */
      readonly base: number;
      readonly place: DeclarationPlace;
      readonly values: readonly { readonly name: string; readonly value: number }[];
    };

export interface StructureMember {
  readonly name: string;
  readonly type: number;
  /** In bytes from the structure's start. */
  readonly offset: number;
  readonly line: number;
}

/** A variable outside of functions: with storage, or constant. */
export interface GlobalVariable {
  readonly name: string;
  readonly type: number;
  readonly place: DeclarationPlace;
  readonly where:
    | { readonly kind: "symbol"; readonly symbol: string }
    /** The low and the high word; the high one is absent if the type has 32 bits or less. */
    | { readonly kind: "constant"; readonly words: readonly number[] };
}

/** A function with code of its own. Offsets within it count from its symbol. */
export interface DebugFunction {
  /** The object's symbol at its start. */
  readonly symbol: string;
  /** The name that a programmer uses: `Process.setName`. */
  readonly name: string;
  readonly place: DeclarationPlace;
  /** The type of its result; absent: none. */
  readonly result?: number;
  /** The parameters first, in their order. */
  readonly variables: readonly LocalVariable[];
  readonly inlined: readonly InlinedCall[];
}

export interface LocalVariable {
  readonly name: string;
  readonly type: number;
  readonly isParameter: boolean;
  /** Where it has its value, ascending; nothing is known between these. */
  readonly values: readonly ValueRange[];
}

/** From `start` to `end` a variable has its words in these places, the low word first. */
export interface ValueRange {
  readonly start: number;
  readonly end: number;
  readonly words: readonly WordPlace[];
}

export type WordPlace =
  | { readonly kind: "unknown" }
  /** By its number in the encoding, which is DWARF's as well. */
  | { readonly kind: "register"; readonly number: number }
  /** In memory, that many bytes above the canonical frame address. */
  | { readonly kind: "frame"; readonly offset: number }
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "address"; readonly symbol: string; readonly offset: number };

/** A function's code in the middle of another's. */
export interface InlinedCall {
  /** The function that was called. */
  readonly name: string;
  readonly place: DeclarationPlace;
  /** Where it was called; `file` is that of the enclosing function. */
  readonly call: DeclarationPlace & { readonly column: number };
  /** [start, end, start, end, ...], ascending; those of `inlined` are within them. */
  readonly ranges: readonly number[];
  /** The same for all calls of the function, except for their values. */
  readonly variables: readonly LocalVariable[];
  readonly inlined: readonly InlinedCall[];
}

export interface DebugInfo {
  readonly types: readonly DebugType[];
  readonly globals: readonly GlobalVariable[];
  readonly functions: readonly DebugFunction[];
}
