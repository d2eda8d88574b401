// Compares random modules, run natively, with Node's own WebAssembly, and makes failing ones small.
//
//   node --import ./bin/loader.js tools/fuzz.ts [--first SEED] [--seeds N] [--mode MODE] [--rotate]
//                                               [--minutes N] [--shrink]
//
//   --first SEED   the first seed (1)
//   --seeds N      how many seeds (1)
//   --mode MODE    one of test/compile/modes.ts; every seed runs in all of them otherwise
//   --rotate       twenty seeds in one mode, the next twenty in the next: more seeds in less time
//   --minutes N    stop after that time, whatever is left
//   --shrink       make each failing module small and print its functions
//
// Prints how many functions were compared; one compared in several modes counts once for each. A
// mode without checks of calls leaves out the modules in which a call through a table fails.
//
// Exit status: 0 no difference; 1 there was one; 2 the arguments cannot be used, or this machine
// does not run i386 programs.

import "./report-errors";
import { parseArgs } from "node:util";
import { decodeModule } from "../src/compile/wasm/decode";
import { MODES } from "../test/compile/modes";
import { cannotRun } from "../test/compile/native/native";
import {
  caseOf,
  compareCase,
  compareCases,
  type Difference,
  isComparable,
  seedCase,
} from "../test/compile/random/differential";
import { shrink } from "../test/compile/random/shrink";
import { moduleText } from "../test/compile/wasm/module-text";

/** Seeds that share a process. */
const BATCH = 20;
/** Milliseconds between two lines of progress. */
const PROGRESS = 30_000;

interface Request {
  readonly first: number;
  readonly seeds: number;
  readonly modes: readonly string[];
  readonly end: number;
  readonly rotates: boolean;
  readonly shrinks: boolean;
}

function readRequest(): Request | string {
  const { values } = parseArgs({
    options: {
      first: { type: "string", default: "1" },
      seeds: { type: "string", default: "1" },
      mode: { type: "string" },
      minutes: { type: "string", default: "1000000" },
      rotate: { type: "boolean", default: false },
      shrink: { type: "boolean", default: false },
    },
  });
  const numbers = [values.first, values.seeds, values.minutes].map(Number);
  const [first = 0, seeds = 0, minutes = 0] = numbers;
  if (!numbers.every((number) => number > 0)) return "a number is none";
  const all = Object.keys(MODES);
  if (values.mode !== undefined && !all.includes(values.mode)) {
    return `there is no mode ${values.mode}; the modes are ${all.join(", ")}`;
  }
  const modes = values.mode === undefined ? all : [values.mode];
  const end = performance.now() + minutes * 60_000;
  return { first, seeds, modes, end, rotates: values.rotate, shrinks: values.shrink };
}

function main(): number {
  const request = readRequest();
  const problem = typeof request === "string" ? request : cannotRun();
  if (typeof request === "string" || problem) {
    process.stderr.write(`fuzz: ${problem}\n`);
    return 2;
  }
  const { first, seeds, modes, end, rotates, shrinks } = request;
  let functions = 0;
  let failures = 0;
  let next = first;
  let told = performance.now();
  while (next < first + seeds && performance.now() < end) {
    const count = Math.min(BATCH, first + seeds - next);
    const batch = Array.from({ length: count }, (_, i) => seedCase(next + i));
    const turn = Math.floor((next - first) / BATCH) % modes.length;
    for (const mode of rotates ? modes.slice(turn, turn + 1) : modes) {
      const comparable = batch.filter((each) => isComparable(each, MODES[mode]!));
      for (const difference of compareCases(comparable, MODES[mode]!)) {
        failures++;
        report(difference, mode, shrinks);
      }
      functions += comparable.reduce((sum, { module }) => sum + module.functions.length, 0);
    }
    next += count;
    if (performance.now() - told > PROGRESS) {
      told = performance.now();
      process.stderr.write(`fuzz: ${functions} functions, ${failures} differences so far\n`);
    }
  }
  const what = `${functions} functions compared, of seeds ${first} to ${next - 1}`;
  process.stdout.write(
    `${what}, ${rotates ? "in turn" : "each"} in ${modes.join(", ")}: ${failures} differences\n`,
  );
  return failures > 0 ? 1 : 0;
}

function report({ seed, text }: Difference, mode: string, shrinks: boolean): void {
  process.stdout.write(`seed ${seed} in ${mode}: ${text}\n`);
  if (!shrinks) return;
  const options = MODES[mode]!;
  const small = shrink(seed, (module) => {
    const each = caseOf(module, seed);
    return isComparable(each, options) && compareCase(each, options) !== undefined;
  });
  const now = compareCase(caseOf(small.module, seed), options);
  process.stdout.write(`${moduleText(decodeModule(small.module.bytes, "random"))}`);
  process.stdout.write(`smaller, after ${small.tries} tries: ${now}\n`);
}

process.exitCode = main();
