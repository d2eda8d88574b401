// What became of each machine instruction: where in the code it is. Noted while code is emitted,
// read when offsets are known, which is when the object is finished.

import type { Mark } from "../../i686/section-builder";
import type { MachineBlock, MachineInstruction } from "../machine/machine";
import type { Frame } from "./frame";

export interface TracedInstruction {
  readonly mark: Mark;
  readonly block: MachineBlock;
  readonly instruction: MachineInstruction;
}

export class CodeTrace {
  /** In the order of the code. */
  readonly instructions: TracedInstruction[] = [];
  private first: Mark | undefined;
  private last: Mark | undefined;
  private ownFrame: Frame | undefined;

  begin(mark: Mark, frame: Frame): void {
    this.first = mark;
    this.ownFrame = frame;
  }

  at(mark: Mark, block: MachineBlock, instruction: MachineInstruction): void {
    this.instructions.push({ mark, block, instruction });
  }

  end(mark: Mark): void {
    this.last = mark;
  }

  get frame(): Frame {
    if (!this.ownFrame) throw new Error("the function was not emitted");
    return this.ownFrame;
  }

  /** Offsets from the function's start: of each instruction, and of the function's end. */
  offsets(): number[] {
    const { first, last } = this;
    if (!first || !last) throw new Error("the function was not emitted");
    const start = first.offset;
    return [...this.instructions.map(({ mark }) => mark), last].map(({ offset }) => offset - start);
  }
}
