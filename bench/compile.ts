// How fast the compiler is, and how its time grows with the size of what it compiles.
//
//   npm run bench:compile [-- --json]
//
// From a validated WebAssembly module to an object, in this process, which is warm; the least of
// several runs. The kernel is compiled and linked too: that is its build once AssemblyScript is
// done, both as the first thing that a process does and warm. Seconds are of the processor, all
// threads together; V8 collects garbage and optimises on several. Limits on them grow on a machine
// that is slower than the one they were set on, as harness/yardstick.ts finds.
//
// An operation is an instruction of WebAssembly. The kernel's limit is on what one costs, because
// the kernel grows.
//
// Exit status: 1 if a limit is exceeded, or if an operation costs far more in something large.

import "../tools/report-errors";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { compileModule } from "../src/compile/compile";
import type { WasmModule } from "../src/compile/wasm/wasm";
import { timeHere } from "./harness/cpu-time";
import type { GeneratedModule } from "./harness/generated-module";
import { loopModule } from "./harness/loop-module";
import { randomModule } from "./harness/random-module";
import { limitHere, slowness } from "./harness/yardstick";

/** Operations of a whole program, and the seconds that it may take. */
const PROGRAM = 300_000;
const PROGRAM_LIMIT = 5;
/** Microseconds that an operation of the kernel may take, once the compiler is warm. */
const KERNEL_LIMIT = 23;
const FUNCTION_SIZES = [5_000, 10_000, 20_000, 40_000, 80_000];
const MODULE_SIZES = [18_750, 37_500, 75_000, 150_000, PROGRAM];
const SMALL_FUNCTION = 250;
const LOOPS = [500, 1_000, 2_000, 4_000, 8_000];
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

function measure(sizes: readonly number[], make: (size: number) => GeneratedModule): Measurement[] {
  return sizes.map((size) => {
    const { module, operations } = make(size);
    return { operations, seconds: seconds(() => compile(module)) };
  });
}

const perOperation = (each: Measurement) => (1e6 * each.seconds) / each.operations;

/** How much more an operation costs in the largest than in the smallest. */
function growth(series: readonly Measurement[]): number {
  const [first, last] = [series[0]!, series[series.length - 1]!];
  return perOperation(last) / perOperation(first);
}

interface KernelTimes extends Measurement {
  /** The first time; `seconds` are of the compiler when warm. */
  readonly fresh: number;
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
const moments = [slowness()];
const functions = measure(FUNCTION_SIZES, (size) => randomModule(size, 1));
const modules = measure(MODULE_SIZES, (size) =>
  randomModule(size, Math.round(size / SMALL_FUNCTION)),
);
const loops = measure(LOOPS, loopModule);
moments.push(slowness());
const kernel = kernelTimes();
moments.push(slowness());
const whole = modules[modules.length - 1]!;
const programLimit = limitHere(PROGRAM_LIMIT, moments.slice(0, 2));
const kernelLimit = limitHere(KERNEL_LIMIT, moments.slice(1));
const missed = [
  ...(whole.seconds > programLimit ? [`a program of ${PROGRAM} operations`] : []),
  ...(perOperation(kernel) > kernelLimit ? ["an operation of the kernel"] : []),
  ...(growth(functions) > GROWTH_LIMIT ? ["the growth with a function's size"] : []),
  ...(growth(modules) > GROWTH_LIMIT ? ["the growth with a module's size"] : []),
  ...(growth(loops) > GROWTH_LIMIT ? ["the growth with loops and globals"] : []),
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
  const { operations, fresh, seconds: warm } = kernel;
  const each = `${perOperation(kernel).toFixed(1)} µs (limit ${kernelLimit.toFixed(1)})`;
  return [
    ...table("one function", functions),
    ...table(`functions of ${SMALL_FUNCTION} operations`, modules),
    ...table("one function of loops, each with a global", loops),
    `the kernel, ${operations.toLocaleString("en")} operations: ${fresh.toFixed(2)} CPU s in a` +
      ` fresh process, ${warm.toFixed(2)} warm, an operation ${each}`,
  ].join("\n");
}

console.log(
  values.json ? JSON.stringify({ functions, modules, loops, kernel, missed }, null, 2) : report(),
);
for (const what of missed) process.stderr.write(`bench:compile: ${what} is beyond its limit\n`);
process.exitCode = missed.length > 0 ? 1 : 0;
