// Programs of csmith through clang's wasm32 and this compiler, against clang -m32 and Node.
//
//   csmith --seed N --> p.c --clang -m32 -malign-double--> a checksum
//                           --clang --target=wasm32-----> p.wasm --Node------------> the same
//                                                                --ours, -O0 to 2--> the same
//
// -malign-double gives structures the layout that they have in wasm32. C lets a compiler take it
// that a loop with a condition ends, so that each level would make another program of one that does
// not: clang is told not to. A program that does not end in time natively is left out; one that
// ends natively and not elsewhere differs.

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Level } from "../../../src/compile/pipeline";
import { decodeModule } from "../../../src/compile/wasm/decode";
import { validateModule } from "../../../src/compile/wasm/validate";
import type { WasmModule } from "../../../src/compile/wasm/wasm";
import { findProgram } from "../../../src/machine/programs";
import { HANG_MS } from "../../hang-guard";
import { cannotRun, limited, type Outcome, type RunOptions, runNative } from "../native/native";

const HEADERS = ["/usr/include/csmith", "/usr/include"];
const SHIM = new URL("shim.c", import.meta.url).pathname;
/** Seconds of processor time that a program may take natively, and as a module, ours or Node's. */
const NATIVE_SECONDS = 1;
const MODULE_SECONDS = 60;

/** How clang optimises what we compile. */
export const CLANG_LEVELS = ["0", "1", "2", "3", "s"] as const;
const CALLS = [{ name: "run", args: [] }];
const LEVELS: readonly Level[] = [0, 1, 2];

/** Why there are no such programs here, or false. In CI there must be. */
export async function cannotGenerate(): Promise<string | false> {
  if (cannotRun()) return cannotRun();
  for (const tool of ["csmith", "clang"]) {
    // csmith is not asked for its version: it leaves a file wherever it runs.
    if (await findProgram(tool)) continue;
    if (process.env.CI === "true") throw new Error(`${tool} is missing`);
    return `${tool} is not installed`;
  }
  return false;
}

/** What is wrong with the program of a seed, a line each; undefined: it does not end in time. */
export function compareProgram(
  seed: number,
  clangLevel: (typeof CLANG_LEVELS)[number],
  folder: string,
): string[] | undefined {
  const source = join(folder, "p.c");
  // csmith writes down the sizes of its types in the folder where it runs.
  const words = ["--seed", String(seed), "--no-argc", "--output", source];
  execFileSync("csmith", words, { cwd: folder });
  const wanted = nativeChecksum(source, folder);
  if (wanted === undefined) return undefined;
  const wasm = join(folder, "p.wasm");
  clang([
    ...["--target=wasm32-wasi", "-nostdlib", "-mbulk-memory", `-O${clangLevel}`],
    ...["-Dmain=program", "-Wl,--no-entry", source, SHIM, "-o", wasm],
  ]);
  return differences(wasm, wanted).map((text) => `seed ${seed}, clang -O${clangLevel}: ${text}`);
}

/** What a program prints natively; undefined: it does not end in time. */
export function nativeChecksum(source: string, folder: string): bigint | undefined {
  const program = join(folder, "native");
  clang(["-m32", "-malign-double", "-O1", source, "-o", program]);
  const [command, ...words] = limited(NATIVE_SECONDS, program);
  const { stdout } = spawnSync(command, words, { encoding: "utf8", timeout: HANG_MS });
  const [, printed] = /checksum = ([0-9A-F]+)/.exec(stdout) ?? [];
  return printed === undefined ? undefined : BigInt(`0x${printed}`);
}

function clang(words: readonly string[]): void {
  const headers = HEADERS.filter((each) => existsSync(join(each, "csmith.h")));
  const common = [...headers.map((each) => `-I${each}`), "-w", "-fno-finite-loops"];
  execFileSync("clang", [...common, ...words], { stdio: ["ignore", "ignore", "inherit"] });
}

function differences(wasm: string, wanted: bigint): string[] {
  const module = decodeModule(new Uint8Array(readFileSync(wasm)), "csmith.wasm");
  validateModule(module);
  const modes: RunOptions[] = [
    ...LEVELS.map((level) => ({ level, ownMemory: true })),
    { level: 2, ownMemory: false },
  ];
  const found = modes.map((mode) => {
    return { what: JSON.stringify(mode), outcome: outcomeOf(module, mode) };
  });
  return [{ what: "Node", outcome: inNode(wasm, MODULE_SECONDS) }, ...found].flatMap(
    ({ what, outcome }) => (outcome === wanted ? [] : [`${what} gives ${outcome}, not ${wanted}`]),
  );
}

/** Prints what `run` of the module in a file gives, as a number without a sign. */
const IN_NODE = `
const bytes = require("node:fs").readFileSync(process.argv[1]);
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
console.log(exports.run() >>> 0);
`;

/** What a module gives in Node, or that it does not end as it should. */
export function inNode(wasm: string, cpuSeconds: number): Outcome | string {
  const [command, ...words] = limited(cpuSeconds, process.execPath, "-e", IN_NODE, wasm);
  const settings = { encoding: "utf8", timeout: HANG_MS } as const;
  const { status, signal, stdout, stderr } = spawnSync(command, words, settings);
  return status === 0
    ? BigInt(stdout)
    : `the process ended with ${signal ?? status} ${stderr}`.trim();
}

/** What our code gives, or that it does not end as it should. */
function outcomeOf(module: WasmModule, mode: RunOptions): Outcome | string {
  try {
    return runNative(module, CALLS, { ...mode, cpuSeconds: MODULE_SECONDS })[0];
  } catch (error) {
    return String(error);
  }
}

/** Keeps a failing program for whoever looks into it. */
export function keep(seed: number, folder: string, to: string): void {
  for (const name of ["p.c", "p.wasm"]) {
    writeFileSync(join(to, `${seed}-${name}`), readFileSync(join(folder, name)));
  }
}
