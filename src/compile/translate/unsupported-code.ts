// What the compiler refuses to translate, and what it says of it.

import { isFloatOpcode, opcodeName } from "../wasm/opcodes";

/** Something that the compiler does not support, at a byte offset of the module. */
export class UnsupportedCode extends Error {
  constructor(
    readonly what: string,
    readonly position: number,
  ) {
    super(what);
  }
}

const FLOATS = "floating-point numbers";

/** Refuses floating-point numbers in a program that must not touch their registers. */
export function unsupportedFloats(position: number): UnsupportedCode {
  return new UnsupportedCode(FLOATS, position);
}

/** Refuses the instruction with opcode `op`. */
export function unsupportedInstruction(op: number, position: number): UnsupportedCode {
  const name = opcodeName(op);
  const what = isFloatOpcode(op) ? `${FLOATS} (${name})` : `the instruction ${name}`;
  return new UnsupportedCode(what, position);
}
