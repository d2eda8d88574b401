// What `--memory own` makes of a module: a memory that is an array, with names for C in an object
// or with the program's memory manager in a program.

import { Diagnostic } from "../base/diagnostic";
import { cHeader } from "../compile/c-header";
import { CNames } from "../compile/c-names";
import { type OwnMemory, SIZE_LIMIT } from "../compile/ir/own-memory";
import type { CompileOptions } from "../compile/options";
import { Op } from "../compile/wasm/opcodes";
import type { WasmModule } from "../compile/wasm/wasm";
import { knowsAddresses, type ProgramMemory } from "./compile-memory";

const PAGE = 0x1_0000;
const MIB = 0x10_0000;
/** What a memory without a maximum may grow to, in MiB, unless it begins larger. */
export const DEFAULT_LIMIT = 256;
/** The largest limit, in MiB: addresses of more than half of all are no array in C. */
export const LARGEST_LIMIT = 2047;

export type MemoryMode = "own" | "shared";
/** How a program's own memory is kept: by comparisons, or by a segment whose limit is its size. */
export type Bounds = "compare" | "segment";

/** What a module's memory is unless the command line says so. */
export function defaultMode(module: WasmModule): MemoryMode {
  return module.memories.length > 0 && !knowsAddresses(module) ? "own" : "shared";
}

/** @throws Diagnostic COMP009 if a module that knows addresses is to have its own memory */
export function checkOwn(module: WasmModule): void {
  const known = module.functions.find(
    ({ imported }) => imported?.module === "x86" || imported?.module === "symbols",
  );
  if (!known?.imported) return;
  const { module: from, name } = known.imported;
  throw new Diagnostic(
    "COMP009",
    `a module that imports ${from}.${name} cannot have a memory of its own: it deals in addresses`,
    "Compile it with --memory shared.",
    { file: module.file },
  );
}

type OwnOptions = Pick<
  CompileOptions,
  | "ownMemory"
  | "memoryManager"
  | "callsTraps"
  | "importName"
  | "exportName"
  | "objectNames"
  | "start"
>;

/** An object for C of a module, and its header. */
export interface OwnObject {
  readonly module: WasmModule;
  readonly options: OwnOptions;
  readonly header: string;
}

/**
 * A module as an object for C: with memory and tables of its own even if it imports them.
 *
 * @param name what names in C begin with
 * @param limit what the memory may grow to, in MiB; undefined: what the module declares, or the
 *   default
 */
export function ownObject(source: WasmModule, name: string, limit: number | undefined): OwnObject {
  checkOwn(source);
  const module = withOwnItems(source);
  const names = new CNames(module, name);
  const pages = limitOf(module, limit);
  const memory = module.memories[0] && { ...ownMemory(module, pages, 0), symbol: names.memory };
  return {
    module,
    header: cHeader(module, names, module.file),
    options: {
      ownMemory: memory,
      memoryManager: memory && { kind: "object", limit: pages },
      callsTraps: true,
      importName: (imported) => names.imported(imported),
      exportName: (exported, kind) => names.exported(exported, kind),
      objectNames: names.functions,
      start: "isthmus.start",
    },
  };
}

/** What code of a program is told about its memory, which is placed already. */
export function ownProgram(
  module: WasmModule,
  { base, limit }: ProgramMemory,
  bounds: Bounds,
): OwnOptions {
  return {
    ownMemory: { ...ownMemory(module, limit, base), isSegment: bounds === "segment" },
    memoryManager: { kind: "program" },
    callsTraps: true,
  };
}

function ownMemory(module: WasmModule, limit: number, base: number): OwnMemory {
  const { min } = module.memories[0]?.limits ?? { min: 0 };
  const grows = module.functions.some(({ body }) => body?.code.op.includes(Op["memory.grow"]));
  const isExported = module.exports.some(({ kind }) => kind === "memory");
  return { base, bytes: min * PAGE, isFixed: min === limit || !(grows || isExported) };
}

/** How many pages the memory may have at most. */
function limitOf({ memories, file }: WasmModule, limit: number | undefined): number {
  const { min, max } = memories[0]?.limits ?? { min: 0, max: 0 };
  const most = ((limit ?? DEFAULT_LIMIT) * MIB) / PAGE;
  if (min <= most) return Math.min(max ?? most, most);
  if (limit === undefined && min * PAGE <= LARGEST_LIMIT * MIB) return min;
  throw new Diagnostic(
    "COMP007",
    `the memory begins with ${(min * PAGE) / MIB} MiB, which is more than its limit of ` +
      `${limit ?? LARGEST_LIMIT} MiB`,
    `Give it a higher limit: --memory-limit MIB, up to ${LARGEST_LIMIT}.`,
    { file },
  );
}

/** The most pages that a program's memory may have if its accesses are checked. */
export const PROGRAM_LIMIT = SIZE_LIMIT / PAGE;

/** The module with memory and tables that it imports as its own, of the size that it declares. */
function withOwnItems(module: WasmModule): WasmModule {
  const memories = module.memories.map(({ limits }) => ({ limits }));
  const tables = module.tables.map(({ element, limits }) => ({ element, limits }));
  return { ...module, memories, tables };
}
