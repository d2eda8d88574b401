// How fast the compiler is, and how its time grows with the size of what it compiles.
//
//   npm run bench:compile [-- --json]
//
// From a validated WebAssembly module to an object, in this process, which is warm; the least of
// some runs. The kernel is compiled and linked too: what is left of its build when AssemblyScript
// has done its part, first thing in a fresh process and when warm. Generated functions are
// arithmetic on thirty locals, memory, conditions, loops and calls.
//
// Exit status: 1 if a limit is exceeded, or if an operation costs far more in something large.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { compileModule } from "../src/compile/compile";
import { decodeModule } from "../src/compile/wasm/decode";
import { validateModule } from "../src/compile/wasm/validate";
import type { WasmModule } from "../src/compile/wasm/wasm";
import { leb, section, vector, wasm } from "../test/compile/wasm/wasm-bytes";

const I32 = 0x7f;
const I64 = 0x7e;
const LOCALS = 26;
const LONG_LOCALS = 4;
/** The first locals are two parameters. */
const PARAMETERS = 2;

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

// --- programs ---

/** Writes the body of one function, statement by statement. */
class BodyWriter {
  readonly bytes: number[] = [];
  operations = 0;
  private state: number;

  constructor(
    seed: number,
    private readonly functions: number,
  ) {
    this.state = seed;
  }

  private below(limit: number): number {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.state / 2 ** 32) * limit);
  }

  private op(...bytes: number[]): void {
    this.bytes.push(...bytes);
    this.operations++;
  }

  private get(): void {
    this.op(0x20, this.below(LOCALS));
  }

  /** Two operands, then one of add, sub, mul, and, or, xor, shl, shr_s, shr_u. */
  private arithmetic(depth: number): void {
    const operand = () =>
      depth > 0 && this.below(3) === 0 ? this.arithmetic(depth - 1) : this.get();
    operand();
    if (this.below(3) === 0) this.op(0x41, this.below(64));
    else operand();
    this.op([0x6a, 0x6b, 0x6c, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76][this.below(9)]!);
  }

  private address(): void {
    this.get();
    this.op(0x41, 0xfc, 0x1f); // 4092
    this.op(0x71);
  }

  statement(depth: number): void {
    const kind = this.below(depth > 0 ? 12 : 8);
    if (kind < 4) {
      this.arithmetic(2);
      this.op(0x21, PARAMETERS + this.below(LOCALS - PARAMETERS));
    } else if (kind === 4) {
      this.address();
      this.arithmetic(1);
      this.op(0x36, 2, ...leb(this.below(1024)));
    } else if (kind === 5) {
      this.address();
      this.op(0x28, 2, ...leb(this.below(1024)));
      this.op(0x21, PARAMETERS + this.below(LOCALS - PARAMETERS));
    } else if (kind === 6) {
      this.op(0x20, LOCALS + this.below(LONG_LOCALS));
      this.get();
      this.op(0xad); // i64.extend_i32_u
      this.op(0x7c);
      this.op(0x21, LOCALS + this.below(LONG_LOCALS));
    } else if (kind === 7) {
      this.get();
      this.arithmetic(0);
      this.op(0x10, ...leb(this.below(this.functions)));
      this.op(0x21, PARAMETERS + this.below(LOCALS - PARAMETERS));
    } else if (kind < 11) {
      this.get();
      this.get();
      this.op([0x46, 0x48, 0x49, 0x4a][this.below(4)]!);
      this.op(0x04, 0x40);
      this.statements(1 + this.below(3), depth - 1);
      if (this.below(2) === 0) {
        this.op(0x05);
        this.statements(1 + this.below(3), depth - 1);
      }
      this.op(0x0b);
    } else {
      this.op(0x03, 0x40);
      this.statements(2 + this.below(3), depth - 1);
      this.get();
      this.op(0x41, this.below(64));
      this.op(0x48);
      this.op(0x0d, 0);
      this.op(0x0b);
    }
  }

  private statements(count: number, depth: number): void {
    for (let i = 0; i < count; i++) this.statement(depth);
  }

  /** A body of at least so many operations. */
  static write(seed: number, operations: number, functions: number): BodyWriter {
    const writer = new BodyWriter(seed, functions);
    // Nothing is known of any local, or whole parts would turn out never to run.
    for (let local = PARAMETERS; local < LOCALS + LONG_LOCALS; local++) {
      writer.address();
      writer.op(local < LOCALS ? 0x28 : 0x29, 2, ...leb(4 * local));
      writer.op(0x21, local);
    }
    while (writer.operations < operations) writer.statement(3);
    writer.get();
    writer.op(0x0b);
    return writer;
  }
}

/** A module of `count` functions, of together at least so many operations. */
function program(operations: number, count: number): { module: WasmModule; operations: number } {
  const bodies = Array.from({ length: count }, (_, i) =>
    BodyWriter.write(i + 1, operations / count, count),
  );
  const locals = [2, ...leb(LOCALS - PARAMETERS), I32, LONG_LOCALS, I64];
  const code = bodies.map(({ bytes }) => [
    ...leb(bytes.length + locals.length),
    ...locals,
    ...bytes,
  ]);
  const bytes = wasm(
    section(1, vector([0x60, 2, I32, I32, 1, I32])),
    section(3, vector(...bodies.map(() => [0]))),
    section(5, vector([0, 1])),
    section(10, vector(...code)),
  );
  const module = decodeModule(bytes, "generated.wasm");
  validateModule(module);
  return { module, operations: bodies.reduce((sum, each) => sum + each.operations, 0) };
}

// --- measuring ---

function seconds(work: () => void): number {
  const times = Array.from({ length: RUNS }, () => {
    const begun = performance.now();
    work();
    return (performance.now() - begun) / 1000;
  });
  return Math.min(...times);
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
    const { module, operations } = program(size, functionsOf(size));
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
compile(program(PROGRAM / 10, 100).module); // warms the compiler up
const functions = measure(FUNCTION_SIZES, () => 1);
const modules = measure(MODULE_SIZES, (size) => Math.round(size / SMALL_FUNCTION));
const kernel = kernelTimes();
const whole = modules[modules.length - 1]!;
const missed = [
  ...(whole.seconds > PROGRAM_LIMIT ? [`a program of ${PROGRAM} operations`] : []),
  ...(kernel.warm > KERNEL_LIMIT ? ["our part of the kernel's build"] : []),
  ...(growth(functions) > GROWTH_LIMIT ? ["the growth with a function's size"] : []),
  ...(growth(modules) > GROWTH_LIMIT ? ["the growth with a module's size"] : []),
];

function table(title: string, series: readonly Measurement[]): string[] {
  const rows = series.map((each) => {
    const operations = each.operations.toLocaleString("en").padStart(12);
    const time = each.seconds.toFixed(2).padStart(10);
    return operations + time + perOperation(each).toFixed(2).padStart(15);
  });
  return [title, "  operations   seconds   µs/operation", ...rows, ""];
}

if (values.json) console.log(JSON.stringify({ functions, modules, kernel, missed }, null, 2));
else {
  const lines = [
    ...table("one function", functions),
    ...table(`functions of ${SMALL_FUNCTION} operations`, modules),
    `the kernel: ${kernel.fresh.toFixed(2)} s in a fresh process, ${kernel.warm.toFixed(2)} s warm`,
  ];
  console.log(lines.join("\n"));
}
for (const what of missed) process.stderr.write(`bench:compile: ${what} is beyond its limit\n`);
process.exitCode = missed.length > 0 ? 1 : 0;
