// Reads a layout from a file: isthmus.layout.ts, a module that exports `layout` (or has a default
// export), or isthmus.layout.json.

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Diagnostic, Diagnostics } from "../base/diagnostic";
import type { Layout } from "../link/layout/layout";
import { parseLayout } from "../link/layout/parse";
import { resolveLayout } from "../link/layout/resolve";

const DEFAULT_NAMES = ["isthmus.layout.ts", "isthmus.layout.js", "isthmus.layout.json"];

/**
 * The layout in `path`, or in this folder's isthmus.layout.ts, .js or .json; undefined if there is
 * no such file and `path` was not given.
 *
 * @throws Diagnostics CLI002, CLI003, LAYOUT…
 */
export async function readLayout(path: string | undefined): Promise<Layout | undefined> {
  const found = layoutPath(path);
  if (found === undefined) return undefined;
  if (!existsSync(found)) {
    const text = `there is no file ${found}`;
    throw new Diagnostic("CLI002", text, "Check the path after --layout", { file: found });
  }
  const value = found.endsWith(".json") ? await readJson(found) : await importLayout(found);
  const layout = parseLayout(value, found);
  inFile(found, () => resolveLayout(layout));
  return layout;
}

/** Where the layout is, as `readLayout` looks for it. */
export function layoutPath(path: string | undefined): string | undefined {
  return path ?? DEFAULT_NAMES.find((name) => existsSync(name));
}

/** Adds `file` to the diagnostics about a layout's meaning. */
function inFile(file: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof Diagnostic)) throw error;
    const list = error instanceof Diagnostics ? error.list : [error];
    const [first = error, ...rest] = list.map(
      ({ code, message, remedy, place }) =>
        new Diagnostic(code, message, remedy, place ?? { file }),
    );
    throw new Diagnostics([first, ...rest]);
  }
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Diagnostic("CLI003", `${path} is not valid JSON: ${why}`, "Correct the file", {
      file: path,
    });
  }
}

/** What a module exports, whether or not Node took it for an ES module. */
function exported(module: Record<string, unknown>): unknown {
  const inner = module.default;
  const isObject = typeof inner === "object" && inner !== null;
  const isWrapped = isObject && ("default" in inner || "__esModule" in inner);
  const own = isWrapped ? (inner as Record<string, unknown>) : module;
  return module.layout ?? own.layout ?? own.default;
}

async function importLayout(path: string): Promise<unknown> {
  let module: Record<string, unknown>;
  try {
    // Not needed for JSON, and slow to load.
    const { tsImport } = await import("tsx/esm/api");
    // A kernel in C has no package.json that says "module", which `import` would insist on.
    const url = pathToFileURL(resolve(path)).href;
    module = (await tsImport(url, import.meta.url)) as Record<string, unknown>;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const text = `${path} cannot be read as a module: ${why}`;
    throw new Diagnostic("CLI003", text, "Correct the file", { file: path });
  }
  const value = exported(module);
  if (value !== undefined) return value;
  throw new Diagnostic(
    "CLI003",
    `${path} exports no layout`,
    "Write `export const layout: Layout = { … }`",
    { file: path },
  );
}
