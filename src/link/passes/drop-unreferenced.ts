// Pass: marks the sections that the image needs; the others are left out.
//
// Unless the layout asks for `gcSections`, everything that has a place is needed. Otherwise a
// section is needed if it holds the entry point or a symbol that the layout keeps, if its rule says
// `keep`, if its object says so, if it belongs to a closed group, if its address is fixed (the code
// names it by number, not by a relocation), if a needed section refers to it, or if it is in a
// group with one.
//
// What only describes code (debug sections, unwind tables) is needed if its object is, and nothing
// is needed because such a section refers to it; but a function that is needed needs what its entry
// in an unwind table names, its exception table and personality routine.

import type { Reporter } from "../../base/reporter";
import type { ObjectFile } from "../../object/object";
import { matchesAny } from "../layout/glob";
import type { ResolvedLayout } from "../layout/resolved";
import { displayName } from "../names/demangle";
import { isAbout } from "./define-symbols";
import type { InputSection, LinkSymbol, SymbolScope } from "./model";
import { remedyForUndefined } from "./undefined-name";
import { isUnwindTable, needsOf, unwindEntries } from "./unwind-table";

/** Sets `live`, and takes out of the outputs what is not. Returns what was dropped. */
export function dropUnreferenced(
  inputs: readonly InputSection[],
  symbols: SymbolScope,
  layout: ResolvedLayout,
  report: Reporter,
): InputSection[] {
  const roots = namedRoots(symbols, layout, report);
  if (layout.gcSections) return dropFrom(inputs, symbols, { roots, isRoot: isRoot(layout) });
  for (const input of inputs) if (input.output) input.live = true;
  return [];
}

/** What is needed for its own sake. */
export interface Roots {
  readonly roots: readonly InputSection[];
  isRoot(input: InputSection): boolean;
}

/** Sets `live` of what the roots need, and takes the rest out of the outputs; returns that. */
export function dropFrom(
  inputs: readonly InputSection[],
  symbols: SymbolScope,
  { roots, isRoot }: Roots,
): InputSection[] {
  const placed = inputs.filter((input) => input.output);
  const content = placed.filter((input) => !isDescription(input));
  new Marker(placed, symbols).mark([...content.filter(isRoot), ...roots]);
  const objects = new Set(content.filter(({ live }) => live).map(({ object }) => object));
  for (const input of placed) {
    if (isDescription(input) && objects.has(input.object)) input.live = true;
  }
  const dropped = placed.filter((input) => !input.live);
  for (const output of new Set(dropped.map((input) => input.output))) {
    if (output) output.inputs = output.inputs.filter((input) => input.live);
  }
  return dropped;
}

/** Exception tables are needed one by one: unwind tables name them. */
function isDescription(input: InputSection): boolean {
  return input.isDescriptive && !input.section.name.startsWith(".gcc_except_table");
}

function isRoot(layout: ResolvedLayout): (input: InputSection) => boolean {
  const closed = new Set(layout.closed.flatMap((group) => group.sections));
  return ({ rule, output, section }) =>
    rule?.keep === true ||
    section.retain === true ||
    section.address !== undefined ||
    closed.has(output?.name ?? "");
}

/** Walks from what is needed to what it refers to. */
class Marker {
  readonly #members = new Map<InputSection, readonly InputSection[]>();
  /** What functions need for unwinding, by the section that they are in. */
  readonly #unwinding = new Map<InputSection, InputSection[]>();
  readonly #unreadable: InputSection[] = [];

  readonly #placed: readonly InputSection[];
  readonly #symbols: SymbolScope;

  constructor(placed: readonly InputSection[], symbols: SymbolScope) {
    this.#placed = placed;
    this.#symbols = symbols;
    for (const table of placed) if (isUnwindTable(table)) this.#noteUnwinding(table);
    const byObject = new Map<ObjectFile, Map<number, InputSection>>();
    for (const input of placed) {
      if (!input.object.groups?.length) continue;
      const own = byObject.get(input.object) ?? new Map<number, InputSection>();
      byObject.set(input.object, own.set(input.index, input));
    }
    for (const [object, own] of byObject) {
      for (const { sections } of object.groups ?? []) {
        const members = sections
          .map((index) => own.get(index))
          .filter((each) => each !== undefined);
        for (const member of members) this.#members.set(member, members);
      }
    }
  }

  mark(roots: readonly InputSection[]): void {
    const work = [...roots, ...this.#unreadable];
    for (let input = work.pop(); input; input = work.pop()) {
      if (!input.output || input.live) continue;
      input.live = true;
      for (const member of this.#members.get(input) ?? []) if (!member.live) work.push(member);
      for (const needed of this.#unwinding.get(input) ?? []) if (!needed.live) work.push(needed);
      const own = input;
      own.eachRelocation((relocation) => {
        const symbol = this.#symbols.target(own, relocation);
        if (symbol.input && !symbol.input.live) work.push(symbol.input);
        if (symbol.about?.kind === "inputs") work.push(...this.#bracketed(symbol));
      });
    }
  }

  #noteUnwinding(table: InputSection): void {
    const entries = unwindEntries(table);
    // A table that cannot be taken apart may describe anything.
    if (!entries) this.#unreadable.push(table);
    for (const entry of entries ?? []) {
      const home = entry.about && this.#symbols.target(table, entry.about).input;
      if (!home) continue;
      const needs = this.#unwinding.get(home) ?? [];
      this.#unwinding.set(home, needs);
      for (const relocation of needsOf(entry)) {
        const { input } = this.#symbols.target(table, relocation);
        if (input) needs.push(input);
      }
    }
  }

  /** `__start_NAME` needs every section NAME. */
  #bracketed({ about }: LinkSymbol): InputSection[] {
    return this.#placed.filter((input) => about && !input.live && isAbout(about, input));
  }
}

function keptSymbols({ globals }: SymbolScope, { keep }: ResolvedLayout): LinkSymbol[] {
  if (keep.length === 0) return [];
  return [...globals.values()].filter((symbol) => matchesAny(symbol.name, keep));
}

/** The sections of the symbols that the layout names. */
function namedRoots(
  symbols: SymbolScope,
  layout: ResolvedLayout,
  report: Reporter,
): InputSection[] {
  const exact = (name: string, role: string) => {
    const symbol = symbols.globals.get(name);
    if (!symbol) {
      const text = `the layout names ${displayName(name)} as ${role}, but no object defines it`;
      report.error("LINK006", text, remedyForUndefined(name, symbols), { file: layout.name });
    }
    return symbol?.input;
  };
  const roots = [
    exact(layout.entry, "the entry point"),
    ...layout.beforePaging.roots.map((name) => exact(name, "code that runs before paging")),
    ...keptSymbols(symbols, layout).map((symbol) => symbol.input),
  ];
  return roots.filter((input) => input !== undefined);
}
