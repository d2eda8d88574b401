// What the compiler must know of the machine that it makes code for, beyond its instructions
// (src/x86). Each machine has its record in targets/; passes find it in the function that they work
// on, and name no register themselves.

/** Registers go by their numbers (code.ts). */
export interface Target {
  readonly name: string;
  /** Bytes of a general register, an address, and a place in the frame. */
  readonly wordBytes: number;
  readonly registers: TargetRegisters;
  readonly convention: CallingConvention;
}

/** Registers of each of the two kinds. */
export interface RegisterSets {
  readonly general: readonly number[];
  readonly float: readonly number[];
}

export interface TargetRegisters {
  /** By number; a hole is a number that names none. */
  readonly names: readonly string[];
  /** Those that allocation may use, in the order in which it tries them. */
  readonly allocatable: RegisterSets;
  /** The fewest that all code can do with, for tests: allocation is harder then. */
  readonly fewest: RegisterSets;
  /** General registers whose low byte has a name of its own. */
  readonly withLowByte: ReadonlySet<number>;
  readonly stackPointer: number;
  /** By number, what DWARF calls each. */
  readonly dwarfNumbers: readonly number[];
}

/** Where values are at a call (calling-convention.ts). */
export interface CallingConvention {
  /** The registers of integer arguments and of numbers, each in order. */
  readonly arguments: RegisterSets;
  /** Those of the first result: the words of an integer, the low one first, or a number. */
  readonly results: RegisterSets;
  /** What a call changes. */
  readonly callerSaved: RegisterSets;
  /** What a function restores before it returns, in the order in which it is pushed. */
  readonly calleeSaved: readonly number[];
}
