// One section while it is being assembled: fixed bytes, and items whose size is not known yet.
//
//   raw bytes   |instructions|instructions|data|
//   items                    ^jmp label   ^align 16
//   laid out    |instructions|eb 10|instructions|00 00|data|
//
// Branches to labels start short; those that do not reach grow, which may push others out of reach,
// until nothing changes. A branch never shrinks again, so this ends, after a few rounds in
// practice; should it take more than `MAX_ROUNDS`, all branches go long and one round settles the
// rest. Time is linear in the number of items.
//
// Invariants
//   - `items` ascends by `raw`; an item lies before the raw byte of that index.
//   - A `Position` counts the items before it, so a label before an `align` differs from one after.

import { alignUp } from "../base/align";
import type { FrameRule, SectionFlags } from "../object/object";
import type { Reference } from "./encode";
import { CodeBuffer, encodeForm } from "./encode";
import type { Form } from "./form";
import { nopFill } from "./nop";
import type { Label, SymbolReference } from "./operand";
import { relative } from "./operand";

const MAX_ROUNDS = 32;
/** Bytes of a line of the instruction cache, on x86 since the Pentium 4. */
const LINE = 64;
/** What is between functions: `int3`. */
const BETWEEN = 0xcc;

/** A place in a section before layout: a raw offset, and how many items lie before it. */
export interface Position {
  readonly raw: number;
  readonly items: number;
}

/** Places in the code of one section, whose offsets are known once the object is finished. */
export class Marks {
  readonly #section: SectionBuilder;
  readonly #raw: number[] = [];
  readonly #items: number[] = [];

  constructor(section: SectionBuilder) {
    this.#section = section;
  }

  /** Marks the end of what has been assembled so far. */
  add(): void {
    const { raw, items } = this.#section.here;
    this.#raw.push(raw);
    this.#items.push(items);
  }

  position(index: number): Position {
    return { raw: this.#raw[index]!, items: this.#items[index]! };
  }

  /** From the start of the section, in the order in which they were added. */
  offsets(): Int32Array {
    return Int32Array.from(this.#raw, (_, i) => this.#section.offsetOf(this.position(i)));
  }
}

/** Code that should lie in as few lines of the instruction cache as possible. */
export interface CacheLineSpan {
  readonly start: Position;
  readonly end: Position;
  /** What one line too many costs, in relation to other spans. */
  readonly weight: number;
}

export interface BranchItem {
  readonly kind: "branch";
  readonly raw: number;
  readonly short: Form;
  readonly long: Form;
  readonly target: SymbolReference;
  isLong: boolean;
}

interface AlignItem {
  readonly kind: "align";
  readonly raw: number;
  readonly alignment: number;
  /** The byte to fill with; undefined: no-operations. */
  readonly fill: number | undefined;
}

type Item = BranchItem | AlignItem;

interface SourceMark {
  readonly at: Position;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

interface FrameMark {
  readonly at: Position;
  /** Implied: a function begins, and so its caller's frame is on top. */
  readonly implicit: boolean;
  readonly cfaOffset: number;
  readonly saved: Readonly<Record<string, number>>;
  readonly rule: FrameRule;
}

export interface SectionOptions {
  readonly execute?: boolean;
  readonly write?: boolean;
  readonly alloc?: boolean;
  /** Holds no bytes in the file, zeros in memory. */
  readonly nobits?: boolean;
  /** The address that the contents assume already. */
  readonly address?: number;
}

/** Where a label is, if it is in this section. */
export type Locate = (target: SymbolReference["target"]) => Position | undefined;

export class SectionBuilder {
  readonly code = new CodeBuffer();
  readonly lines: SourceMark[] = [];
  readonly frames: FrameMark[] = [];
  align = 1;
  #reserved = 0;
  readonly #items: Item[] = [];
  #spans: readonly CacheLineSpan[] = [];

  /** Bytes before all others, so that the spans lie well; multiples of the alignment otherwise. */
  #lead = 0;
  #leadStep = 1;

  /** After `layOut`: how many bytes the lead and the first i items take. */
  #growth: Int32Array = new Int32Array(1);

  readonly flags: SectionFlags;
  readonly nobits: boolean;
  readonly address: number | undefined;

  constructor(
    readonly name: string,
    { alloc = true, write = false, execute = false, nobits = false, address }: SectionOptions,
  ) {
    this.flags = { alloc, write, execute };
    this.nobits = nobits;
    this.address = address;
  }

  /** Whether it was begun with the same options. */
  hasOptions(options: SectionOptions): boolean {
    const { flags, nobits, address } = new SectionBuilder(this.name, options);
    return (
      flags.alloc === this.flags.alloc &&
      flags.write === this.flags.write &&
      flags.execute === this.flags.execute &&
      nobits === this.nobits &&
      address === this.address
    );
  }

  /** Here: the end of what has been assembled so far. */
  get here(): Position {
    const raw = this.nobits ? this.#reserved : this.code.length;
    return { raw, items: this.#items.length };
  }

  branch(short: Form, long: Form, target: SymbolReference): void {
    const raw = this.code.length;
    this.#items.push({ kind: "branch", raw, short, long, target, isLong: false });
  }

  alignTo(alignment: number, fill: number | undefined): void {
    this.align = Math.max(this.align, alignment);
    this.#items.push({ kind: "align", raw: this.here.raw, alignment, fill });
  }

  /** Begins the section with a few unused bytes if spans lie in fewer lines then. */
  fitCacheLines(spans: readonly CacheLineSpan[]): void {
    if (spans.length === 0) return;
    this.#spans = spans;
    this.#leadStep = this.align;
    this.align = Math.max(this.align, LINE);
  }

  space(size: number, fill: number): void {
    if (this.nobits) this.#reserved += size;
    else this.code.append(new Uint8Array(size).fill(fill));
  }

  /** Decides the length of every item; `locate` finds the labels of this section. */
  layOut(locate: Locate): void {
    const targets = this.#items.map((item) =>
      item.kind === "branch" ? locate(item.target.target) : undefined,
    );
    this.#items.forEach((item, index) => {
      if (item.kind === "branch") item.isLong = targets[index] === undefined;
    });
    for (let round = 1; ; round++) {
      this.#measure();
      if (!this.#growBranches(targets, round > MAX_ROUNDS)) break;
    }
    this.#lead = this.#bestLead();
    if (this.#lead > 0) this.#measure();
  }

  /** The least lead with which the spans lie in the fewest lines. */
  #bestLead(): number {
    const spans = this.#spans.map(({ start, end, weight }) => {
      const offset = this.offsetOf(start);
      const size = this.offsetOf(end) - offset;
      return { offset, size, weight };
    });
    let best = 0;
    let least = Number.POSITIVE_INFINITY;
    for (let lead = 0; lead < LINE; lead += this.#leadStep) {
      const cost = spans.reduce((sum, span) => sum + costOfLines(span, lead), 0);
      if (cost >= least) continue;
      best = lead;
      least = cost;
    }
    return best;
  }

  /** Where a position ends up; valid after `layOut`. */
  offsetOf({ raw, items }: Position): number {
    return raw + (this.#growth[items] as number);
  }

  /** The section's size; valid after `layOut`. */
  get size(): number {
    return this.offsetOf(this.here);
  }

  #measure(): void {
    const growth = new Int32Array(this.#items.length + 1).fill(this.#lead);
    let total = this.#lead;
    this.#items.forEach((item, index) => {
      const start = item.raw + total;
      if (item.kind === "align") total += alignUp(start, item.alignment) - start;
      else total += item.isLong ? item.long.length : item.short.length;
      growth[index + 1] = total;
    });
    this.#growth = growth;
  }

  #growBranches(targets: readonly (Position | undefined)[], all: boolean): boolean {
    let grown = false;
    this.#items.forEach((item, index) => {
      const target = targets[index];
      if (item.kind !== "branch" || item.isLong || target === undefined) return;
      const distance = this.#distance(item, index, target);
      if (!all && distance >= -0x80 && distance < 0x80) return;
      item.isLong = true;
      grown = true;
    });
    return grown;
  }

  #distance(item: BranchItem, index: number, target: Position): number {
    const end = item.raw + (this.#growth[index + 1] as number);
    return this.offsetOf(target) + item.target.addend - end;
  }

  /** The bytes, with references left open where `locate` does not know the target. */
  write(locate: Locate): { bytes: Uint8Array; references: Reference[] } {
    const out = new CodeBuffer();
    if (this.nobits) return { bytes: out.bytes, references: [] };
    const raw = this.code.bytes;
    const references: Reference[] = [];
    const open = this.code.references;
    out.append(new Uint8Array(this.#lead).fill(BETWEEN));
    let done = 0;
    let next = 0;
    const copyTo = (end: number) => {
      const shift = out.length - done;
      for (let ref = open[next]; ref !== undefined && ref.offset < end; ref = open[++next]) {
        references.push({ ...ref, offset: ref.offset + shift });
      }
      out.append(raw.subarray(done, end));
      done = end;
    };
    this.#items.forEach((item, index) => {
      copyTo(item.raw);
      if (item.kind === "align") this.#writePadding(out, item, index);
      else this.#writeBranch(out, item, index, locate);
      references.push(...out.references.splice(0));
    });
    copyTo(raw.length);
    return { bytes: out.bytes, references };
  }

  #writePadding(out: CodeBuffer, { fill }: AlignItem, index: number): void {
    const length = (this.#growth[index + 1] as number) - (this.#growth[index] as number);
    out.append(fill === undefined ? nopFill(length) : new Uint8Array(length).fill(fill));
  }

  #writeBranch(out: CodeBuffer, item: BranchItem, index: number, locate: Locate): void {
    const target = locate(item.target.target);
    const operand =
      target === undefined ? item.target : relative(this.#distance(item, index, target));
    encodeForm(out, item.isLong ? item.long : item.short, [operand]);
  }
}

/** What the lines cost that a span of `size` bytes at `offset` + `lead` is in beyond its least. */
function costOfLines(
  { offset, size, weight }: { offset: number; size: number; weight: number },
  lead: number,
): number {
  const least = Math.max(1, Math.ceil(size / LINE));
  const first = Math.floor((offset + lead) / LINE);
  const last = Math.floor((offset + lead + size - 1) / LINE);
  return (weight * (last - first + 1 - least)) / least;
}

/** By the first part of the section's name. */
const DEFAULT_OPTIONS: Readonly<Record<string, SectionOptions>> = {
  text: { execute: true },
  rodata: {},
  data: { write: true },
  bss: { write: true, nobits: true },
};

/** A new section; undefined: no options are given and the name does not tell them. */
export function beginSection(name: string, options?: SectionOptions): SectionBuilder | undefined {
  const chosen = options ?? DEFAULT_OPTIONS[name.split(".")[1] ?? ""];
  return chosen && new SectionBuilder(name, chosen);
}

/** A label's place before layout. */
export interface LabelPlace {
  readonly section: SectionBuilder;
  readonly position: Position;
}

export type LabelPlaces = ReadonlyMap<Label, LabelPlace>;
