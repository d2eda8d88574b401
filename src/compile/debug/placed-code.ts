// Code of a module, and where in the source each instruction came from: as numbers, so that places
// of two modules, before and after optimisation, are compared at once.

import type { SourceMap } from "../assemblyscript/source-map";
import type { FunctionBody } from "../wasm/wasm";

/** More columns than lines of source have. */
const COLUMNS = 2 ** 14;

/** Numbers places of several source maps: equal ones where file, line and column are. */
export class PlaceNumbers {
  readonly #files = new Map<string, Map<number, number>>();
  #used = 1;

  /** All numbers are below this. */
  get limit(): number {
    return this.#used;
  }

  /** The number of each segment's place; 0: it has none. */
  of(map: SourceMap): Int32Array {
    const byFile = map.files.map((file) => this.#placesIn(file));
    const numbers = new Int32Array(map.size);
    for (let segment = 0; segment < numbers.length; segment++) {
      const places = byFile[map.fileOf(segment)];
      if (!places) continue;
      const place = map.lineOf(segment) * COLUMNS + map.columnOf(segment);
      let number = places.get(place);
      if (number === undefined) {
        number = this.#used++;
        places.set(place, number);
      }
      numbers[segment] = number;
    }
    return numbers;
  }

  #placesIn(file: string): Map<number, number> {
    let places = this.#files.get(file);
    if (!places) {
      places = new Map();
      this.#files.set(file, places);
    }
    return places;
  }
}

/** A function's code, with the segment of the source map and the place of each instruction. */
export class PlacedCode {
  readonly #numbers: Int32Array;
  readonly segments: Int32Array;
  #indices: Int32Array | undefined;

  /** @param numbers of the places of `map`, by segment */
  constructor(
    readonly body: FunctionBody,
    map: SourceMap,
    numbers: Int32Array,
  ) {
    this.#numbers = numbers;
    this.segments = map.segmentsAt(body.code.at);
  }

  get length(): number {
    return this.segments.length;
  }

  /** The number of the place of an instruction; 0: it has none. */
  placeOf(index: number): number {
    const segment = this.segments[index]!;
    return segment < 0 ? 0 : this.#numbers[segment]!;
  }

  /** The index of the instruction that begins at a byte of the module; -1: none does. */
  indexAt(position: number): number {
    this.#indices ??= indicesOf(this.body);
    return this.#indices[position - this.body.offset] ?? -1;
  }
}

function indicesOf({ offset, end, code }: FunctionBody): Int32Array {
  const indices = new Int32Array(end - offset).fill(-1);
  for (let i = 0; i < code.length; i++) indices[code.at[i]! - offset] = i;
  return indices;
}
