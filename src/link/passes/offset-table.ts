// Pass: what position-independent code needs of a static image.
//
// Such code finds variables through a global offset table (GOT) and fetches their addresses from
// there. In a static image the addresses are known, so most fetches become the address itself:
// relax-fetches-i386.ts and relax-fetches-x86-64.ts.
//
// What cannot be changed gets an entry of a table that is made here: `.got` has the entries,
// `.got.plt` the three words that the psABI reserves; _GLOBAL_OFFSET_TABLE_ is the start of that.
// Afterwards only `got-offset` and `got-address` are left. See the psABIs, 4.4 and B.2.

import type { ObjectFile, RelocationKind, RelocationWidth, Section } from "../../object/object";
import type { ResolvedLayout } from "../layout/resolved";
import { byGnuOrder } from "../names/gnu-order";
import { OFFSET_TABLE, providedSymbol } from "./define-symbols";
import { InputSection, LinkSymbol, type SymbolScope } from "./model";
import { relaxFetches } from "./relax-fetches-i386";
import { relaxFetches64 } from "./relax-fetches-x86-64";

/** For the dynamic section and the dynamic linker: there is neither, so they are zero. */
const RESERVED_WORDS = 3;

/** Rewrites what refers to the table; returns the table's sections, if any are needed. */
export function makeOffsetTable(
  inputs: readonly InputSection[],
  symbols: SymbolScope,
  { machine }: Pick<ResolvedLayout, "machine">,
): InputSection[] {
  const is64 = machine === "x86-64";
  const table = new OffsetTable(is64 ? 8 : 4);
  let needed = symbols.globals.get(OFFSET_TABLE)?.kind === "layout";
  for (const input of inputs) {
    if (!input.live || input.isPlain || !input.relocations.some(({ kind }) => isAboutTable(kind)))
      continue;
    if (input.relocations.some(({ kind }) => isFetch(kind))) {
      const relax = is64 ? relaxFetches64 : relaxFetches;
      relax(input, (relocation) => symbols.target(input, relocation), table);
    }
    needed ||= !is64 || input.relocations.some(({ kind }) => kind.startsWith("got-"));
  }
  if (!needed && table.isEmpty) return [];
  const about = providedSymbol(OFFSET_TABLE);
  if (!symbols.globals.has(OFFSET_TABLE) && about) {
    const base = new LinkSymbol(OFFSET_TABLE, "layout", "global", "object", 0, undefined, 0, about);
    symbols.define(base);
  }
  return table.sections();
}

function isAboutTable(kind: RelocationKind): boolean {
  return kind.startsWith("got");
}

function isFetch(kind: RelocationKind): boolean {
  return isAboutTable(kind) && kind !== "got-offset" && kind !== "got-address";
}

/** The entries: addresses of symbols, local ones first. */
export class OffsetTable {
  readonly #word: RelocationWidth;
  readonly #slots = new Map<LinkSymbol, InputSection>();
  readonly #numbers = new Map<LinkSymbol, number>();
  readonly #object: ObjectFile = { name: "(offset table)", sections: [], symbols: [] };

  constructor(word: RelocationWidth) {
    this.#word = word;
  }

  get isEmpty(): boolean {
    return this.#slots.size === 0;
  }

  /** The symbol of the entry for `symbol`, which has this number in its object. */
  slot(symbol: LinkSymbol, number: number): LinkSymbol {
    const entry = this.#slots.get(symbol) ?? this.#entry(symbol);
    this.#slots.set(symbol, entry);
    if (!this.#numbers.has(symbol)) this.#numbers.set(symbol, number);
    return new LinkSymbol(`${symbol.name}@GOT`, "section", "local", "object", this.#word, entry);
  }

  /** Those of local symbols by object and number, then those of global ones. */
  sections(): InputSection[] {
    const reserved = this.#section(".got.plt", RESERVED_WORDS * this.#word);
    const objects = new Map<ObjectFile | undefined, number>();
    const rank = ({ input }: LinkSymbol) => {
      const known = objects.get(input?.object) ?? objects.size;
      objects.set(input?.object, known);
      return known;
    };
    for (const symbol of this.#slots.keys()) rank(symbol);
    const isLocal = ({ binding }: LinkSymbol) => binding === "local";
    const numberOf = (symbol: LinkSymbol) => this.#numbers.get(symbol) ?? 0;
    const entries = [...this.#slots].sort(([a], [b]) => {
      if (isLocal(a) && isLocal(b)) return rank(a) - rank(b) || numberOf(a) - numberOf(b);
      if (isLocal(a) || isLocal(b)) return Number(isLocal(b)) - Number(isLocal(a));
      return byGnuOrder(a.name, b.name);
    });
    const all = entries.map(([, entry]) => entry);
    all.push(new InputSection(this.#object, reserved));
    for (const input of all) input.live = true;
    return all;
  }

  /** A word with the symbol's address. */
  #entry(symbol: LinkSymbol): InputSection {
    const input = new InputSection(this.#object, this.#section(".got", this.#word));
    const relocation = {
      offset: 0,
      kind: "absolute",
      width: this.#word,
      symbol: 0,
      addend: 0,
    } as const;
    input.content = { bytes: input.bytes, relocations: [relocation] };
    input.bindings = [symbol];
    return input;
  }

  #section(name: string, size: number): Section {
    return {
      name,
      type: "progbits",
      flags: { alloc: true, write: true, execute: false },
      align: this.#word,
      size,
      bytes: new Uint8Array(size),
      relocations: [],
      lines: [],
    };
  }
}
