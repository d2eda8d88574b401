// What every random module has around its random functions: which index has what, and functions
// that make the rest comparable.
//
//   functions   plain32, plain64, state, fuel, then f0, f1, …
//   types       theirs, those of blocks, then for each random function its own and that of a block
//               which gives its results

import { leb, vector } from "../wasm/wasm-bytes";
import {
  constant,
  END,
  EQUAL,
  GLOBAL_GET,
  GLOBAL_SET,
  I32_ADD,
  i32,
  LOCAL_GET,
  LOCAL_SET,
  LOCAL_TEE,
  SELECT,
} from "./code";
import { F32, F64, I32, I64, type Type } from "./ops";
import { bitsOfFloat } from "./random";

export interface Shape {
  readonly params: readonly Type[];
  readonly results: readonly Type[];
  /** It always traps, and is called where that is unlikely to happen. */
  readonly isFatal?: boolean;
  /** The parameter that is always an address of what random functions use, if there is one. */
  readonly pointer?: number;
}

/** A function of the frame. */
interface FrameFunction extends Shape {
  readonly name: string;
  readonly body: readonly number[];
}

/** The last ones never change. */
export const GLOBALS: readonly Type[] = [I32, I32, I64, F64, F32, I32, I64, I32, I64, F64];
export const MUTABLE_GLOBALS = 7;
/** The global that counts down with every call and every turn of a loop. */
export const FUEL = 0;
/** Bytes of memory that functions change. */
export const USED_BYTES = 0x1300;

/** A table: what is filled in at the start, and again before each call from a segment. */
export interface FilledTable {
  readonly size: number;
  readonly start: number;
  readonly filled: number;
  readonly segment: number;
}
export const TABLES: readonly [FilledTable, FilledTable] = [
  { size: 8, start: 0, filled: 6, segment: 4 },
  { size: 5, start: 1, filled: 4, segment: 5 },
];

function bodyOf(locals: readonly Type[], code: readonly number[]): number[] {
  const declared = vector(...locals.map((type) => [1, type]));
  return [...leb(declared.length + code.length + 1), ...declared, ...code, END];
}

/** The argument, or a certain number if that is a NaN: the bits of some NaNs are open. */
function plain(type: typeof F32 | typeof F64): FrameFunction {
  const other = constant(type, bitsOfFloat(type === F32 ? "f32" : "f64", 1.25));
  const value = [LOCAL_GET, 0];
  const body = bodyOf([], [...value, ...other, ...value, ...value, EQUAL[type]!, SELECT]);
  return { name: type === F32 ? "plain32" : "plain64", params: [type], results: [type], body };
}

/** A hash of memory and globals. */
function state(): FrameFunction {
  const hash = [0x42, 0x1f, 0x7e];
  const address = [LOCAL_GET, 0];
  const more = [...address, ...i32(8), I32_ADD, LOCAL_TEE, 0, ...i32(USED_BYTES), 0x49, 0x0d, 0];
  const step = [LOCAL_GET, 1, ...hash, ...address, 0x29, 0, 0, 0x85, LOCAL_SET, 1];
  const asI64: Readonly<Partial<Record<Type, number[]>>> = {
    [I32]: [0xac],
    [F32]: [0xbc, 0xac],
    [F64]: [0xbd],
  };
  const globals = GLOBALS.flatMap((type, i) => [
    ...[LOCAL_GET, 1, ...hash, GLOBAL_GET, i],
    ...(asI64[type] ?? []),
    ...[0x85, LOCAL_SET, 1],
  ]);
  const code = [0x03, 0x40, ...step, ...more, END, ...globals, LOCAL_GET, 1];
  return { name: "state", params: [], results: [I64], body: bodyOf([I32, I64], code) };
}

/** Sets the fuel of the next call, and fills the tables anew if something changes them. */
function fuel(changesTables: boolean): FrameFunction {
  const refills = TABLES.flatMap(({ start, filled, segment }, table) => [
    ...[...i32(start), ...i32(0), ...i32(filled)],
    ...[0xfc, 12, segment, table],
  ]);
  const code = [LOCAL_GET, 0, GLOBAL_SET, FUEL, ...(changesTables ? refills : [])];
  return { name: "fuel", params: [I32], results: [], body: bodyOf([], code) };
}

/** The functions of the frame of a module that changes its tables or does not. */
export function frameOf(changesTables: boolean): FrameFunction[] {
  return [plain(F32), plain(F64), state(), fuel(changesTables)];
}

const FRAME_FUNCTIONS = 4;

/** The index of the function of the frame that takes any NaN away. */
export const plainOf = (type: Type): number => (type === F32 ? 0 : 1);

export const BLOCK_TYPES = 3;
export const FIRST_BLOCK_TYPE = FRAME_FUNCTIONS;
/** The index of random function `i`. */
export const functionIndex = (i: number): number => FRAME_FUNCTIONS + i;
/** The index of its type. */
export const typeIndex = (i: number): number => FIRST_BLOCK_TYPE + BLOCK_TYPES + 2 * i;
/** The index of the type of a block that takes nothing and gives its results. */
export const bodyTypeIndex = (i: number): number => typeIndex(i) + 1;
