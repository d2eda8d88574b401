// Repeats a short test in loops at the end of all blocks that jump to it (loop inversion).
//
//   b0: jump b1                              b0: cmp n, 0; branch e b3 b2
//   b1: cmp n, 0; branch e b3 b2      ->     b2: ...; sub n, 1; cmp n, 0; branch e b3 b2
//   b2: ...; sub n, 1; jump b1
//
// A loop that begins with its test ends with it then: an iteration takes no jump to the test, and
// the test can use the flags of what stands before it. The same holds for the test that several
// paths through a loop end with. Where a path sets what is tested to a constant, as most loops
// begin, the outcome is known there, and nothing is repeated.
//
// Registers are virtual here and may be written in several places, so nothing needs to be renamed.
//
// Invariants
//   - No edge leads from a block with several successors to one with several predecessors.
//   - Loops have one entry: the header, which becomes the first block after the test.

import type { Condition } from "../../x86/instructions/condition";
import type {
  MachineFunction,
  MachineInstruction,
  MachineLoop,
  MachineOperand,
} from "../code/code";
import { isNumber, isWholeRegister, MachineBlock, plainInstruction, samePlace } from "../code/code";
import { forEachWrite } from "../code/instruction-facts";
import { evaluateComparison } from "../ir/evaluate";
import type { IrOp } from "../ir/ir";

/** Instructions of a test that is worth repeating, with its branch. */
const SHORT = 6;
/** How often a test that may leave its loop is repeated at most, and how often another one. */
const COPIES = 4;
const INNER_COPIES = 2;

/** Repeats what is worth it in `fn`. */
export function duplicateTests(fn: MachineFunction): void {
  let id = Math.max(...fn.blocks.map((block) => block.id)) + 1;
  const edge = (from: MachineBlock, to: MachineBlock) => edgeBlock(id++, from, to);
  const added: Added = new Map();
  const gone = new Set<MachineBlock>();
  for (const block of fn.blocks) {
    if (!isShortTest(block) || !block.predecessors.every(onlyJumps)) continue;
    const copies = block.predecessors.length;
    if (copies < 2 || copies > (mayLeaveLoop(block) ? COPIES : INNER_COPIES) || !moveHeader(block))
      continue;
    duplicate(block, edge, added);
    gone.add(block);
  }
  if (gone.size > 0) fn.blocks = withAdded(fn.blocks, added).filter((block) => !gone.has(block));
}

/** The blocks that must stand after others. */
type Added = Map<MachineBlock, readonly MachineBlock[]>;

function withAdded(blocks: readonly MachineBlock[], added: Added): MachineBlock[] {
  return blocks.flatMap((block) => [block, ...withAdded(added.get(block) ?? [], added)]);
}

function isShortTest({ instructions, loops, successors }: MachineBlock): boolean {
  if (loops.length === 0 || instructions.length > SHORT) return false;
  if (instructions[instructions.length - 1]?.mnemonic !== "branch") return false;
  return (
    successors[0] !== successors[1] && instructions.every(({ mnemonic }) => mnemonic !== "call")
  );
}

function mayLeaveLoop({ loops, successors }: MachineBlock): boolean {
  const loop = loops.at(-1);
  return loop !== undefined && successors.some((next) => !next.loops.includes(loop));
}

function onlyJumps(block: MachineBlock): boolean {
  return block.instructions[block.instructions.length - 1]?.mnemonic === "jump";
}

/** Makes the block after a test the header, if the test was it; false if none can be. */
function moveHeader(test: MachineBlock): boolean {
  const loops = test.loops.filter(({ header }) => header === test);
  const [loop] = loops;
  if (!loop) return !test.successors.includes(test);
  const inside = test.successors.filter((next) => next.loops.includes(loop));
  const [next] = inside;
  const isHeader = ({ header }: MachineLoop) => header === next;
  if (loops.length > 1 || inside.length !== 1 || !next || next === test) return false;
  if (next.loops.some(isHeader)) return false;
  loop.header = next;
  return true;
}

function duplicate(
  test: MachineBlock,
  edge: (from: MachineBlock, to: MachineBlock) => MachineBlock,
  added: Added,
): void {
  const { predecessors, successors } = test;
  for (const next of successors) {
    next.predecessors = next.predecessors.filter((block) => block !== test);
  }
  for (const from of predecessors) {
    const known = outcomeAfter(from, test);
    if (known) {
      from.successors = [edge(from, known)];
      added.set(from, from.successors);
      continue;
    }
    from.instructions.pop();
    from.instructions.push(...test.instructions.map(copyOf));
    const between = successors.map((next) => edge(from, next));
    from.successors = between;
    added.set(from, between);
  }
}

/** What comparisons ask of their operands where a condition holds after them. */
const COMPARISONS: Readonly<Partial<Record<Condition, IrOp>>> = {
  e: "eq",
  ne: "ne",
  b: "lt_u",
  ae: "ge_u",
  be: "le_u",
  a: "gt_u",
  l: "lt_s",
  ge: "ge_s",
  le: "le_s",
  g: "gt_s",
};

/** Where a test goes after `from`, if that is known and the test does nothing else. */
function outcomeAfter(from: MachineBlock, test: MachineBlock): MachineBlock | undefined {
  const [compare, branch, ...others] = test.instructions;
  const op = branch?.condition && COMPARISONS[branch.condition];
  if (!compare || !op || others.length > 0) return undefined;
  const [left, right] = compare.operands;
  const isTest = compare.mnemonic === "test" && right && left && samePlace(left, right);
  if (!isTest && compare.mnemonic !== "cmp") return undefined;
  const a = constantAfter(from, left);
  const b = isTest ? 0 : constantAfter(from, right);
  if (a === undefined || b === undefined) return undefined;
  return evaluateComparison(op, a, b) ? test.successors[0] : test.successors[1];
}

/** What an operand certainly is at the end of a block, if that is a constant. */
function constantAfter(
  { instructions }: MachineBlock,
  operand: MachineOperand | undefined,
): number | undefined {
  if (isNumber(operand)) return operand.value;
  if (!isWholeRegister(operand)) return undefined;
  for (let at = instructions.length - 1; at >= 0; at--) {
    const { mnemonic, operands } = instructions[at]!;
    let isWritten = false;
    forEachWrite(instructions[at]!, (register) => {
      isWritten ||= register === operand.register;
    });
    if (!isWritten) continue;
    if (mnemonic !== "mov" && mnemonic !== "moves") return undefined;
    const place = operands.findIndex((each, i) => i % 2 === 0 && samePlace(each, operand));
    const from = operands[place + 1];
    return isNumber(from) ? from.value : undefined;
  }
  return undefined;
}

/** A block between two others, for what must happen on that edge alone. */
function edgeBlock(id: number, from: MachineBlock, to: MachineBlock): MachineBlock {
  const block = new MachineBlock(id);
  const { position } = from.instructions[from.instructions.length - 1]!;
  block.instructions = [plainInstruction("jump", [], position)];
  block.loops = from.loops.filter((loop) => to.loops.includes(loop));
  block.frequency = Math.min(from.frequency, to.frequency);
  block.predecessors = [from];
  block.successors = [to];
  to.predecessors.push(block);
  return block;
}

function copyOf(instruction: MachineInstruction): MachineInstruction {
  return { ...instruction, operands: [...instruction.operands] };
}
