// Pieces of WebAssembly's binary form that random bodies are put together from.

import { signedLeb } from "../wasm/wasm-bytes";
import { F32, F64, I32, I64, STORES, type Type } from "./ops";

export const BLOCK = 0x02;
export const LOOP = 0x03;
export const IF = 0x04;
export const ELSE = 0x05;
export const TRY = 0x06;
export const CATCH = 0x07;
export const THROW = 0x08;
export const RETHROW = 0x09;
export const DELEGATE = 0x18;
export const CATCH_ALL = 0x19;
export const END = 0x0b;
export const BR = 0x0c;
export const BR_IF = 0x0d;
export const BR_TABLE = 0x0e;
export const RETURN = 0x0f;
export const UNREACHABLE = 0x00;
export const NOP = 0x01;
export const CALL = 0x10;
export const CALL_INDIRECT = 0x11;
export const RETURN_CALL = 0x12;
export const RETURN_CALL_INDIRECT = 0x13;
export const DROP = 0x1a;
export const SELECT = 0x1b;
export const TYPED_SELECT = 0x1c;
export const LOCAL_GET = 0x20;
export const LOCAL_SET = 0x21;
export const LOCAL_TEE = 0x22;
export const GLOBAL_GET = 0x23;
export const GLOBAL_SET = 0x24;
export const VOID = 0x40;
export const FUNCREF = 0x70;

export const I32_ADD = 0x6a;
export const I32_SUB = 0x6b;
export const I32_MUL = 0x6c;
export const I32_AND = 0x71;
export const I32_SHL = 0x74;
export const I32_EQZ = 0x45;
export const I32_NE = 0x47;
export const I32_LT_S = 0x48;
export const I32_LT_U = 0x49;
export const I32_GT_S = 0x4a;
export const I32_GT_U = 0x4b;
export const I32_LE_S = 0x4c;

/** Of integers only. */
export const ROTL = { [I32]: 0x77, [I64]: 0x89 } as Record<Type, number>;
export const XOR = { [I32]: 0x73, [I64]: 0x85 } as Record<Type, number>;
/** Of floats only. */
export const MUL = { [F32]: 0x94, [F64]: 0xa2 } as Record<Type, number>;
export const EQUAL = { [F32]: 0x5b, [F64]: 0x61 } as Record<Type, number>;

export const isFloat = (type: Type): boolean => type === F32 || type === F64;

export const i32 = (value: number): number[] => [0x41, ...signedLeb(BigInt(value | 0))];
export const i64 = (value: bigint): number[] => [0x42, ...signedLeb(BigInt.asIntN(64, value))];

/** The constant of a type with these bits. */
export function constant(type: Type, bits: bigint): number[] {
  if (type === I32) return i32(Number(BigInt.asIntN(32, bits)));
  if (type === I64) return i64(bits);
  const size = type === F32 ? 4 : 8;
  const bytes = Array.from({ length: size }, (_, i) => Number((bits >> BigInt(8 * i)) & 0xffn));
  return [type === F32 ? 0x43 : 0x44, ...bytes];
}

/** The plain store of a type, at the address itself. */
export const storeOf = (type: Type): number[] => [...STORES.get(type)![0]!.bytes, 0, 0];
