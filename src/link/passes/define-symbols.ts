// Pass: the values of the symbols that the layout promises (ARCHITECTURE.md, "Names that layout,
// assembly and kernel share"), and of those that C's start-up code expects of every linker.

import { ADDRESS_SPACES } from "../layout/address-space";
import type { LayoutSymbol, ResolvedLayout } from "../layout/resolved";
import type { InputSection, PlacedSection, SymbolScope } from "./model";
import type { RegionUse } from "./place";

/** Where something begins and ends, and where the loader puts it. */
interface Edges {
  readonly start: number;
  readonly end: number;
  readonly load: number;
}

const NOWHERE: Edges = { start: 0, end: 0, load: 0 };

/** The symbol of the global offset table, which offset-table.ts makes. */
export const OFFSET_TABLE = "_GLOBAL_OFFSET_TABLE_";
/** `__init_array_start`, `__init_array_end` and their relatives. */
const ARRAY_EDGE = /^__(preinit_array|init_array|fini_array|ctors|dtors)_(start|end)$/;
/** `__start_NAME` and `__stop_NAME` of a section whose name is an identifier of C. */
const IDENTIFIER_EDGE = /^__(start|stop)_([A-Za-z_]\w*)$/;

/** What the linker takes an undefined symbol of this name to mean; undefined: nothing. */
export function providedSymbol(name: string): LayoutSymbol | undefined {
  if (!name.startsWith("_")) return undefined;
  if (name === OFFSET_TABLE) {
    return { name, of: ".got.plt", kind: "inputs", edge: "start" };
  }
  const array = ARRAY_EDGE.exec(name);
  if (array) {
    const edge = array[2] === "start" ? "start" : "end";
    return { name, of: `.${array[1]}`, kind: "inputs", edge };
  }
  const section = IDENTIFIER_EDGE.exec(name);
  if (!section) return undefined;
  return { name, of: section[2] ?? "", kind: "inputs", edge: edgeOfWord(section[1]) };
}

function edgeOfWord(word: string | undefined): "start" | "end" {
  return word === "start" ? "start" : "end";
}

/** Whether an input section is one of those that a symbol of kind "inputs" is about. */
export function isAbout({ of }: LayoutSymbol, { section }: InputSection): boolean {
  return section.name === of || (of.startsWith(".") && section.name.startsWith(`${of}.`));
}

/** Sets the value of every layout symbol. An end at 4 GiB is the number 0. */
export function defineSymbols(
  symbols: SymbolScope,
  sections: readonly PlacedSection[],
  regions: readonly RegionUse[],
  { machine }: Pick<ResolvedLayout, "machine">,
): void {
  const { wrap } = ADDRESS_SPACES[machine];
  const bySection = new Map<string, Edges>(
    sections.map(({ name, address, end, loadAddress }) => [
      name,
      { start: address, end, load: loadAddress },
    ]),
  );
  const byRegion = new Map<string, Edges>(
    regions.map(({ region, start, end }) => [region.name, { start, end, load: start }]),
  );
  const edgesOf = (about: LayoutSymbol): Edges | undefined => {
    switch (about.kind) {
      case "inputs":
        return inputEdges(about, sections);
      case "within":
        return placeWithin(about, sections);
      case "section":
        return bySection.get(about.of);
      case "region":
        return byRegion.get(about.of);
      case "assigned":
        return undefined;
    }
  };
  for (const symbol of symbols.ofLayout) {
    const { about } = symbol;
    if (!about) continue;
    const edges = edgesOf(about);
    if (edges) symbol.value = wrap(edgeOf(edges, about.edge));
  }
}

/** A symbol between inputs, as something of no size. */
function placeWithin({ name, of }: LayoutSymbol, sections: readonly PlacedSection[]): Edges {
  const home = sections.find((section) => section.name === of);
  const offset = home?.symbolOffsets.get(name);
  if (!home || offset === undefined) return NOWHERE;
  const start = home.address + offset;
  return { start, end: start, load: home.loadAddress + offset };
}

/**
 * From the first to the last of the inputs; if there are none, twice the place where they would be.
 */
function inputEdges(about: LayoutSymbol, sections: readonly PlacedSection[]): Edges {
  const inputs = sections
    .filter(({ plan }) => plan.allocate)
    .flatMap((section) => section.inputs.filter((input) => isAbout(about, input)));
  const [first] = inputs;
  if (!first) return emptyEdges(about, sections);
  return {
    start: inputs.reduce((least, { address }) => Math.min(least, address), first.address),
    end: inputs.reduce((most, { address, size }) => Math.max(most, address + size), first.address),
    load: first.loadAddress,
  };
}

/** The end of what the rules before theirs took. */
function emptyEdges({ of }: LayoutSymbol, sections: readonly PlacedSection[]): Edges {
  for (const { plan, inputs, address, loadAddress, symbolOffsets } of sections) {
    const index = plan.rules.findIndex((rule) => rule.sections.includes(of));
    if (index < 0 || !plan.allocate) continue;
    const before = new Set(plan.rules.slice(0, index));
    const ends = inputs
      .filter(({ rule }) => rule !== undefined && before.has(rule))
      .map((input) => input.offset + input.size);
    const symbols = plan.inputSymbols
      .filter(({ after }) => after <= index)
      .map(({ name }) => symbolOffsets.get(name) ?? 0);
    const offset = [...ends, ...symbols].reduce((most, end) => Math.max(most, end), 0);
    return { start: address + offset, end: address + offset, load: loadAddress + offset };
  }
  return NOWHERE;
}

function edgeOf({ start, end, load }: Edges, edge: LayoutSymbol["edge"]): number {
  switch (edge) {
    case "start":
      return start;
    case "end":
      return end;
    case "size":
      return end - start;
    case "load":
      return load;
    case "loadEnd":
      return load + (end - start);
  }
}
