// Builds the page into dist/web/: static files that any web server can serve, by relative paths.
//
//   index.html page.css page.js          the page
//   machine-worker.js v86.wasm           the machine; v86 patched, without debug information
//   source-editor.js                     CodeMirror, loaded when somebody opens the sources
//   check-worker.js                      looks at kernels of the reader's own
//   reference.html reference.js          codes, commands and system calls, from the sources
//   compile/*                            the compilers, loaded when somebody builds
//   example/*                            a kernel in C++, as objects, and its layout
//   sw.js                                keeps all of these for use without a network
//   build/boot.elf initramfs.cpio        what is booted first: the kernel without symbols
//   build/kernel.elf user/*.elf          the same with symbols and lines, fetched afterwards
//   build/sources.json                   the sources of kernel and programs
//
// Beside each there are copies that are compressed already (.br, .gz), unless `--quick` is given.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const WEB = join(ROOT, "dist", "web");
const IS_QUICK = process.argv.includes("--quick");
/** Smaller files would not get smaller. */
const COMPRESSED_MIN = 512;
/** Not kept for use without a network before it has been used: it is large. */
const LAZY = "compile/";
const SOURCE_FOLDERS = ["kernel", "user", "src/abi"];
const HEADER_SIZE = 8;
const CUSTOM_SECTION = 0;
const PROGRAM_HEADERS = 28;
const SECTION_HEADERS = 32;
const SECTION_COUNT = 48;

const common = {
  absWorkingDir: ROOT,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  platform: "browser",
  legalComments: "none",
  logLevel: "warning",
  external: ["node:*", "crypto", "fs", "perf_hooks"],
};

/** Paths below `folder`, with forward slashes, in order. */
function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(folder, name)).isFile())
    .map((name) => name.replaceAll("\\", "/"))
    .sort();
}

function write(name, content) {
  const path = join(WEB, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

async function importSource(path) {
  const options = { ...common, entryPoints: [path], platform: "node", write: false };
  const { outputFiles } = await build(options);
  const source = Buffer.from(outputFiles[0].contents).toString("base64");
  return import(`data:text/javascript;base64,${source}`);
}

/** v86's WebAssembly as it can step, without what only its developers read. */
async function v86Wasm() {
  const { patchV86 } = await importSource("src/machine/v86-patch.ts");
  const shipped = new URL("v86.wasm", import.meta.resolve("v86"));
  return withoutCustomSections(patchV86(readFileSync(shipped)));
}

function withoutCustomSections(wasm) {
  const kept = [wasm.subarray(0, HEADER_SIZE)];
  for (let at = HEADER_SIZE; at < wasm.length; ) {
    const start = at;
    let size = 0;
    let shift = 0;
    for (at++; ; shift += 7) {
      const byte = wasm[at++];
      size |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    at += size;
    if (wasm[start] !== CUSTOM_SECTION) kept.push(wasm.subarray(start, at));
  }
  return Buffer.concat(kept);
}

/** An ELF file with what is loaded and nothing else: symbols and lines come after that in it. */
function loadedPart(elf) {
  const view = new DataView(elf.buffer, elf.byteOffset, elf.byteLength);
  const first = view.getUint32(PROGRAM_HEADERS, true);
  const size = view.getUint16(42, true);
  const count = view.getUint16(44, true);
  let end = 0;
  for (let header = first; header < first + count * size; header += size) {
    end = Math.max(end, view.getUint32(header + 4, true) + view.getUint32(header + 16, true));
  }
  const loaded = Buffer.from(elf.subarray(0, end));
  loaded.writeUInt32LE(0, SECTION_HEADERS);
  loaded.writeUInt32LE(0, SECTION_COUNT);
  return loaded;
}

function run(...words) {
  const options = { cwd: ROOT, stdio: ["ignore", "ignore", "inherit"] };
  const { status } = spawnSync(process.execPath, words, options);
  if (status !== 0) process.exit(status ?? 1);
}

function buildSystem() {
  run("bin/isthmus.js", "build");
  const built = join(ROOT, "build");
  const kernel = readFileSync(join(built, "kernel.elf"));
  write("build/boot.elf", loadedPart(kernel));
  write("build/kernel.elf", kernel);
  write("build/initramfs.cpio", readFileSync(join(built, "initramfs.cpio")));
  for (const name of readdirSync(join(built, "user"))) {
    if (name.endsWith(".elf")) write(`build/user/${name}`, readFileSync(join(built, "user", name)));
  }
  write("build/sources.json", JSON.stringify(sources()));
}

function sources() {
  const paths = SOURCE_FOLDERS.flatMap((folder) =>
    filesBelow(join(ROOT, folder))
      .filter((name) => name.endsWith(".ts"))
      .map((name) => `${folder}/${name}`),
  );
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(ROOT, path), "utf8")]));
}

/** The packages that a bundle has files of. */
function packagesIn({ inputs }) {
  const names = Object.keys(inputs).map((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path));
  return [...new Set(names.flatMap((found) => found?.[1] ?? []))].sort();
}

/** The licences of all that is in the page; `packages` are those in its scripts. */
function licences(packages) {
  const v86 = new URL("../LICENSE", import.meta.resolve("v86"));
  const parts = [
    ["Isthmus", join(ROOT, "LICENSE")],
    ["v86", v86],
    ["AssemblyScript", join(ROOT, "node_modules/assemblyscript/LICENSE")],
    ["AssemblyScript, notices", join(ROOT, "node_modules/assemblyscript/NOTICE")],
    ["Binaryen", join(ROOT, "node_modules/binaryen/LICENSE")],
    ["long.js", join(ROOT, "node_modules/long/LICENSE")],
    ...packages.map((name) => [name, join(ROOT, "node_modules", name, "LICENSE")]),
  ];
  return parts.map(([name, path]) => `${name}\n\n${readFileSync(path, "utf8")}`).join("\n\n");
}

/** @returns the packages in the page's own script */
async function buildScripts() {
  // The editor is a file of its own, fetched when somebody opens the sources.
  const page = { page: "web/page.ts" };
  const chunks = { splitting: true, chunkNames: "[name]", metafile: true };
  const { metafile } = await build({ ...common, ...chunks, entryPoints: page, outdir: WEB });
  await build({ ...common, entryPoints: { page: "web/theme.css" }, outdir: WEB });
  await build({ ...common, entryPoints: { reference: "web/reference/search.ts" }, outdir: WEB });
  await build({ ...common, entryPoints: { "check-worker": "web/check/worker.ts" }, outdir: WEB });
  await build({
    ...common,
    entryPoints: { "machine-worker": "web/machine/worker.ts" },
    outdir: WEB,
    // v86 would make a worker of a Blob, which the page forbids itself: see `Pace`.
    define: { Worker: "undefined" },
  });
  return packagesIn(metafile);
}

/**
 * The worker that compiles, as four modules: Binaryen waits at its top level, and bundlers put such
 * a module into others wrongly.
 */
async function buildCompiler() {
  const outdir = join(WEB, "compile");
  const modules = { assemblyscript: "assemblyscript", "assemblyscript/asc": "library" };
  const beside = {
    name: "beside",
    setup(build) {
      build.onResolve({ filter: /^(assemblyscript\/)?binaryen$/ }, () => {
        return { path: "./binaryen.js", external: true };
      });
      build.onResolve({ filter: /^assemblyscript(\/asc)?$/ }, ({ path, kind }) => {
        if (kind === "entry-point") return undefined;
        return { path: `./${modules[path]}.js`, external: true };
      });
      build.onResolve({ filter: /^node:(fs|path)$/ }, () => {
        return { path: join(ROOT, "web", "compile", "node-path.ts") };
      });
    },
  };
  const compiler = fileURLToPath(import.meta.resolve("assemblyscript"));
  const options = { ...common, outdir, plugins: [beside] };
  await build({ ...options, entryPoints: { worker: "web/compile/worker.ts" }, external: [] });
  await build({ ...options, entryPoints: { assemblyscript: compiler } });
  copyFileSync(join(ROOT, "node_modules", "binaryen", "index.js"), join(outdir, "binaryen.js"));
  const { libraryFiles } = await import("assemblyscript/asc");
  write("compile/library.js", `export const libraryFiles = ${JSON.stringify(libraryFiles)};`);
  run("--import", "./bin/loader.js", "tools/build-page-parts.ts", join(outdir, "parts.json"));
}

/** The service worker comes last: it has the list of all other files. */
async function buildServiceWorker() {
  const names = filesBelow(WEB).filter((name) => !name.startsWith(LAZY));
  const hash = createHash("sha256");
  for (const name of names) hash.update(name).update(readFileSync(join(WEB, name)));
  const define = {
    PRECACHED: JSON.stringify(["./", ...names]),
    VERSION: JSON.stringify(hash.digest("hex").slice(0, 16)),
  };
  await build({ ...common, entryPoints: { sw: "web/sw.ts" }, outdir: WEB, define });
}

function compress() {
  for (const name of filesBelow(WEB)) {
    const content = readFileSync(join(WEB, name));
    if (content.length < COMPRESSED_MIN) continue;
    const params = { [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
    write(`${name}.br`, brotliCompressSync(content, { params }));
    write(`${name}.gz`, gzipSync(content, { level: 9 }));
  }
}

rmSync(WEB, { recursive: true, force: true });
mkdirSync(WEB, { recursive: true });
buildSystem();
write("v86.wasm", await v86Wasm());
const packages = await buildScripts();
await buildCompiler();
for (const name of ["index.html", "icon.svg"]) {
  copyFileSync(join(ROOT, "web", name), join(WEB, name));
}
for (const name of filesBelow(join(ROOT, "web", "example"))) {
  write(`example/${name}`, readFileSync(join(ROOT, "web", "example", name)));
}
const layout = "isthmus.layout.json";
write(`example/${layout}`, readFileSync(join(ROOT, "examples", "cpp-kernel", layout)));
write("licences.txt", licences(packages));
run("--import", "./bin/loader.js", "tools/build-reference.ts", join(WEB, "reference.html"));
await buildServiceWorker();
if (!IS_QUICK) compress();
