// Builds dist/, which is what an installed package runs and exports:
//
//   dist/cli/       the command and its build worker, bundled: bin/entry.js takes them while no
//                   source is newer
//   dist/v86.wasm   v86's WebAssembly, patched so that v86 can step (src/machine/v86-patch.ts)
//   dist/index.js   the library, one module without imports, for Node, bundlers and browsers
//   dist/types/     its declarations, in packages
//   dist/man/       manual pages, in packages
//   dist/web/       the page that `isthmus web` serves, in packages
//   dist/system/    the kernel and the programs, in packages: what a build would leave in build/
//
// npm runs this as `prepare`: after `npm install` in a clone, because the command starts faster
// from one file, and before it packs what is installed from git. `npm pack` also runs it as
// `prepack`, with --package, before that.
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const INSTALLATION = fileURLToPath(new URL("..", import.meta.url));
const TYPES = "dist/types";
const SYSTEM = "dist/system";
const STAMPS = ".stamps";
const LISTING = "kernel.asm";
const MANUAL = "dist/man";
const WEB = "dist/web";
/** Only when npm packs does it say that the package comes from the package's own folder. */
const { npm_package_resolved: ORIGIN = "" } = process.env;
const IS_PACKED = existsSync(ORIGIN) && realpathSync(ORIGIN) === realpathSync(INSTALLATION);

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
  run("tsc", "-p", "tools/tsconfig.package.json");
  addExtensions();
}

/** What a source file exports; it must import nothing that is outside Node and the sources. */
async function importSource(path) {
  const options = { ...common, entryPoints: [path], platform: "node", write: false };
  const { outputFiles } = await esbuild.build(options);
  const source = Buffer.from(outputFiles[0].contents).toString("base64");
  return import(`data:text/javascript;base64,${source}`);
}

/** The command. It takes the hash of its toolchain along, so as not to read 250 files for it. */
async function buildCommand() {
  rmSync("dist/cli", { recursive: true, force: true });
  const { hashToolchain } = await importSource("src/cli/toolchain-hash.ts");
  await esbuild.build({
    ...common,
    entryPoints: ["src/cli/main.ts", "src/cli/ld.ts", "src/cli/build-worker.ts"],
    outdir: "dist/cli",
    platform: "node",
    packages: "external",
    splitting: true,
    define: { BUNDLED_TOOLCHAIN: JSON.stringify(hashToolchain(INSTALLATION)) },
  });
}

/** Throws if the v86 that is installed is not the one that can be patched. */
async function buildV86() {
  const { patchV86 } = await importSource("src/machine/v86-patch.ts");
  const main = import.meta.resolve("v86");
  writeFileSync("dist/v86.wasm", patchV86(readFileSync(new URL("v86.wasm", main))));
  copyFileSync(new URL("../LICENSE", main), "dist/v86.LICENSE");
}

/**
 * What is current in build/ is not built again; the tests keep other things there, too, as all of
 * Debian's packages that they have fetched.
 */
function buildSystem() {
  rmSync(SYSTEM, { recursive: true, force: true });
  for (const name of [STAMPS, ...builtFiles()]) {
    const from = join("build", name);
    if (existsSync(from)) cpSync(from, join(SYSTEM, name), { recursive: true });
  }
  run(process.execPath, "bin/isthmus.js", "build", "--output", SYSTEM);
  dropListing();
}

/** The files that builds have left in build/, by their stamps. */
function builtFiles() {
  const stamps = join("build", STAMPS);
  if (!existsSync(stamps)) return [];
  return readdirSync(stamps).flatMap((name) => {
    return Object.keys(JSON.parse(readFileSync(join(stamps, name), "utf8")).outputs);
  });
}

/** Leaves out the kernel's disassembly: 5 MB that no command reads. Stamps no longer ask for it. */
function dropListing() {
  const stamps = join(SYSTEM, STAMPS);
  for (const name of readdirSync(stamps)) {
    const path = join(stamps, name);
    const { outputs, ...rest } = JSON.parse(readFileSync(path, "utf8"));
    delete outputs[LISTING];
    writeFileSync(path, JSON.stringify({ ...rest, outputs }));
  }
  rmSync(join(SYSTEM, LISTING));
}

/** Leaves the kernel in build/, so that it is not compiled again. */
function buildWeb() {
  run(process.execPath, "tools/build-web.js", "--quick");
  // 16 MB that each installation has elsewhere: `isthmus web` serves them from there.
  for (const name of ["compile/binaryen.js", "build/kernel.elf", "build/initramfs.cpio"]) {
    rmSync(join(WEB, name));
  }
  rmSync(join(WEB, "build", "user"), { recursive: true });
}

function buildManual() {
  run(process.execPath, "--import", "./bin/loader.js", "tools/build-manual.ts", MANUAL);
}

function run(program, ...words) {
  const shell = process.platform === "win32";
  const { status } = spawnSync(program, words, { stdio: "inherit", shell });
  if (status !== 0) process.exit(status ?? 1);
}

let esbuild;
try {
  esbuild = await import("esbuild");
} catch {
  console.error("isthmus: esbuild is not installed, so the command runs from its sources.");
  process.exit(0);
}

const common = { bundle: true, format: "esm", target: "es2022", logLevel: "warning" };
const entryPoints = ["src/index.ts"];
await buildCommand();
await esbuild.build({ ...common, entryPoints, outfile: "dist/index.js", platform: "neutral" });
await buildV86();
const isPrepack = process.argv.includes("--package");
// What `prepack` has made is not made again.
if (isPrepack || (IS_PACKED && !existsSync(TYPES))) buildTypes();
if (isPrepack || (IS_PACKED && !existsSync(MANUAL))) buildManual();
if (isPrepack || (IS_PACKED && !existsSync(WEB))) buildWeb();
if (isPrepack || (IS_PACKED && !existsSync(SYSTEM))) buildSystem();
