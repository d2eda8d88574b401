// Pass: shares equal constants and strings between sections whose compiler allows it (SHF_MERGE).
//
//      a.o .rodata.str1.1   "panic\0" "at %s\0"            -> "panic\0" "at %s\0"
//      b.o .rodata.str1.1   "panic\0" "nic\0" "halt\0"     -> "halt\0"      ("nic" is in "panic")
//
// A section keeps what it is the first to have, and gives up the rest; a string that is the tail of
// another is found there. Only sections of one output section with equal entries and alignments
// share. Order and choices are those of GNU ld, so that both make the same bytes.
//
// Requires: the inputs of the image.  Provides: `content` of merged inputs; empties are taken out.

import { alignUp } from "../../base/align";
import type { MergeInfo } from "../../object/object";
import type { InputSection, ReplacedContent } from "./model";

/** One constant or string. */
interface Entry {
  /** Bytes as characters, a string's terminator included. */
  readonly key: string;
  /** Zero once another entry has taken its place. */
  alignment: number;
  readonly owner: InputSection;
  /** The longer string that ends with this one. */
  host: Entry | undefined;
  /** From the start of the owner's new content. */
  offset: number;
}

/** Merges what may be merged among `inputs`, which are in the order of the objects. */
export function mergeSections(inputs: readonly InputSection[]): void {
  const groups = new Map<string, InputSection[]>();
  const outputs = new Map<unknown, number>();
  for (const input of inputs) {
    const merge = mergeable(input);
    if (!merge || !input.output) continue;
    const number = outputs.get(input.output) ?? outputs.size;
    outputs.set(input.output, number);
    const key = `${number} ${merge.entrySize} ${merge.strings} ${input.section.align}`;
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    group.push(input);
  }
  const emptied = new Set<InputSection>();
  for (const group of groups.values()) {
    const [first] = group;
    const merge = first && mergeable(first);
    if (!merge) continue;
    for (const input of new MergeGroup(merge, group).merge()) emptied.add(input);
  }
  for (const output of new Set([...emptied].map((input) => input.output))) {
    if (output) output.inputs = output.inputs.filter((input) => !emptied.has(input));
  }
}

/** How `input` may be merged, if at all. */
function mergeable({ live, section }: InputSection): MergeInfo | undefined {
  const { merge, size, align, type } = section;
  if (!live || !merge || size === 0 || type === "nobits") return undefined;
  if (section.hasRelocations ?? section.relocations.length > 0) return undefined;
  const { entrySize, strings } = merge;
  const powerOfTwo = Number.isInteger(Math.log2(entrySize));
  if (entrySize < align && !(powerOfTwo && strings)) return undefined;
  if (entrySize > align && entrySize % align !== 0) return undefined;
  return merge;
}

class MergeGroup {
  readonly #entries = new Map<string, Entry>();
  /** In the order in which they were found. */
  readonly #order: Entry[] = [];

  readonly #info: MergeInfo;
  readonly #inputs: readonly InputSection[];

  constructor(info: MergeInfo, inputs: readonly InputSection[]) {
    this.#info = info;
    this.#inputs = inputs;
  }

  /** Sets the content of the inputs; returns those that have nothing left. */
  merge(): InputSection[] {
    for (const input of this.#inputs) this.#record(input);
    if (this.#info.strings) this.#shareEnds();
    const sizes = this.#assignOffsets();
    const kept = new Map<InputSection, Uint8Array>();
    for (const [input, size] of sizes) kept.set(input, new Uint8Array(size));
    for (const { key, owner, offset, host } of this.#order) {
      const bytes = kept.get(owner);
      if (host || !bytes) continue;
      for (let at = 0; at < key.length; at++) bytes[offset + at] = key.charCodeAt(at);
    }
    for (const input of this.#inputs) input.content = this.#contentOf(input, kept.get(input));
    return this.#inputs.filter((input) => !kept.has(input));
  }

  #record(input: InputSection): void {
    const { bytes, align } = input.section;
    const { entrySize, strings } = this.#info;
    if (!strings) {
      for (let at = 0; at < bytes.length; at += entrySize)
        this.#add(bytes, at, entrySize, 1, input);
      return;
    }
    let padded = false;
    for (let at = 0; at < bytes.length; ) {
      const length = stringLength(bytes, at, entrySize);
      this.#add(bytes, at, length, alignmentAt(at, align), input);
      at += length;
      // Padding between aligned strings is left out, but an empty string may be among it.
      for (; at < bytes.length && isZero(bytes, at, entrySize); at += entrySize) {
        if (padded || at % align !== 0) continue;
        padded = true;
        this.#add(bytes, at, entrySize, align, input);
      }
    }
  }

  #add(
    bytes: Uint8Array,
    at: number,
    length: number,
    alignment: number,
    owner: InputSection,
  ): void {
    const key = keyOf(bytes, at, length, this.#info.entrySize);
    const old = this.#entries.get(key);
    if (old && old.alignment >= alignment) return;
    // A better aligned copy takes the place of the old one.
    if (old) old.alignment = 0;
    const entry: Entry = { key, alignment, owner, host: undefined, offset: 0 };
    this.#entries.set(key, entry);
    this.#order.push(entry);
  }

  /** Finds for each string the longer one that ends with it. */
  #shareEnds(): void {
    const { entrySize } = this.#info;
    const alive = this.#order.filter(({ alignment }) => alignment > 0);
    const alignments = new Set(alive.map(({ alignment }) => alignment));
    const [only] = alignments.size === 1 ? alignments : [0];
    const unit = only !== undefined && only > entrySize ? only : 1;
    const tail = ({ key }: Entry) => (key.length - entrySize) % unit;
    const reversed = new Map(alive.map((entry) => [entry, reverse(entry.key)]));
    const rank = (entry: Entry) => reversed.get(entry) ?? "";
    alive.sort((a, b) => {
      if (tail(a) !== tail(b)) return tail(a) - tail(b);
      return rank(a) < rank(b) ? -1 : Number(rank(a) > rank(b));
    });
    let host = alive.pop();
    for (let entry = alive.pop(); host && entry; entry = alive.pop()) {
      const distance = host.key.length - entry.key.length;
      const fits = host.alignment >= entry.alignment && distance % entry.alignment === 0;
      if (fits && distance > 0 && host.key.endsWith(entry.key)) {
        entry.host = host;
      } else {
        host = entry;
      }
    }
  }

  /** The sizes of the inputs that keep anything. */
  #assignOffsets(): Map<InputSection, number> {
    const sizes = new Map<InputSection, number>();
    for (const entry of this.#order) {
      if (entry.host || entry.alignment === 0) continue;
      entry.offset = alignUp(sizes.get(entry.owner) ?? 0, entry.alignment);
      sizes.set(entry.owner, entry.offset + entry.key.length);
    }
    return sizes;
  }

  #contentOf(input: InputSection, bytes: Uint8Array = new Uint8Array(0)): ReplacedContent {
    const locate = (offset: number) => this.#locate(input, offset);
    return { bytes, relocations: [], locate };
  }

  #locate(input: InputSection, offset: number) {
    const { bytes } = input.section;
    const { entrySize, strings } = this.#info;
    if (offset < 0 || offset >= bytes.length) return { input, offset: input.size };
    const start = strings ? stringStart(bytes, offset, entrySize) : offset - (offset % entrySize);
    const length = strings ? stringLength(bytes, start, entrySize) : entrySize;
    const entry = this.#entries.get(keyOf(bytes, start, length, entrySize));
    const home = entry?.host ?? entry;
    // Padding after a string's end was left out: any zero of the section serves for it.
    if (!entry || !home) return this.#zero(input);
    const inside = offset - start + (home.key.length - entry.key.length);
    return { input: home.owner, offset: home.offset + inside };
  }

  /** The terminator of the first string. */
  #zero(input: InputSection) {
    const first = this.#order.find(({ alignment, host }) => alignment > 0 && !host);
    if (!first) return { input, offset: 0 };
    const offset = first.offset + first.key.length - this.#info.entrySize;
    return { input: first.owner, offset };
  }
}

/** Of the strings' characters in reverse, without the terminator. */
function reverse(key: string): string {
  let text = "";
  for (let at = key.length - 1; at >= 0; at--) text += key[at];
  return text;
}

/** How well `offset` is aligned, but at most as well as the section. */
function alignmentAt(offset: number, align: number): number {
  const own = offset & -offset;
  return own === 0 || own > align ? align : own;
}

function isZero(bytes: Uint8Array, at: number, size: number): boolean {
  for (let index = at; index < at + size; index++) if (bytes[index]) return false;
  return true;
}

/** Bytes of the string at `at`, terminator included, even if the section ends without one. */
function stringLength(bytes: Uint8Array, at: number, entrySize: number): number {
  if (entrySize === 1) {
    const end = bytes.indexOf(0, at);
    return (end < 0 ? bytes.length : end) + 1 - at;
  }
  let end = at;
  while (end < bytes.length && !isZero(bytes, end, entrySize)) end += entrySize;
  return end + entrySize - at;
}

function stringStart(bytes: Uint8Array, offset: number, entrySize: number): number {
  let start = offset - (offset % entrySize);
  while (start > 0 && !isZero(bytes, start - entrySize, entrySize)) start -= entrySize;
  return start;
}

/** The bytes as characters; what lies beyond the end is zero. */
function keyOf(bytes: Uint8Array, at: number, length: number, entrySize: number): string {
  let key = "";
  for (let index = at; index < at + length; index++) key += String.fromCharCode(bytes[index] ?? 0);
  return key.padEnd(Math.ceil(length / entrySize) * entrySize, "\0");
}
