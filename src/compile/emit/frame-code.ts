// The instructions that open and close a function's frame, with each step noted for the unwinder:
// how far the stack pointer is below the CFA, and which registers are saved by then.

import type { Assembler } from "../../x86/assembler";
import { mem } from "../../x86/operand";
import { registers32 } from "../../x86/registers";
import type { MachineOperand } from "../code/code";
import type { Frame } from "./frame";
import { encodeOperand } from "./operand";

/** Says that the frame is open from here on, with what is pushed below it. */
export function noteOpen(a: Assembler, frame: Frame): void {
  const { pushed, saved, target } = frame;
  const bytes = target.wordBytes * pushed;
  const offset = frame.cfaOffset(saved.length, true) + bytes;
  a.frame(offset, frame.savedAt(saved.length), bytes > 0 ? { pushed: bytes } : {});
}

/** Pushes a word below the frame. */
export function pushWord(a: Assembler, frame: Frame, word: MachineOperand): void {
  a.instruction("push", [encodeOperand(word, frame)]);
  frame.pushed++;
  noteOpen(a, frame);
}

/** Pops a word to an operand, whose address counts from after the pop. */
export function popWord(a: Assembler, frame: Frame, to: MachineOperand): void {
  frame.pushed--;
  a.instruction("pop", [encodeOperand(to, frame)]);
  noteOpen(a, frame);
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
 * Takes what is pushed below the frame off the stack, right after the call that it was for. An
 * epilogue may stand there as well: by an instruction that epilogues do not have, the kernel's
 * backtraces know how much a caller has pushed (kernel/trap/backtrace.ts).
 */
export function dropPushed(a: Assembler, frame: Frame): void {
  const { pushed, stackPointer, target } = frame;
  const { callerSaved, results } = target.convention;
  // The shortest for one word: the call has kept nothing in that register, and returned nothing.
  const free = callerSaved.general.find((each) => !results.general.includes(each));
  if (pushed === 1 && free !== undefined) a.pop(registers32[free]!);
  else a.lea(stackPointer, mem({ base: stackPointer, disp: target.wordBytes * pushed }));
  frame.pushed = 0;
  noteOpen(a, frame);
}

/**
 * An epilogue: leaves the function.
 *
 * @param target where to jump, instead of returning
 */
export function closeFrame(a: Assembler, frame: Frame, target?: MachineOperand): void {
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
}
