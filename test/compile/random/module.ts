// Random WebAssembly modules over all that the compiler supports, from a seed.
//
// Every module has the same frame: memory of one page that may grow, globals, two tables,
// passive segments, functions f0, f1, … of which each calls only earlier ones directly, and
// `state`, a hash of memory and globals. Loops and calls burn fuel from a global, so that every
// call ends, and addresses are masked into the page, in most modules. What is left to chance may
// trap: then both sides must, for the same reason.

import type { Bytes } from "../wasm/wasm-bytes";
import { leb, section, text, vector, wasm } from "../wasm/wasm-bytes";
import { BodyWriter } from "./body";
import { constant, i32, i64 } from "./code";
import {
  BLOCK_TYPES,
  frameOf,
  functionIndex,
  GLOBALS,
  MUTABLE_GLOBALS,
  type Shape,
  TABLES,
  typeIndex,
  USED_BYTES,
} from "./frame";
import { randomType, type Surroundings } from "./leaf";
import { PASSIVE_BYTES } from "./memory";
import { F32, F64, I32, type Type } from "./ops";
import { Random } from "./random";

export { Random } from "./random";

export interface RandomModule {
  readonly bytes: Uint8Array;
  readonly functions: readonly Shape[];
}

/** What memory is full of from the start: little of it is 0. */
const PATTERN = vector(
  ...Array.from({ length: USED_BYTES }, (_, i) => [(((i * i * 13) >> 3) ^ (i * 89)) & 0xff]),
);
const MAX_PAGES = 3;
const MAX_ENTRIES = 9;
const PASSIVE_ELEMENTS = 4;
const MAX_FUNCTIONS = 5;
const TAGS = 3;

function randomTypes(random: Random, most: number): Type[] {
  return Array.from({ length: random.below(most + 1) }, () => randomType(random));
}

function randomShape(random: Random): Shape {
  const params = randomTypes(random, 5);
  const isMany = random.chance(20);
  const results = isMany ? randomTypes(random, 4) : [randomType(random)];
  if (!random.chance(35)) return { params, results };
  return { params: [...params, I32], results, pointer: params.length };
}

/** The shape of the function after `before`: sometimes one that was there. */
function shapeAfter(random: Random, before: readonly Shape[]): Shape {
  const others = before.filter(({ isFatal }) => !isFatal);
  if (others.length === 0 || random.chance(65)) return randomShape(random);
  if (random.chance(70)) return random.pick(others);
  return { ...randomShape(random), isFatal: true };
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
  return type === I32 ? i32(random.below(100)) : i64(random.bits(64));
}

/** Function indices for a segment: most of the time entry i is function i. */
function entries(random: Random, length: number, functions: number): number[][] {
  return Array.from({ length }, (_, i) =>
    leb(functionIndex(random.below(100) < 98 && i < functions ? i : random.below(functions))),
  );
}

/** Passive are the third segment of elements, what fills the tables, and the second of data. */
function segments(random: Random, functions: number): { elements: number[]; data: number[] } {
  const first = entries(random, TABLES[0].filled, functions);
  const second = entries(random, TABLES[1].filled, functions);
  const passive = entries(random, PASSIVE_ELEMENTS, functions);
  const all = Array.from({ length: functions }, (_, i) => leb(functionIndex(i)));
  const bytes = (count: number) => Array.from({ length: count }, () => [random.below(256)]);
  return {
    elements: vector(
      [0, ...i32(TABLES[0].start), 0x0b, ...vector(...first)],
      [2, 1, ...i32(TABLES[1].start), 0x0b, 0, ...vector(...second)],
      [1, 0, ...vector(...passive)],
      [3, 0, ...vector(...all)],
      [1, 0, ...vector(...first)],
      [1, 0, ...vector(...second)],
    ),
    data: vector([0, ...i32(0), 0x0b, ...PATTERN], [1, ...vector(...bytes(PASSIVE_BYTES))]),
  };
}

/** The module of a seed, or of a generator's answers. */
export function randomModule(source: number | Random): RandomModule {
  const random = typeof source === "number" ? new Random(source) : source;
  const blockTypes = Array.from({ length: BLOCK_TYPES }, () => ({
    params: randomTypes(random, 3),
    results: randomTypes(random, 3),
  }));
  const tags = Array.from({ length: TAGS }, () => randomTypes(random, 3));
  const changesTables = random.chance(70);
  const strays = random.chance(6);
  const frame = frameOf(changesTables);
  const functions: Shape[] = [];
  const bodies = random.some(MAX_FUNCTIONS, 68, () => {
    const callable = [...functions];
    const shape = shapeAfter(random, callable);
    functions.push(shape);
    const around: Surroundings = {
      callable,
      functions: [...functions],
      blockTypes,
      tags,
      changesTables,
      strays,
    };
    return new BodyWriter(random, shape, around).write();
  });
  const types = [
    ...frame,
    ...blockTypes,
    ...functions.flatMap(({ params, results }) => [
      { params, results },
      { params: [], results },
    ]),
    ...tags.map((params) => ({ params, results: [] })),
  ];
  const firstTag = types.length - TAGS;
  const { elements, data } = segments(random, functions.length);
  const globals = GLOBALS.map((type, i) => [
    ...[type, i < MUTABLE_GLOBALS ? 1 : 0],
    ...[...initialValue(random, type), 0x0b],
  ]);
  const bytes = wasm(
    section(1, vector(...types.map(typeOf))),
    section(3, vector(...frame.map((_, i) => [i]), ...functions.map((_, i) => leb(typeIndex(i))))),
    section(4, vector([0x70, 0, TABLES[0].size], [0x70, 1, TABLES[1].size, MAX_ENTRIES])),
    section(5, vector([1, 1, MAX_PAGES])),
    section(13, vector(...tags.map((_, i) => [0, ...leb(firstTag + i)]))),
    section(6, vector(...globals)),
    section(
      7,
      vector(
        ...frame.map(({ name }, i) => [...text(name), 0, i]),
        ...functions.map((_, i) => [...text(`f${i}`), 0, functionIndex(i)]),
        [...text("memory"), 2, 0],
      ),
    ),
    section(9, elements),
    section(12, [2]),
    section(10, vector(...frame.map(({ body }) => body), ...bodies)),
    section(11, data),
  );
  return { bytes, functions };
}
