// The files that a module that runs in Node depends on: itself and what it imports by relative
// path, directly or not. Stamps use it. Type imports count too: an extra file does no harm, a
// missing one would.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*["'](\.{1,2}\/[^"']+)["']/g;

/** Paths relative to `root`, sorted; `entries` are such paths too. */
export function importClosure(root: string, entries: readonly string[]): string[] {
  const found = new Set<string>();
  const waiting = [...entries];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    for (const target of importsOf(join(root, path))) {
      const resolved = [`${target}.ts`, join(target, "index.ts")]
        .map((candidate) => join(dirname(path ?? ""), candidate))
        .find((candidate) => existsSync(join(root, candidate)));
      if (resolved) waiting.push(resolved);
    }
  }
  return [...found].sort();
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, "utf8");
  return [...text.matchAll(IMPORT)].flatMap((match) => match[1] ?? []);
}
