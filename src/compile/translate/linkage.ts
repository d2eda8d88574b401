// What a function's code needs to know of the module around it: how functions, globals, tables and
// memory are reached, and what the target offers. module-linkage.ts answers for a whole module.

import type { OwnMemory } from "../ir/own-memory";
import type { ModuleSegment, Table } from "./module-tables";

/** What a call of an imported or defined function becomes. */
export type Callee =
  | { readonly kind: "function"; readonly name: string }
  | { readonly kind: "intrinsic"; readonly name: string }
  /** The address of a symbol; nothing is called. */
  | { readonly kind: "address"; readonly name: string };

/** How the module's items are reached from code. */
export interface Linkage {
  /** @param position of the call, for messages */
  callee(index: number, position: number): Callee;
  /** The symbol of a global's storage; its value if that never changes. */
  global(index: number): string | Pair64 | StaticAddress;
  /** What address the constant `value` at this byte of the module is; undefined: none. */
  addressAt(position: number, value: number): StaticAddress | undefined;
  table(index: number): Table;
  elements(index: number): ModuleSegment;
  data(index: number): ModuleSegment;
  /** The symbol whose address is tag `index`. */
  tag(index: number): string;
  /** How many words exceptions carry at most. */
  readonly exceptionWords: number;
  /** The symbol whose address is a reference to function `index`. */
  functionAddress(index: number): string;
  /** What stands before functions of a type, if calls are checked: equal for equal types only. */
  typeHash(typeIndex: number): number;
  /** Whether a call through a table must find a function of its type there, or trap. */
  readonly checksCalls: boolean;
  /** Added to every address of linear memory, unless it is the module's own. */
  readonly memoryBase: number;
  /** Absent: memory is the address space. */
  readonly ownMemory: OwnMemory | undefined;
  /** Whether traps are calls: then no instruction may trap by itself. */
  readonly callsTraps: boolean;
  /** Whether floating-point numbers may be used: a kernel does not save their registers. */
  readonly hasFloats: boolean;
  /** Whether there is a memory manager to call for `memory.size` and `memory.grow`. */
  readonly hasMemoryManager: boolean;
}

/** A constant global's value. */
export interface Pair64 {
  readonly low: number;
  readonly high: number;
}

/** A number that the linker knows: the address of a symbol and an offset, or that negated. */
export interface StaticAddress {
  readonly symbol: string;
  readonly offset: number;
  readonly isNegated: boolean;
}
