// Compiles small AssemblyScript programs from memory, for tests of the compiler's front end.

import "../../short-lived";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Diagnostic, Diagnostics, formatPlace } from "../../../src/base/diagnostic";
import {
  type AssemblyScriptOptions,
  type AssemblyScriptOutput,
  compileAssemblyScript,
} from "../../../src/compile/assemblyscript/assemblyscript";

export type Sources = Readonly<Record<string, string>>;

/** Compiles `main.ts` of these sources; files of src/abi/ are read from the repository. */
export function compileSources(
  sources: Sources,
  options: Partial<AssemblyScriptOptions> = {},
): AssemblyScriptOutput {
  const all: AssemblyScriptOptions = {
    root: ".",
    entries: ["main.ts"],
    target: "kernel",
    runtime: "stub",
    memoryBase: 0x101000,
    ...options,
  };
  return compileAssemblyScript(all, (path) => {
    if (path.startsWith("src/abi/")) return readFileSync(path, "utf8");
    return sources[path];
  });
}

/** The errors of a program as `file:line:column CODE`. */
export function errorsOf(sources: Sources, options: Partial<AssemblyScriptOptions> = {}): string[] {
  try {
    compileSources(sources, options);
  } catch (error) {
    if (!(error instanceof Diagnostic)) throw error;
    const list = error instanceof Diagnostics ? error.list : [error];
    for (const { remedy } of list) assert.match(remedy, /^[A-Z].*\.$/);
    return list.map(({ code, place }) => `${place ? formatPlace(place) : "nowhere"} ${code}`);
  }
  return [];
}
