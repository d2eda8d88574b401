// Pass: takes out of `.eh_frame` what describes functions that the image lacks, and what several
// objects have in common, as GNU ld does.
//
//      a.o  CIE 1 | FDE f | FDE g               ->  CIE 1 | FDE f            (g was left out)
//      b.o  CIE 1 | FDE h | end                 ->  FDE h -> CIE 1 of a.o
//      c.o  CIE 2 | FDE h (another copy) | end  ->  end
//
// Requires: what is live.  Provides: `content` of the tables. An FDE says how far back its CIE is,
// which is known only when the sections are arranged: see `UnwindTables.connect`.

import { alignUp } from "../../base/align";
import { entryAt } from "../../base/entry-at";
import type { Relocation } from "../../object/object";
import type { InputSection, PlacedSection, SymbolScope } from "./model";
import { CIE_POINTER, isUnwindTable, type UnwindEntry, unwindEntries } from "./unwind-table";

/** An entry that stays, at an offset of its section's new content. */
interface Kept {
  readonly entry: UnwindEntry;
  readonly offset: number;
}

/** The unwind tables of an image. */
export class UnwindTables {
  readonly #kept = new Map<UnwindEntry, Kept>();
  /** The CIE that stands for each. */
  readonly #representatives = new Map<UnwindEntry, UnwindEntry>();

  readonly #symbols: SymbolScope;

  /** Sets the content of the tables among the inputs of `sections`. */
  constructor(sections: readonly PlacedSection[], symbols: SymbolScope) {
    this.#symbols = symbols;
    for (const section of sections) {
      const tables = section.inputs.filter(isUnwindTable);
      if (tables.length > 0) this.#prune(tables);
    }
  }

  /** Writes into each FDE where its CIE is. Requires: offsets within output sections. */
  connect(): void {
    for (const { entry, offset } of this.#kept.values()) {
      const common = entry.common && this.#representatives.get(entry.common);
      const home = common && this.#kept.get(common);
      if (!home) continue;
      const { input } = entry;
      const field = input.offset + offset + CIE_POINTER;
      const distance = field - (home.entry.input.offset + home.offset);
      const { bytes } = input;
      new DataView(bytes.buffer, bytes.byteOffset).setUint32(offset + CIE_POINTER, distance, true);
    }
  }

  /** @param tables those of one output section, in order */
  #prune(tables: readonly InputSection[]): void {
    const parsed = tables.map((input) => ({ input, entries: unwindEntries(input) }));
    // A table of unknown form may end in the middle of another's: all stay as they are.
    if (parsed.some(({ entries }) => entries === undefined)) return;
    const commons = new Map<string, UnwindEntry>();
    const last = tables.at(-1);
    for (const { input, entries = [] } of parsed) {
      const needed = new Set<UnwindEntry | undefined>();
      for (const entry of entries) {
        if (!entry.about || !this.#isInImage(input, entry.about)) continue;
        needed.add(entry);
        needed.add(entry.common);
      }
      const stays = entries.filter((entry) => {
        if (entry.isEnd) return input === last;
        return needed.has(entry) && (entry.about || this.#represent(entry, commons) === entry);
      });
      this.#rewrite(input, entries, new Set(stays), input === last);
    }
  }

  #isInImage(input: InputSection, about: Relocation): boolean {
    const { input: home, kind } = this.#symbols.target(input, about);
    if (!home) return kind !== "undefined";
    // What the name means is in another object, which has an entry for it.
    return home.live && home.object === input.object;
  }

  /** The first CIE that says the same as `entry`, which may be itself. */
  #represent(entry: UnwindEntry, commons: Map<string, UnwindEntry>): UnwindEntry {
    const key = this.#keyOf(entry);
    const representative = commons.get(key) ?? entry;
    commons.set(key, representative);
    this.#representatives.set(entry, representative);
    return representative;
  }

  /** Bytes, and what is relocated in them. */
  #keyOf({ input, offset, size, relocations }: UnwindEntry): string {
    const bytes = input.bytes.subarray(offset, offset + size);
    const targets = relocations.flatMap((relocation) => {
      const { name, binding, input: home } = this.#symbols.target(input, relocation);
      // Local symbols of the same name need not be the same symbol.
      const place = binding === "local" ? `${home?.object.name} ${home?.index}` : "";
      const { kind, width, addend } = relocation;
      return [relocation.offset - offset, kind, width, addend, name, place];
    });
    return [bytes.join(), ...targets].join("\n");
  }

  #rewrite(
    input: InputSection,
    entries: readonly UnwindEntry[],
    stays: ReadonlySet<UnwindEntry>,
    isLast: boolean,
  ): void {
    const { bytes: old } = input;
    const size = entries.reduce((sum, entry) => sum + (stays.has(entry) ? entry.size : 0), 0);
    // There must be no padding between tables, as it would end them all: the last entry absorbs it.
    const padded = isLast ? size : alignUp(size, input.section.align);
    const bytes = new Uint8Array(padded);
    const starts = new Map<UnwindEntry, number>();
    const relocations: Relocation[] = [];
    let last: UnwindEntry | undefined;
    let at = 0;
    for (const entry of entries) {
      starts.set(entry, at);
      if (!stays.has(entry)) continue;
      bytes.set(old.subarray(entry.offset, entry.offset + entry.size), at);
      for (const relocation of entry.relocations) {
        relocations.push({ ...relocation, offset: relocation.offset - entry.offset + at });
      }
      this.#kept.set(entry, { entry, offset: at });
      at += entry.size;
      last = entry;
    }
    if (last && padded > size) {
      new DataView(bytes.buffer).setUint32(size - last.size, last.size - 4 + padded - size, true);
    }
    const locate = (offset: number) => {
      const entry = entryAt(entries, offset);
      const start = (entry && starts.get(entry)) ?? 0;
      const inside = entry && stays.has(entry) ? offset - entry.offset : 0;
      return { input, offset: start + inside };
    };
    input.content = { bytes, relocations, locate };
  }
}
