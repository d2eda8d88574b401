// Pass: what position-independent code needs of a static image.
//
// Such code finds variables through a global offset table (GOT), whose address it computes from its
// own (`got-address`), and fetches their addresses from there (`got`, `got-relaxable`). In a static
// image the addresses are known, so most fetches become the address itself:
//
//      mov foo@GOT(%ebx), %eax      ->  mov $foo, %eax (GOT32X), or lea foo@GOTOFF(%ebx), %eax
//      add foo@GOT(%ebx), %eax      ->  add $foo, %eax
//      call/jmp *foo@GOT(%ebx)      ->  call/jmp foo
//
// What cannot be changed gets an entry of a table that is made here: `.got` has the entries,
// `.got.plt` the three words that the psABI reserves; _GLOBAL_OFFSET_TABLE_ is the start of that.
// Afterwards only `got-offset` and `got-address` are left. See the i386 psABI, 4.4 and B.2.

import type { ObjectFile, Relocation, RelocationKind, Section } from "../../object/object";
import { byGnuOrder } from "../names/gnu-order";
import { OFFSET_TABLE, providedSymbol } from "./define-symbols";
import { InputSection, LinkSymbol, type SymbolScope } from "./model";

const WORD = 4;
/** For the dynamic section and the dynamic linker: there is neither, so they are zero. */
const RESERVED_WORDS = 3;

/** Rewrites what refers to the table; returns the table's sections, if any are needed. */
export function makeOffsetTable(
  inputs: readonly InputSection[],
  symbols: SymbolScope,
): InputSection[] {
  const table = new OffsetTable();
  let needed = symbols.globals.get(OFFSET_TABLE)?.kind === "layout";
  for (const input of inputs) {
    if (!input.live || !input.relocations.some(({ kind }) => isAboutTable(kind))) continue;
    needed = true;
    if (input.relocations.some(({ kind }) => isFetch(kind))) {
      new FetchRewriter(input, symbols, table).run();
    }
  }
  if (!needed) return [];
  const about = providedSymbol(OFFSET_TABLE);
  if (!symbols.globals.has(OFFSET_TABLE) && about) {
    const base = new LinkSymbol(OFFSET_TABLE, "layout", "global", "object", 0, undefined, 0, about);
    symbols.define(base);
  }
  return table.sections();
}

function isAboutTable(kind: RelocationKind): boolean {
  return isFetch(kind) || kind === "got-offset" || kind === "got-address";
}

function isFetch(kind: RelocationKind): boolean {
  return kind === "got" || kind === "got-relaxable";
}

/** The entries: addresses of symbols, local ones first. */
class OffsetTable {
  readonly #slots = new Map<LinkSymbol, InputSection>();
  readonly #object: ObjectFile = { name: "(offset table)", sections: [], symbols: [] };

  /** The symbol of the entry for `symbol`. */
  slot(symbol: LinkSymbol): LinkSymbol {
    const entry = this.#slots.get(symbol) ?? this.#entry(symbol);
    this.#slots.set(symbol, entry);
    return new LinkSymbol(`${symbol.name}@GOT`, "section", "local", "object", WORD, entry);
  }

  sections(): InputSection[] {
    const reserved = this.#section(".got.plt", RESERVED_WORDS * WORD);
    const entries = [...this.#slots].sort(([a], [b]) => {
      const isLocal = (symbol: LinkSymbol) => symbol.binding === "local";
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
    const input = new InputSection(this.#object, this.#section(".got", WORD));
    const relocation = { offset: 0, kind: "absolute", width: WORD, symbol: 0, addend: 0 } as const;
    input.content = { bytes: input.bytes, relocations: [relocation] };
    input.bindings = [symbol];
    return input;
  }

  #section(name: string, size: number): Section {
    return {
      name,
      type: "progbits",
      flags: { alloc: true, write: true, execute: false },
      align: WORD,
      size,
      bytes: new Uint8Array(size),
      relocations: [],
      lines: [],
    };
  }
}

/** Rewrites the fetches of one section. */
class FetchRewriter {
  readonly #bytes: Uint8Array;
  readonly #bindings: LinkSymbol[];
  #mayRelax = false;

  readonly #input: InputSection;
  readonly #symbols: SymbolScope;
  readonly #table: OffsetTable;

  constructor(input: InputSection, symbols: SymbolScope, table: OffsetTable) {
    this.#input = input;
    this.#symbols = symbols;
    this.#table = table;
    this.#bytes = input.bytes.slice();
    this.#bindings = [...input.bindings];
  }

  run(): void {
    const input = this.#input;
    const bytes = this.#bytes;
    // As GNU ld does: where no fetch is relaxable, none is changed.
    this.#mayRelax = input.relocations.some(({ kind }) => kind === "got-relaxable");
    const relocations = input.relocations.map((each) => this.#rewrite(each));
    input.content = { ...input.content, bytes, relocations };
    input.bindings = this.#bindings;
  }

  #rewrite(relocation: Relocation): Relocation {
    if (!isFetch(relocation.kind)) return relocation;
    const { offset } = relocation;
    const modRm = offset >= 1 ? (this.#bytes[offset - 1] ?? 0) : 0;
    const hasBase = (modRm & 0xc7) !== 0x05;
    const isRelaxed = this.#mayRelax && offset >= 2;
    const direct = isRelaxed ? this.#relax(relocation, modRm, hasBase) : undefined;
    if (direct) return direct;
    const slot = this.#table.slot(this.#symbols.target(this.#input, relocation));
    const symbol = this.#bindings.push(slot) - 1;
    return { ...relocation, symbol, kind: hasBase ? "got-offset" : "absolute" };
  }

  /** The same effect without the table, if the instruction has such a form. */
  #relax(relocation: Relocation, modRm: number, hasBase: boolean): Relocation | undefined {
    const { offset, kind, addend } = relocation;
    const opcode = this.#bytes[offset - 2] ?? 0;
    if (addend !== 0) return undefined;
    if (kind === "got") {
      if (opcode !== 0x8b || !hasBase) return undefined;
      this.#bytes[offset - 2] = 0x8d; // lea
      return { ...relocation, kind: "got-offset" };
    }
    const register = (modRm >> 3) & 7;
    if (opcode === 0xff) return this.#relaxBranch(relocation, register);
    if (opcode === 0x8b)
      this.#bytes.set([0xc7, 0xc0 | register], offset - 2); // mov $foo
    else if (opcode === 0x85)
      this.#bytes.set([0xf7, 0xc0 | register], offset - 2); // test $foo
    else if ((opcode & 0xc7) === 0x03) {
      // add, or, adc, sbb, and, sub, xor, cmp
      this.#bytes.set([0x81, 0xc0 | (opcode & 0x38) | register], offset - 2);
    } else return undefined;
    return { ...relocation, kind: "absolute" };
  }

  /** `call *` becomes `addr32 call`, `jmp *` becomes `jmp; nop`: both keep their six bytes. */
  #relaxBranch(relocation: Relocation, extension: number): Relocation | undefined {
    const { offset } = relocation;
    if (extension === 2) {
      this.#bytes.set([0x67, 0xe8], offset - 2);
      return { ...relocation, kind: "relative", addend: -WORD };
    }
    if (extension !== 4) return undefined;
    this.#bytes.set([0xe9, 0, 0, 0, 0, 0x90], offset - 2);
    return { ...relocation, kind: "relative", offset: offset - 1, addend: -WORD };
  }
}
