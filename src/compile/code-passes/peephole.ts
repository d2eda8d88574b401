// Shorter instructions for the same, in code that has its registers.
//
//   cmp d, 0                test d, d             the flags are the same
//   mov d, a; add d, b      lea d, [a + b]        if the flags are dead
//   mov d, 0                xor d, d              the same
//   add d, 1                inc d                 the same
//   lea d, [d + b]          add d, b              the same
//   test d, 1               test dl, 1            only the low byte can decide
//   mov d, d                nothing
//
// Invariant: only flags that are dead change.

import type { Scale } from "../../x86/operand";
import type {
  MachineBlock,
  MachineFunction,
  MachineInstruction,
  MachineOperand,
} from "../code/code";
import { immediate, isWholeRegister, isZero, memory, NONE, register } from "../code/code";
import { factsOf } from "../code/instruction-facts";

/** Improves the code of `fn` in place. */
export function peephole(fn: MachineFunction): void {
  const { withLowByte } = fn.target.registers;
  for (const block of fn.blocks) improveBlock(block, withLowByte);
}

function improveBlock(block: MachineBlock, withLowByte: ReadonlySet<number>): void {
  const result: MachineInstruction[] = [];
  const { instructions } = block;
  let flagsLive = false;
  for (let i = instructions.length - 1; i >= 0; i--) {
    const instruction = instructions[i]!;
    const previous = instructions[i - 1];
    if (isSelfMove(instruction)) continue;
    const sum = !flagsLive && previous ? joinWithMove(previous, instruction) : undefined;
    if (sum) {
      result.push(sum);
      i--;
      continue;
    }
    const same = shortenTest(withTest(instruction), withLowByte);
    const better = flagsLive ? same : shorten(addInPlace(same));
    result.push(better);
    const facts = factsOf(better);
    if (facts.readsFlags) flagsLive = true;
    else if (facts.changesFlags) flagsLive = false;
  }
  block.instructions = result.reverse();
}

function isSelfMove({ mnemonic, operands }: MachineInstruction): boolean {
  const [to, from] = operands;
  if (mnemonic !== "mov" || !isWholeRegister(to) || !isWholeRegister(from)) return false;
  return to.register === from.register;
}

/** `mov d, a` and an operation on d, as one `lea`. */
function joinWithMove(
  move: MachineInstruction,
  operation: MachineInstruction,
): MachineInstruction | undefined {
  const [to, from] = move.operands;
  const [target, source] = operation.operands;
  if (
    move.mnemonic !== "mov" ||
    !isWholeRegister(to) ||
    !isWholeRegister(from) ||
    !isWholeRegister(target)
  )
    return;
  if (to.register !== target.register || to.register === from.register || !source) return;
  const address = addressOf(operation.mnemonic, from.register, to.register, source);
  if (!address) return undefined;
  return { ...operation, mnemonic: "lea", operands: [register(to.register), address] };
}

function addressOf(
  mnemonic: string,
  base: number,
  target: number,
  source: MachineOperand,
): MachineOperand | undefined {
  if (source.kind === "immediate") {
    if (mnemonic === "add") {
      const { value, symbol } = source;
      return memory({ base, displacement: value, symbol }, undefined);
    }
    if (mnemonic === "sub" && source.symbol === undefined) {
      return memory({ base, displacement: -source.value | 0 }, undefined);
    }
    if (mnemonic === "shl" && source.value === 1) {
      return memory({ base, index: base, scale: 1 }, undefined);
    }
    if (mnemonic === "shl" && source.value <= 3) {
      return memory({ index: base, scale: (1 << source.value) as Scale }, undefined);
    }
    return undefined;
  }
  const isSum = mnemonic === "add" && isWholeRegister(source);
  if (!isSum || source.register === target) return undefined;
  return memory({ base, index: source.register, scale: 1 }, undefined);
}

function withTest(instruction: MachineInstruction): MachineInstruction {
  const [left, right] = instruction.operands;
  if (instruction.mnemonic !== "cmp" || !isWholeRegister(left) || !isZero(right))
    return instruction;
  return { ...instruction, mnemonic: "test", operands: [left, left] };
}

/** A test of bits 0 to 6 of a register that has a low byte: the flags are the same. */
function shortenTest(
  instruction: MachineInstruction,
  withLowByte: ReadonlySet<number>,
): MachineInstruction {
  const [left, right] = instruction.operands;
  if (instruction.mnemonic !== "test" || !isWholeRegister(left) || right?.kind !== "immediate") {
    return instruction;
  }
  const isLow = right.symbol === undefined && right.value >= 0 && right.value < 0x80;
  if (!isLow || !withLowByte.has(left.register)) return instruction;
  return { ...instruction, operands: [register(left.register, 8), right] };
}

/** A `lea` that changes one of its parts is an `add`. */
function addInPlace(instruction: MachineInstruction): MachineInstruction {
  const [target, address] = instruction.operands;
  if (instruction.mnemonic !== "lea" || !isWholeRegister(target) || address?.kind !== "memory") {
    return instruction;
  }
  const { base, index, scale, displacement, symbol, slot } = address;
  if (slot || (base !== target.register && (index !== target.register || scale !== 1))) {
    return instruction;
  }
  const other = base === target.register ? index : base;
  if (other === NONE) {
    return { ...instruction, mnemonic: "add", operands: [target, immediate(displacement, symbol)] };
  }
  if (scale !== 1 || displacement !== 0 || symbol !== undefined) return instruction;
  return { ...instruction, mnemonic: "add", operands: [target, register(other)] };
}

/** A shorter instruction with the same result but other flags. */
function shorten(instruction: MachineInstruction): MachineInstruction {
  const { mnemonic, operands } = instruction;
  const [target, source] = operands;
  if (source?.kind !== "immediate" || source.symbol !== undefined || !target) return instruction;
  if (mnemonic === "mov" && source.value === 0 && isWholeRegister(target)) {
    return { ...instruction, mnemonic: "xor", operands: [target, target] };
  }
  if (mnemonic === "add" && source.value === 1) {
    return { ...instruction, mnemonic: "inc", operands: [target] };
  }
  if (mnemonic === "add" && source.value === -1) {
    return { ...instruction, mnemonic: "dec", operands: [target] };
  }
  return instruction;
}
