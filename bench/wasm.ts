// `npm run bench:wasm`: modules of clang's as native code, by instructions executed.
//
//   npm run bench:wasm [-- DIR]
//
// For each C program in bench/wasm/, and in DIR if one is given (files NAME.c with a `main` that
// needs no library and returns its checksum):
//
//   own       clang --target=wasm32 -O2, then isthmus compile --memory own: no access leaves it
//   shared    the same with --memory shared: nothing is checked
//   wasm2c    the same module through wabt's wasm2c and gcc -m32 -O2, which checks as well
//   clang     the program itself by clang -m32 -O2, which is 1.00
//
// Counts are callgrind's, less those of a program that does nothing; all must exit alike. A column
// whose tools are missing is left out, and said so. Exit status: 0 measured; 1 a program differs;
// 2 clang or valgrind is missing.

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

const HERE = new URL("wasm/", import.meta.url).pathname;
const COMMAND = new URL("../bin/isthmus.js", import.meta.url).pathname;
const WASM2C = "/usr/share/wabt/wasm2c";

const folder = mkdtempSync(join(tmpdir(), "isthmus-bench-wasm-"));
const made = (name: string) => join(folder, name);

function run(command: string, words: readonly string[]): void {
  const { status, stderr } = spawnSync(command, words, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${words.join(" ")}: ${stderr}`);
}

function isThere(command: string): boolean {
  return spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0;
}

interface Measured {
  readonly instructions: number;
  readonly status: number | null;
}

/** Instructions of a program by callgrind, and how it ends. */
function measure(program: string): Measured {
  const words = ["--tool=callgrind", `--callgrind-out-file=${made("callgrind")}`, program];
  const { stderr, status } = spawnSync("valgrind", words, { encoding: "utf8" });
  const [, count] = /Collected : (\d+)/.exec(stderr) ?? [];
  if (count === undefined) throw new Error(`valgrind cannot run ${program}: ${stderr}`);
  return { instructions: Number(count), status };
}

/** How a program is made by each way: of its source and its module. */
type Way = (source: string, module: string, program: string) => void;

const ours =
  (memory: "own" | "shared"): Way =>
  (_, module, program) =>
    run(process.execPath, [COMMAND, "compile", module, "--memory", memory, "-o", program]);

const WAYS: Readonly<Record<string, Way>> = {
  own: ours("own"),
  shared: ours("shared"),
  wasm2c: (_, module, program) => {
    run("wasm2c", [module, "-o", made("w2c.c")]);
    writeFileSync(made("w2c-main.c"), wasm2cMain(module));
    const runtime = ["wasm-rt-impl.c"].map((name) => join(WASM2C, name));
    const files = [made("w2c.c"), made("w2c-main.c"), ...runtime];
    run("gcc", ["-m32", "-O2", "-w", `-I${WASM2C}`, `-I${folder}`, ...files, "-lm", "-o", program]);
  },
  clang: (source, _, program) => run("clang", ["-m32", "-O2", "-w", source, "-o", program]),
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

function build(source: string): { name: string; module: string } {
  const name = basename(source, ".c");
  const module = made(`${name}.wasm`);
  const options = ["--target=wasm32", "-O2", "-nostdlib", "-mbulk-memory", "-w"];
  const start = ["-Wl,--no-entry", "-Dmain=start", made("main.c")];
  run("clang", [...options, ...start, source, "-o", module]);
  return { name, module };
}

function main(): number {
  if (!isThere("clang") || !isThere("valgrind")) {
    process.stderr.write("bench:wasm: clang and valgrind are needed\n");
    return 2;
  }
  const hasWasm2c = isThere("wasm2c") && existsSync(join(WASM2C, "wasm-rt-impl.c"));
  const ways = Object.keys(WAYS).filter((way) => way !== "wasm2c" || hasWasm2c);
  if (!hasWasm2c) process.stdout.write("wasm2c is left out: install wabt for it\n");
  writeFileSync(made("main.c"), EXPORTED_MAIN);
  writeFileSync(made("nothing.c"), "int main(void) { return 0; }\n");
  const folders = [HERE, ...process.argv.slice(2)];
  const sources = folders.flatMap((each) =>
    readdirSync(each)
      .filter((name) => name.endsWith(".c"))
      .sort()
      .map((name) => join(each, name)),
  );
  const nothing = countAll(made("nothing.c"), ways);
  process.stdout.write(`${"".padEnd(12)}${ways.map((way) => way.padStart(9)).join("")}\n`);
  let differs = false;
  for (const source of sources) {
    const counts = countAll(source, ways);
    const plain = (way: string) => counts.get(way)!.instructions - nothing.get(way)!.instructions;
    const ratios = ways.map((way) => (plain(way) / plain("clang")).toFixed(3).padStart(9));
    const statuses = new Set([...counts.values()].map(({ status }) => status));
    const note = statuses.size > 1 ? `  they exit with ${[...statuses].join(", ")}` : "";
    differs ||= statuses.size > 1;
    process.stdout.write(`${basename(source, ".c").padEnd(12)}${ratios.join("")}${note}\n`);
  }
  rmSync(folder, { recursive: true });
  return differs ? 1 : 0;
}

/** The name by which a program starts. */
const EXPORTED_MAIN = `#undef main
int start(void);
__attribute__((export_name("main"))) int exported(void) { return start(); }
`;

function countAll(source: string, ways: readonly string[]): Map<string, Measured> {
  const { name, module } = build(source);
  return new Map(
    ways.map((way) => {
      const program = made(`${name}-${way}`);
      WAYS[way]!(source, module, program);
      return [way, measure(program)];
    }),
  );
}

process.exitCode = main();
