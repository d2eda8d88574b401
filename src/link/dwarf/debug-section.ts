// A debug section while it is written, with what it refers to: code, data and other debug sections.
//
// An image fills the references in with addresses; an object leaves them to the linker that takes
// it, as relocations. The code that writes a section need not know which of the two it is for.

import { ByteWriter } from "../../base/byte-writer";
import type { InputSection } from "../passes/model";

/** A word at `offset` that counts from the start of `target`. */
export interface DebugReference {
  readonly offset: number;
  readonly target: InputSection | DebugSection;
  readonly addend: number;
}

export class DebugSection extends ByteWriter {
  readonly references: DebugReference[] = [];

  constructor(readonly name: string) {
    super();
  }

  /** A word that points `addend` bytes into `target`. */
  reference(target: InputSection | DebugSection, addend: number): void {
    this.references.push({ offset: this.length, target, addend });
    this.u32(0);
  }
}
