// How a user program is compiled: the same in a build as in the page, so nothing here needs Node.

import { USER_DATA } from "../abi/memory-map";
import type { Diagnostic } from "../base/diagnostic";
import { compileAssemblyScript, type ReadSource } from "../compile/assemblyscript/assemblyscript";
import { compileModule } from "../compile/compile";
import type { ObjectFile } from "../object/object";
import type { ProgramRecipe } from "./build-task";

export interface CompiledProgram {
  readonly object: ObjectFile;
  readonly wasm: Uint8Array;
  readonly warnings: readonly Diagnostic[];
}

/** From a program's sources to an object. @throws Diagnostics of every pass */
export function compileProgram(
  root: string,
  read: ReadSource,
  { name, entries, runtime, abort, start }: ProgramRecipe,
): CompiledProgram {
  const options = { root, entries, target: "user", runtime, memoryBase: USER_DATA } as const;
  const output = compileAssemblyScript({ ...options, abort, start }, read);
  const { wasm, module, sourceMap, facts, warnings, dataEnd } = output;
  const data = { start: USER_DATA, end: dataEnd };
  const names = { target: "user", name: `${name}.wasm` } as const;
  return { object: compileModule(module, { ...names, sourceMap, facts, data }), wasm, warnings };
}
