// Entries of parameters and locals, and `.debug_loc`: where each has its value at which address.
//
// A list begins with the address that its offsets count from, the function's start. A range whose
// place is nowhere listed is one where gdb says <optimized out>.
//
// See the DWARF 4 standard, 2.6.

import type { LocalVariable, ValueRange, WordPlace } from "../../i686/debug-info";
import type { LinkedFunction } from "../functions";
import { DW_AT, DW_OP, DW_TAG } from "./constants";
import { DebugSection } from "./debug-section";
import { type Attribute, type Entries, entry, place, text } from "./entries";
import type { TypeEntries } from "./types";
import type { DescribedObject } from "./units";

const BASE_ADDRESS_SELECTION = 0xffffffff;
const WORD = 4;

export class VariableEntries {
  constructor(
    private readonly entries: Entries,
    private readonly types: TypeEntries,
    private readonly locations: DebugSection,
    private readonly described: DescribedObject,
  ) {}

  write(variable: LocalVariable, func: LinkedFunction): void {
    const tag = variable.isParameter ? DW_TAG.formal_parameter : DW_TAG.variable;
    this.entries.entry(tag, [
      text(DW_AT.name, variable.name),
      entry(DW_AT.type, this.types.target(variable.type)),
      ...this.location(variable.values, func),
    ]);
  }

  private location(values: readonly ValueRange[], { input, offset }: LinkedFunction): Attribute[] {
    if (values.length === 0) return [];
    const { locations } = this;
    const start = locations.length;
    locations.u32(BASE_ADDRESS_SELECTION);
    locations.reference(input, offset);
    for (const value of values) {
      locations.u32(value.start);
      locations.u32(value.end);
      this.writeExpression(value.words);
    }
    locations.u32(0);
    locations.u32(0);
    return [place(DW_AT.location, locations, start)];
  }

  /** An expression behind its length in 16 bits. */
  private writeExpression(words: readonly WordPlace[]): void {
    const out = new DebugSection("");
    for (const word of words) {
      this.writeWord(out, word);
      if (words.length === 1) continue;
      out.u8(DW_OP.piece);
      out.uleb(WORD);
    }
    const { locations } = this;
    locations.u16(out.length);
    for (const { offset, target, addend } of out.references) {
      locations.references.push({ offset: locations.length + offset, target, addend });
    }
    locations.bytes(out.finish());
  }

  private writeWord(out: DebugSection, word: WordPlace): void {
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
        const target = this.described.locate(word.symbol);
        if (!target) return;
        out.u8(DW_OP.addr);
        out.reference(target.input, target.offset + word.offset);
        out.u8(DW_OP.stack_value);
      }
    }
  }
}
