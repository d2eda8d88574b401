// WASI preview 1 for programs: which of a module's imports it provides, and the objects with it.
//
// The runtime is AssemblyScript (user/wasi/), compiled here as a kernel's code is: with our calling
// convention and without static data of its own. What it keeps lies in an object that is assembled
// with what the command line says.
//
//   import fd_write of wasi_snapshot_preview1  ->  the runtime's function of that name
//   one that the runtime lacks                 ->  a function that returns ENOSYS
//   export _start                              ->  main, which the start code calls

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Preopen } from "../../user/wasi/storage.asm";
import { Diagnostic } from "../base/diagnostic";
import {
  type AssemblyScriptOptions,
  type AssemblyScriptOutput,
  compileAssemblyScript,
} from "../compile/assemblyscript/assemblyscript";
import { compileModule } from "../compile/compile";
import type { CompileOptions } from "../compile/options";
import type { FunctionType, ImportName, WasmModule } from "../compile/wasm/wasm";
import type { ObjectFile } from "../object/object";
import { assembleModule } from "../x86/assembler";
import { eax } from "../x86/registers";
import type { ProgramRuntime } from "./program-runtime";
import { INSTALLATION } from "./project";

export const WASI_MODULE = "wasi_snapshot_preview1";

/** What a program's first function is called in WASI, and by the start code. */
const ENTRY = "_start";
const MAIN = "main";

/** What `fd_prestat_get` finds unless the command line says otherwise. */
export const DEFAULT_PREOPENS: readonly Preopen[] = [
  { guest: "/", host: "/" },
  { guest: ".", host: "." },
];

const ENOSYS = 52;

/** What a module needs of WASI. */
export interface WasiProgram {
  readonly options: Pick<CompileOptions, "importName" | "exportName" | "visible">;
  readonly preopens: readonly Preopen[];
  /** What to link the module with, given the address of its memory. */
  objects(memoryBase: number): readonly ObjectFile[];
  /** The functions that return ENOSYS. */
  readonly missing: readonly string[];
}

/** Whether a module wants anything of WASI. */
export function usesWasi({ functions }: WasmModule): boolean {
  return functions.some(({ imported }) => imported?.module === WASI_MODULE);
}

/**
 * Compiles the runtime for a module that wants it.
 *
 * @throws Diagnostic COMP010 if the module knows a function by another type
 */
export function wasiProgram(
  module: WasmModule,
  runtime: ProgramRuntime,
  preopens: readonly Preopen[],
): WasiProgram {
  const { wasi } = runtime;
  const output = compileRuntime(wasi.entry);
  const types = new Map(exportedTypes(output.module));
  const wanted = wantedTypes(module);
  checkTypes(module, types, wanted);
  const missing = [...wanted.keys()].filter((name) => !types.has(name));
  const hasEntry = module.exports.some(({ name, kind }) => name === ENTRY && kind === "function");
  return {
    options: {
      importName: symbolOf,
      exportName: (name) => (hasEntry && name === ENTRY ? MAIN : name),
      visible: new Set([hasEntry ? ENTRY : MAIN]),
    },
    preopens,
    missing,
    objects: (memoryBase) => [
      compileModule(output.module, {
        target: "kernel",
        name: wasi.entry,
        sourceMap: output.sourceMap,
        facts: output.facts,
        visible: new Set(types.keys()),
      }),
      wasi.storage({ memoryBase, preopens }),
      ...(missing.length > 0 ? [missingFunctions(missing)] : []),
    ],
  };
}

/** Compiled once in a process, however many programs are. */
const compiled = new Map<string, AssemblyScriptOutput>();

function compileRuntime(entry: string): AssemblyScriptOutput {
  const found = compiled.get(entry) ?? compileAssemblyScript(optionsFor(entry), readSource);
  compiled.set(entry, found);
  return found;
}

function optionsFor(entry: string): AssemblyScriptOptions {
  return {
    root: ".",
    entries: [entry],
    target: "kernel",
    runtime: "stub",
    // Whatever is there is nothing.
    memoryBase: 0x1_0000,
    optimize: 2,
  };
}

function readSource(path: string): string | undefined {
  try {
    return readFileSync(join(INSTALLATION, path), "utf8");
  } catch {
    return undefined;
  }
}

function symbolOf({ name }: ImportName): string {
  return name;
}

function exportedTypes({ exports, functions, types }: WasmModule): [string, FunctionType][] {
  const own = exports.filter(({ kind }) => kind === "function");
  return own.map(({ name, index }) => [name, types[functions[index]!.typeIndex]!]);
}

function wantedTypes({ functions, types }: WasmModule): Map<string, FunctionType> {
  const wanted = functions.filter(({ imported }) => imported?.module === WASI_MODULE);
  return new Map(wanted.map(({ imported, typeIndex }) => [imported!.name, types[typeIndex]!]));
}

function checkTypes(
  { file }: WasmModule,
  types: ReadonlyMap<string, FunctionType>,
  wanted: ReadonlyMap<string, FunctionType>,
): void {
  for (const [name, { params, results }] of wanted) {
    const own = types.get(name);
    if (!own) continue;
    if (own.params.join() === params.join() && own.results.join() === results.join()) continue;
    throw new Diagnostic(
      "COMP010",
      `the module imports ${name} of WASI with another type than it has there`,
      "Build the module again, for WASI preview 1 (wasi_snapshot_preview1).",
      { file },
    );
  }
}

/** Functions that return ENOSYS. Whatever is on the stack is the caller's to remove. */
function missingFunctions(names: readonly string[]): ObjectFile {
  return assembleModule("wasi-missing", (a) => {
    a.section(".text");
    for (const name of names) {
      a.function(name, () => {
        a.mov(eax, ENOSYS);
        a.ret();
      });
    }
  });
}

/** `GUEST=HOST`, or one name for both. */
export function parsePreopen(text: string): Preopen | undefined {
  const at = text.indexOf("=");
  const guest = at < 0 ? text : text.slice(0, at);
  const host = at < 0 ? text : text.slice(at + 1);
  return guest === "" || host === "" ? undefined : { guest, host };
}
