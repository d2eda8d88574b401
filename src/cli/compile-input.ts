// Turns the file that `isthmus compile` is given into a module for the back end: AssemblyScript
// goes through its compiler, WebAssembly is taken as it is.
//
//   target           static data                              numbers that are addresses
//   linux, isthmus   at PROGRAM_DATA                          as asc writes them
//   kernel, object   where the linker puts it                 found by compiling twice
//
// Files of this package are imported by its name: `isthmus/user/runtime/output` is
// user/runtime/output.ts of this installation. Other paths are relative to the current folder.

import { readFileSync } from "node:fs";
import { extname, join } from "node:path";
import type { Preopen } from "../../user/wasi/storage.asm";
import { alignUp, hex } from "../base/align";
import { Diagnostic } from "../base/diagnostic";
import {
  type AssemblyScriptOptions,
  type AssemblyScriptOutput,
  compileAssemblyScript,
  type ReadSource,
} from "../compile/assemblyscript/assemblyscript";
import type { CompileOptions } from "../compile/options";
import type { Level } from "../compile/pipeline";
import {
  FIRST_BASE,
  findStaticAddresses,
  type PlacedModule,
  SECOND_BASE,
} from "../compile/translate/static-addresses";
import { decodeModule } from "../compile/wasm/decode";
import { validateModule } from "../compile/wasm/validate";
import type { WasmModule } from "../compile/wasm/wasm";
import { readInput } from "./boot-settings";
import { PROGRAM_DATA, type ProgramMemory, placeMemory } from "./compile-memory";
import {
  type Bounds,
  checkOwn,
  defaultMode,
  type MemoryMode,
  ownObject,
  ownProgram,
  PROGRAM_LIMIT,
} from "./own-memory";
import type { ProgramRuntime } from "./program-runtime";
import { INSTALLATION } from "./project";
import { DEFAULT_PREOPENS, usesWasi, type WasiProgram, wasiProgram } from "./wasi";

const PAGE = 4096;

export type Target = "kernel" | "isthmus" | "linux" | "object";
export const TARGETS: readonly [Target, ...Target[]] = ["linux", "isthmus", "object", "kernel"];

export interface CompileInput {
  readonly module: WasmModule;
  /** The same as bytes. */
  readonly wasm: Uint8Array;
  /** What the back end needs to know besides the module. */
  readonly options: Pick<
    CompileOptions,
    | ("target" | "sourceMap" | "facts" | "data" | "addresses" | "memoryBase" | "start" | "visible")
    | ("ownMemory" | "memoryManager" | "callsTraps" | "importName" | "exportName" | "objectNames")
  >;
  readonly warnings: readonly Diagnostic[];
  /** The memory of a program that comes as WebAssembly; others have that of asc's runtime. */
  readonly memory?: ProgramMemory;
  /** What the module needs of WASI, if it uses that. */
  readonly wasi?: WasiProgram;
  /** The header for C of an object with a memory of its own. */
  readonly header?: string;
  /** Whether the module contains the runtime of `user/`. */
  readonly hasRuntime: boolean;
}

/** What the command line says of the memory. */
export interface MemoryRequest {
  /** Absent: what suits the module. */
  readonly mode: MemoryMode | undefined;
  /** How a program's own memory is checked. */
  readonly bounds: Bounds;
  /** What it may grow to in an object, in MiB. */
  readonly limit: number | undefined;
  /** What the names of such an object begin with. */
  readonly name: string;
}

const AS_SUITS: MemoryRequest = {
  mode: undefined,
  bounds: "compare",
  limit: undefined,
  name: "module",
};

/**
 * Reads and checks `file`, and what it imports.
 *
 * @param runtime what programs are linked with; absent for `kernel` and `object`
 * @param preopens what directories a program of WASI finds
 * @throws Diagnostics of the file's language
 */
export async function readCompileInput(
  file: string,
  target: Target,
  level: Level,
  runtime: ProgramRuntime | undefined,
  preopens: readonly Preopen[] = DEFAULT_PREOPENS,
  memory: MemoryRequest = AS_SUITS,
): Promise<CompileInput> {
  const bytes = await readInput(file);
  if (isWasm(file, bytes)) {
    return withWasi(wasmInput(bytes, file, target, memory), target, runtime, preopens);
  }
  refuseOwn(file, memory);
  if (runtime) return programInput(file, level, runtime);
  return objectInput(file, target === "kernel" ? "kernel" : "object", level);
}

function isWasm(file: string, bytes: Uint8Array): boolean {
  if (extname(file) === ".wasm") return true;
  if (extname(file) === ".ts") return false;
  if (bytes[0] === 0 && bytes[1] === 0x61) return true;
  const text = `${file} is neither TypeScript (.ts) nor WebAssembly (.wasm)`;
  throw new Diagnostic("CLI008", text, "Use the extension that fits its content.", { file });
}

// --- AssemblyScript ---

const PACKAGE = "~lib/isthmus/";

const readSource: ReadSource = (path) => {
  const isOurs = path.startsWith(PACKAGE);
  try {
    const place = isOurs ? join(INSTALLATION, path.slice(PACKAGE.length)) : path;
    return readFileSync(place, "utf8");
  } catch {
    return undefined;
  }
};

function programInput(file: string, level: Level, runtime: ProgramRuntime): CompileInput {
  const ours = (path: string) => PACKAGE + path;
  const names = Object.entries(runtime.names).map(([name, path]) => [name, ours(path)]);
  const output = compileAssemblyScript(
    {
      root: ".",
      entries: [file, ...runtime.entries.map(ours)],
      target: "user",
      runtime: "incremental",
      memoryBase: PROGRAM_DATA,
      optimize: level,
      abort: ours(runtime.abort),
      names: Object.fromEntries(names),
      start: runtime.start,
    },
    readSource,
  );
  const { wasm, module, sourceMap, facts, warnings, dataEnd } = output;
  // The heap begins at `dataEnd`: the rest of its page must not be what follows in the file.
  const data = { start: PROGRAM_DATA, end: alignUp(dataEnd, PAGE) };
  const options = { target: "user" as const, sourceMap, facts, data };
  return { wasm, module, options, warnings, hasRuntime: true };
}

/** In an object for C, `abort` is C's own. */
const C_ABORT = "~lib/builtins/abort";

function objectInput(file: string, target: "kernel" | "object", level: Level): CompileInput {
  const options: AssemblyScriptOptions = {
    root: ".",
    entries: [file],
    target,
    runtime: "stub",
    memoryBase: FIRST_BASE,
    optimize: level,
    ...(target === "object" ? { abort: C_ABORT } : {}),
  };
  const first = compileAssemblyScript(options, readSource);
  const { wasm, module, sourceMap, facts, warnings, dataEnd } = first;
  const data = { start: FIRST_BASE, end: dataEnd };
  const common = { wasm, module, warnings, hasRuntime: false };
  const known = { target, sourceMap, facts, data };
  if (dataEnd === FIRST_BASE) return { ...common, options: known };
  const second = compileAssemblyScript({ ...options, memoryBase: SECOND_BASE }, readSource);
  const addresses = findStaticAddresses(placed(first, FIRST_BASE), placed(second, SECOND_BASE));
  return { ...common, options: { ...known, addresses } };
}

function placed({ module, sourceMap, dataEnd }: AssemblyScriptOutput, start: number): PlacedModule {
  const placeAt = (position: number) => sourceMap.lookup(position);
  return { module, data: { start, end: dataEnd }, placeAt };
}

// --- WebAssembly ---

function wasmInput(
  bytes: Uint8Array,
  file: string,
  target: Target,
  request: MemoryRequest,
): CompileInput {
  const module = decodeModule(bytes, file);
  validateModule(module);
  const common = { wasm: bytes, module, warnings: [], hasRuntime: false };
  const mode = request.mode ?? (target === "kernel" ? "shared" : defaultMode(module));
  if (mode === "own") checkOwn(module);
  if (target === "object" && mode === "own") {
    const { options, header, ...own } = ownObject(module, request.name, request.limit);
    return { ...common, module: own.module, header, options: { target, ...options } };
  }
  if (target === "kernel" || target === "object") {
    refuseStaticData(module);
    return { ...common, options: { target } };
  }
  const memory = placeMemory(module, target, mode === "own" ? PROGRAM_LIMIT : undefined);
  const { data, base: memoryBase } = memory;
  const names = { start: WASM_START, visible: WASM_VISIBLE };
  const own = mode === "own" ? ownProgram(module, memory, request.bounds) : {};
  const options = { target: "user" as const, ...names, data, memoryBase, ...own };
  return { ...common, memory, options };
}

/** The same with WASI, if the module uses it and there is one for the target. */
function withWasi(
  input: CompileInput,
  target: Target,
  runtime: ProgramRuntime | undefined,
  preopens: readonly Preopen[],
): CompileInput {
  if (target !== "linux" || !runtime || !usesWasi(input.module)) return input;
  const wasi = wasiProgram(input.module, runtime, preopens);
  const notes = wasi.missing.length === 0 ? [] : [notProvided(input.module, wasi.missing)];
  const options = { ...input.options, ...wasi.options };
  return { ...input, options, wasi, warnings: [...input.warnings, ...notes] };
}

function notProvided({ file }: WasmModule, names: readonly string[]): Diagnostic {
  return new Diagnostic(
    "COMP011",
    `the module may call what of WASI is not there, and gets ENOSYS: ${names.join(", ")}`,
    "See whether the program does without: only a call makes a difference.",
    { file },
  );
}

/** The static data of AssemblyScript is where its compiler put it: it cannot be an array. */
function refuseOwn(file: string, { mode }: MemoryRequest): void {
  if (mode !== "own") return;
  throw new Diagnostic(
    "COMP009",
    "TypeScript is compiled for the memory of the program that it becomes part of",
    "Make a module of it with asc, and compile that: asc FILE.ts --outFile FILE.wasm.",
    { file },
  );
}

/** The symbol of a module's start function. */
export const WASM_START = "_initialize";
/** What start code calls by its name. */
const WASM_VISIBLE: ReadonlySet<string> = new Set(["main"]);

function refuseStaticData({ data, file }: WasmModule): void {
  const [segment] = data;
  if (!segment) return;
  const where = hex((segment.offset?.a ?? 0) >>> 0);
  throw new Diagnostic(
    "COMP003",
    `the static data at ${where} must be there, but an object cannot claim an address`,
    "Give it a memory of its own, --memory own, or compile the TypeScript source.",
    { file },
  );
}
