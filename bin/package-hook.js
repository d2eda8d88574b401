// Module hooks of Node. See loader.js.
import { readFile } from "node:fs/promises";

/** `isthmus/src/NAME`, imported by a project that has no `isthmus` in a folder node_modules. */
const OWN = /^isthmus\/((?:src|user)\/.+)$/;

/** Finds this package by its name wherever it is installed. */
export async function resolve(specifier, context, nextResolve) {
  const [, path] = OWN.exec(specifier) ?? [];
  if (path === undefined) return nextResolve(specifier, context);
  try {
    return await nextResolve(specifier, context);
  } catch {
    return nextResolve(new URL(`../${path}.ts`, import.meta.url).href, context);
  }
}

/** Loads the ES modules of packages as they are. */

export async function load(url, context, nextLoad) {
  const isPackage = url.startsWith("file:") && /\/node_modules\/.*\.m?js$/.test(url);
  if (!isPackage || context.format !== "module") return nextLoad(url, context);
  return { format: "module", source: await readFile(new URL(url)), shortCircuit: true };
}
