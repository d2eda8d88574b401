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
  allocateCommons(globals, owners, inputs);
  ofLayout.push(...provide(inputs, globals, names));
  return scopeOf(globals, ofLayout, bindAll(inputs, definitions, globals));
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

/** Gives all sections their bindings; returns what objects define. */
function bindAll(
  inputs: Inputs,
  definitions: ReadonlyMap<ObjectFile, readonly (LinkSymbol | undefined)[]>,
  globals: ReadonlyMap<string, LinkSymbol>,
): LinkSymbol[] {
  const defined: LinkSymbol[] = [];
  for (const [object, sections] of inputs) {
    const bindings = bind(object, definitions.get(object) ?? [], globals, defined);
    for (const section of sections) section.bindings = bindings;
  }
  for (const symbol of globals.values()) {
    // Common symbols only now have a place.
    if (symbol.kind === "section" && symbol.input?.index === -1) defined.push(symbol);
  }
  return defined;
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

/** What each symbol of `object` means; what it defines itself is added to `defined`. */
function bind(
  object: ObjectFile,
  definitions: readonly (LinkSymbol | undefined)[],
  globals: ReadonlyMap<string, LinkSymbol>,
  defined: LinkSymbol[],
): LinkSymbol[] {
  return object.symbols.map((symbol, index) => {
    const own = definitions[index];
    const isPlaced = own !== undefined && own.kind !== "common";
    if (isPlaced) defined.push(own);
    if (isPlaced && !own.superseded) return own;
    return globals.get(symbol.name) ?? undefinedSymbol(symbol);
  });
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
 * after the other, in a section COMMON.
 */
function allocateCommons(globals: Map<string, LinkSymbol>, owners: Owners, inputs: Inputs): void {
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
      globals.set(name, new LinkSymbol(name, "section", "global", "object", size, input, offset));
    }
  }
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

/** Defines what objects refer to, nothing defines, and the linker knows (`__init_array_start`). */
function provide(
  inputs: Inputs,
  globals: Map<string, LinkSymbol>,
  names: LinkerNames,
): LinkSymbol[] {
  const provided: LinkSymbol[] = [];
  for (const object of inputs.keys()) {
    for (const [index, { name, binding, section, absolute, common }] of object.symbols.entries()) {
      if (section !== undefined || absolute || common !== undefined) continue;
      if (binding === "local" || globals.has(name)) continue;
      const about = names.provide(name);
      // Beside thread-local variables, gas lists the offset table's symbol and does not use it.
      if (about && (name !== OFFSET_TABLE || isUsed(object, index))) {
        const symbol = new LinkSymbol(name, "layout", "global", "none", 0, undefined, 0, about);
        globals.set(name, symbol);
        provided.push(symbol);
      }
    }
  }
  return provided;
}

function isUsed(object: ObjectFile, index: number): boolean {
  return object.sections.some(({ relocations }) =>
    relocations.some(({ symbol }) => symbol === index),
  );
}
