// WebAssembly's instructions for random programs, by types: from the compiler's own table, so that
// none is missed.

import { OPCODES, type OpcodeInfo } from "../../../src/compile/wasm/opcodes";
import { F32, F64, I32, I64 } from "../../../src/compile/wasm/wasm";
import { leb } from "../wasm/wasm-bytes";

export type Type = typeof I32 | typeof I64 | typeof F32 | typeof F64;
export const TYPES: readonly Type[] = [I32, I64, F64, F32];
export { F32, F64, I32, I64 };

const LETTERS: Readonly<Record<string, Type>> = { i: I32, l: I64, f: F32, d: F64 };

export interface RandomOp {
  readonly name: string;
  readonly bytes: readonly number[];
  readonly operands: readonly Type[];
  readonly result: Type | undefined;
  readonly isDivision: boolean;
  /** Bytes that it loads or stores, if it does. */
  readonly size: number;
  /** Traps for numbers that do not fit. */
  readonly isTruncation: boolean;
  /** The bits of its float operand, or the last one's sign, decide what it gives. */
  readonly showsBits: boolean;
}

function randomOp({ code, name, type }: OpcodeInfo): RandomOp {
  const operands = [...(type?.operands ?? "")].map((letter) => LETTERS[letter]!);
  const result = LETTERS[type?.results ?? ""];
  return {
    name,
    bytes: code > 0xff ? [0xfc, ...leb(code & 0xff)] : [code],
    operands,
    result,
    size: Number(/(?:load|store)(\d+)/.exec(name)?.[1] ?? /\d+/.exec(name)?.[0] ?? 0) / 8,
    isDivision: /^i.*\.(div|rem)/.test(name),
    isTruncation: /^i.*\.trunc_f/.test(name),
    showsBits: /reinterpret|copysign/.test(name),
  };
}

const typed = OPCODES.filter(({ type }) => type !== undefined);
const plain = typed.filter(({ immediate }) => immediate === "none").map(randomOp);
const memory = typed.filter(({ immediate }) => immediate === "memory").map(randomOp);

/** Operations on values by result type, grouped by operand types. */
export const OPERATIONS: ReadonlyMap<Type, readonly (readonly RandomOp[])[]> = new Map(
  TYPES.map((type) => {
    const groups = new Map<string, RandomOp[]>();
    for (const op of plain) {
      if (op.result !== type) continue;
      const key = op.operands.join();
      groups.set(key, [...(groups.get(key) ?? []), op]);
    }
    return [type, [...groups.values()]] as const;
  }),
);

/** Loads by result type, and stores by the type of what they store. */
export const LOADS = byType((op) => op.result);
export const STORES = byType((op) => (op.result === undefined ? op.operands[1] : undefined));

function byType(typeOf: (op: RandomOp) => Type | undefined): ReadonlyMap<Type, RandomOp[]> {
  return new Map(TYPES.map((type) => [type, memory.filter((op) => typeOf(op) === type)]));
}
