// `npm run bench:wasm`: modules of clang's as native code, by instructions executed.
//
//   npm run bench:wasm [-- DIR] [--only NAME]…
//
// For each C program in bench/wasm/, and for zlib, bzip2, Lua and SQLite if DIR has their sources,
// in folders or in archives:
//
//   own       clang for wasm32 -O2, then isthmus compile --memory own: no access leaves it
//   segment   the same with --bounds segment
//   shared    the same with --memory shared: nothing is checked
//   wasm2c    the same module through wabt's wasm2c and gcc -m32 -O2, which checks as well; only
//             of programs that need nothing of a system
//   clang     the program itself by clang -m32 -O2, which is 1.00
//
// The sources are Debian's and npm's; in DIR:
//
//   apt-get source --download-only zlib bzip2 lua5.4
//   npm pack better-sqlite3
//
// Counts are callgrind's, less those of a program that does nothing; all must print and exit alike.
// What cannot be measured is left out, and said so. Exit status: 0 measured; 1 a program differs; 2
// clang or valgrind is missing.

import "../tools/report-errors";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, delimiter, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { filesOf, LIBRARIES, type Library, sourcesOf } from "./wasm/libraries";

const HERE = new URL("wasm/", import.meta.url).pathname;
const PROGRAMS = join(HERE, "library");
const COMMAND = new URL("../bin/isthmus.js", import.meta.url).pathname;
const WASM2C = "/usr/share/wabt/wasm2c";

const folder = mkdtempSync(join(tmpdir(), "isthmus-bench-wasm-"));
const made = (name: string) => join(folder, name);

/**
 * The folders of commands but for npm's. clang hands each module to a wasm-opt that it finds, and
 * `npm run` puts one there: what is measured would depend on how the bench was started.
 */
const SYSTEM_PATH = (process.env.PATH ?? "")
  .split(delimiter)
  .filter((each) => !each.includes("node_modules"))
  .join(delimiter);

function run(command: string, words: readonly string[]): void {
  const env = { ...process.env, PATH: SYSTEM_PATH };
  const { status, stderr } = spawnSync(command, words, { encoding: "utf8", env });
  if (status !== 0) throw new Error(`${command} ${words.join(" ")}: ${stderr}`);
}

function isThere(command: string): boolean {
  return spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

interface Measured {
  readonly instructions: number;
  /** What it printed, and how it ended. */
  readonly outcome: string;
}

/** Instructions of a program by callgrind, and what comes of it. */
function measure(program: string): Measured {
  const words = ["--tool=callgrind", `--callgrind-out-file=${made("callgrind")}`, program];
  const { stdout, stderr, status } = spawnSync("valgrind", words, { encoding: "utf8" });
  const [, count] = /Collected : (\d+)/.exec(stderr) ?? [];
  if (count === undefined) throw new Error(`valgrind cannot run ${program}: ${stderr}`);
  return { instructions: Number(count), outcome: `${stdout}exit status ${status}` };
}

// --- what is measured ---

interface Workload {
  readonly name: string;
  readonly needsSystem: boolean;
  /** Compiles it by clang, to a module or to a program. */
  readonly compile: (kind: "module" | "program", output: string) => void;
}

/** A program of one file that needs no library, and returns its checksum. */
function smallProgram(source: string): Workload {
  const name = basename(source, ".c");
  const bare = ["--target=wasm32", "-nostdlib", "-mbulk-memory", "-Wl,--no-entry", "-Dmain=start"];
  return {
    name,
    needsSystem: false,
    compile: (kind, output) => {
      const words = kind === "module" ? [...bare, made("main.c")] : ["-m32"];
      run("clang", [...words, "-O2", "-w", source, "-o", output]);
    },
  };
}

/** A program and the library that it is about, whose sources are in `from`. */
function libraryProgram(library: Library, from: string): Workload {
  const { name, program, isCxx, options, wasm = [], native = [] } = library;
  return {
    name,
    needsSystem: true,
    compile: (kind, output) => {
      const isModule = kind === "module";
      const machine = isModule ? ["--target=wasm32-wasi", `-I${made("wasi")}`] : ["-m32"];
      run(isCxx ? "clang++" : "clang", [
        ...[...machine, "-O2", "-w", ...(isCxx ? ["-x", "c++"] : []), `-I${from}`, ...options],
        ...[join(PROGRAMS, program), ...filesOf(library, from)],
        ...[...(isModule ? wasm : native), "-o", output],
      ]);
    },
  };
}

/** The libraries whose sources are below `top`, which may also hold archives of them. */
function libraryPrograms(top: string): Workload[] {
  mkdirSync(made("sources"));
  for (const name of readdirSync(top)) {
    if (!/\.(orig\.tar\.\w+|tgz)$/.test(name)) continue;
    const to = made(`sources/${name}`);
    mkdirSync(to);
    run("tar", ["-xf", join(top, name), "-C", to]);
  }
  // Lua names <setjmp.h> even where it throws; WASI's is an error.
  mkdirSync(made("wasi"));
  writeFileSync(made("wasi/setjmp.h"), "");
  return LIBRARIES.flatMap((library) => {
    const from = sourcesOf(library, top) ?? sourcesOf(library, made("sources"));
    if (from !== undefined) return [libraryProgram(library, from)];
    say(`${library.name} is left out: ${top} has no sources of it, with a ${library.mark}`);
    return [];
  });
}

// --- how ---

/** How a program is made by each way of its module; clang makes it of its source. */
type Way = (workload: Workload, module: string, program: string) => void;

const ours =
  (...words: readonly string[]): Way =>
  (_, module, program) =>
    run(process.execPath, [COMMAND, "compile", module, ...words, "-o", program]);

const WAYS: Readonly<Record<string, Way>> = {
  own: ours("--memory", "own"),
  segment: ours("--memory", "own", "--bounds", "segment"),
  shared: ours("--memory", "shared"),
  wasm2c: (_, module, program) => {
    run("wasm2c", [module, "-o", made("w2c.c")]);
    writeFileSync(made("w2c-main.c"), wasm2cMain(module));
    const runtime = ["wasm-rt-impl.c"].map((name) => join(WASM2C, name));
    const files = [made("w2c.c"), made("w2c-main.c"), ...runtime];
    run("gcc", ["-m32", "-O2", "-w", `-I${WASM2C}`, `-I${folder}`, ...files, "-lm", "-o", program]);
  },
  clang: ({ compile }, _, program) => compile("program", program),
};

/** What starts a module of wabt 1.0.32's wasm2c. */
function wasm2cMain(module: string): string {
  const name = `Z_${basename(module, ".wasm").replace(/Z/g, "Z5A")}`;
  return `#include "w2c.h"
int main(void) {
  wasm_rt_init();
  ${name}_init_module();
  static ${name}_instance_t instance;
  ${name}_instantiate(&instance);
  return ${name}Z_main(&instance);
}
`;
}

/** The name by which a small program starts. */
const EXPORTED_MAIN = `#undef main
int start(void);
__attribute__((export_name("main"))) int exported(void) { return start(); }
`;

function measureAll(workload: Workload, ways: readonly string[]): Map<string, Measured> {
  const { name, needsSystem, compile } = workload;
  const module = made(`${name}.wasm`);
  compile("module", module);
  const possible = ways.filter((way) => way !== "wasm2c" || !needsSystem);
  return new Map(
    possible.map((way) => {
      const program = made(`${name}-${way}`);
      WAYS[way]!(workload, module, program);
      return [way, measure(program)];
    }),
  );
}

function main(): number {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { only: { type: "string", multiple: true } },
  });
  if (!isThere("clang") || !isThere("valgrind")) {
    process.stderr.write("bench:wasm: clang and valgrind are needed\n");
    return 2;
  }
  const hasWasm2c = isThere("wasm2c") && existsSync(join(WASM2C, "wasm-rt-impl.c"));
  const ways = Object.keys(WAYS).filter((way) => way !== "wasm2c" || hasWasm2c);
  if (!hasWasm2c) say("wasm2c is left out: install wabt for it");
  writeFileSync(made("main.c"), EXPORTED_MAIN);
  writeFileSync(made("nothing.c"), "int main(void) { return 0; }\n");
  const small = readdirSync(HERE).filter((name) => name.endsWith(".c"));
  const all = [
    ...small.sort().map((name) => smallProgram(join(HERE, name))),
    ...positionals.flatMap((top) => libraryPrograms(resolve(top))),
  ];
  if (positionals.length === 0) say("zlib, bzip2, Lua and SQLite are left out: no DIR was given");
  const wanted = all.filter(({ name }) => values.only?.includes(name) ?? true);
  const nothing = measureAll(smallProgram(made("nothing.c")), ways);
  say(`${"".padEnd(12)}${ways.map((way) => way.padStart(9)).join("")}`);
  const differing = wanted.filter((workload) => !isEqual(workload, ways, nothing));
  rmSync(folder, { recursive: true });
  return differing.length > 0 ? 1 : 0;
}

/** Prints a workload's row; whether all ways came to the same. */
function isEqual(
  workload: Workload,
  ways: readonly string[],
  nothing: ReadonlyMap<string, Measured>,
): boolean {
  const measured = measureAll(workload, ways);
  const plain = (way: string) => measured.get(way)!.instructions - nothing.get(way)!.instructions;
  const ratio = (way: string) =>
    measured.has(way) ? (plain(way) / plain("clang")).toFixed(3) : "-";
  const ratios = ways.map((way) => ratio(way).padStart(9));
  const outcomes = new Set([...measured.values()].map(({ outcome }) => outcome));
  const note = outcomes.size > 1 ? `  they differ: ${[...outcomes].join(" / ")}` : "";
  say(`${workload.name.padEnd(12)}${ratios.join("")}${note}`);
  return outcomes.size === 1;
}

process.exitCode = main();
