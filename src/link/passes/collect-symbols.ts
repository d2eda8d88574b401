// Pass: one meaning for each name. A strong definition beats a common and a weak one, a common one
// beats a weak one; of two common ones the larger counts; two strong ones are an error. A local
// symbol is seen by its own object only; the layout's names belong to the linker.

import { alignUp } from "../../base/align";
import type { Reporter } from "../../base/reporter";
import type { ObjectFile, ObjectSymbol, Relocation, Section } from "../../object/object";
import type { LayoutSymbol, ResolvedLayout } from "../layout/resolved";
import { displayName } from "../names/demangle";
import { byGnuOrder } from "../names/gnu-order";
import { OFFSET_TABLE, providedSymbol } from "./define-symbols";
import { InputSection, LinkSymbol, type SymbolScope } from "./model";

type Inputs = ReadonlyMap<ObjectFile, InputSection[]>;

/** The names that the linker itself defines. */
export interface LinkerNames {
  /** Whether or not anything refers to them. */
  readonly symbols: readonly LayoutSymbol[];
  /** What a name means that objects refer to and nothing defines. */
  provide(name: string): LayoutSymbol | undefined;
}

/** Those of a layout. */
export function namesOf({ symbols }: ResolvedLayout): LinkerNames {
  return { symbols, provide: providedSymbol };
}

/** Their symbols: define-symbols.ts gives them their values. */
function ownSymbols({ symbols }: LinkerNames): LinkSymbol[] {
  return symbols.map(
    (about) => new LinkSymbol(about.name, "layout", "global", "none", 0, undefined, 0, about),
  );
}

/** Binds every symbol of every object. Common symbols get sections, which are added to `inputs`. */
export function collectSymbols(inputs: Inputs, names: LinkerNames, report: Reporter): SymbolScope {
  const globals = new Map<string, LinkSymbol>();
  const ofLayout = ownSymbols(names);
  for (const symbol of ofLayout) globals.set(symbol.name, symbol);

  const owners = new Owners();
  const definitions = electDefinitions(inputs, globals, owners, report);
  const commons = owners.hasCommons ? allocateCommons(globals, owners, inputs) : [];
  const binder = new Binder(globals, names, ofLayout);
  for (const [object, sections] of inputs) {
    const bindings = binder.bind(object, definitions.get(object) ?? []);
    for (const section of sections) section.bindings = bindings;
  }
  for (const symbol of commons) binder.defined.push(symbol);
  return scopeOf(globals, ofLayout, binder.defined);
}

/** What each object's symbols define; `globals` gets the best definition of each name. */
function electDefinitions(
  inputs: Inputs,
  globals: Map<string, LinkSymbol>,
  owners: Owners,
  report: Reporter,
): Map<ObjectFile, (LinkSymbol | undefined)[]> {
  const definitions = new Map<ObjectFile, (LinkSymbol | undefined)[]>();
  for (const [object, sections] of inputs) {
    const own: (LinkSymbol | undefined)[] = [];
    for (const symbol of object.symbols) {
      const definition = define(symbol, sections);
      own.push(definition);
      if (definition && definition.binding !== "local") {
        owners.note(definition, object);
        elect(definition, globals, owners, report);
      }
    }
    definitions.set(object, own);
  }
  return definitions;
}

function scopeOf(
  globals: Map<string, LinkSymbol>,
  ofLayout: LinkSymbol[],
  defined: readonly LinkSymbol[],
): SymbolScope {
  return {
    globals,
    ofLayout,
    defined,
    target(input: InputSection, relocation: Relocation): LinkSymbol {
      const symbol = input.bindings[relocation.symbol];
      if (!symbol) throw new Error(`${input.object.name}: symbol ${relocation.symbol} is unbound`);
      return symbol;
    },
    define(symbol: LinkSymbol): void {
      globals.set(symbol.name, symbol);
      if (symbol.kind === "layout") ofLayout.push(symbol);
    },
    bindingsOf(object: ObjectFile): LinkSymbol[] {
      return object.symbols.map((symbol) => globals.get(symbol.name) ?? undefinedSymbol(symbol));
    },
  };
}

/** Says what each symbol of each object means, and lists what objects define. */
class Binder {
  readonly defined: LinkSymbol[] = [];

  readonly #globals: Map<string, LinkSymbol>;
  readonly #names: LinkerNames;
  readonly #ofLayout: LinkSymbol[];

  constructor(globals: Map<string, LinkSymbol>, names: LinkerNames, ofLayout: LinkSymbol[]) {
    this.#globals = globals;
    this.#names = names;
    this.#ofLayout = ofLayout;
  }

  /** @param own what the object's symbols define, by number */
  bind(object: ObjectFile, own: readonly (LinkSymbol | undefined)[]): LinkSymbol[] {
    return object.symbols.map((symbol, index) => {
      const definition = own[index];
      const isPlaced = definition !== undefined && definition.kind !== "common";
      if (isPlaced) this.defined.push(definition);
      if (isPlaced && !definition.superseded) return definition;
      const known = this.#globals.get(symbol.name) ?? this.#provide(object, symbol, index);
      return known ?? undefinedSymbol(symbol);
    });
  }

  /** Defines what an object refers to, nothing defines, and the linker knows. */
  #provide(object: ObjectFile, symbol: ObjectSymbol, index: number): LinkSymbol | undefined {
    if (symbol.section !== undefined || symbol.binding === "local") return undefined;
    const { name } = symbol;
    const about = this.#names.provide(name);
    // Beside thread-local variables, gas lists the offset table's symbol and does not use it.
    if (!about || (name === OFFSET_TABLE && !isUsed(object, index))) return undefined;
    const own = new LinkSymbol(name, "layout", "global", "none", 0, undefined, 0, about);
    this.#globals.set(name, own);
    this.#ofLayout.push(own);
    return own;
  }
}

/** Which object brought which definition, and what the copies of a common symbol ask for. */
class Owners {
  readonly #objects = new Map<LinkSymbol, ObjectFile>();
  readonly #alignments = new Map<string, number>();

  note(symbol: LinkSymbol, object: ObjectFile): void {
    if (!symbol.input) this.#objects.set(symbol, object);
    if (symbol.kind === "common") this.#noteAlignment(symbol);
  }

  of(symbol: LinkSymbol): ObjectFile | undefined {
    return symbol.input?.object ?? this.#objects.get(symbol);
  }

  get hasCommons(): boolean {
    return this.#alignments.size > 0;
  }

  alignment(name: string): number {
    return this.#alignments.get(name) ?? 1;
  }

  #noteAlignment({ name, value = 1 }: LinkSymbol): void {
    this.#alignments.set(name, Math.max(value, this.alignment(name)));
  }
}

function define(symbol: ObjectSymbol, sections: readonly InputSection[]): LinkSymbol | undefined {
  const { name, binding, type, size, offset } = symbol;
  if (symbol.absolute || symbol.common !== undefined) {
    const kind = symbol.absolute ? "number" : "common";
    const { high } = symbol;
    const number = new LinkSymbol(name, kind, binding, type, size, undefined, 0, undefined, high);
    number.value = symbol.common ?? offset;
    return number;
  }
  if (symbol.section === undefined) return undefined;
  const input = sections[symbol.section];
  // A copy that is not taken defines nothing: its name means what the copy taken defines.
  if (input?.discarded && binding !== "local") return undefined;
  return new LinkSymbol(name, "section", binding, type, size, input, offset);
}

function undefinedSymbol({ name, binding, type }: ObjectSymbol): LinkSymbol {
  return new LinkSymbol(name, "undefined", binding, type, 0);
}

/** Makes `candidate` the meaning of its name, unless what it meant so far is better. */
function elect(
  candidate: LinkSymbol,
  globals: Map<string, LinkSymbol>,
  owners: Owners,
  report: Reporter,
): void {
  const old = globals.get(candidate.name);
  const winner = old ? prefer(old, candidate, owners, report) : candidate;
  if (winner === candidate) globals.set(candidate.name, candidate);
  else candidate.superseded = true;
  if (old && winner !== old) old.superseded = true;
}

function prefer(
  old: LinkSymbol,
  candidate: LinkSymbol,
  owners: Owners,
  report: Reporter,
): LinkSymbol {
  // What a script assigns replaces what objects say.
  if (old.about?.kind === "assigned") return old;
  if (old.kind === "common" && candidate.kind === "common") {
    return candidate.size > old.size ? candidate : old;
  }
  const better = rank(candidate) - rank(old);
  if (better > 0) return candidate;
  if (better < 0 || candidate.binding === "weak") return old;
  const here = owners.of(candidate)?.name ?? "";
  const shown = displayName(candidate.name);
  const place = candidate.input?.placeOf(candidate.offset) ?? { file: here };
  if (old.kind === "layout") {
    const text = `${here} defines ${shown}, which the linker defines for the layout`;
    report.error("LINK003", text, "Rename the symbol or the layout's section.", place);
  } else {
    const there = owners.of(old)?.name ?? "";
    const text = `${shown} is defined twice: in ${there} and in ${here}`;
    report.error("LINK002", text, "Rename one, or make one of them local or weak.", place);
  }
  return old;
}

function rank({ kind, binding }: LinkSymbol): number {
  if (kind === "common") return 1;
  return binding === "weak" ? 0 : 2;
}

/**
 * Gives the common symbols that no definition replaced zeros of their own: those of an object one
 * after the other, in a section COMMON. Returns what now has a place.
 */
function allocateCommons(
  globals: Map<string, LinkSymbol>,
  owners: Owners,
  inputs: Inputs,
): LinkSymbol[] {
  const placed: LinkSymbol[] = [];
  const byObject = new Map<ObjectFile, LinkSymbol[]>();
  for (const symbol of globals.values()) {
    const object = owners.of(symbol);
    if (symbol.kind !== "common" || !object) continue;
    byObject.set(object, [...(byObject.get(object) ?? []), symbol]);
  }
  for (const [object, symbols] of byObject) {
    symbols.sort((a, b) => byGnuOrder(a.name, b.name));
    const offsets = new Map<LinkSymbol, number>();
    let size = 0;
    let align = 1;
    for (const symbol of symbols) {
      const own = owners.alignment(symbol.name);
      const offset = alignUp(size, own);
      offsets.set(symbol, offset);
      size = offset + symbol.size;
      align = Math.max(align, own);
    }
    const input = new InputSection(object, commonSection(size, align));
    inputs.get(object)?.push(input);
    for (const [{ name, size }, offset] of offsets) {
      const symbol = new LinkSymbol(name, "section", "global", "object", size, input, offset);
      globals.set(name, symbol);
      placed.push(symbol);
    }
  }
  return placed;
}

function commonSection(size: number, align: number): Section {
  return {
    name: "COMMON",
    type: "nobits",
    flags: { alloc: true, write: true, execute: false },
    align,
    size,
    bytes: new Uint8Array(0),
    relocations: [],
    lines: [],
  };
}

function isUsed(object: ObjectFile, index: number): boolean {
  return object.sections.some(({ relocations }) =>
    relocations.some(({ symbol }) => symbol === index),
  );
}
