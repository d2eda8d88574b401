// The functions of an image, for the symbol table, DWARF, the listing and the symbol file.
//
// Requires: offsets within output sections. Addresses are read only when asked for, so the list can
// be made before placement.

import { entryAt } from "../../base/entry-at";
import type { LineEntry } from "../../object/object";
import type { InputSection, LinkSymbol, PlacedSection, SymbolScope } from "./model";

/** A stretch of code with a name. */
export class LinkedFunction {
  /** Its lines, with offsets from its own start: one for each offset, ascending. */
  readonly lines: readonly LineEntry[];

  constructor(
    readonly name: string,
    readonly input: InputSection,
    /** From the start of the input section. */
    readonly offset: number,
    readonly size: number,
  ) {
    this.lines = linesWithin(input.section.lines, offset, offset + size);
  }

  get address(): number {
    return this.input.address + this.offset;
  }

  /**
   * Bytes from ESP to the end of the return address in its body, without arguments that are pushed
   * for one call: the distance that holds for most of its bytes. Prologue and epilogues take only a
   * few.
   */
  get bodyCfa(): number | undefined {
    const covered = new Map<number, number>();
    const steps = this.input.section.frame?.steps ?? [];
    for (const [index, step] of steps.entries()) {
      const { offset, cfaOffset, base = "esp", saved, pushed = 0 } = step;
      // The kernel's own backtraces have one number for each function, and stop at interrupts.
      if (base !== "esp" || saved.eip !== undefined) continue;
      const from = Math.max(offset, this.offset);
      const end = steps[index + 1]?.offset ?? this.input.size;
      const bytes = Math.min(end, this.offset + this.size) - from;
      const distance = cfaOffset - pushed;
      if (bytes > 0) covered.set(distance, (covered.get(distance) ?? 0) + bytes);
    }
    const [most] = [...covered].sort((a, b) => b[1] - a[1] || b[0] - a[0]);
    return most?.[0];
  }
}

function linesWithin(lines: readonly LineEntry[], start: number, end: number): LineEntry[] {
  const first = entryAt(lines, start);
  const all = lines.filter(({ offset }) => offset > start && offset < end);
  if (first) all.unshift({ ...first, offset: start });
  return all
    .filter(({ offset }, index) => offset !== all[index + 1]?.offset)
    .map((line) => ({ ...line, offset: line.offset - start }));
}

/** The functions of `section`, ascending, without overlaps. One name for each address. */
export function functionsOf(section: PlacedSection, symbols: SymbolScope): LinkedFunction[] {
  if (!section.plan.permissions.includes("x")) return [];
  const byInput = new Map<InputSection, LinkSymbol[]>();
  for (const symbol of symbols.defined) {
    if (symbol.input?.output !== section) continue;
    const list = byInput.get(symbol.input) ?? [];
    byInput.set(symbol.input, list);
    list.push(symbol);
  }
  return section.inputs.flatMap((input) => functionsIn(input, byInput.get(input) ?? []));
}

/** The functions among `symbols`, which are in `input`: ascending, one for each address. */
export function functionsIn(input: InputSection, symbols: readonly LinkSymbol[]): LinkedFunction[] {
  const starts = new Map<number, LinkSymbol>();
  for (const symbol of symbols) {
    if (symbol.type !== "function" && symbol.binding === "local") continue;
    if (symbol.offset >= input.size) continue;
    const other = starts.get(symbol.offset);
    if (!other || isBetterName(symbol, other)) starts.set(symbol.offset, symbol);
  }
  const sorted = [...starts.values()].sort((a, b) => a.offset - b.offset);
  return sorted.map((symbol, index) => {
    const next = sorted[index + 1]?.offset ?? input.size;
    const room = next - symbol.offset;
    const size = symbol.size > 0 ? Math.min(symbol.size, room) : room;
    return new LinkedFunction(symbol.name, input, symbol.offset, size);
  });
}

/** Of aliases: a function before a label, the full path before an export's name, then by name. */
function isBetterName(candidate: LinkSymbol, other: LinkSymbol): boolean {
  if (candidate.type !== other.type) return candidate.type === "function";
  if (candidate.name.length !== other.name.length) {
    return candidate.name.length > other.name.length;
  }
  return candidate.name < other.name;
}
