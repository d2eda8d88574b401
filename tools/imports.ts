// What source files import: the imports of one file, and the circles that the imports of many form.

import { dirname, join, normalize } from "node:path";

export interface Import {
  /** Where its path stands; an import over several lines counts at its last. */
  readonly line: number;
  readonly target: string;
  /** `import type`: erased before anything runs. */
  readonly isType: boolean;
}

const STATEMENT = String.raw`^[ \t]*(?:import|export)\b(\s+type\b)?(?:[\w\s{},*$]*\bfrom)?\s*`;
const CALL = String.raw`\bimport\(\s*["']([^"'\n]+)["']\s*\)`;
const IMPORT = new RegExp(String.raw`${STATEMENT}["']([^"'\n]+)["']|${CALL}`, "gm");

/** The imports of a module, `import(…)` included. */
export function importsOf(text: string): Import[] {
  return [...text.matchAll(IMPORT)].map((match) => ({
    line: text.slice(0, match.index + match[0].length).split("\n").length,
    target: match[2] ?? match[3] ?? "",
    isType: match[1] !== undefined,
  }));
}

/** The path of the file that `path` imports as `target`, without its extension. */
export function importedPath(path: string, target: string): string {
  return normalize(join(dirname(path), target)).replaceAll("\\", "/");
}

/** A file that imports itself by way of others, and the import that begins the way. */
export interface Circle {
  /** In the order of the imports: each imports the next, and the last imports the first. */
  readonly files: readonly string[];
  readonly line: number;
}

/**
 * The circles among `sources` (text by path), `import type` included: who reads one file of a
 * circle has to read all of it. Each file is named in one circle, the shortest through it.
 */
export function importCircles(sources: ReadonlyMap<string, string>): Circle[] {
  const graph = new Map<string, ReadonlyMap<string, number>>();
  for (const [path, text] of sources) graph.set(path, importedFiles(path, text, sources));
  const circles: Circle[] = [];
  const named = new Set<string>();
  for (const start of [...sources.keys()].sort()) {
    const files = named.has(start) ? undefined : shortestCircle(graph, start);
    if (!files) continue;
    for (const file of files) named.add(file);
    circles.push({ files, line: graph.get(start)?.get(files[1] ?? "") ?? 1 });
  }
  return circles;
}

/** The files of `sources` that a file imports, with the lines on which it does. */
function importedFiles(
  path: string,
  text: string,
  sources: ReadonlyMap<string, string>,
): Map<string, number> {
  const files = new Map<string, number>();
  for (const { target, line } of importsOf(text)) {
    if (!target.startsWith(".")) continue;
    const imported = importedPath(path, target);
    const file = ["", ".ts", ".js", ".d.ts", "/index.ts"]
      .map((ending) => imported + ending)
      .find((candidate) => sources.has(candidate));
    if (file !== undefined) files.set(file, line);
  }
  return files;
}

/** The shortest way from `start` back to it, breadth first; undefined if there is none. */
function shortestCircle(
  graph: ReadonlyMap<string, ReadonlyMap<string, number>>,
  start: string,
): string[] | undefined {
  const importer = new Map<string, string>();
  const queue = [start];
  for (const file of queue) {
    for (const next of graph.get(file)?.keys() ?? []) {
      if (next === start) return wayTo(file, importer, start);
      if (importer.has(next)) continue;
      importer.set(next, file);
      queue.push(next);
    }
  }
  return undefined;
}

function wayTo(file: string, importer: ReadonlyMap<string, string>, start: string): string[] {
  const way = [file];
  for (let at = file; at !== start; ) {
    at = importer.get(at) ?? start;
    way.unshift(at);
  }
  return way;
}
