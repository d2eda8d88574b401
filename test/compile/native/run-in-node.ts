// The results of calls in Node's own WebAssembly, in the terms of native.ts.

import { decodeModule } from "../../../src/compile/wasm/decode";
import type { FunctionType, ValueType } from "../../../src/compile/wasm/wasm";
import { F32, F64, I64 } from "../../../src/compile/wasm/wasm";
import { bitsOfFloat, floatOfBits } from "../random/random";
import type { Call, Outcome, Trapped } from "./native";

/** A number as JavaScript has it. */
type Value = number | bigint;

export interface RunInNode {
  readonly outcomes: Outcome[];
  readonly exports: WebAssembly.Exports;
}

/** The results of the calls, of exported functions, in order. */
export function runInNode(bytes: Uint8Array, calls: readonly Call[]): Outcome[] {
  return instanceInNode(bytes, calls).outcomes;
}

/** The same, with what the module exports, as the calls have left it. */
export function instanceInNode(bytes: Uint8Array, calls: readonly Call[]): RunInNode {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  const types = exportTypes(bytes);
  const outcomes = calls.map(({ name, args }): Outcome => {
    const fn = exports[name] as (...args: Value[]) => Value | Value[] | undefined;
    const { params, results } = types.get(name)!;
    try {
      const result = fn(...args.map((value, i) => toJavaScript(params[i]!, value)));
      if (Array.isArray(result)) return result.map((value, i) => bitsOf(results[i]!, value));
      return result === undefined ? undefined : bitsOf(results[0]!, result);
    } catch (error) {
      if (error instanceof WebAssembly.Exception) return "uncaught exception";
      if (error instanceof Error) return trapInNode(error);
      throw error;
    }
  });
  return { outcomes, exports };
}

/** The types of a module's exported functions, by name. */
export function exportTypes(bytes: Uint8Array): Map<string, FunctionType> {
  const module = decodeModule(bytes, "module");
  const functions = module.exports.filter(({ kind }) => kind === "function");
  return new Map(
    functions.map(({ name, index }) => [name, module.types[module.functions[index]!.typeIndex]!]),
  );
}

function toJavaScript(type: ValueType, value: bigint): Value {
  if (type === I64) return value;
  if (type === F32) return floatOfBits("f32", value);
  return type === F64 ? floatOfBits("f64", value) : Number(value);
}

function bitsOf(type: ValueType, result: Value): bigint {
  if (typeof result === "bigint") return BigInt.asUintN(64, result);
  if (type === F32) return bitsOfFloat("f32", result);
  return type === F64 ? bitsOfFloat("f64", result) : BigInt(result >>> 0);
}

/** V8's words for traps; it tells some apart that we do not, and the other way round. */
const TRAPS: Readonly<Record<string, Trapped>> = {
  unreachable: "unreachable",
  "divide by zero": "integer divide by zero",
  "remainder by zero": "integer divide by zero",
  "divide result unrepresentable": "integer overflow",
  "float unrepresentable in integer range": "integer overflow",
  "memory access out of bounds": "out of bounds memory access",
  "table index is out of bounds": "undefined element",
  "element segment out of bounds": "undefined element",
  "element segment has been dropped": "undefined element",
  "data segment out of bounds": "out of bounds memory access",
  "table access out of bounds": "undefined element",
  "null function or function signature mismatch": "indirect call type mismatch",
};

function trapInNode(error: Error): Trapped {
  if (error instanceof RangeError) return "call stack exhausted";
  const trap = TRAPS[error.message] ?? TRAPS[error.message.replace(/ \(.*\)$/, "")];
  if (trap === undefined) throw error;
  return trap;
}

/** Traps that Node does not tell apart: each by the one that stands for them. */
const EQUAL_IN_NODE: Readonly<Record<string, Trapped>> = {
  "invalid conversion to integer": "integer overflow",
  "out of bounds table access": "undefined element",
  "uninitialized element": "indirect call type mismatch",
};

/** An outcome with what Node does not tell apart made equal. */
export function asInNode(outcome: Outcome): Outcome {
  return typeof outcome === "string" ? (EQUAL_IN_NODE[outcome] ?? outcome) : outcome;
}
