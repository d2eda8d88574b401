#!/usr/bin/env node
// The command `isthmus`: runs src/cli/main.ts as bundled by tools/build-package.js or, in a clone
// where a source is newer than the bundle, from its sources.
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const BUNDLE = new URL("../dist/cli/main.js", import.meta.url);
const SOURCES = fileURLToPath(new URL("../src", import.meta.url));
/** Only clones have it. In an installed package, file times mean nothing. */
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
