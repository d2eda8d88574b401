// Types of WebAssembly as types of values. A reference is a word: an address, or the host's.

import type { NumberType, Signature } from "../ir/ir";
import type { FunctionType, ValueType } from "../wasm/wasm";
import { EXTERNREF, F32, F64, FUNCREF, I32, I64 } from "../wasm/wasm";
import { UnsupportedCode } from "./unsupported-code";

const NUMBER_TYPES: Readonly<Partial<Record<ValueType, NumberType>>> = {
  [I32]: "i32",
  [I64]: "i64",
  [F32]: "f32",
  [F64]: "f64",
  [FUNCREF]: "i32",
  [EXTERNREF]: "i32",
};

/**
 * Translates a type.
 *
 * @param position the byte of the module that a message names
 * @throws UnsupportedCode for vectors
 */
export function numberType(type: ValueType, position: number): NumberType {
  const found = NUMBER_TYPES[type];
  if (!found) throw new UnsupportedCode("vectors", position);
  return found;
}

/** Translates a function type in the same way. */
export function signatureOf(type: FunctionType, position: number): Signature {
  return {
    parameters: type.params.map((each) => numberType(each, position)),
    results: type.results.map((each) => numberType(each, position)),
  };
}
