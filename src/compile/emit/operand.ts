// Operands of finished machine code as the assembler's: registers by their objects, places of the
// frame by their distance from ESP.

import type { Operand } from "../../x86/operand";
import { mem, mem8, mem16, mem32, mem64, mem128, symbol } from "../../x86/operand";
import {
  controlRegisters,
  fs,
  gs,
  hasLow8,
  registers8,
  registers16,
  registers32,
  registersXmm,
} from "../../x86/registers";
import type { MachineOperand, MemoryOperand, RegisterOperand } from "../code/code";
import { FIRST_FLOAT, NONE } from "../code/code";
import type { Frame } from "./frame";

const MEMORY = { 8: mem8, 16: mem16, 32: mem32, 64: mem64, 128: mem128 } as const;

/** @param pushed how many words are on the stack below the frame */
export function encodeOperand(
  operand: MachineOperand,
  frame: Frame,
  pushed = frame.pushed,
): Operand {
  switch (operand.kind) {
    case "register":
      return registerOperand(operand);
    case "immediate":
      return operand.symbol === undefined ? operand.value : symbol(operand.symbol, operand.value);
    case "control":
      return controlRegisters[operand.number]!;
    case "segment":
      return operand.name === "fs" ? fs : gs;
    case "memory":
      return memoryOperand(operand, frame, pushed);
  }
}

function registerOperand({ register, size }: RegisterOperand): Operand {
  if (size === 128) return registersXmm[register - FIRST_FLOAT]!;
  if (size === 32) return registers32[register]!;
  if (size === 16) return registers16[register]!;
  const whole = registers32[register]!;
  if (!hasLow8(whole)) throw new Error(`${whole.name} has no low byte`);
  return registers8[register]!;
}

function memoryOperand(operand: MemoryOperand, frame: Frame, pushed: number): Operand {
  const { base, index, scale, displacement, slot, size } = operand;
  const make = size === undefined ? mem : MEMORY[size];
  if (slot) return make({ base: frame.stackPointer, disp: frame.offsetOf(slot, pushed) });
  return make({
    base: base === NONE ? undefined : registers32[base]!,
    index: index === NONE ? undefined : registers32[index]!,
    scale,
    disp: displacement,
    symbol: operand.symbol,
    segment: operand.isOwn ? fs : undefined,
  });
}
