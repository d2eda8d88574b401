// One method per mnemonic, derived from the instruction table: `a.mov(eax, 1)`, `a.repMovsd()`.
//
// The types of a method's parameters are those of the mnemonic's rows, so an editor completes and
// the type checker refuses what no row encodes.

import type { Mnemonic, OperandsOf } from "./instructions/table";
import { mnemonics } from "./instructions/table";
import type { CodeTarget, Operand } from "./operand";

/** `rep movsd` is the method `repMovsd`. */
type MethodName<M extends string> = M extends `${infer First} ${infer Second}`
  ? `${First}${Capitalize<Second>}`
  : M;

type InstructionMethods = {
  [M in Mnemonic as MethodName<M>]: (...operands: OperandsOf<M>) => void;
};

abstract class Instructions {
  /** Takes the instruction that a method was called for. */
  abstract instruction(mnemonic: Mnemonic, operands: readonly (Operand | CodeTarget)[]): void;
}

function methodName(mnemonic: Mnemonic): string {
  return mnemonic.replace(/ (.)/, (_, letter: string) => letter.toUpperCase());
}

for (const mnemonic of mnemonics) {
  Object.defineProperty(Instructions.prototype, methodName(mnemonic), {
    value(this: Instructions, ...operands: (Operand | CodeTarget)[]) {
      this.instruction(mnemonic, operands);
    },
  });
}

/** The base of whatever takes instructions as method calls. */
export const InstructionSet = Instructions as abstract new () => Instructions & InstructionMethods;
