// Builds one user program: AssemblyScript to build/user/NAME and, with
// debug information, NAME.elf. Runs in a build worker.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Layout } from "../link/layout/layout";
import { link } from "../link/link";
import { elfFile } from "../link/output/elf-files";
import { writeElf } from "../link/output/write-elf";
import type { LinkedImage } from "../link/passes/image";
import { assemble } from "./build-assembly";
import type { BuildOutcome, ProgramRecipe } from "./build-task";
import { compileProgram } from "./program-steps";
import type { Project } from "./project";
import { importExport } from "./project-module";
import { replaceFile } from "./replace-file";
import { SourceLog } from "./source-log";

const LAYOUT = "user/layout.ts";

/** @throws Diagnostics of every pass */
export async function buildProgram(
  { root, output }: Project,
  recipe: ProgramRecipe,
): Promise<BuildOutcome> {
  const { name, assembly } = recipe;
  const log = new SourceLog(root);
  log.noteModules([...assembly, LAYOUT]);
  const { object: compiled, wasm, warnings } = compileProgram(root, log.read, recipe);
  const assembled = await Promise.all(assembly.map((path) => assemble(root, path)));
  const layout = await importExport<Layout>(root, LAYOUT, "layout");
  const image = link([compiled, ...assembled], { ...layout, name });
  return {
    title: `user/${name}`,
    outputs: writeProgram(image, join(output, "user"), name),
    sources: log.hashes,
    warnings: [...warnings, ...image.warnings],
    wasmBytes: wasm.length,
  };
}

/** What the guest loads has the compact symbol table only; a debugger reads the other file. */
function writeProgram(image: LinkedImage, directory: string, name: string): string[] {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, name);
  const debugPath = `${path}.elf`;
  replaceFile(path, writeElf(image, { symbols: false }));
  replaceFile(debugPath, elfFile(image));
  return [path, debugPath];
}
