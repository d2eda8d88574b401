// Debug information within an object, for the linker that takes it: GNU ld, lld or this one.
//
// The sections are those of an image (dwarf.ts); what they refer to becomes relocations against
// the symbols of sections, as other compilers have them.

import type { ObjectFile, ObjectSymbol, Relocation, Section } from "../../object/object";
import { functionsIn } from "../passes/functions";
import { InputSection, LinkSymbol } from "../passes/model";
import { DebugSection } from "./debug-section";
import type { SymbolPlace } from "./described-object";
import { describe, isDescribed } from "./dwarf";

/** The object with sections that describe it, if anything is known of its source. */
export function withDebugSections(object: ObjectFile): ObjectFile {
  const inputs = object.sections.map((section, index) => new InputSection(object, section, index));
  if (!inputs.some(isDescribed)) return object;
  const symbols = new Map<string, LinkSymbol>();
  const byInput = new Map<InputSection, LinkSymbol[]>();
  for (const { name, binding, type, size, section, offset } of object.symbols) {
    const input = inputs[section ?? -1];
    if (!input) continue;
    const symbol = new LinkSymbol(name, "section", binding, type, size, input, offset);
    if (!symbols.has(name)) symbols.set(name, symbol);
    const own = byInput.get(input);
    if (own) own.push(symbol);
    else byInput.set(input, [symbol]);
  }
  const functions = inputs
    .filter(isDescribed)
    .flatMap((input) => functionsIn(input, byInput.get(input) ?? []))
    .filter(({ size }) => size > 0);
  if (functions.length === 0) return object;
  const locate = (name: string): SymbolPlace | undefined => {
    const symbol = symbols.get(name);
    return symbol?.input && { input: symbol.input, offset: symbol.offset };
  };
  return append(object, describe([{ object, functions, locate }]));
}

function append(object: ObjectFile, described: readonly DebugSection[]): ObjectFile {
  const symbols: ObjectSymbol[] = [...object.symbols];
  const known = new Map<number, number>();
  const symbolOf = (target: InputSection | DebugSection): number => {
    const own = target instanceof DebugSection;
    const section = own ? object.sections.length + described.indexOf(target) : target.index;
    let index = known.get(section);
    if (index === undefined) {
      const fields = { name: "", binding: "local", type: "section", offset: 0, size: 0 } as const;
      index = symbols.push({ ...fields, section }) - 1;
      known.set(section, index);
    }
    return index;
  };
  const sections = described.map((section): Section => {
    const relocations = section.references
      .map(
        ({ offset, target, addend }): Relocation => ({
          offset,
          kind: "absolute",
          width: 4,
          symbol: symbolOf(target),
          addend,
        }),
      )
      .sort((a, b) => a.offset - b.offset);
    const bytes = section.finish();
    return {
      name: section.name,
      type: "progbits",
      flags: { alloc: false, write: false, execute: false },
      align: section.name === ".debug_frame" ? 4 : 1,
      size: bytes.length,
      bytes,
      relocations,
      lines: [],
    };
  });
  return { ...object, sections: [...object.sections, ...sections], symbols };
}
