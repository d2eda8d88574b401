// Builds dist/, which is what an installed package runs and exports:
//
//   dist/cli/       the command, bundled: bin/isthmus.js takes it while no source is newer
//   dist/index.js   the library, one module without imports, for Node, bundlers and browsers
//   dist/types/     its declarations, with --types
//
// `npm install` in a clone runs this without --types, because the command starts faster from one
// file; `npm pack` and installations from git run it with --types, and then again without.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const TYPES = "dist/types";

/** Declarations import each other as the sources do; Node's resolution wants the extension. */
function addExtensions() {
  for (const name of readdirSync(TYPES, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".d.ts")) continue;
    const path = join(TYPES, name);
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replace(/(\bfrom |\bimport\()"(\.[^"]*)"/g, '$1"$2.js"'));
  }
}

function buildTypes() {
  rmSync(TYPES, { recursive: true, force: true });
  const { status } = spawnSync("tsc", ["-p", "tools/tsconfig.package.json"], {
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  if (status !== 0) process.exit(status ?? 1);
  addExtensions();
}

let esbuild;
try {
  esbuild = await import("esbuild");
} catch {
  console.error("isthmus: esbuild is not installed, so the command runs from its sources.");
  process.exit(0);
}

rmSync("dist/cli", { recursive: true, force: true });
const common = { bundle: true, format: "esm", target: "es2022", logLevel: "warning" };
await Promise.all([
  esbuild.build({
    ...common,
    entryPoints: ["src/cli/main.ts"],
    outdir: "dist/cli",
    platform: "node",
    packages: "external",
    splitting: true,
  }),
  esbuild.build({
    ...common,
    entryPoints: ["src/index.ts"],
    outfile: "dist/index.js",
    platform: "neutral",
  }),
]);
if (process.argv.includes("--types")) buildTypes();
