// Links the object of a program into an executable for Linux or for our kernel, with the start code
// that suits its `main`, a memory manager, and the layout.

import { Diagnostic, type Place } from "../base/diagnostic";
import type { Code } from "../compile/wasm/code";
import { Op } from "../compile/wasm/opcodes";
import type { FunctionType } from "../compile/wasm/wasm";
import { I32 } from "../compile/wasm/wasm";
import { link } from "../link/link";
import type { LinkedImage } from "../link/passes/image";
import type { ObjectFile } from "../object/object";
import type { CompileInput } from "./compile-input";
import { PROGRAM_DATA } from "./compile-memory";
import type { ProgramRuntime } from "./program-runtime";
import { WASI_MODULE } from "./wasi";

/** Linux maps nothing below this (vm.mmap_min_addr). */
const LINUX_TEXT = 0x10000;

/** Checks a program's imports and its `main` before anything is compiled. */
export function checkProgram(input: CompileInput): void {
  const { module } = input;
  checkMain(input);
  for (const { imported, index } of module.functions) {
    if (!imported || imported.module === "x86" || imported.module === "symbols") continue;
    if (input.wasi && imported.module === WASI_MODULE) continue;
    throw missing(input, `${imported.module}.${imported.name}`, firstCall(input, index));
  }
  for (const { imported } of [...module.memories, ...module.tables, ...module.globals]) {
    if (imported) throw missing(input, `${imported.module}.${imported.name}`, undefined);
  }
}

function missing({ module }: CompileInput, name: string, call: Call | undefined): Diagnostic {
  const caller = call ? ` (function ${call.caller} calls it)` : "";
  return new Diagnostic(
    "COMP004",
    `the import ${name}${caller} is missing: nothing that a program is linked with provides it`,
    "Define it in the program, or compile to an object and link it with what does.",
    call?.place ?? { file: module.file },
  );
}

interface Call {
  readonly caller: string;
  /** Absent for WebAssembly. */
  readonly place: Place | undefined;
}

/** The first call of function `index` that the sources show; else the first of all. */
function firstCall({ module, options }: CompileInput, index: number): Call | undefined {
  const calls = module.functions.flatMap(({ name, body }) =>
    body ? callsIn(body.code, index).map((at) => ({ caller: name, at })) : [],
  );
  const placed = calls.map(({ caller, at }) => ({ caller, place: options.sourceMap?.lookup(at) }));
  return placed.find(({ place }) => place) ?? placed[0];
}

/** Where, in bytes from the start of the module, code calls function `index`. */
function callsIn({ length, op, a, at }: Code, index: number): number[] {
  const found: number[] = [];
  for (let i = 0; i < length; i++) {
    const isCall = op[i] === Op.call || op[i] === Op.return_call;
    if (isCall && a[i] === index) found.push(at[i]!);
  }
  return found;
}

function mainType({ module, options }: CompileInput): FunctionType | undefined {
  const { visible, exportName = (name) => name } = options;
  const main = module.exports.find(
    ({ name, kind }) =>
      kind === "function" && exportName(name, kind) === "main" && (!visible || visible.has(name)),
  );
  return main && module.types[module.functions[main.index]!.typeIndex];
}

function checkMain(input: CompileInput): void {
  const { module } = input;
  const type = mainType(input);
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
  const { module, options, memory, hasRuntime, wasi } = input;
  const type = mainType(input);
  const start = runtime.startCode({
    main: !type ? "none" : type.results.length > 0 ? "status" : "void",
    // Memory in place grows by mmap.
    mapsGap: target === "linux" && memory?.text === undefined,
    ...(options.ownMemory?.isSegment ? { protect: runtime.segmentStart } : {}),
    ...(wasi ? { prepare: runtime.wasi.start } : {}),
    ...(hasRuntime ? { initialise: runtime.start, finish: runtime.finish } : {}),
    ...(!hasRuntime && module.start !== undefined ? { initialise: options.start ?? "" } : {}),
  });
  const isSegment = options.ownMemory?.isSegment === true;
  const manager = memory ? [runtime.wasmMemory({ ...memory, isSegment })] : [];
  const trap = options.callsTraps === true ? [runtime.wasmTrap()] : [];
  const data = memory ? memory.base + memory.data.start : PROGRAM_DATA;
  const text = memory?.text ?? (target === "linux" ? LINUX_TEXT : undefined);
  const provided = wasi?.objects(memory?.base ?? 0) ?? [];
  const objects = [object, start, ...manager, ...trap, ...provided];
  return link(objects, runtime.layout(data, text), { name });
}
