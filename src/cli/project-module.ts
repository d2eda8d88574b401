// Reads the modules of a project that run in Node: layouts, assembly, the list of programs.

import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Diagnostic } from "../base/diagnostic";

/**
 * What the module at `path` exports as `name`.
 *
 * @throws Diagnostic CLI003 if it exports no such thing
 */
export async function importExport<Value>(
  root: string,
  path: string,
  name: string,
): Promise<Value> {
  const exports = (await import(pathToFileURL(join(root, path)).href)) as Record<string, unknown>;
  const value = exports[name];
  if (value !== undefined) return value as Value;
  throw new Diagnostic(
    "CLI003",
    `${path} has no export named ${name}`,
    "Export it, as the sources of this installation do",
    { file: path },
  );
}
