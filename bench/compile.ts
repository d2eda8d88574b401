// How fast the compiler is, and how its time grows with the size of what it compiles.
//
//   npm run bench:compile [-- --json]
//
// From a validated WebAssembly module to an object, in this process, which is warm; the least of
// several runs. The kernel is compiled and linked too: that is its build once AssemblyScript is
// done, both as the first thing that a process does and warm. Seconds are of the processor, all
// threads together; V8 collects garbage and optimises on several.
//
// Exit status: 1 if a limit is exceeded, or if an operation costs far more in something large.

import "../tools/report-errors";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { compileModule } from "../src/compile/compile";
import type { WasmModule } from "../src/compile/wasm/wasm";
import { timeHere } from "./harness/cpu-time";
import { randomModule } from "./harness/random-module";

/** Operations of a whole program, and the seconds that it may take. */
const PROGRAM = 300_000;
const PROGRAM_LIMIT = 5;
const KERNEL_LIMIT = 0.5;
const FUNCTION_SIZES = [5_000, 10_000, 20_000, 40_000, 80_000];
const MODULE_SIZES = [18_750, 37_500, 75_000, 150_000, PROGRAM];
const SMALL_FUNCTION = 250;
/** How much more an operation may cost in the largest than in the smallest of a series. */
const GROWTH_LIMIT = 2.5;
const RUNS = 2;

function seconds(work: () => void): number {
  return Math.min(...Array.from({ length: RUNS }, () => timeHere(work).cpu));
}

function compile(module: WasmModule): void {
  compileModule(module, { target: "user", name: "generated" });
}

interface Measurement {
  readonly operations: number;
  readonly seconds: number;
}

function measure(sizes: readonly number[], functionsOf: (size: number) => number): Measurement[] {
  return sizes.map((size) => {
    const { module, operations } = randomModule(size, functionsOf(size));
    return { operations, seconds: seconds(() => compile(module)) };
  });
}

const perOperation = (each: Measurement) => (1e6 * each.seconds) / each.operations;

/** How much more an operation costs in the largest than in the smallest. */
function growth(series: readonly Measurement[]): number {
  const [first, last] = [series[0]!, series[series.length - 1]!];
  return perOperation(last) / perOperation(first);
}

interface KernelTimes {
  readonly fresh: number;
  readonly warm: number;
}

/** In a process of its own: the first time is that of a build. */
function kernelTimes(): KernelTimes {
  const child = fileURLToPath(new URL("./compile-kernel.ts", import.meta.url));
  const args = ["--import", "./bin/loader.js", child];
  const { stdout, status } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`bench/compile-kernel.ts ended with status ${status}`);
  return JSON.parse(stdout) as KernelTimes;
}

const { values } = parseArgs({ options: { json: { type: "boolean", default: false } } });
compile(randomModule(PROGRAM / 10, 100).module); // warms the compiler up
const functions = measure(FUNCTION_SIZES, () => 1);
const modules = measure(MODULE_SIZES, (size) => Math.round(size / SMALL_FUNCTION));
const kernel = kernelTimes();
const whole = modules[modules.length - 1]!;
const missed = [
  ...(whole.seconds > PROGRAM_LIMIT ? [`a program of ${PROGRAM} operations`] : []),
  ...(kernel.warm > KERNEL_LIMIT ? ["the kernel's build after AssemblyScript"] : []),
  ...(growth(functions) > GROWTH_LIMIT ? ["the growth with a function's size"] : []),
  ...(growth(modules) > GROWTH_LIMIT ? ["the growth with a module's size"] : []),
];

function table(title: string, series: readonly Measurement[]): string[] {
  const rows = series.map((each) => {
    const operations = each.operations.toLocaleString("en").padStart(12);
    const time = each.seconds.toFixed(2).padStart(10);
    return operations + time + perOperation(each).toFixed(2).padStart(15);
  });
  return [title, "  operations     CPU s   µs/operation", ...rows, ""];
}

function report(): string {
  const { fresh, warm } = kernel;
  return [
    ...table("one function", functions),
    ...table(`functions of ${SMALL_FUNCTION} operations`, modules),
    `the kernel: ${fresh.toFixed(2)} CPU s in a fresh process, ${warm.toFixed(2)} warm`,
  ].join("\n");
}

console.log(
  values.json ? JSON.stringify({ functions, modules, kernel, missed }, null, 2) : report(),
);
for (const what of missed) process.stderr.write(`bench:compile: ${what} is beyond its limit\n`);
process.exitCode = missed.length > 0 ? 1 : 0;
