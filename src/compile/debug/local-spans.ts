// Where the locals of a function are, from moment to moment of its code: what trace-locals.ts finds
// and what becomes the function's variables once it is known where the code lies.

import type { ValueRange, WordPlace } from "../../object/debug-info";
import { FIRST_VIRTUAL } from "../code/code";
import type { Frame } from "../emit/frame";
import { type PlaceNumber, slotOf } from "./place-steps";

/** What a word is: 0: not known; 1 + a place; or minus the number of something fixed. */
export type WordCode = number;

/** Twice the number of the instruction that begins, or one more: its last byte begins. */
export type Moment = number;
/** The function begins. */
export const START: Moment = -1;

/** One local from some moment on. */
interface Span {
  readonly start: Moment;
  readonly low: WordCode;
  readonly high: WordCode;
}

export class LocalSpans {
  readonly #wide: readonly boolean[];
  readonly #fixed: readonly (WordPlace | undefined)[];

  /** By local, ascending; each up to the next one. */
  readonly #spans: Span[][];

  /**
   * @param wide by local: whether it has two words
   * @param fixed by number, what words can be without being anywhere
   */
  constructor(wide: readonly boolean[], fixed: readonly (WordPlace | undefined)[]) {
    this.#wide = wide;
    this.#fixed = fixed;
    this.#spans = wide.map(() => []);
  }

  /**
   * Notes what the locals are from `start` on.
   *
   * @param words the low and the high one of each local
   */
  note(start: Moment, words: readonly WordCode[]): void {
    for (let local = 0; local < this.#spans.length; local++) {
      const spans = this.#spans[local]!;
      const low = words[2 * local]!;
      const high = words[2 * local + 1]!;
      const last = spans[spans.length - 1];
      if (last ? last.low === low && last.high === high : low === 0 && high === 0) continue;
      if (last?.start === start) spans.pop();
      spans.push({ start, low, high });
    }
  }

  /**
   * Where each local has its value.
   *
   * @param offsets of the instructions, and of the end
   */
  ranges(offsets: Int32Array, frame: Frame): ValueRange[][] {
    const offsetOf = (moment: Moment): number => {
      if (moment === START) return 0;
      return moment % 2 === 0 ? offsets[moment / 2]! : offsets[(moment + 1) / 2]! - 1;
    };
    const places = new Map<number, readonly WordPlace[]>();
    return this.#spans.map((spans, local) => {
      const ranges: ValueRange[] = [];
      for (let i = 0; i + 1 < spans.length; i++) {
        const { low, high, start } = spans[i]!;
        if (low === 0 && high === 0) continue;
        const isWide = this.#wide[local]!;
        const key = (low * CODES + high) * 2 + (isWide ? 1 : 0);
        let words = places.get(key);
        if (!words) {
          const first = this.#placeOf(low, frame);
          words = isWide ? [first, this.#placeOf(high, frame)] : [first];
          places.set(key, words);
        }
        addRange(ranges, offsetOf(start), offsetOf(spans[i + 1]!.start), words);
      }
      return ranges;
    });
  }

  #placeOf(code: WordCode, frame: Frame): WordPlace {
    if (code === 0) return { kind: "unknown" };
    if (code < 0) return this.#fixed[-code]!;
    return wordPlace(code - 1, frame);
  }
}

/** More than there are codes of words. */
const CODES = 2 ** 24;

function wordPlace(place: PlaceNumber, frame: Frame): WordPlace {
  if (place >= FIRST_VIRTUAL) {
    const top = frame.cfaOffset(frame.saved.length, true);
    return { kind: "frame", offset: frame.offsetOf(slotOf(place)) - top };
  }
  return { kind: "register", number: frame.target.registers.dwarfNumbers[place]! };
}

function addRange(
  ranges: ValueRange[],
  start: number,
  end: number,
  words: readonly WordPlace[],
): void {
  if (start >= end) return;
  const last = ranges[ranges.length - 1];
  if (last?.end === start && isEqual(last.words, words)) {
    ranges[ranges.length - 1] = { start: last.start, end, words };
  } else ranges.push({ start, end, words });
}

function isEqual(a: readonly WordPlace[], b: readonly WordPlace[]): boolean {
  return a === b || (a.length === b.length && a.every((place, i) => isSame(place, b[i]!)));
}

function isSame(a: WordPlace, b: WordPlace): boolean {
  switch (a.kind) {
    case "unknown":
      return b.kind === "unknown";
    case "register":
      return b.kind === "register" && a.number === b.number;
    case "frame":
      return b.kind === "frame" && a.offset === b.offset;
    case "constant":
      return b.kind === "constant" && a.value === b.value;
    case "address":
      return b.kind === "address" && a.symbol === b.symbol && a.offset === b.offset;
  }
}
