// Partial linking (`ld -r`): several objects as one, for a later link.
//
// Sections of one name follow each other in one section; a name that is defined in one object and
// used in another becomes one symbol. Nothing has an address yet, so relocations stay, and common
// symbols stay common. What means the same as what GNU ld makes need not be the same bytes: strings
// are not merged here, and equal COMDAT groups are taken once and are groups no more.

import { alignUp } from "../base/align";
import { Reporter } from "../base/reporter";
import type { ObjectFile, ObjectSymbol, Relocation, Section } from "../object/object";
import { displayName } from "./names/demangle";
import { collectSections } from "./passes/collect-sections";
import type { InputSection } from "./passes/model";

const STACK_NOTE = ".note.GNU-stack";
/** The note of an object that needs to execute its stack, or does not say that it need not. */
const EXECUTABLE_STACK: Section = {
  name: STACK_NOTE,
  type: "progbits",
  flags: { alloc: false, write: false, execute: true },
  align: 1,
  size: 0,
  bytes: new Uint8Array(0),
  relocations: [],
  lines: [],
};

function hasStackNote({ sections }: ObjectFile): boolean {
  return sections.some(({ name, flags }) => name === STACK_NOTE && !flags.execute);
}

/** Where the sections of the inputs are in those of the result. */
interface Joined {
  readonly index: number;
  readonly offset: number;
}

/**
 * @param name what diagnostics call the result
 * @throws Diagnostics LINK001, LINK002
 */
export function partialLink(objects: readonly ObjectFile[], name: string): ObjectFile {
  const report = new Reporter();
  const byObject = collectSections(objects, report);
  report.barrier();
  const parts = new Map<string, InputSection[]>();
  for (const input of [...byObject.values()].flat()) {
    if (input.discarded) continue;
    const key = input.section.name;
    parts.set(key, [...(parts.get(key) ?? []), input]);
  }
  const places = new Map<InputSection, Joined>();
  for (const [index, inputs] of [...parts.values()].entries()) place(inputs, index, places);
  const symbols = new JoinedSymbols(places, [...parts.keys()], report);
  for (const [object, inputs] of byObject) symbols.add(object, inputs);
  report.barrier();
  const sections = [...parts].map(([key, inputs]) => join(key, inputs, places, symbols));
  if (!objects.every(hasStackNote)) {
    const note = sections.findIndex((section) => section.name === STACK_NOTE);
    sections.splice(note < 0 ? sections.length : note, 1, EXECUTABLE_STACK);
  }
  return { name, sections, symbols: symbols.all, isChecked: true };
}

function place(inputs: readonly InputSection[], index: number, places: Map<InputSection, Joined>) {
  let end = 0;
  for (const input of inputs) {
    const offset = alignUp(end, input.section.align);
    places.set(input, { index, offset });
    end = offset + input.size;
  }
}

/** The symbols of all inputs, each name once. */
class JoinedSymbols {
  readonly all: ObjectSymbol[] = [];
  readonly #places: ReadonlyMap<InputSection, Joined>;
  readonly #report: Reporter;
  readonly #globals = new Map<string, number>();
  readonly #owners = new Map<string, string>();
  readonly #numbers = new Map<ObjectFile, readonly number[]>();
  readonly #inputs = new Map<ObjectFile, readonly InputSection[]>();

  /** @param names of the sections: each has a symbol of its own */
  constructor(
    places: ReadonlyMap<InputSection, Joined>,
    names: readonly string[],
    report: Reporter,
  ) {
    this.#places = places;
    this.#report = report;
    for (const [section, name] of names.entries()) {
      this.all.push({ name, binding: "local", type: "section", section, offset: 0, size: 0 });
    }
  }

  add(object: ObjectFile, inputs: readonly InputSection[]): void {
    const numbers = object.symbols.map((symbol) => {
      const home = symbol.section === undefined ? undefined : inputs[symbol.section];
      if (symbol.type === "section") return (home && this.#places.get(home)?.index) ?? 0;
      const moved = this.#move(symbol, home);
      if (symbol.binding === "local") return this.all.push(moved) - 1;
      return this.#addGlobal(moved, object.name);
    });
    this.#numbers.set(object, numbers);
    this.#inputs.set(object, inputs);
  }

  /** A relocation of `input` as it is in the result. */
  relocate(input: InputSection, relocation: Relocation, offset: number): Relocation {
    const { object } = input;
    const target = object.symbols[relocation.symbol];
    const symbol = this.#numbers.get(object)?.[relocation.symbol] ?? 0;
    const moved = { ...relocation, symbol, offset: relocation.offset + offset };
    if (target?.type !== "section" || target.section === undefined) return moved;
    const home = this.#homeOf(input, target.section);
    return { ...moved, addend: relocation.addend + (home?.offset ?? 0) };
  }

  #homeOf({ object }: InputSection, index: number): Joined | undefined {
    const home = this.#inputs.get(object)?.[index];
    return home && this.#places.get(home);
  }

  #move(symbol: ObjectSymbol, home: InputSection | undefined): ObjectSymbol {
    const joined = home && this.#places.get(home);
    const { section: _, ...rest } = symbol;
    if (!joined) return symbol.section === undefined ? symbol : { ...rest, offset: 0 };
    return { ...symbol, section: joined.index, offset: symbol.offset + joined.offset };
  }

  #addGlobal(symbol: ObjectSymbol, owner: string): number {
    const { name } = symbol;
    const number = this.#globals.get(name);
    if (number === undefined) {
      const added = this.all.push(symbol) - 1;
      this.#globals.set(name, added);
      this.#owners.set(name, owner);
      return added;
    }
    const old = this.all[number];
    if (old && rank(symbol) > rank(old)) {
      this.all[number] = symbol;
      this.#owners.set(name, owner);
    } else if (old && rank(symbol) === STRONG && rank(old) === STRONG) {
      const other = this.#owners.get(name);
      const text = `${displayName(name)} is defined twice: in ${other} and in ${owner}`;
      const remedy = "Rename one, or make one of them local or weak.";
      this.#report.error("LINK002", text, remedy, { file: owner });
    } else if (old?.common !== undefined && symbol.common !== undefined) {
      const common = Math.max(old.common, symbol.common);
      this.all[number] = { ...old, common, size: Math.max(old.size, symbol.size) };
    }
    return number;
  }
}

const STRONG = 4;

/** Which of two symbols of one name counts. */
function rank({ section, absolute, common, binding }: ObjectSymbol): number {
  if (section === undefined && absolute !== true && common === undefined) {
    return binding === "weak" ? 0 : 1;
  }
  if (common !== undefined) return 3;
  return binding === "weak" ? 2 : STRONG;
}

function join(
  name: string,
  inputs: readonly InputSection[],
  places: ReadonlyMap<InputSection, Joined>,
  symbols: JoinedSymbols,
): Section {
  const [first] = inputs;
  const isZero = inputs.every(({ section }) => section.type === "nobits");
  const offsetOf = (input: InputSection) => places.get(input)?.offset ?? 0;
  const size = inputs.reduce((end, input) => Math.max(end, offsetOf(input) + input.size), 0);
  const bytes = new Uint8Array(isZero ? 0 : size);
  const relocations: Relocation[] = [];
  for (const input of inputs) {
    if (!isZero) bytes.set(input.bytes, offsetOf(input));
    for (const relocation of input.relocations) {
      relocations.push(symbols.relocate(input, relocation, offsetOf(input)));
    }
  }
  const has = (flag: "alloc" | "write" | "execute") =>
    inputs.some(({ section }) => section.flags[flag]);
  const tls = first?.section.flags.tls === true;
  return {
    name,
    type: isZero ? "nobits" : "progbits",
    flags: {
      ...{ alloc: has("alloc"), write: has("write"), execute: has("execute") },
      ...(tls ? { tls } : {}),
    },
    align: inputs.reduce((most, { section }) => Math.max(most, section.align), 1),
    size,
    bytes,
    relocations,
    lines: [],
  };
}
