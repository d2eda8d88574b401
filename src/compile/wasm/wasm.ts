// A WebAssembly module in memory: what `decode.ts` makes and everything after it reads.
//
// Invariants
//   - Index spaces are arrays in the order of the standard: imports first, then definitions.
//   - Nothing here is checked beyond the binary format: `validate.ts` must run before a module is
//     compiled.
//
// Source: WebAssembly Core Specification 2.0, chapter 2.

import type { Code } from "./code";

/** A value type: its byte in the binary format. */
export type ValueType = 0x7f | 0x7e | 0x7d | 0x7c | 0x70 | 0x6f;
export const I32: ValueType = 0x7f;
export const I64: ValueType = 0x7e;
export const F32: ValueType = 0x7d;
export const F64: ValueType = 0x7c;
export const FUNCREF: ValueType = 0x70;
export const EXTERNREF: ValueType = 0x6f;

export interface FunctionType {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

export interface Limits {
  readonly min: number;
  readonly max?: number;
}

/** Where an imported item comes from. */
export interface ImportName {
  readonly module: string;
  readonly name: string;
}

/** One constant instruction: its number and immediates as in `Code`. */
export interface ConstantStep {
  readonly op: number;
  readonly a: number;
  readonly b: number;
  readonly at: number;
}

/** A constant: one instruction, or a sum or product of which not all is known before it runs. */
export interface ConstantExpression extends ConstantStep {
  /** All instructions in order, the last of which is `op`; absent: it is the only one. */
  readonly steps?: readonly ConstantStep[];
}

export interface WasmFunction {
  readonly index: number;
  readonly typeIndex: number;
  /** From the name section; else the export's or import's name, else `function<index>`. */
  name: string;
  readonly imported?: ImportName;
  /** Absent for an import. */
  readonly body?: FunctionBody;
}

export interface FunctionBody {
  /** From the first byte of the locals to the end, in bytes from the start of the module. */
  readonly offset: number;
  readonly end: number;
  /** Types of the declared locals; they follow the parameters. */
  readonly locals: readonly ValueType[];
  /** From the name section, by index: parameters and locals. */
  localNames: ReadonlyMap<number, string>;
  readonly code: Code;
}

export interface WasmTable {
  readonly element: ValueType;
  readonly limits: Limits;
  readonly imported?: ImportName;
}

export interface WasmMemory {
  /** In pages of 64 KiB. */
  readonly limits: Limits;
  readonly imported?: ImportName;
}

export interface WasmGlobal {
  readonly type: ValueType;
  readonly mutable: boolean;
  /** From the name section; else the export's or import's name, else `global<index>`. */
  name: string;
  readonly imported?: ImportName;
  /** Absent for an import. */
  readonly init?: ConstantExpression;
}

/** What an exception is: the values that it carries are the parameters of a type. */
export interface WasmTag {
  readonly typeIndex: number;
  readonly imported?: ImportName;
}

export type ExternalKind = "function" | "table" | "memory" | "global" | "tag";

export interface WasmExport {
  readonly name: string;
  readonly kind: ExternalKind;
  readonly index: number;
  readonly at: number;
}

export interface ElementSegment {
  readonly mode: "active" | "passive" | "declarative";
  /** The table and the place in it, of an active segment. */
  readonly table: number;
  readonly offset?: ConstantExpression;
  readonly element: ValueType;
  /** `ref.func`, `ref.null` or `global.get` each. */
  readonly items: readonly ConstantExpression[];
  readonly at: number;
}

export interface DataSegment {
  readonly memory: number;
  /** The address of an active segment; absent: passive. */
  readonly offset?: ConstantExpression;
  readonly bytes: Uint8Array;
  readonly at: number;
}

export interface CustomSection {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly at: number;
}

export interface WasmModule {
  /** What messages call it: a file name. */
  readonly file: string;
  readonly types: readonly FunctionType[];
  readonly functions: readonly WasmFunction[];
  readonly tables: readonly WasmTable[];
  readonly memories: readonly WasmMemory[];
  readonly globals: readonly WasmGlobal[];
  readonly tags: readonly WasmTag[];
  readonly exports: readonly WasmExport[];
  readonly start?: number;
  readonly elements: readonly ElementSegment[];
  readonly data: readonly DataSegment[];
  /** Absent: the module has no data count section, so no instruction may name a segment. */
  readonly dataCount?: number;
  readonly custom: readonly CustomSection[];
}
