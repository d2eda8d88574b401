// Loads a command's module: as bundled by tools/build-package.js or, in a clone where a source is
// newer than the bundle, from its sources.
import { existsSync, readdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Only clones have it. In an installed package, file times mean nothing. */
const BUNDLER = new URL("../tools/build-package.js", import.meta.url);
/** What the bundle is made from. */
const SOURCES = ["../src", "../package.json"];
/** After this time a person at a terminal wants to know what is going on. */
const PATIENCE_MS = 500;

function isCurrent(bundle) {
  const built = statSync(bundle, { throwIfNoEntry: false })?.mtimeMs;
  if (built === undefined || !existsSync(BUNDLER)) return built !== undefined;
  return SOURCES.every((name) => isOlder(fileURLToPath(new URL(name, import.meta.url)), built));
}

/** Whether the file, or every file in the folder, is. Each command waits for this answer. */
function isOlder(path, time) {
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.mtimeMs <= time;
  return readdirSync(path).every((name) => isOlder(`${path}/${name}`, time));
}

/** The module `src/cli/NAME.ts`. */
export async function loadEntry(name) {
  const bundle = new URL(`../dist/cli/${name}.js`, import.meta.url);
  if (isCurrent(bundle)) return import(bundle);
  const timer = setTimeout(() => {
    if (process.stderr.isTTY) console.error("isthmus: loading the sources, newer than dist/");
  }, PATIENCE_MS);
  await import("./loader.js");
  const loaded = await import(`../src/cli/${name}.ts`);
  clearTimeout(timer);
  return loaded;
}
