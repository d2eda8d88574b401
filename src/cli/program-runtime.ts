// What `isthmus compile` links programs with: the start code, the memory manager and the names of a
// JavaScript host. It is read from user/ in this installation, by path, as the toolchain itself
// imports no program.

import type { WasmMemory } from "../../user/runtime/wasm-memory.asm";
import type { StartOptions } from "../../user/start.asm";
import type { WasiSettings } from "../../user/wasi/storage.asm";
import type { Layout } from "../link/layout/layout";
import type { ObjectFile } from "../object/object";
import type { Assembler } from "../x86/assembler";
import { assembleModule } from "../x86/assembler";
import { INSTALLATION } from "./project";
import { importExport } from "./project-module";

const PROGRAMS = "user/programs.ts";
const LAYOUT = "user/layout.ts";

export interface ProgramRuntime {
  /** AssemblyScript files whose exports belong to every program, relative to the installation. */
  readonly entries: readonly string[];
  /** The function that `abort` calls. */
  readonly abort: string;
  /** The export that runs the initialisers, and the one to call after `main`. */
  readonly start: string;
  readonly finish: string;
  /** What global names stand for. */
  readonly names: Readonly<Record<string, string>>;
  /** An object with `_start`. */
  startCode(options: StartOptions): ObjectFile;
  /** An object with `memory_size` and `memory_grow` of a module with a memory of its own. */
  wasmMemory(memory: WasmMemory): ObjectFile;
  /** What the start code calls first if that memory is a segment. */
  readonly segmentStart: string;
  /** What provides WASI preview 1. */
  readonly wasi: WasiRuntime;
  /** An object with what such a module calls when it traps. */
  wasmTrap(): ObjectFile;
  /** The address space, with static data at `data` and code from `text` on. */
  layout(data: number, text?: number): Layout;
}

export interface WasiRuntime {
  /** The AssemblyScript file that exports all of it, relative to the installation. */
  readonly entry: string;
  /** What the start code calls first, with argc, argv and envp. */
  readonly start: string;
  /** An object with what the runtime keeps. */
  storage(settings: WasiSettings): ObjectFile;
}

/** Reads the runtime's modules. */
export async function loadProgramRuntime(): Promise<ProgramRuntime> {
  const fact = <Value>(name: string) => importExport<Value>(INSTALLATION, PROGRAMS, name);
  const startPath = await fact<string>("START_ASSEMBLY");
  const memoryPath = await fact<string>("WASM_MEMORY_ASSEMBLY");
  const writeStart = await importExport<(a: Assembler, options: StartOptions) => void>(
    INSTALLATION,
    startPath,
    "writeStart",
  );
  const writeWasmMemory = await importExport<(a: Assembler, memory: WasmMemory) => void>(
    INSTALLATION,
    memoryPath,
    "writeWasmMemory",
  );
  const storagePath = await fact<string>("WASI_STORAGE_ASSEMBLY");
  const writeWasiStorage = await importExport<(a: Assembler, settings: WasiSettings) => void>(
    INSTALLATION,
    storagePath,
    "writeWasiStorage",
  );
  const trapPath = await fact<string>("WASM_TRAP_ASSEMBLY");
  const writeWasmTrap = await importExport<(a: Assembler) => void>(
    INSTALLATION,
    trapPath,
    "writeWasmTrap",
  );
  return {
    entries: [await fact<string>("RUNTIME_ENTRY"), await fact<string>("RUNTIME_FINISH_ENTRY")],
    abort: await fact<string>("RUNTIME_ABORT"),
    start: await fact<string>("RUNTIME_START"),
    finish: await fact<string>("RUNTIME_FINISH"),
    names: await fact<Record<string, string>>("RUNTIME_NAMES"),
    startCode: (options) => assembleModule(startPath, (a) => writeStart(a, options)),
    wasmMemory: (memory) => assembleModule(memoryPath, (a) => writeWasmMemory(a, memory)),
    segmentStart: await fact<string>("WASM_SEGMENT_START"),
    wasi: {
      entry: await fact<string>("WASI_ENTRY"),
      start: await fact<string>("WASI_START"),
      storage: (settings) => assembleModule(storagePath, (a) => writeWasiStorage(a, settings)),
    },
    wasmTrap: () => assembleModule(trapPath, writeWasmTrap),
    layout: await importExport<ProgramRuntime["layout"]>(INSTALLATION, LAYOUT, "userLayout"),
  };
}
