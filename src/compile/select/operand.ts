// Operands that may be loads: folds a load into the instruction that uses its value.

import type { MachineOperand, Size } from "../code/code";
import { register } from "../code/code";
import type { Value } from "../ir/ir";
import { memoryOf } from "./address";
import type { Selection } from "./selection";

/** Bits that a load or store of a word, or of its low part, reads or writes; undefined: none. */
export function sizeOfAccess({ facts: { effect, bits, type, operands } }: Value): Size | undefined {
  const isFloat = effect === "read" ? type !== undefined : operands !== undefined;
  return bits === undefined || bits === 64 || isFloat ? undefined : bits;
}

/** Bits that such a load reads; undefined: it is not one. */
export function sizeOfLoad(value: Value): Size | undefined {
  return value.effect === "read" ? sizeOfAccess(value) : undefined;
}

/** The low `size` bits of a word. */
export function lowBits(word: number, size: Size): number {
  return size === 32 ? word : word & ((1 << size) - 1);
}

/** Whether `value` is a whole-word load that may become a memory operand here. */
export function isFoldableLoad(selection: Selection, value: Value): boolean {
  return value.op === "load32" && selection.canFold(value);
}

/** The memory that a foldable load reads, as an operand of `size` bits at its low end. */
export function loadOperand(selection: Selection, load: Value, size: Size = 32): MachineOperand {
  return memoryOf(selection, load, size);
}

/** `value` as an immediate, as memory, or in a register: for the source of an operation. */
export function sourceOperand(selection: Selection, value: Value): MachineOperand {
  if (isFoldableLoad(selection, value)) return loadOperand(selection, value);
  return selection.orImmediate(value);
}

/** `value` as memory or in a register: for instructions that take no immediate. */
export function placeOperand(selection: Selection, value: Value): MachineOperand {
  if (isFoldableLoad(selection, value)) return loadOperand(selection, value);
  return register(selection.inRegister(value).register);
}

/**
 * The same for an instruction that takes two or three more registers: few are left for addresses.
 */
export function placeOperandUnderPressure(selection: Selection, value: Value): MachineOperand {
  if (!selection.options.fewRegisters) return placeOperand(selection, value);
  return register(selection.inRegister(value).register);
}
