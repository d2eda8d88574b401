// What became of the machine instructions of a function: in which order they are in the code, and
// where. Noted while code is emitted; offsets are known when the object is finished.

import type { Marks } from "../../x86/section-builder";
import type { MachineBlock } from "../code/code";
import type { Frame } from "./frame";

export class CodeTrace {
  /** In the order of the code. */
  readonly blocks: MachineBlock[] = [];
  /** By block, how many of its instructions became code: the first ones. */
  readonly counts: number[] = [];
  #marks: Marks | undefined;
  #ownFrame: Frame | undefined;

  begin(marks: Marks, frame: Frame): void {
    this.#marks = marks;
    this.#ownFrame = frame;
    marks.add();
  }

  block(block: MachineBlock): void {
    this.blocks.push(block);
    this.counts.push(0);
  }

  /** The next instruction of the block begins here. */
  instruction(): void {
    this.counts[this.counts.length - 1]!++;
    this.#marks?.add();
  }

  end(): void {
    this.#marks?.add();
  }

  get frame(): Frame {
    if (!this.#ownFrame) throw new Error("the function was not emitted");
    return this.#ownFrame;
  }

  /** Offsets from the function's start: of each instruction, and of the function's end. */
  offsets(): Int32Array {
    if (!this.#marks) throw new Error("the function was not emitted");
    const offsets = this.#marks.offsets();
    const start = offsets[0]!;
    return offsets.subarray(1).map((offset) => offset - start);
  }
}
