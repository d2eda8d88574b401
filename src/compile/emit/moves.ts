// Parallel moves as instructions, one after the other in the order of parallel-moves.ts.
//
//   between                       a move                       an exchange
//   general registers             mov                          xchg
//   a general register, memory    mov                          xchg
//   float registers               movaps                       xorps, three times
//   a float register, memory      movss, movsd                 over the stack
//   memory and memory             by a free register, else     over the stack
//                                 over the stack, in words
//
// What hardly runs takes a small constant over the stack, in three bytes instead of five.
//
// A register becomes 0 by `xor` or `xorps`. The former changes flags, but moves stand where none is
// live. What goes over the stack moves its pointer, and each step is noted for the unwinder.

import type { Assembler } from "../../x86/assembler";
import type { Mnemonic } from "../../x86/instructions/table";
import type { MachineInstruction, MachineOperand, MemoryOperand } from "../code/code";
import { isFloatOperand, isNumber, isZero, memory, register } from "../code/code";
import type { OrderedMove } from "../code/parallel-moves";
import { isThroughMemory, orderMoves } from "../code/parallel-moves";
import { isFloatZero } from "../ir/float-constants";
import type { Frame } from "./frame";
import { noteOpen, popWord, pushWord } from "./frame-code";
import { encodeOperand } from "./operand";

/** A register that holds nothing at `instruction`, if there is one. */
export type ScratchAt = (instruction: MachineInstruction) => number | undefined;

/** Emits the parallel moves of one function, while its frame is open. */
export class MoveEmitter {
  readonly #a: Assembler;
  readonly #frame: Frame;
  readonly #scratchAt: ScratchAt;

  constructor(a: Assembler, frame: Frame, scratchAt: ScratchAt) {
    this.#a = a;
    this.#frame = frame;
    this.#scratchAt = scratchAt;
  }

  /**
   * @param moves an instruction `moves`
   * @param isBrief whether it may take an instruction more if it is shorter so
   */
  emit(moves: MachineInstruction, isBrief: boolean): void {
    for (const move of orderMoves(moves.operands)) {
      if (isThroughMemory(move)) this.#moveMemory(move, this.#scratchAt(moves));
      else if (isFloatOperand(move.to) || isFloatOperand(move.from)) this.#moveFloat(move);
      else if (move.kind === "exchange") this.#instruction("xchg", move.to, move.from);
      else if (isZeroing(move)) this.#instruction("xor", move.to, move.to);
      else if (isBrief && isOfByte(move)) this.#moveOverStack(move);
      else this.#instruction("mov", move.to, move.from);
    }
  }

  #moveMemory({ kind, to, from }: OrderedMove, scratch: number | undefined): void {
    const target = wordsAt(to);
    const source = wordsAt(from);
    if (scratch !== undefined && kind === "move") {
      for (const [i, word] of source.entries()) {
        this.#instruction("mov", register(scratch), word);
        this.#instruction("mov", target[i]!, register(scratch));
      }
      return;
    }
    const both = kind === "exchange" ? [...source, ...target] : source;
    for (const word of [...both].reverse()) pushWord(this.#a, this.#frame, word);
    const popped = kind === "exchange" ? [...target, ...source] : target;
    for (const word of popped) popWord(this.#a, this.#frame, word);
  }

  #moveOverStack({ to, from }: OrderedMove): void {
    pushWord(this.#a, this.#frame, from);
    popWord(this.#a, this.#frame, to);
  }

  /** A move from or to a float register. */
  #moveFloat({ kind, to, from }: OrderedMove): void {
    const isToMemory = to.kind === "memory";
    const place = isToMemory ? to : from;
    if (place.kind !== "memory") {
      if (kind === "move") this.#instruction("movaps", to, from);
      else this.#exchangeRegisters(to, from);
      return;
    }
    const mnemonic = place.size === 64 ? "movsd" : "movss";
    const isFloat0 = place.symbol !== undefined && isFloatZero(place.symbol);
    if (kind === "exchange") this.#exchangeFloat(mnemonic, isToMemory ? from : to, place);
    else if (isFloat0) this.#instruction("xorps", to, to);
    else this.#instruction(mnemonic, to, from);
  }

  #exchangeRegisters(one: MachineOperand, other: MachineOperand): void {
    this.#instruction("xorps", one, other);
    this.#instruction("xorps", other, one);
    this.#instruction("xorps", one, other);
  }

  /** Exchanges a float register and memory over the stack. */
  #exchangeFloat(mnemonic: "movss" | "movsd", float: MachineOperand, place: MemoryOperand): void {
    const words = wordsAt(place).reverse();
    for (const word of words) pushWord(this.#a, this.#frame, word);
    this.#instruction(mnemonic, place, float);
    const { registers, wordBytes } = this.#frame.target;
    const base = registers.stackPointer;
    this.#instruction(mnemonic, float, memory({ base }, place.size));
    const above = memory({ base, displacement: wordBytes * words.length }, undefined);
    this.#instruction("lea", register(base), above);
    this.#frame.pushed -= words.length;
    noteOpen(this.#a, this.#frame);
  }

  #instruction(mnemonic: Mnemonic, to: MachineOperand, from: MachineOperand): void {
    this.#a.instruction(mnemonic, [
      encodeOperand(to, this.#frame),
      encodeOperand(from, this.#frame),
    ]);
  }
}

/** The words of memory, the lowest first, or an immediate as the one word that it is. */
function wordsAt(operand: MachineOperand): MachineOperand[] {
  if (operand.kind !== "memory") return [operand];
  const { slot, displacement } = operand;
  return Array.from({ length: (operand.size ?? 32) / 32 }, (_, i) => ({
    ...operand,
    size: 32,
    displacement: slot ? displacement : displacement + 4 * i,
    slot: slot && { ...slot, index: slot.index + i },
  }));
}

/** Whether a move is of a constant that fits into a signed byte, into a register. */
function isOfByte({ to, from }: OrderedMove): boolean {
  if (to.kind !== "register" || !isNumber(from)) return false;
  return from.value >= -0x80 && from.value < 0x80;
}

function isZeroing({ to, from }: OrderedMove): boolean {
  return isZero(from) && to.kind === "register";
}
