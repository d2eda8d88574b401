// A module hook of Node: loads the ES modules of packages as they are. See loader.js.
import { readFile } from "node:fs/promises";

export async function load(url, context, nextLoad) {
  const isPackage = url.startsWith("file:") && /\/node_modules\/.*\.m?js$/.test(url);
  if (!isPackage || context.format !== "module") return nextLoad(url, context);
  return { format: "module", source: await readFile(new URL(url)), shortCircuit: true };
}
