// How the kernel is compiled: the same in a build as in the page, so nothing here needs Node.

import { KERNEL_DATA } from "../abi/memory-map";
import {
  type AssemblyScriptOptions,
  type AssemblyScriptOutput,
  compileAssemblyScript,
  type ReadSource,
} from "../compile/assemblyscript/assemblyscript";
import { compileModule } from "../compile/compile";
import type { CompileOptions } from "../compile/options";
import type { ObjectFile } from "../object/object";

const ENTRY = "kernel/main.ts";
/**
 * The file and the function that failed assertions call, if the kernel has them. In one without,
 * they are traps, as short as a trap is: its report has the registers, and the place from the
 * symbol table, so that no call needs to name its file and line.
 */
const ABORT = { file: "kernel/log/abort.ts", element: "kernel/log/abort/abort" };

/** How the kernel is compiled: with all passes, unless a test wants to know whether fewer do. */
export type KernelMode = Pick<CompileOptions, "level" | "without" | "stress">;

/** The front end's part: from the kernel's sources to one module. */
export function readKernel(root: string, read: ReadSource, mode: KernelMode): AssemblyScriptOutput {
  const options: AssemblyScriptOptions = {
    root,
    entries: [ENTRY],
    target: "kernel",
    runtime: "stub",
    memoryBase: KERNEL_DATA,
    ...(read(ABORT.file) === undefined ? {} : { abort: ABORT.element }),
    ...(mode.level === undefined ? {} : { optimize: mode.level }),
  };
  return compileAssemblyScript(options, read);
}

/** The back end's part: from that module to an object. */
export function compileKernel(output: AssemblyScriptOutput, mode: KernelMode): ObjectFile {
  const { module, sourceMap, facts, dataEnd } = output;
  const data = { start: KERNEL_DATA, end: dataEnd };
  const options = { target: "kernel", name: "kernel.wasm", sourceMap, facts, data } as const;
  return compileModule(module, { ...options, ...mode });
}
