// Copy propagation: lets instructions read where a value was copied from, and drops the copy if
// nothing else needs it.
//
//   mov ecx, ebx
//   mov byte [esi], cl       ->     mov byte [esi], bl
//
// Selection copies a value whose low byte is named, since not every register has one; only now it
// is known that this one has. The same happens to copies that allocation could not join.
//
// Invariant: between the copy and its last reader neither end of it is written.

import { liveIntoBlocks } from "../allocate/live";
import { renamed } from "../allocate/spill";
import type { MachineBlock, MachineFunction, MachineInstruction } from "../code/code";
import { isWholeRegister } from "../code/code";
import { factsOf, forEachRead, forEachWrite, roleOf } from "../code/instruction-facts";
import { takesScratch } from "../code/parallel-moves";

/** How far readers of a copy are sought. */
const REACH = 12;

/** Drops the copies of `fn`, whose registers are physical, that readers can do without. */
export function forwardCopies(fn: MachineFunction): void {
  const liveInto = liveIntoBlocks(fn);
  const { withLowByte } = fn.target.registers;
  for (const block of fn.blocks) {
    if (!block.instructions.some((each) => copyOf(each, withLowByte))) continue;
    const liveOut = new Set(block.successors.flatMap(liveInto));
    forwardIn(block, liveOut, withLowByte);
  }
}

function forwardIn(
  block: MachineBlock,
  liveOut: ReadonlySet<number>,
  withLowByte: ReadonlySet<number>,
): void {
  const { instructions } = block;
  const kept: MachineInstruction[] = [];
  for (const [at, instruction] of instructions.entries()) {
    const copy = copyOf(instruction, withLowByte);
    const readers = copy && readersOf(instructions, at, copy, liveOut);
    if (!readers) {
      kept.push(instruction);
      continue;
    }
    for (const reader of readers) readOriginal(reader, copy);
  }
  block.instructions = kept;
}

interface Copy {
  readonly to: number;
  readonly from: number;
  /** Whether the low byte of the original can be named. */
  readonly hasLowByte: boolean;
}

function copyOf(
  { mnemonic, operands }: MachineInstruction,
  withLowByte: ReadonlySet<number>,
): Copy | undefined {
  const [to, from] = operands;
  if (mnemonic !== "mov" || !isWholeRegister(to) || !isWholeRegister(from)) return undefined;
  if (to.register === from.register) return undefined;
  const hasLowByte = withLowByte.has(from.register);
  return { to: to.register, from: from.register, hasLowByte };
}

/** All readers of the copy made at `at`, if they can read the original and none is left out. */
function readersOf(
  instructions: readonly MachineInstruction[],
  at: number,
  copy: Copy,
  liveOut: ReadonlySet<number>,
): MachineInstruction[] | undefined {
  const readers: MachineInstruction[] = [];
  const end = Math.min(instructions.length, at + 1 + REACH);
  for (let i = at + 1; i < end; i++) {
    const instruction = instructions[i]!;
    if (takesScratch(instruction)) return undefined;
    const { reads, writes } = effectsOn(instruction, copy);
    if (reads && !canReplace(instruction, copy)) return undefined;
    if (reads) readers.push(instruction);
    if (writes.to) return readers;
    if (writes.from && !isDeadAfter(instructions, i, end, copy, liveOut)) return undefined;
    if (writes.from) return readers;
  }
  return end === instructions.length && !liveOut.has(copy.to) ? readers : undefined;
}

function effectsOn(instruction: MachineInstruction, { to, from }: Copy) {
  let reads = false;
  const writes = { to: false, from: false };
  forEachRead(instruction, (register) => {
    reads ||= register === to;
  });
  forEachWrite(instruction, (register) => {
    writes.to ||= register === to;
    writes.from ||= register === from;
  });
  return { reads, writes };
}

/** Whether nothing reads the copy after `at`. */
function isDeadAfter(
  instructions: readonly MachineInstruction[],
  at: number,
  end: number,
  copy: Copy,
  liveOut: ReadonlySet<number>,
): boolean {
  for (let i = at + 1; i < end; i++) {
    const { reads, writes } = effectsOn(instructions[i]!, copy);
    if (reads) return false;
    if (writes.to) return true;
  }
  return end === instructions.length && !liveOut.has(copy.to);
}

/** Whether the copy is mentioned only where the original can stand instead. */
function canReplace(instruction: MachineInstruction, { to, hasLowByte }: Copy): boolean {
  const facts = factsOf(instruction);
  if ([...facts.reads, ...instruction.reads].includes(to)) return false;
  return instruction.operands.every((operand, i) => {
    if (operand.kind !== "register" || operand.register !== to) return true;
    if (facts.isFixed[i]) return false;
    const role = roleOf(instruction, i);
    return role === "write" || (role === "read" && (operand.size !== 8 || hasLowByte));
  });
}

function readOriginal(instruction: MachineInstruction, { to, from }: Copy): void {
  const rename = (register: number) => (register === to ? from : register);
  instruction.operands = instruction.operands.map((operand, i) => {
    const isWritten = operand.kind === "register" && roleOf(instruction, i) === "write";
    return isWritten ? operand : renamed(operand, rename);
  });
}
