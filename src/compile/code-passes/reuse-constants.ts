// Takes a constant from a register that holds it, which is shorter by the constant's four bytes.
//
//   xor ecx, ecx                         xor ecx, ecx
//   mov dword [esp], 0           ->      mov [esp], ecx
//   mov esi, 4096                        mov esi, 4096
//   mov dword [ebx + 4], 4096            mov [ebx + 4], esi
//
// What is known holds to the end of a block, and on into a block that only it leads to. There a
// comparison has told more: after `cmp eax, 5` and `je`, eax is 5.
//
// Invariants
//   - As many instructions as before, and flags as before.
//   - A register that is known to hold a constant has been written whole, and emission has not
//     taken it as scratch since (a `moves` from memory to memory).

import type {
  MachineBlock,
  MachineFunction,
  MachineInstruction,
  MachineOperand,
  RegisterOperand,
} from "../code/code";
import {
  isNumber,
  isWholeRegister,
  onlyPredecessor,
  plainInstruction,
  register,
} from "../code/code";
import { factsOf, forEachWrite } from "../code/instruction-facts";
import { takesScratch } from "../code/parallel-moves";

/** Constants by the register that holds them. */
type Known = Map<number, number>;

/** Replaces constants in the code of `fn`, whose registers are physical, in place. */
export function reuseConstants(fn: MachineFunction): void {
  const { withLowByte } = fn.target.registers;
  const knownAfter = new Map<MachineBlock, Known>();
  for (const block of fn.blocks) {
    const known = knownBefore(block, knownAfter);
    block.instructions = block.instructions.flatMap((instruction) => {
      if (takesScratch(instruction)) {
        known.clear();
        return [instruction];
      }
      const late = reuseIn(instruction, known, withLowByte);
      note(instruction, known);
      return late.length === 0 ? [instruction] : [instruction, ...late];
    });
    knownAfter.set(block, known);
  }
}

/** What is known where a block begins. */
function knownBefore(block: MachineBlock, knownAfter: ReadonlyMap<MachineBlock, Known>): Known {
  const before = onlyPredecessor(block);
  const inherited = before && knownAfter.get(before);
  if (!before || !inherited) return new Map();
  const last = before.instructions.at(-1);
  const known = new Map(inherited);
  const [yes, no] = before.successors;
  if (last?.mnemonic !== "branch" || yes === no) return known;
  if (last.condition !== (block === yes ? "e" : "ne")) return known;
  const equal = comparedLast(before);
  if (equal) known.set(equal.register, equal.value);
  return known;
}

/** The register and the constant that the flags at the end of a block compare, for equality. */
function comparedLast({
  instructions,
}: MachineBlock): { register: number; value: number } | undefined {
  const written = new Set<number>();
  for (let i = instructions.length - 2; i >= 0; i--) {
    const instruction = instructions[i]!;
    if (!factsOf(instruction).changesFlags) {
      forEachWrite(instruction, (each) => written.add(each));
      continue;
    }
    const { mnemonic, operands } = instruction;
    const [left, right] = operands;
    if (!isWholeRegister(left) || written.has(left.register)) return undefined;
    if (mnemonic === "cmp" && isNumber(right)) {
      return { register: left.register, value: right.value };
    }
    const isSelf = isWholeRegister(right) && right.register === left.register;
    return mnemonic === "test" && isSelf ? { register: left.register, value: 0 } : undefined;
  }
  return undefined;
}

/** Replaces constants of one instruction; returns what has to follow it. */
function reuseIn(
  instruction: MachineInstruction,
  known: Known,
  withLowByte: ReadonlySet<number>,
): MachineInstruction[] {
  const { mnemonic, operands } = instruction;
  if (mnemonic === "moves") return reuseInMoves(instruction, known);
  const [to, from] = operands;
  if (mnemonic !== "mov" || operands.length !== 2 || !to || !isNumber(from)) return [];
  const source = holderOf(from.value, to, known, withLowByte);
  if (source) instruction.operands = [to, source];
  return [];
}

/** A register that can be stored to or copied to `to` instead of the constant. */
function holderOf(
  value: number,
  to: MachineOperand,
  known: Known,
  withLowByte: ReadonlySet<number>,
): RegisterOperand | undefined {
  if (to.kind !== "memory") {
    if (!isWholeRegister(to)) return undefined;
    for (const [holder, held] of known) {
      if (held === value && holder !== to.register) return register(holder);
    }
    return undefined;
  }
  const { size } = to;
  if (size !== 8 && size !== 16 && size !== 32) return undefined;
  const unused = 32 - size;
  for (const [holder, held] of known) {
    if (held << unused !== value << unused || (size === 8 && !withLowByte.has(holder))) continue;
    return register(holder, size);
  }
  return undefined;
}

/**
 * A constant that goes to memory comes from a register that has it, or from one that gets it by the
 * same moves, after them.
 */
function reuseInMoves(moves: MachineInstruction, known: Known): MachineInstruction[] {
  const { operands, virtual, position } = moves;
  const getting = new Map<number, number>();
  const written = new Set<number>();
  for (let i = 0; i < operands.length; i += 2) {
    const to = operands[i]!;
    const from = operands[i + 1]!;
    if (to.kind !== "register") continue;
    written.add(to.register);
    if (isWholeRegister(to) && isNumber(from)) getting.set(from.value, to.register);
  }
  const kept: MachineOperand[] = [];
  const keptVirtual = virtual ? [...virtual] : undefined;
  const late: MachineInstruction[] = [];
  for (let i = 0; i < operands.length; i += 2) {
    const to = operands[i]!;
    const from = operands[i + 1]!;
    if (to.kind === "memory" && to.slot && to.size === 32 && isNumber(from)) {
      const holder = getting.get(from.value);
      if (holder !== undefined) {
        const pair = keptVirtual?.splice(kept.length, 2);
        late.push({ ...plainInstruction("mov", [to, register(holder)], position), virtual: pair });
        continue;
      }
      const [known32] = [...known].filter(([each, held]) => {
        return held === from.value && !written.has(each);
      });
      kept.push(to, known32 ? register(known32[0]) : from);
      continue;
    }
    kept.push(to, from);
  }
  moves.operands = kept;
  moves.virtual = keptVirtual;
  return late;
}

/** What is known after an instruction. */
function note(instruction: MachineInstruction, known: Known): void {
  const { mnemonic, operands } = instruction;
  const copied: [number, number | undefined][] = [];
  if (mnemonic === "moves" || mnemonic === "mov") {
    for (let i = 0; i + 1 < operands.length; i += 2) {
      const to = operands[i];
      if (isWholeRegister(to)) copied.push([to.register, valueIn(operands[i + 1], known)]);
    }
  } else if (mnemonic === "xor") {
    const [to, from] = operands;
    if (isWholeRegister(to) && isWholeRegister(from) && to.register === from.register) {
      copied.push([to.register, 0]);
    }
  }
  forEachWrite(instruction, (each) => known.delete(each));
  for (const [to, value] of copied) if (value !== undefined) known.set(to, value);
}

function valueIn(operand: MachineOperand | undefined, known: Known): number | undefined {
  if (isNumber(operand)) return operand.value;
  return isWholeRegister(operand) ? known.get(operand.register) : undefined;
}
