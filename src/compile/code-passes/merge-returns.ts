// Returns each error from one place of a function (tail merging, cross-jumping): small kernels.
//
//   b1: …; branch a b2 b3                b1: …; branch a b2 b3
//   b2: moves eax -22; ret               b2: moves eax -22; jump b7
//   b3: …; branch e b4 b5           ->   b3: …; branch e b4 b5
//   b4: …; moves eax -22; ret            b4: …; jump b2
//   b5: moves eax ebx; ret               b5: moves eax ebx
//                                        b7: ret
//
// A small negative number is an error, so its way is hardly taken (the return heuristic of T. Ball,
// J. R. Larus, "Branch prediction for free", 1993) and may take a jump or two more. Of other equal
// returns one is left if only branches lead to them: these go there instead, for nothing.
//
// Invariant: what is shared is `ret` and moves between registers, constants and the frame. Nothing
// that can fault or call is, so an address in the code still tells the line.

import {
  isWholeRegister,
  MachineBlock,
  type MachineFunction,
  type MachineInstruction,
  type MachineOperand,
  plainInstruction,
} from "../code/code";
import { savedRegisters } from "../code/instruction-facts";
import { isNoMove, takesScratch } from "../code/parallel-moves";

/** Constants from here to -1 are errors: Linux's calls have no others. */
const LEAST_ERROR = -4095;

/** Bytes of a jump, of adding to the stack pointer, and of what each register adds to a return. */
const BYTES = { jump: 2, frame: 3, register: 1, ret: 1 } as const;

/** Merges returns of `fn`, whose registers are physical. */
export function mergeReturns(fn: MachineFunction): void {
  const merger = new Merger(fn);
  merger.mergeEqual();
  if (returnBytes(fn) > BYTES.jump) merger.shareReturn();
}

class Merger {
  readonly #fn: MachineFunction;
  #nextId: number;

  constructor(fn: MachineFunction) {
    this.#fn = fn;
    this.#nextId = 1 + Math.max(...fn.blocks.map(({ id }) => id));
  }

  /** Leaves one of the equal returns: of errors always, of others where only branches go. */
  mergeEqual(): void {
    const groups = new Map<string, MachineBlock[]>();
    for (const block of this.#fn.blocks.filter(isReturn)) {
      const key = textOf(block.instructions.slice(startOf(block)));
      const group = groups.get(key) ?? [];
      groups.set(key, group);
      group.push(block);
    }
    for (const group of groups.values()) if (group.length > 1) this.#merge(group);
  }

  #merge(blocks: readonly MachineBlock[]): void {
    const isError = returnsError(blocks[0]!);
    const whole = blocks.filter((block) => startOf(block) === 0 && block !== this.#fn.blocks[0]);
    const longer = blocks.filter((block) => !whole.includes(block));
    let kept = whole.at(-1);
    if (isError) {
      const last = kept ?? longer.at(-1)!;
      kept ??= this.#split(last, startOf(last));
      for (const block of longer) if (block !== last) this.#cut(block, startOf(block), kept);
    }
    for (const block of whole) if (block !== kept) this.#redirect(block, kept!, isError);
  }

  /** Has error returns jump to one `ret`, if there is one that another return falls into. */
  shareReturn(): void {
    const returning = this.#fn.blocks.filter(isReturn);
    const errors = returning.filter(returnsError);
    const from = returning.filter((block) => !errors.includes(block)).at(-1) ?? errors.at(-1);
    if (!from || errors.length === 0 || returning.length < 2) return;
    const shared = this.#split(from, from.instructions.length - 1);
    for (const block of errors) {
      if (block !== from) this.#cut(block, block.instructions.length - 1, shared);
    }
  }

  /** Makes the instructions of `block` from `at` on a block of their own, right after it. */
  #split(block: MachineBlock, at: number): MachineBlock {
    const rest = new MachineBlock(this.#nextId++);
    rest.frequency = block.frequency;
    rest.loops = block.loops;
    rest.instructions = block.instructions.slice(at);
    this.#fn.blocks.splice(this.#fn.blocks.indexOf(block) + 1, 0, rest);
    this.#cut(block, at, rest);
    return rest;
  }

  /** Replaces the instructions of `block` from `at` on by a jump to `target`, which has them. */
  #cut(block: MachineBlock, at: number, target: MachineBlock): void {
    const { position } = block.instructions[at]!;
    const jump = plainInstruction("jump", [], position);
    block.instructions = [...block.instructions.slice(0, at), jump];
    block.successors = [target];
    target.predecessors.push(block);
  }

  /** Has branches to `block` go to `target`, and what jumps there if it `mayJump`. */
  #redirect(block: MachineBlock, target: MachineBlock, mayJump: boolean): void {
    const stays = ({ instructions }: MachineBlock): boolean => {
      const last = instructions.at(-1)?.mnemonic;
      return last !== "branch" && !(mayJump && last === "jump");
    };
    for (const from of block.predecessors) {
      if (stays(from)) continue;
      from.successors = from.successors.map((each) => (each === block ? target : each));
      target.predecessors.push(from);
    }
    block.predecessors = block.predecessors.filter(stays);
    const { blocks } = this.#fn;
    if (block.predecessors.length === 0) blocks.splice(blocks.indexOf(block), 1);
  }
}

/** How long a `ret` and what belongs to it are, usually. */
function returnBytes(fn: MachineFunction): number {
  const frame = fn.outgoingWords + fn.localSlots > 0 ? BYTES.frame : 0;
  return frame + BYTES.register * savedRegisters(fn).length + BYTES.ret;
}

function isReturn({ instructions }: MachineBlock): boolean {
  return instructions.at(-1)?.mnemonic === "ret";
}

/** The place in a block where its return begins: with the moves of what is returned. */
function startOf({ instructions }: MachineBlock): number {
  let at = instructions.length - 1;
  while (at > 0 && isShared(instructions[at - 1]!)) at--;
  return at;
}

/** Whether an instruction only moves what is in registers, in the frame, or constant. */
function isShared(instruction: MachineInstruction): boolean {
  const { mnemonic, operands } = instruction;
  const [to, from] = operands;
  if (mnemonic === "moves") return operands.every(isAtHand) && !takesScratch(instruction);
  if (mnemonic === "mov") return isWholeRegister(to) && isAtHand(from!);
  return (
    mnemonic === "xor" &&
    isWholeRegister(to) &&
    isWholeRegister(from) &&
    to.register === from.register
  );
}

function isAtHand(operand: MachineOperand): boolean {
  if (operand.kind === "memory") return operand.slot !== undefined;
  return operand.kind === "register" || operand.kind === "immediate";
}

/** Whether all that a block does from its return on is to return an error's number. */
function returnsError(block: MachineBlock): boolean {
  const moves = block.instructions.slice(startOf(block), -1).filter((each) => !isNoMove(each));
  return moves.length === 1 && movesError(moves[0]!);
}

/** Whether an instruction puts an error's number into a register, and does nothing else. */
export function movesError({ mnemonic, operands }: MachineInstruction): boolean {
  const [to, from] = operands;
  const isMove = (mnemonic === "moves" || mnemonic === "mov") && operands.length === 2;
  if (!isMove || !isWholeRegister(to)) return false;
  if (from?.kind !== "immediate" || from.symbol !== undefined) return false;
  return from.value < 0 && from.value >= LEAST_ERROR;
}

function textOf(instructions: readonly MachineInstruction[]): string {
  const doing = instructions.filter((each) => !isNoMove(each));
  return JSON.stringify(doing.map(({ mnemonic, operands }) => [mnemonic, operands]));
}
