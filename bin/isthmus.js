#!/usr/bin/env node
// The command `isthmus`: hands over to src/cli/main.ts, as tools/build-package.js bundled it or, in
// a clone where a source is newer than the bundle, as it stands.
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const BUNDLE = new URL("../dist/cli/main.js", import.meta.url);
const SOURCES = fileURLToPath(new URL("../src", import.meta.url));
/** Only clones have it. In an installed package the times of files say nothing. */
const BUNDLER = new URL("../tools/build-package.js", import.meta.url);

function isBundleCurrent() {
  const built = statSync(BUNDLE, { throwIfNoEntry: false })?.mtimeMs;
  if (built === undefined || !existsSync(BUNDLER)) return built !== undefined;
  const sources = readdirSync(SOURCES, { recursive: true, encoding: "utf8" });
  return sources.every((name) => statSync(join(SOURCES, name)).mtimeMs <= built);
}

async function load() {
  if (isBundleCurrent()) return import(BUNDLE);
  await import("./loader.js");
  return import("../src/cli/main.ts");
}

const { main } = await load();
process.exitCode = await main(process.argv.slice(2));
