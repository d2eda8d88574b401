// Programs of csmith through clang's wasm32 and this compiler, against clang -m32 and Node.
//
//   csmith --seed N --> p.c --clang -m32 -malign-double--> a checksum
//                           --clang --target=wasm32-----> p.wasm --Node------------> the same
//                                                                --ours, -O0 to 2--> the same
//
// -malign-double gives structures the layout that they have in wasm32. A program that does not end
// in time natively is left out.

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Level } from "../../../src/compile/pipeline";
import { decodeModule } from "../../../src/compile/wasm/decode";
import { validateModule } from "../../../src/compile/wasm/validate";
import type { WasmModule } from "../../../src/compile/wasm/wasm";
import { HANG_MS } from "../../hang-guard";
import { cannotRun, limited, type Outcome, type RunOptions, runNative } from "../native/native";
import { runInNode } from "../native/run-in-node";

const HEADERS = ["/usr/include/csmith", "/usr/include"];
const SHIM = new URL("shim.c", import.meta.url).pathname;
/** Seconds of processor time that a program may take natively, and as our code at any level. */
const NATIVE_SECONDS = 1;
const OUR_SECONDS = 60;

/** How clang optimises what we compile. */
export const CLANG_LEVELS = ["0", "1", "2", "3", "s"] as const;
const CALLS = [{ name: "run", args: [] }];
const LEVELS: readonly Level[] = [0, 1, 2];

/** Why there are no such programs here, or false. In CI there must be. */
export function cannotGenerate(): string | false {
  if (cannotRun()) return cannotRun();
  for (const tool of ["csmith", "clang"]) {
    if (spawnSync(tool, ["--version"], { stdio: "ignore" }).status === 0) continue;
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
  const file = (name: string) => join(folder, name);
  execFileSync("csmith", ["--seed", String(seed), "--no-argc", "--output", file("p.c")]);
  const headers = HEADERS.filter((each) => existsSync(join(each, "csmith.h")));
  const common = [...headers.map((each) => `-I${each}`), "-w"];
  clang(["-m32", "-malign-double", "-O1", ...common, file("p.c"), "-o", file("native")]);
  const [command, ...words] = limited(NATIVE_SECONDS, file("native"));
  const native = spawnSync(command, words, { encoding: "utf8", timeout: HANG_MS });
  const [, printed] = /checksum = ([0-9A-F]+)/.exec(native.stdout) ?? [];
  if (printed === undefined) return undefined;
  clang([
    ...["--target=wasm32-wasi", "-nostdlib", "-mbulk-memory", `-O${clangLevel}`, ...common],
    ...["-Dmain=program", "-Wl,--no-entry", file("p.c"), SHIM, "-o", file("p.wasm")],
  ]);
  const bytes = new Uint8Array(readFileSync(file("p.wasm")));
  return differences(bytes, BigInt(`0x${printed}`)).map(
    (text) => `seed ${seed}, clang -O${clangLevel}: ${text}`,
  );
}

function clang(words: readonly string[]): void {
  execFileSync("clang", words, { stdio: ["ignore", "ignore", "inherit"] });
}

function differences(bytes: Uint8Array, wanted: bigint): string[] {
  const module = decodeModule(bytes, "csmith.wasm");
  validateModule(module);
  const modes: RunOptions[] = [
    ...LEVELS.map((level) => ({ level, ownMemory: true })),
    { level: 2, ownMemory: false },
  ];
  const found = modes.map((mode) => {
    return { what: JSON.stringify(mode), outcome: outcomeOf(module, mode) };
  });
  const [inNode] = runInNode(bytes, CALLS);
  return [{ what: "Node", outcome: inNode }, ...found].flatMap(({ what, outcome }) =>
    outcome === wanted ? [] : [`${what} gives ${outcome}, not ${wanted}`],
  );
}

/** What our code gives, or that it does not end as it should. */
function outcomeOf(module: WasmModule, mode: RunOptions): Outcome | string {
  try {
    return runNative(module, CALLS, { ...mode, cpuSeconds: OUR_SECONDS })[0];
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
