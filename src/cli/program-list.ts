// The programs that a project's user/programs.ts lists.
//
// That module runs in Node, and to load TypeScript takes longer than all the rest of a build with
// nothing to do. So what it said is kept in a stamp, and it is loaded only when it has changed.

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { GeneratedFile, Program } from "../../user/programs";
import { type ArchiveEntry, fileEntry } from "../machine/initramfs";
import type { ProgramRecipe } from "./build-task";
import { hashFiles } from "./content-hash";
import { importClosure } from "./import-closure";
import type { Project } from "./project";
import { importExport } from "./project-module";
import { type Stamps, writeStamp } from "./stamp";

const LIST = "user/programs.ts";
const STAMP = "programs";

/** Whether the project has programs; without the file it has none. */
function hasList({ root }: Project): boolean {
  return existsSync(join(root, LIST));
}

/** The list as it was when it was last loaded, if it is still the same. */
export function knownPrograms(
  project: Project,
  stamps: Stamps,
  toolchain: string,
): readonly ProgramRecipe[] | undefined {
  if (!hasList(project)) return [];
  return stamps.current(STAMP, toolchain)?.value as readonly ProgramRecipe[] | undefined;
}

/** Loads the list, and keeps it. */
export async function loadPrograms(project: Project, toolchain: string): Promise<ProgramRecipe[]> {
  if (!hasList(project)) return [];
  const inputs = hashFiles(project.root, importClosure(project.root, [LIST]));
  const recipes = await programRecipes(project.root);
  writeStamp(project, STAMP, { key: toolchain, inputs, outputs: [], value: recipes });
  return recipes;
}

/** What the list of the project at `root` says. */
export async function programRecipes(root: string): Promise<ProgramRecipe[]> {
  const read = <Value>(name: string) => importExport<Value>(root, LIST, name);
  const startAssembly = await read<string>("START_ASSEMBLY");
  const runtimeEntry = await read<string>("RUNTIME_ENTRY");
  const abort = await read<string>("RUNTIME_ABORT");
  const start = await read<string>("RUNTIME_START");
  const programs = await read<readonly Program[]>("PROGRAMS");
  return programs.map(({ name, entry, runtime, assembly = [], isApart }) => ({
    name,
    entries: [entry, runtimeEntry],
    assembly: [startAssembly, ...assembly],
    runtime,
    abort,
    start,
    ...(isApart && { isApart }),
  }));
}

/** What user/programs.ts makes besides programs. */
export async function generatedEntries(project: Project): Promise<ArchiveEntry[]> {
  if (!hasList(project)) return [];
  const generate = await importExport<() => GeneratedFile[]>(project.root, LIST, "generatedFiles");
  return generate().map(({ path, bytes, mode }) => fileEntry(path, bytes, mode));
}

/** Hashes of everything that `generatedEntries` depends on. */
export function generatorHashes(project: Project) {
  return hasList(project) ? hashFiles(project.root, importClosure(project.root, [LIST])) : {};
}
