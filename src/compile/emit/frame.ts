// The stack frame of a function. ESP does not move after the prologue.
//
//   CFA  -> +---------------------------+
//           | results but the first     |  written by this function before it returns
//           | incoming arguments        |  pushed by the caller, from the right
//           +---------------------------+  ESP at entry is CFA - 4
//           | return address            |
//           | saved ebx, esi, edi, ebp  |  those that the function uses, pushed in this order
//           | local words               |  homes of spilled values
//           | outgoing arguments        |  of calls that pass some on the stack, and behind them
//           |                           |  what they return there
//   ESP  -> +---------------------------+

import { registers32 } from "../../x86/registers";
import { CALLEE_SAVED } from "../code/calling-convention";
import type { MachineFunction, Slot } from "../code/code";

const WORD = 4;

export class Frame {
  /** Callee-saved registers in the order in which they are pushed. */
  readonly saved: readonly number[];
  /** Bytes below the saved registers. */
  readonly size: number;

  constructor(
    private readonly fn: MachineFunction,
    usedRegisters: ReadonlySet<number>,
  ) {
    this.saved = CALLEE_SAVED.filter((register) => usedRegisters.has(register));
    this.size = WORD * (fn.outgoingWords + fn.localSlots);
  }

  /** The distance of a slot from ESP, in bytes. */
  offsetOf(slot: Slot): number {
    switch (slot.kind) {
      case "outgoing":
        return WORD * slot.index;
      case "local":
        return WORD * (this.fn.outgoingWords + slot.index);
      case "incoming":
        return this.size + WORD * (this.saved.length + 1 + slot.index);
    }
  }

  /** CFA - ESP when `pushed` registers are on the stack, and the rest of the frame or not. */
  cfaOffset(pushed: number, isOpen: boolean): number {
    return WORD * (1 + pushed) + (isOpen ? this.size : 0);
  }

  /** Where the first `pushed` registers are saved, as distances below the CFA. */
  savedAt(pushed: number): Record<string, number> {
    const registers = this.saved.slice(0, pushed).map((number) => registers32[number]!);
    const entries = registers.map(({ name }, i) => [name, WORD * (2 + i)]);
    return Object.fromEntries(entries);
  }
}
