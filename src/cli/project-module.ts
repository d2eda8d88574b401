// Reads the modules of a project that run in Node: layouts, assembly, the list of programs.

import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Diagnostic } from "../base/diagnostic";
import { moduleFault } from "./module-fault";
import { INSTALLATION } from "./project";

/**
 * What the module at `path` exports as `name`.
 *
 * @throws Diagnostic CLI003 if it exports no such thing, CLI006 if it cannot be loaded
 */
export async function importExport<Value>(
  root: string,
  path: string,
  name: string,
): Promise<Value> {
  // The bundled command starts without the TypeScript loader; loading it twice does no harm.
  await import(pathToFileURL(join(INSTALLATION, "bin", "loader.js")).href);
  const url = pathToFileURL(join(root, path)).href;
  const exports = (await runModule(root, path, () => import(url))) as Record<string, unknown>;
  const value = exports[name];
  if (value !== undefined) return value as Value;
  throw new Diagnostic(
    "CLI003",
    `${path} has no export named ${name}`,
    "Export it, as the sources of this installation do",
    { file: path },
  );
}

/**
 * Runs code of the project's module at `path`. An exception other than a Diagnostic is the module's
 * fault, not ours: it becomes a Diagnostic with the module's line.
 *
 * @throws Diagnostic CLI006
 */
export async function runModule<Result>(
  root: string,
  path: string,
  run: () => Result | Promise<Result>,
): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    throw moduleFault(path, join(root, path), error);
  }
}
