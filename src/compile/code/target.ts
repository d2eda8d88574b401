// What the compiler must know of the machine that it makes code for, beyond its instructions
// (src/x86). Each machine has its record in targets/; passes find it in the function that they work
// on, and name no register themselves.

/** Registers are numbers here, as in code.ts. */
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
  /** What dumps call each register, by number. */
  readonly names: readonly string[];
  /** Those that allocation may use, in the order in which it tries them. */
  readonly allocatable: RegisterSets;
  /** The fewest that all code can do with, for tests that make allocation harder. */
  readonly fewest: RegisterSets;
  /** General registers whose low byte has a name of its own. */
  readonly withLowByte: ReadonlySet<number>;
  readonly stackPointer: number;
  /** DWARF's number of each register, by number. */
  readonly dwarfNumbers: readonly number[];
}

/** Where values are at a call (calling-convention.ts). */
export interface CallingConvention {
  /** The registers of integer and of floating-point arguments, in order. */
  readonly arguments: RegisterSets;
  /** Those of the first result: the words of an integer, the low one first, or a float. */
  readonly results: RegisterSets;
  /** What a call changes. */
  readonly callerSaved: RegisterSets;
  /** The least room on the stack that callers leave for arguments, in words. */
  readonly tailWords: number;
  /** What a function restores before it returns, in the order in which it is pushed. */
  readonly calleeSaved: readonly number[];
}
