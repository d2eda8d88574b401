// Assembles the assembly modules of a project. Runs in a build worker.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { ObjectFile } from "../object/object";
import { type AssemblyModule, assembleModule } from "../x86/assembler";
import { importExport, runModule } from "./project-module";

/** The object that the assembly module at `path` describes. */
export async function assemble(root: string, path: string): Promise<ObjectFile> {
  const module = await importExport<AssemblyModule>(root, path, "default");
  return runModule(root, path, () => assembleModule(path, module));
}

/** The assembly modules below `folder`, relative to the root, in the order of their names. */
export function assemblySources(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".asm.ts"))
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)
    .sort();
}
