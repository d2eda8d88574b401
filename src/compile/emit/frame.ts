// The stack frame of a function. The stack pointer moves after the prologue only where arguments
// are pushed for one call (code-passes/push-arguments.ts), or what is moved goes over the stack.
//
//   CFA  -> +---------------------------+
//           | results but the first     |  written by this function before it returns
//           | incoming arguments        |  pushed by the caller, from the right
//           +---------------------------+  SP at entry, a word below the CFA
//           | return address            |
//           | callee-saved registers    |  those that the function uses, pushed in their order
//           | local words               |  homes of spilled values
//           | outgoing arguments        |  of calls that pass some on the stack, if they are not
//           |                           |  pushed, and after them what is returned there
//   SP   -> +---------------------------+

import { type Register32, registers32 } from "../../x86/registers";
import type { MachineFunction, Slot } from "../code/code";
import type { Target } from "../code/target";

export class Frame {
  readonly target: Target;
  /** Callee-saved registers in the order in which they are pushed. */
  readonly saved: readonly number[];
  /** Bytes below the saved registers. */
  readonly size: number;
  /** Words on the stack below the frame: arguments of the next call, or what is moved over it. */
  pushed = 0;
  readonly #outgoingWords: number;

  constructor(target: Target, saved: readonly number[] = [], size = 0, outgoingWords = 0) {
    this.target = target;
    this.saved = saved;
    this.size = size;
    this.#outgoingWords = outgoingWords;
  }

  /** Whether there is nothing but the return address: before the frame is open. */
  get isBare(): boolean {
    return this.size === 0 && this.saved.length === 0;
  }

  /** What `offsetOf` needs to be told when the frame is gone: only the return address is left. */
  get wordsBelowReturn(): number {
    return -this.size / this.target.wordBytes - this.saved.length;
  }

  get stackPointer(): Register32 {
    return registers32[this.target.registers.stackPointer]!;
  }

  /**
   * The distance of a slot from the stack pointer, in bytes.
   *
   * @param pushed how many words are on the stack below the frame
   */
  offsetOf(slot: Slot, pushed = this.pushed): number {
    const { wordBytes } = this.target;
    if (this.isBare && slot.kind !== "incoming") throw new Error("the frame is not open");
    switch (slot.kind) {
      case "outgoing":
        return wordBytes * (pushed + slot.index);
      case "local":
        return wordBytes * (pushed + this.#outgoingWords + slot.index);
      case "incoming":
        return this.size + wordBytes * (pushed + this.saved.length + 1 + slot.index);
    }
  }

  /**
   * The distance from the stack pointer to the CFA when `pushed` registers are on the stack, and
   * the rest of the frame or not.
   */
  cfaOffset(pushed: number, isOpen: boolean): number {
    return this.target.wordBytes * (1 + pushed) + (isOpen ? this.size : 0);
  }

  /** Where the first `pushed` registers are saved, as distances below the CFA. */
  savedAt(pushed: number): Record<string, number> {
    const registers = this.saved.slice(0, pushed).map((number) => registers32[number]!);
    const entries = registers.map(({ name }, i) => [name, this.target.wordBytes * (2 + i)]);
    return Object.fromEntries(entries);
  }
}

/** What a function has on the stack when its frame is open. */
export function frameOf(fn: MachineFunction, usedRegisters: ReadonlySet<number>): Frame {
  const { convention, wordBytes } = fn.target;
  const saved = convention.calleeSaved.filter((register) => usedRegisters.has(register));
  const size = wordBytes * (fn.outgoingWords + fn.localSlots);
  return new Frame(fn.target, saved, size, fn.outgoingWords);
}
