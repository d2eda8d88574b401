// Builds dist/, which is what an installed package runs and exports:
//
//   dist/cli/       the command, bundled: bin/isthmus.js takes it while no source is newer
//   dist/v86.wasm   v86's WebAssembly, patched so that v86 can step (src/machine/v86-patch.ts)
//   dist/index.js   the library, one module without imports, for Node, bundlers and browsers
//   dist/types/     its declarations, with --types
//
// `npm install` in a clone runs this without --types, because the command starts faster from one
// file; `npm pack` and installations from git run it with --types, and then again without.
import { spawnSync } from "node:child_process";
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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

/** Throws if the v86 that is installed is not the one that can be patched. */
async function buildV86() {
  const entryPoints = ["src/machine/v86-patch.ts"];
  const { outputFiles } = await esbuild.build({ ...common, entryPoints, write: false });
  const source = Buffer.from(outputFiles[0].contents).toString("base64");
  const { patchV86 } = await import(`data:text/javascript;base64,${source}`);
  const main = import.meta.resolve("v86");
  writeFileSync("dist/v86.wasm", patchV86(readFileSync(new URL("v86.wasm", main))));
  copyFileSync(new URL("../LICENSE", main), "dist/v86.LICENSE");
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
await buildV86();
if (process.argv.includes("--types")) buildTypes();
