// Entries of parameters and locals, and `.debug_loc`: where each has its value at which address.
//
// A list begins with the address that its offsets count from, the function's start. In a range that
// is not listed gdb says <optimized out>.
//
// See the DWARF 4 standard, 2.6.

import type { LocalVariable, ValueRange, WordPlace } from "../../object/debug-info";
import type { LinkedFunction } from "../passes/functions";
import { DW_AT, DW_OP, DW_TAG } from "./constants";
import type { DebugSection } from "./debug-section";
import type { DescribedObject } from "./described-object";
import type { Entries, EntryLabel } from "./entries";
import type { TypeEntries } from "./types";

const BASE_ADDRESS_SELECTION = 0xffffffff;
const WORD = 4;

export class VariableEntries {
  readonly #entries: Entries;
  readonly #types: TypeEntries;
  readonly #locations: DebugSection;
  readonly #described: DescribedObject;

  constructor(
    entries: Entries,
    types: TypeEntries,
    locations: DebugSection,
    described: DescribedObject,
  ) {
    this.#entries = entries;
    this.#types = types;
    this.#locations = locations;
    this.#described = described;
  }

  write(variable: LocalVariable, func: LinkedFunction): void {
    this.#open(variable);
    this.#writeName(variable);
    if (variable.values.length > 0) this.#writeLocation(variable, func);
    this.#entries.close();
  }

  /** What the variable is in all inlined calls of a function. */
  writeOrigin(variable: LocalVariable, target: EntryLabel): void {
    this.#open(variable, target);
    this.#writeName(variable);
    this.#entries.close();
  }

  /** Where it is in one of them. */
  writeInlined(variable: LocalVariable, origin: EntryLabel, func: LinkedFunction): void {
    this.#open(variable);
    this.#entries.entry(DW_AT.abstract_origin, origin);
    this.#writeLocation(variable, func);
    this.#entries.close();
  }

  #open({ isParameter }: LocalVariable, target?: EntryLabel): void {
    this.#entries.open(isParameter ? DW_TAG.formal_parameter : DW_TAG.variable, target);
  }

  #writeName({ name, type }: LocalVariable): void {
    this.#entries.text(DW_AT.name, name);
    this.#entries.entry(DW_AT.type, this.#types.target(type));
  }

  #writeLocation({ values }: LocalVariable, func: LinkedFunction): void {
    this.#entries.place(DW_AT.location, this.#locations, this.#locations.length);
    this.#writeList(values, func);
  }

  #writeList(values: readonly ValueRange[], { input, offset }: LinkedFunction): void {
    const locations = this.#locations;
    locations.u32(BASE_ADDRESS_SELECTION);
    locations.reference(input, offset);
    for (const { start, end, words } of values) {
      locations.u32(start);
      locations.u32(end);
      this.#writeExpression(words);
    }
    locations.u32(0);
    locations.u32(0);
  }

  /** An expression, after its length in 16 bits. */
  #writeExpression(words: readonly WordPlace[]): void {
    const locations = this.#locations;
    const start = locations.length;
    locations.u16(0);
    for (const word of words) {
      this.#writeWord(word);
      if (words.length === 1) continue;
      locations.u8(DW_OP.piece);
      locations.uleb(WORD);
    }
    locations.patchU16(start, locations.length - start - 2);
  }

  #writeWord(word: WordPlace): void {
    const out = this.#locations;
    switch (word.kind) {
      case "unknown":
        return;
      case "register":
        out.u8(DW_OP.reg0 + word.number);
        return;
      case "frame":
        out.u8(DW_OP.fbreg);
        out.sleb(word.offset);
        return;
      case "constant":
        out.u8(DW_OP.const4s);
        out.u32(word.value);
        out.u8(DW_OP.stack_value);
        return;
      case "address": {
        const target = this.#described.locate(word.symbol);
        if (!target) return;
        out.u8(DW_OP.addr);
        out.reference(target.input, target.offset + word.offset);
        out.u8(DW_OP.stack_value);
      }
    }
  }
}
