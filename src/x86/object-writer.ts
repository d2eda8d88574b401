// Turns what an assembler has collected into an object: lays out sections, numbers symbols, fills
// in what is known and makes relocations of the rest.
//
// A reference within one section that counts from its own place (a branch) is filled in here, also
// to a global symbol: nothing can come between. Everything else is the linker's.
//
// Invariants
//   - Symbols: the definitions in order, then what relocations need: local labels by their names,
//     and symbols of other objects.
//   - The bytes under a relocation stay zero.

import { Diagnostic } from "../base/diagnostic";
import type {
  FrameInfo,
  FrameStep,
  LineEntry,
  ObjectFile,
  ObjectSymbol,
  Relocation,
  Section,
  SymbolBinding,
  SymbolType,
} from "../object/object";
import type { Reference } from "./encode";
import type { CodeTarget } from "./operand";
import { type Label, targetName } from "./operand";
import type { LabelPlace, LabelPlaces, SectionBuilder } from "./section-builder";

/** A symbol of the object, with the label that has its place. */
export interface SymbolDefinition {
  readonly name: string;
  readonly label: Label;
  readonly binding: SymbolBinding;
  readonly type: SymbolType;
  /** The label at its end; undefined: it ends where the next function or object begins. */
  readonly end: Label | undefined;
}

/** What an assembler has collected. */
export interface Assembly {
  readonly file: string;
  readonly sections: readonly SectionBuilder[];
  readonly definitions: readonly SymbolDefinition[];
  readonly places: LabelPlaces;
  /** Labels that stand for others: a name used in a function and defined outside. */
  readonly forwards: ReadonlyMap<Label, Label>;
  /** Labels known by identity only: they cannot be symbols of other objects. */
  readonly anonymous: ReadonlySet<Label>;
}

/** The object. Errors: labels that were never placed, short branches that do not reach. */
export function writeObject(assembly: Assembly): ObjectFile {
  return new ObjectWriter(assembly).write();
}

class ObjectWriter {
  readonly #assembly: Assembly;
  readonly #symbols: ObjectSymbol[] = [];
  readonly #symbolOf = new Map<Label, number>();
  readonly #nextStart = new Map<SectionBuilder, ReadonlyMap<number, number>>();
  readonly #sectionIndex: ReadonlyMap<SectionBuilder, number>;

  constructor(assembly: Assembly) {
    this.#assembly = assembly;
    this.#sectionIndex = new Map(assembly.sections.map((section, index) => [section, index]));
  }

  write(): ObjectFile {
    for (const section of this.#assembly.sections) {
      section.layOut((target) => this.#positionIn(section, target));
    }
    this.#findStarts();
    for (const definition of this.#assembly.definitions) this.#addDefinition(definition);
    const sections = this.#assembly.sections.map((section) => this.#writeSection(section));
    return { name: this.#assembly.file, sections, symbols: this.#symbols };
  }

  /** The label that finally stands for a target. */
  #labelOf(target: CodeTarget): Label {
    if (typeof target === "string") throw new Error(`name ${target} was not resolved`);
    const next = this.#assembly.forwards.get(target);
    return next === undefined ? target : this.#labelOf(next);
  }

  #placeOf(target: CodeTarget): LabelPlace | undefined {
    return this.#assembly.places.get(this.#labelOf(target));
  }

  #positionIn(section: SectionBuilder, target: CodeTarget) {
    const place = this.#placeOf(target);
    return place?.section === section ? place.position : undefined;
  }

  #addDefinition(definition: SymbolDefinition): void {
    const { name, label, binding, type } = definition;
    const place = this.#placeOf(label) as LabelPlace;
    const offset = place.section.offsetOf(place.position);
    const size = type === "none" ? 0 : this.#endOf(definition, place) - offset;
    const section = this.#sectionIndex.get(place.section) as number;
    this.#symbolOf.set(label, this.#symbols.length);
    this.#symbols.push({ name, binding, type, section, offset, size });
  }

  /** The offset at which a symbol ends: its own end, the next one's start, or the section's. */
  #endOf({ end }: SymbolDefinition, { section, position }: LabelPlace): number {
    const own = end && this.#placeOf(end);
    if (own !== undefined) return section.offsetOf(own.position);
    return this.#nextStart.get(section)?.get(section.offsetOf(position)) ?? section.size;
  }

  /** Notes where, after a function or object, the next of its section begins. */
  #findStarts(): void {
    const starts = new Map<SectionBuilder, Set<number>>();
    for (const { label, type } of this.#assembly.definitions) {
      const place = type === "none" ? undefined : this.#placeOf(label);
      if (place === undefined) continue;
      const { section, position } = place;
      const ofSection = starts.get(section) ?? new Set();
      starts.set(section, ofSection.add(section.offsetOf(position)));
    }
    for (const [section, offsets] of starts) {
      const ascending = [...offsets].sort((a, b) => a - b);
      const next = ascending.slice(1).map((offset, index) => [ascending[index]!, offset] as const);
      this.#nextStart.set(section, new Map(next));
    }
  }

  /** The index of a target's symbol, which is made on first use. */
  #symbolIndex(target: CodeTarget): number {
    const label = this.#labelOf(target);
    const known = this.#symbolOf.get(label);
    if (known !== undefined) return known;
    const index = this.#symbols.length;
    this.#symbolOf.set(label, index);
    this.#symbols.push(this.#makeSymbol(label, index));
    return index;
  }

  #makeSymbol(label: Label, index: number): ObjectSymbol {
    const place = this.#assembly.places.get(label);
    if (place !== undefined) {
      const name = label.name === "" ? `.L${index}` : label.name;
      const offset = place.section.offsetOf(place.position);
      const section = this.#sectionIndex.get(place.section) as number;
      return { name, binding: "local", type: "none", section, offset, size: 0 };
    }
    if (this.#assembly.anonymous.has(label)) {
      const text = `label ${label.name} is used but never placed`;
      throw new Diagnostic("ASM004", text, "Call place(label).", { file: this.#assembly.file });
    }
    return { name: label.name, binding: "global", type: "none", offset: 0, size: 0 };
  }

  #writeSection(section: SectionBuilder): Section {
    const { bytes, references } = section.write((target) => this.#positionIn(section, target));
    const relocations: Relocation[] = [];
    for (const reference of references) {
      const value = this.#knownValue(section, reference);
      if (value === undefined) relocations.push(this.#relocation(reference));
      else this.#patch(section, bytes, reference, value);
    }
    return {
      name: section.name,
      type: section.nobits ? "nobits" : "progbits",
      flags: section.flags,
      align: section.align,
      size: section.size,
      bytes,
      ...(section.address === undefined ? {} : { address: section.address }),
      relocations,
      lines: lineEntries(section),
      ...frameInfo(section),
    };
  }

  #relocation({ offset, kind, width, target, addend }: Reference): Relocation {
    return { offset, kind, width, symbol: this.#symbolIndex(target), addend };
  }

  /** The value of a reference, if it does not depend on where sections are put. */
  #knownValue(section: SectionBuilder, reference: Reference): number | undefined {
    const place = this.#placeOf(reference.target);
    if (reference.minus !== undefined) return this.#differenceOf(section, reference);
    if (reference.kind !== "relative" || place?.section !== section) return undefined;
    return section.offsetOf(place.position) + reference.addend - reference.offset;
  }

  #differenceOf(section: SectionBuilder, reference: Reference): number {
    const end = this.#placeOf(reference.target);
    const start = this.#placeOf(reference.minus as CodeTarget);
    if (end !== undefined && end.section === start?.section) {
      const distance = end.section.offsetOf(end.position) - end.section.offsetOf(start.position);
      return distance + reference.addend;
    }
    const names = `${targetName(reference.target)} - ${targetName(reference.minus as CodeTarget)}`;
    return this.#fail(
      section,
      reference,
      "ASM006",
      `${names} is not known when assembling: both must be in one section of this module`,
      "Compute the difference at run time, or let the layout define a symbol for it.",
    );
  }

  #patch(section: SectionBuilder, bytes: Uint8Array, reference: Reference, value: number) {
    const { kind, width } = reference;
    const limit = 2 ** (8 * width - 1);
    if (value < -limit || value >= (kind === "relative" ? limit : 2 * limit)) {
      const text = `${value} (to ${targetName(reference.target)}) does not fit ${8 * width} bits`;
      this.#fail(section, reference, "ASM005", text, "Move the target nearer, or go by a jmp.");
    }
    for (let i = 0; i < width; i++) bytes[reference.offset + i] = (value >> (8 * i)) & 0xff;
  }

  #fail(
    section: SectionBuilder,
    reference: Reference,
    code: string,
    text: string,
    remedy: string,
  ): never {
    const entry = lineEntries(section)
      .filter(({ offset }) => offset <= reference.offset)
      .at(-1);
    const place = entry && { file: entry.file, line: entry.line, column: entry.column };
    throw new Diagnostic(code, text, remedy, place ?? { file: this.#assembly.file });
  }
}

function lineEntries(section: SectionBuilder): LineEntry[] {
  return section.lines.map(({ at, file, line, column }) => ({
    offset: section.offsetOf(at),
    file,
    line,
    column,
  }));
}

/** The frame steps, if any were declared. Of those at one offset the last counts. */
function frameInfo(section: SectionBuilder): { frame?: FrameInfo } {
  if (section.frames.every(({ implicit }) => implicit)) return {};
  const steps = new Map<number, FrameStep>();
  for (const { at, cfaOffset, saved, rule } of section.frames) {
    const offset = section.offsetOf(at);
    steps.set(offset, { offset, cfaOffset, saved, ...rule });
  }
  return { frame: { steps: [...steps.values()] } };
}
