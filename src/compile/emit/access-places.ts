// The places of code that may leave the own memory's segment, for whoever handles the processor's
// exception: which byte of the module stands there, and in which function.
//
//   .rodata.isthmus.places   0, NAME                          a function's first entry
//                            INSTRUCTION, byte of the module  for each of its accesses
//
// The list goes from SEGMENT_PLACES to SEGMENT_PLACES_END, in no order.

import type { Assembler } from "../../x86/assembler";
import { type Label, symbol } from "../../x86/operand";
import type { MachineInstruction } from "../code/code";
import { SEGMENT_PLACES, SEGMENT_PLACES_END } from "../ir/own-memory";

const SECTION = `.rodata.${SEGMENT_PLACES}`;

/** Begins the list, before any function. */
export function beginPlaces(a: Assembler): void {
  a.section(SECTION, {});
  a.align(4);
  a.global(SEGMENT_PLACES, "object");
}

/** Ends the list, after all functions. */
export function endPlaces(a: Assembler): void {
  a.section(SECTION);
  a.global(SEGMENT_PLACES_END, "object");
}

/** The places of one function. */
export class AccessPlaces {
  readonly #a: Assembler;
  readonly #entries: (Label | number)[] = [];

  constructor(a: Assembler) {
    this.#a = a;
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /** Notes the instruction that is about to be emitted, if it may leave the segment. */
  note({ operands, position }: MachineInstruction): void {
    if (!operands.some((operand) => operand.kind === "memory" && operand.isOwn)) return;
    const label = this.#a.newLabel();
    this.#a.label(label);
    this.#entries.push(label, position);
  }

  /** Appends them to the list; `name`: the symbol of the function's name as C has it. */
  emit(name: string): void {
    if (this.isEmpty) return;
    this.#a.section(SECTION);
    this.#a.long(0, symbol(name), ...this.#entries);
  }
}
