// Links the object of a program into an executable for Linux or for our kernel, with the start code
// that suits its `main`, a memory manager, and the layout.

import { Diagnostic, type Place } from "../base/diagnostic";
import { Op } from "../compile/wasm/opcodes";
import type { FunctionType, WasmModule } from "../compile/wasm/wasm";
import { I32 } from "../compile/wasm/wasm";
import { link } from "../link/link";
import type { LinkedImage } from "../link/passes/image";
import type { ObjectFile } from "../object/object";
import type { CompileInput } from "./compile-input";
import { PROGRAM_DATA } from "./compile-memory";
import type { ProgramRuntime } from "./program-runtime";

/** Linux maps nothing below this (vm.mmap_min_addr). */
const LINUX_TEXT = 0x10000;

/** Checks a program's imports and its `main` before anything is compiled. */
export function checkProgram(input: CompileInput): void {
  const { module } = input;
  checkMain(module);
  for (const { imported, index } of module.functions) {
    if (!imported || imported.module === "x86" || imported.module === "symbols") continue;
    throw missing(input, `${imported.module}.${imported.name}`, firstCall(input, index));
  }
  for (const { imported } of [...module.memories, ...module.tables, ...module.globals]) {
    if (imported) throw missing(input, `${imported.module}.${imported.name}`, undefined);
  }
}

function missing({ module }: CompileInput, name: string, place: Place | undefined): Diagnostic {
  return new Diagnostic(
    "COMP004",
    `the import ${name} is missing: nothing that a program is linked with provides it`,
    "Define it in the program, or compile to an object and link it with what does.",
    place ?? { file: module.file },
  );
}

/** Where the program's own sources call function `index` first. */
function firstCall({ module, options }: CompileInput, index: number): Place | undefined {
  for (const { body } of module.functions) {
    if (!body) continue;
    const { code } = body;
    for (let i = 0; i < code.length; i++) {
      const isCall = code.op[i] === Op.call && code.a[i] === index;
      const place = isCall ? options.sourceMap?.lookup(code.at[i]!) : undefined;
      if (place) return place;
    }
  }
  return undefined;
}

function mainType(module: WasmModule): FunctionType | undefined {
  const main = module.exports.find(({ name, kind }) => name === "main" && kind === "function");
  return main && module.types[module.functions[main.index]!.typeIndex];
}

function checkMain(module: WasmModule): void {
  const type = mainType(module);
  if (!type) return;
  const { params, results } = type;
  const isFit = [...params, ...results].every((each) => each === I32);
  if (isFit && params.length <= 3 && results.length <= 1) return;
  throw new Diagnostic(
    "COMP005",
    "main has parameters or a result that a program's main cannot have",
    "Declare it as main(argc: i32, argv: usize, envp: usize): i32, or with fewer of these.",
    { file: module.file },
  );
}

/** Links a program that `checkProgram` has passed. */
export function linkProgram(
  object: ObjectFile,
  input: CompileInput,
  runtime: ProgramRuntime,
  target: "linux" | "isthmus",
  name: string,
): LinkedImage {
  const { module, options, memory, hasRuntime } = input;
  const type = mainType(module);
  const start = runtime.startCode({
    main: !type ? "none" : type.results.length > 0 ? "status" : "void",
    // Memory in place grows by mmap.
    mapsGap: target === "linux" && memory?.text === undefined,
    ...(hasRuntime ? { initialise: runtime.start, finish: runtime.finish } : {}),
    ...(!hasRuntime && module.start !== undefined ? { initialise: options.start ?? "" } : {}),
  });
  const manager = memory ? [runtime.wasmMemory(memory)] : [];
  const data = memory ? memory.base + memory.data.start : PROGRAM_DATA;
  const text = memory?.text ?? (target === "linux" ? LINUX_TEXT : undefined);
  return link([object, start, ...manager], runtime.layout(data, text), { name });
}
