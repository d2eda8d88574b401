// Random WebAssembly modules over all that the compiler supports, from a seed.
//
// Every module has the same frame: memory of one page that may grow, globals, two tables, passive
// segments, functions f0, f1, … of which each calls only earlier ones directly, and `state`, a hash
// of memory and globals. Loops and calls through tables burn fuel from a global, so that every call
// ends; addresses are masked into the page. What is left to chance may trap: then both sides must,
// for the same reason.

import { Random } from "./random";
import {
  BodyWriter,
  constant,
  FUEL,
  i32,
  i64,
  PASSIVE_BYTES,
  PASSIVE_ELEMENTS,
  randomType,
  SECOND_TABLE_SIZE,
  type Shape,
  type Surroundings,
  TABLE_SIZE,
} from "./random-body";
import { F32, F64, I32, I64, type Type } from "./random-ops";
import type { Bytes } from "./wasm-bytes";
import { leb, section, text, vector, wasm } from "./wasm-bytes";

export { Random } from "./random";

export interface RandomModule {
  readonly bytes: Uint8Array;
  readonly functions: readonly Shape[];
}

const GLOBALS: readonly Type[] = [I32, I32, I64, F64, F32, I32, I64];
const HASHED_WORDS = 0x1100 / 8;
const MAX_PAGES = 3;
const MAX_ENTRIES = 9;
const BLOCK_TYPES = 3;
const MAX_FUNCTIONS = 5;

function randomTypes(random: Random, most: number): Type[] {
  return Array.from({ length: random.below(most + 1) }, () => randomType(random));
}

function randomShape(random: Random): Shape {
  const params = randomTypes(random, 5);
  const isMany = random.chance(20);
  return { params, results: isMany ? randomTypes(random, 4) : [randomType(random)] };
}

/** `state`: i64, a hash of memory and globals. */
function stateBody(): number[] {
  const hash = [0x42, 0x1f, 0x7e];
  const address = [0x20, 0];
  const step = [0x20, 1, ...hash, ...address, 0x29, 0, 0, 0x85, 0x21, 1];
  const next = [...address, ...i32(8), 0x6a, 0x22, 0, ...i32(8 * HASHED_WORDS), 0x49, 0x0d, 0];
  const asI64: Readonly<Partial<Record<Type, number[]>>> = {
    [I32]: [0xac],
    [F32]: [0xbc, 0xac],
    [F64]: [0xbd],
  };
  const globals = GLOBALS.flatMap((type, i) => [
    ...[0x20, 1, ...hash, 0x23, i],
    ...(asI64[type] ?? []),
    ...[0x85, 0x21, 1],
  ]);
  const code = [0x03, 0x40, ...step, ...next, 0x0b, ...globals, 0x20, 1, 0x0b];
  const locals = vector([1, I32], [1, I64]);
  return [...leb(locals.length + code.length), ...locals, ...code];
}

/** `fuel(i32)`: sets the fuel of the next call. */
function fuelBody(): number[] {
  const code = [0, 0x20, 0, 0x24, FUEL, 0x0b];
  return [...leb(code.length), ...code];
}

const typeOf = ({ params, results }: Shape): Bytes => [
  0x60,
  ...vector(...params.map((each) => [each])),
  ...vector(...results.map((each) => [each])),
];

function initialValue(random: Random, type: Type): number[] {
  if (type === F32 || type === F64) {
    return constant(type, random.float(type === F32 ? "f32" : "f64"));
  }
  return type === I32 ? i32(random.below(100)) : i64(random.bits());
}

/** Function indices for a segment: most of the time entry i is function i. */
function entries(random: Random, length: number, functions: number): number[][] {
  return Array.from({ length }, (_, i) =>
    leb(random.below(100) < 95 && i < functions ? i : random.below(functions)),
  );
}

/** Tables hold all functions; passive segments are the third of elements and the second of data. */
function segments(random: Random, functions: number): { elements: number[]; data: number[] } {
  const first = entries(random, TABLE_SIZE - 2, functions);
  const second = entries(random, SECOND_TABLE_SIZE - 1, functions);
  const passive = entries(random, PASSIVE_ELEMENTS, functions);
  const all = Array.from({ length: functions }, (_, i) => leb(i));
  const bytes = (count: number) => Array.from({ length: count }, () => [random.below(256)]);
  return {
    elements: vector(
      [0, ...i32(0), 0x0b, ...vector(...first)],
      [2, 1, ...i32(1), 0x0b, 0, ...vector(...second)],
      [1, 0, ...vector(...passive)],
      [3, 0, ...vector(...all)],
    ),
    data: vector(
      [0, ...i32(16), 0x0b, ...vector(...bytes(24))],
      [1, ...vector(...bytes(PASSIVE_BYTES))],
    ),
  };
}

/** The module of a seed, or of a generator's answers. */
export function randomModule(source: number | Random): RandomModule {
  const random = typeof source === "number" ? new Random(source) : source;
  const blockTypes = Array.from({ length: BLOCK_TYPES }, () => ({
    params: randomTypes(random, 3),
    results: randomTypes(random, 3),
  }));
  const functions: Shape[] = [];
  const bodies = random.some(MAX_FUNCTIONS, 68, () => {
    const shape = randomShape(random);
    const callable = [...functions];
    functions.push(shape);
    const around: Surroundings = {
      callable,
      functions: [...functions],
      blockTypes,
      firstBlockType: MAX_FUNCTIONS + 2,
      globals: GLOBALS,
    };
    return new BodyWriter(random, shape, around).write();
  });
  const all: Shape[] = [
    ...functions,
    { params: [], results: [I64] },
    { params: [I32], results: [] },
  ];
  // Types have the index of their function; those of blocks come behind all that there can be.
  const unused = Array.from({ length: MAX_FUNCTIONS + 2 - all.length }, () => all[0]!);
  const state = functions.length;
  const { elements, data } = segments(random, functions.length);
  const globals = GLOBALS.map((type) => [type, 1, ...initialValue(random, type), 0x0b]);
  const bytes = wasm(
    section(1, vector(...[...all, ...unused, ...blockTypes].map(typeOf))),
    section(3, vector(...all.map((_, i) => leb(i)))),
    section(4, vector([0x70, 0, TABLE_SIZE], [0x70, 1, SECOND_TABLE_SIZE, MAX_ENTRIES])),
    section(5, vector([1, 1, MAX_PAGES])),
    section(6, vector(...globals)),
    section(
      7,
      vector(
        ...functions.map((_, i) => [...text(`f${i}`), 0, i]),
        [...text("state"), 0, state],
        [...text("fuel"), 0, state + 1],
      ),
    ),
    section(9, elements),
    section(12, [2]),
    section(10, vector(...bodies, stateBody(), fuelBody())),
    section(11, data),
  );
  return { bytes, functions };
}
