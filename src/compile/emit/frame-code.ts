// The instructions that open and close a function's frame, with each step noted for the unwinder:
// how far the stack pointer is below the CFA, and which registers are saved by then.

import type { Assembler } from "../../x86/assembler";
import { registers32 } from "../../x86/registers";
import type { MachineOperand } from "../code/code";
import type { Frame } from "./frame";
import { encodeOperand } from "./operand";

/** Says that the frame is open from here on, with `pushed` more words on the stack. */
export function noteOpen(a: Assembler, frame: Frame, pushed = 0): void {
  const saved = frame.saved.length;
  a.frame(frame.cfaOffset(saved, true) + frame.target.wordBytes * pushed, frame.savedAt(saved));
}

/** The prologue. */
export function openFrame(a: Assembler, frame: Frame): void {
  // Also said of a function that pushes nothing: without a word it could not be unwound.
  a.frame(frame.cfaOffset(0, false));
  for (const [i, register] of frame.saved.entries()) {
    a.push(registers32[register]!);
    a.frame(frame.cfaOffset(i + 1, false), frame.savedAt(i + 1));
  }
  if (frame.size > 0) {
    a.sub(frame.stackPointer, frame.size);
    noteOpen(a, frame);
  }
}

/**
 * An epilogue: leaves the function.
 *
 * @param continues whether more code of the function follows
 * @param target where to jump, instead of returning
 */
export function closeFrame(
  a: Assembler,
  frame: Frame,
  continues: boolean,
  target?: MachineOperand,
): void {
  const { saved, size } = frame;
  if (size > 0) {
    a.add(frame.stackPointer, size);
    a.frame(frame.cfaOffset(saved.length, false), frame.savedAt(saved.length));
  }
  for (let i = saved.length - 1; i >= 0; i--) {
    a.pop(registers32[saved[i]!]!);
    a.frame(frame.cfaOffset(i, false), frame.savedAt(i));
  }
  if (target) a.instruction("jmp", [encodeOperand(target, frame, frame.wordsBelowReturn)]);
  else a.ret();
  if (continues && (size > 0 || saved.length > 0)) noteOpen(a, frame);
}
