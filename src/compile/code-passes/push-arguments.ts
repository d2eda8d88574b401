// Pushes the arguments of calls where they are passed, instead of keeping room for them in the
// frame.
//
//   moves dword[outgoing 1] ecx dword[outgoing 0] 7 eax ebx       push_argument ecx
//   call &f                                                  ->   push_argument 7
//                                                                 moves eax ebx
//                                                                 call &f
//                                                                 drop_arguments 2
//
// A function that needs no frame for anything else then does without the two instructions that make
// and remove it. Each call takes one more, to drop its arguments; so calls are changed if a run of
// the function is not guessed to make more of them than what is saved. In a kernel, whose code is
// to be small, those that are hardly made are changed in any case: to push is shorter.
//
// What is pushed is nobody's source, so it can go before the other moves of the same call.

import type {
  MachineBlock,
  MachineFunction,
  MachineInstruction,
  MachineOperand,
} from "../code/code";
import { immediate, isFloatOperand, plainInstruction } from "../code/code";

/** Instructions that a function saves if it has no frame: to make it, and to remove it. */
const FRAME_INSTRUCTIONS = 2;
/** What runs less often than this for each run of the function hardly runs. */
const RARE = 0.1;

/** A call and the moves of its arguments, some of them to the stack: the last one first. */
interface StackCall {
  readonly block: MachineBlock;
  readonly stacked: readonly MachineOperand[];
  readonly moves: MachineInstruction;
  readonly call: MachineInstruction;
}

/**
 * Pushes arguments in `fn`, whose registers are physical.
 *
 * @param isSmall whether code is to be small, even if it does not become faster
 */
export function pushArguments(fn: MachineFunction, isSmall: boolean): void {
  if (fn.outgoingWords === 0) return;
  const calls = stackCalls(fn);
  const chosen = losesFrame(fn, calls, isSmall)
    ? calls
    : calls.filter(({ block }) => isSmall && block.frequency < RARE);
  for (const each of chosen) push(each);
  if (chosen.length > 0) fn.outgoingWords = outgoingWords(fn, []);
}

/** The calls with arguments on the stack that can all be pushed. */
function stackCalls({ blocks }: MachineFunction): StackCall[] {
  const found: StackCall[] = [];
  for (const block of blocks) {
    for (const [at, call] of block.instructions.entries()) {
      const moves = block.instructions[at - 1];
      if (call.mnemonic !== "call" || moves?.mnemonic !== "moves") continue;
      const pairs = pairsOf(moves).filter(([to]) => outgoingEnd(to) > 0);
      const isPushable = pairs.every(([to, from]) => isWord(to) && !isFloatOperand(from));
      if (pairs.length === 0 || !isPushable) continue;
      pairs.sort(([a], [b]) => outgoingEnd(b) - outgoingEnd(a));
      found.push({ block, stacked: pairs.map(([, from]) => from), moves, call });
    }
  }
  return found;
}

/** Whether `fn` needs no frame, nor more instructions, if these calls push. */
function losesFrame(fn: MachineFunction, calls: readonly StackCall[], isSmall: boolean): boolean {
  const runs = calls.reduce((sum, { block, call }) => {
    return sum + (isLast(call, block) ? 0 : block.frequency);
  }, 0);
  const isWorthIt = isSmall ? runs <= FRAME_INSTRUCTIONS : runs < FRAME_INSTRUCTIONS;
  return isWorthIt && fn.localSlots === 0 && outgoingWords(fn, calls) === 0;
}

/** Words of the frame for arguments, those of `calls` left out. */
function outgoingWords({ blocks }: MachineFunction, calls: readonly StackCall[]): number {
  const left = new Set(calls.map(({ moves }) => moves));
  let words = 0;
  for (const { instructions } of blocks) {
    for (const each of instructions) {
      if (left.has(each)) continue;
      for (const operand of each.operands) words = Math.max(words, outgoingEnd(operand));
    }
  }
  return words;
}

/** Changes one call. */
function push({ block, stacked, moves, call }: StackCall): void {
  const { operands, position, virtual } = moves;
  const pushes = stacked.map((from) => plainInstruction("push_argument", [from], position));
  const isKept = (_: unknown, i: number) => outgoingEnd(operands[i & ~1]!) === 0;
  moves.virtual = virtual?.filter(isKept);
  moves.operands = operands.filter(isKept);
  const drop = plainInstruction("drop_arguments", [immediate(stacked.length)], call.position);
  const others = moves.operands.length > 0 ? [moves] : [];
  const drops = isLast(call, block) ? [] : [drop];
  const at = block.instructions.indexOf(moves);
  block.instructions.splice(at, 2, ...pushes, ...others, call, ...drops);
}

/** Whether control does not come back from a call. */
function isLast(call: MachineInstruction, { instructions }: MachineBlock): boolean {
  return instructions.at(-1) === call;
}

/** The moves of an instruction `moves`: to where, and from where. */
function pairsOf({ operands }: MachineInstruction): [MachineOperand, MachineOperand][] {
  return Array.from({ length: operands.length / 2 }, (_, i) => {
    return [operands[2 * i]!, operands[2 * i + 1]!];
  });
}

function isWord(operand: MachineOperand): boolean {
  return operand.kind === "memory" && operand.size === 32;
}

/** The words of outgoing arguments up to the end of this one; 0: it is none. */
function outgoingEnd(operand: MachineOperand): number {
  if (operand.kind !== "memory" || operand.slot?.kind !== "outgoing") return 0;
  return operand.slot.index + (operand.size === 64 ? 2 : 1);
}
