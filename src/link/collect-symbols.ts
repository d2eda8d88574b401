// Pass: one meaning for each name. A strong definition beats a weak one; two strong ones are an
// error; a local symbol is seen by its own object only; the layout's names belong to the linker.

import { nearestName } from "../base/nearest-name";
import type { ObjectFile, ObjectSymbol, Relocation } from "../i686/object";
import { type InputSection, LinkSymbol, type SymbolScope } from "./model";
import type { Reporter } from "./reporter";
import type { ResolvedLayout } from "./resolve-layout";

type Inputs = ReadonlyMap<ObjectFile, readonly InputSection[]>;

/** The symbols that the linker defines for `layout`; define-symbols.ts gives them their values. */
function layoutSymbols(layout: ResolvedLayout): LinkSymbol[] {
  return layout.symbols.map(
    (about) => new LinkSymbol(about.name, "layout", "global", "none", 0, undefined, 0, about),
  );
}

/** Binds every symbol of every object. */
export function collectSymbols(
  inputs: Inputs,
  layout: ResolvedLayout,
  report: Reporter,
): SymbolScope {
  const globals = new Map<string, LinkSymbol>();
  const owners = new Map<LinkSymbol, ObjectFile>();
  for (const symbol of layoutSymbols(layout)) globals.set(symbol.name, symbol);

  const own = new Map<ObjectFile, (LinkSymbol | undefined)[]>();
  for (const [object, sections] of inputs) {
    const defined = object.symbols.map((symbol) => define(symbol, sections));
    own.set(object, defined);
    for (const symbol of defined) {
      if (!symbol || symbol.binding === "local") continue;
      owners.set(symbol, object);
      const winner = prefer(globals.get(symbol.name), symbol, owners, report);
      globals.set(symbol.name, winner);
    }
  }

  const bound = new Map<ObjectFile, LinkSymbol[]>();
  for (const [object, defined] of own) {
    const meaning = (symbol: ObjectSymbol, index: number) => {
      const local = defined[index];
      if (local?.binding === "local") return local;
      return globals.get(symbol.name) ?? undefinedSymbol(symbol);
    };
    bound.set(object, object.symbols.map(meaning));
  }
  return {
    globals,
    defined: [...own.values()].flat().filter((symbol) => symbol !== undefined),
    target(input: InputSection, relocation: Relocation): LinkSymbol {
      const symbol = bound.get(input.object)?.[relocation.symbol];
      if (!symbol) throw new Error(`${input.object.name}: symbol ${relocation.symbol} is unbound`);
      return symbol;
    },
    adopt(object: ObjectFile): void {
      const meaning = (symbol: ObjectSymbol) => globals.get(symbol.name) ?? undefinedSymbol(symbol);
      bound.set(object, object.symbols.map(meaning));
    },
  };
}

function define(symbol: ObjectSymbol, sections: readonly InputSection[]): LinkSymbol | undefined {
  const { name, binding, type, size, offset } = symbol;
  if (symbol.absolute) {
    const number = new LinkSymbol(name, "number", binding, type, size);
    number.value = offset;
    return number;
  }
  if (symbol.section === undefined) return undefined;
  return new LinkSymbol(name, "section", binding, type, size, sections[symbol.section], offset);
}

function undefinedSymbol({ name, binding, type }: ObjectSymbol): LinkSymbol {
  return new LinkSymbol(name, "undefined", binding, type, 0);
}

function prefer(
  old: LinkSymbol | undefined,
  candidate: LinkSymbol,
  owners: ReadonlyMap<LinkSymbol, ObjectFile>,
  report: Reporter,
): LinkSymbol {
  if (!old || (old.binding === "weak" && candidate.binding === "global")) return candidate;
  if (candidate.binding === "weak") return old;
  const here = owners.get(candidate)?.name ?? "";
  const place = candidate.input?.placeOf(candidate.offset) ?? { file: here };
  if (old.kind === "layout") {
    const text = `${here} defines "${candidate.name}", which the linker defines for the layout`;
    report.error("LINK003", text, "Rename the symbol or the layout's section.", place);
  } else {
    const there = owners.get(old)?.name ?? "";
    const text = `"${candidate.name}" is defined twice: in ${there} and in ${here}`;
    report.error("LINK002", text, "Rename one, or make one of them local or weak.", place);
  }
  return old;
}

/** Pass: every name that a live section refers to must be defined. Weak ones may stay 0. */
export function refuseUndefined(inputs: Inputs, symbols: SymbolScope, report: Reporter): void {
  const reported = new Set<string>();
  for (const input of [...inputs.values()].flat()) {
    if (!input.live) continue;
    for (const relocation of input.section.relocations) {
      const { kind, binding, name } = symbols.target(input, relocation);
      if (kind !== "undefined" || binding === "weak" || reported.has(name)) continue;
      reported.add(name);
      const from = input.describe(relocation.offset);
      const place = input.placeOf(relocation.offset);
      report.error(
        "LINK004",
        `undefined symbol "${name}", used at ${from}`,
        hint(name, symbols),
        place,
      );
    }
  }
}

/** What a person may have meant by an undefined name. */
export function hint(name: string, symbols: SymbolScope): string {
  const near = nearestName(name, symbols.globals.keys());
  return near ? `Did you mean "${near}"?` : "Define it, or add the object that does to the link.";
}
