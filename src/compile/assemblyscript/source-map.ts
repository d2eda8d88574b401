// Source maps of WebAssembly modules: which place in which source file a byte of code came from.
//
// asc writes a source map (version 3) whose one "line" is the module: each segment's column is a
// byte offset. A segment is VLQ numbers, each relative to the segment before it:
//
//   offset [, source file, line, column [, name]]
//
// Base64 digits carry five bits each, the lowest first, with bit 5 saying that more follow; the
// lowest bit of the assembled number is its sign.

import { Diagnostic, type Place } from "../../base/diagnostic";

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const VALUES = new Int8Array(128).fill(-1);
for (let i = 0; i < DIGITS.length; i++) VALUES[DIGITS.charCodeAt(i)] = i;

const COMMA = ",".charCodeAt(0);
const UNMAPPED = -1;

/** A decoded source map. Segments ascend by offset; each holds up to the next one. */
export class SourceMap {
  /** Source files as the compiler knew them: `kernel/main.ts`, `~lib/memory.ts`. */
  readonly files: readonly string[];
  /** How many segments the map has. */
  readonly size: number;
  readonly #offsets: Int32Array;
  readonly #fileIndices: Int32Array;
  readonly #lines: Int32Array;
  readonly #columns: Int32Array;

  /** By segment, those that were asked for. */
  readonly #places: (Place | undefined)[];

  /** @param json a source map, version 3, of a module; throws a Diagnostic if it is damaged */
  constructor(json: string) {
    const { sources, mappings } = parse(json);
    this.files = sources;
    this.size = (mappings.match(/[^,]+/g) ?? []).length;
    this.#offsets = new Int32Array(this.size);
    this.#fileIndices = new Int32Array(this.size);
    this.#lines = new Int32Array(this.size);
    this.#columns = new Int32Array(this.size);
    this.#places = new Array(this.size);
    this.#decode(mappings);
  }

  /** The place from which the code at this byte of the module came; undefined: from none. */
  lookup(offset: number): Place | undefined {
    return this.placeOf(this.#segmentAt(offset));
  }

  /** The place of a segment; undefined: it has none, or there is no such segment. */
  placeOf(segment: number): Place | undefined {
    const file = segment < 0 ? undefined : this.files[this.fileOf(segment)];
    if (file === undefined) return undefined;
    this.#places[segment] ??= { file, line: this.lineOf(segment), column: this.columnOf(segment) };
    return this.#places[segment];
  }

  /** The index of a segment's file; -1: it has none. */
  fileOf(segment: number): number {
    return this.#fileIndices[segment] ?? UNMAPPED;
  }

  /** The line of a segment that has a file, from 1. */
  lineOf(segment: number): number {
    return this.#lines[segment]!;
  }

  /** The column of a segment that has a file, from 1. */
  columnOf(segment: number): number {
    return this.#columns[segment]!;
  }

  /**
   * The segments of many bytes at once; -1: none.
   *
   * @param offsets ascending
   */
  segmentsAt(offsets: Uint32Array): Int32Array {
    const segments = new Int32Array(offsets.length);
    const { size } = this;
    const starts = this.#offsets;
    let segment = offsets.length > 0 ? this.#segmentAt(offsets[0]!) : -1;
    for (let i = 0; i < offsets.length; i++) {
      while (segment + 1 < size && starts[segment + 1]! <= offsets[i]!) segment++;
      segments[i] = segment;
    }
    return segments;
  }

  /** The last segment that starts at or before `offset`; -1: none does. */
  #segmentAt(offset: number): number {
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#offsets[middle]! <= offset) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #decode(mappings: string): void {
    const reader = new VlqReader(mappings);
    let offset = 0;
    let file = 0;
    let line = 0;
    let column = 0;
    for (let segment = 0; !reader.atEnd; segment++) {
      offset += reader.number();
      const mapped = !reader.atSegmentEnd;
      if (mapped) {
        file += reader.number();
        line += reader.number();
        column += reader.number();
        if (!reader.atSegmentEnd) reader.number();
      }
      reader.endSegment();
      this.#offsets[segment] = offset;
      this.#fileIndices[segment] = mapped ? file : UNMAPPED;
      this.#lines[segment] = line + 1;
      this.#columns[segment] = column + 1;
    }
  }
}

function parse(json: string): { sources: string[]; mappings: string } {
  let map: unknown;
  try {
    map = JSON.parse(json);
  } catch {
    damaged("it is not JSON");
  }
  if (typeof map !== "object" || map === null) damaged("it is not an object");
  const { version, sources, mappings } = map as Record<string, unknown>;
  if (version !== 3) damaged("its version is not 3");
  if (typeof mappings !== "string" || !Array.isArray(sources)) damaged("it has no mappings");
  return { sources: sources.map(String), mappings };
}

function damaged(text: string): never {
  throw new Diagnostic(
    "MAP001",
    `the source map is damaged: ${text}`,
    "Build the module and its source map again.",
  );
}

class VlqReader {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get atEnd(): boolean {
    return this.#position >= this.#text.length;
  }

  get atSegmentEnd(): boolean {
    return this.atEnd || this.#text.charCodeAt(this.#position) === COMMA;
  }

  endSegment(): void {
    if (!this.atSegmentEnd) damaged("a segment has too many numbers");
    this.#position++;
  }

  number(): number {
    let value = 0;
    for (let shift = 0; ; shift += 5) {
      const digit = VALUES[this.#text.charCodeAt(this.#position++)] ?? -1;
      if (digit < 0 || shift > 30) damaged("a number in its mappings is malformed");
      value += (digit & 31) * 2 ** shift;
      if (digit < 32) break;
    }
    const magnitude = Math.floor(value / 2);
    return value % 2 === 0 ? magnitude : -magnitude;
  }
}
