// Implicit bounds checks: leaves out probes of a memory in a segment where an access that follows
// makes the processor check the same.
//
//   probe byteown[r16], 0
//   probe byteown[r16+3], 0      ->      mov r17, dwordown[r16]
//   mov r17, dwordown[r16]
//
// An access stands for a probe of any byte that it covers: the processor takes the sum that is its
// address modulo 2^32, as it does for the probe, and allows no access that goes on past the end.
//
// Invariants
//   - Between a probe and what stands for it nothing is written to memory, nothing else can be
//     noticed from outside, and no other trap can come.
//   - No pass after this drops an access to the own memory, or moves one past a call.

import type { MachineFunction, MachineInstruction, MemoryOperand } from "../code/code";
import { forEachWrite, writesOperand } from "../code/instruction-facts";

/** Leaves out probes in the code of `fn`, before it has registers. */
export function makeImplicitChecks(fn: MachineFunction): void {
  for (const block of fn.blocks) {
    const { instructions } = block;
    if (!instructions.some(({ mnemonic }) => mnemonic === "probe")) continue;
    block.instructions = withoutNeedless(instructions);
  }
}

function withoutNeedless(instructions: readonly MachineInstruction[]): MachineInstruction[] {
  /** What is kept of what follows, the last first. */
  const kept: MachineInstruction[] = [];
  for (const instruction of [...instructions].reverse()) {
    const isNeedless = instruction.mnemonic === "probe" && isImplied(instruction, kept);
    if (!isNeedless) kept.push(instruction);
  }
  return kept.reverse();
}

/** What a program may be noticed by, or trap for another reason. */
const BARRIERS: ReadonlySet<string> = new Set([
  "call",
  "tail_call",
  "may_throw",
  "trap_if",
  "ud1",
  "ud2",
  "div",
  "idiv",
  "ret",
]);

/** How far is looked for what stands for a probe. */
const WINDOW = 64;

/** @param after what follows, the last first */
function isImplied(probe: MachineInstruction, after: readonly MachineInstruction[]): boolean {
  const place = probe.operands[0] as MemoryOperand;
  const end = Math.max(0, after.length - WINDOW);
  for (let i = after.length - 1; i >= end; i--) {
    const next = after[i]!;
    if (BARRIERS.has(next.mnemonic)) return false;
    if (next.operands.some((each) => each.kind === "memory" && covers(each, place))) return true;
    if (writesMemory(next) || changesAddress(next, place)) return false;
  }
  return false;
}

/** Whether an operand has the byte at `place` in it. */
function covers(operand: MemoryOperand, place: MemoryOperand): boolean {
  const { isOwn, base, index, scale, displacement, size = 0 } = operand;
  if (!isOwn || base !== place.base || index !== place.index || scale !== place.scale) return false;
  const distance = place.displacement - displacement;
  return distance >= 0 && distance < size / 8;
}

function writesMemory(instruction: MachineInstruction): boolean {
  return instruction.operands.some(
    ({ kind }, i) => kind === "memory" && writesOperand(instruction, i),
  );
}

function changesAddress(instruction: MachineInstruction, { base, index }: MemoryOperand): boolean {
  let changes = false;
  forEachWrite(instruction, (register) => {
    changes ||= register === base || register === index;
  });
  return changes;
}
