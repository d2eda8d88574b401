// How good our code is: programs in TypeScript through our compiler, beside the same algorithms in
// C through `gcc -O2` and `clang -O2`.
//
//   npm run bench:codegen -- [options] [NAME...]
//
//   NAME           only the programs whose names contain one of these words
//   --json         print JSON instead of the table
//   --no-time      count instructions only; no native runs
//   --gate         exit with 1 if our instructions, over GCC's, are more than the limits below
//   --passes       what each optimisation of ours is worth: instructions without it over those with
//                  all of them, as a table in Markdown or as JSON
//   --keep DIR     leave executables, listings and maps of all builds in DIR
//
// QEMU counts the instructions, which are the same in every run. Native time is processor time, the
// least of several runs, and still depends on the machine: compare ratios. All builds of a program
// must return the same checksum, counted and timed, or the benchmark fails.

import "../tools/report-errors";
import { parseArgs } from "node:util";
import { Diagnostic } from "../src/base/diagnostic";
import { writeOutputs } from "../src/link/output/write-outputs";
import type { LinkedImage } from "../src/link/passes/image";
import { build, COMPILERS, type CompilerName, textBytes } from "./harness/build";
import { Executable } from "./harness/measure";
import { passWorths, WORTH_HEAD, worthRow } from "./harness/pass-worth";
import { BENCH_PROGRAMS, type BenchProgram } from "./harness/programs";
import type { BuildCost, ProgramResult } from "./harness/report";
import { geomean, ratio, tableFoot, tableHead, tableRow, toJson } from "./harness/report";
import { requireTool } from "./harness/require-tool";

const GEOMEAN_LIMIT = 0.93;
const PROGRAM_LIMIT = 1.05;

/** A native run takes about this many of GCC's instructions, some 10 to 60 ms. */
const NATIVE_INSTRUCTIONS = 150_000_000;
const NATIVE_RUNS = 7;

interface Settings {
  readonly words: readonly string[];
  readonly json: boolean;
  readonly time: boolean;
  readonly gate: boolean;
  readonly passes: boolean;
  readonly keep: string | undefined;
}

function readSettings(): Settings {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        json: { type: "boolean", default: false },
        "no-time": { type: "boolean", default: false },
        passes: { type: "boolean", default: false },
        gate: { type: "boolean", default: false },
        keep: { type: "string" },
      },
    });
    const { json, gate, passes, keep } = values;
    return { words: positionals, json, gate, passes, keep, time: !values["no-time"] };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Diagnostic("BENCH004", reason, "Read the head of bench/codegen.ts.");
  }
}

function choosePrograms(words: readonly string[]): readonly BenchProgram[] {
  if (words.length === 0) return BENCH_PROGRAMS;
  const chosen = BENCH_PROGRAMS.filter(({ name }) => words.some((word) => name.includes(word)));
  if (chosen.length > 0) return chosen;
  const names = BENCH_PROGRAMS.map(({ name }) => name).join(", ");
  throw new Diagnostic("BENCH004", `no program's name has ${words.join(" or ")}`, `Try ${names}.`);
}

/** What our compiler does not support; any other error in a program is the benchmark's fault. */
const UNSUPPORTED = "COMP001";

interface Built {
  readonly compiler: CompilerName;
  readonly image: LinkedImage;
  readonly executable: Executable;
}

/** A program's image for each compiler; where ours is missing, the reason. */
function buildAll(program: BenchProgram, keep: string | undefined) {
  const images = new Map<CompilerName, LinkedImage>();
  let skipped: string | undefined;
  for (const compiler of COMPILERS) {
    try {
      const image = build(program, compiler);
      if (keep !== undefined) writeOutputs(image, keep);
      images.set(compiler, image);
    } catch (error) {
      const mayLack = program.floats && error instanceof Diagnostic && error.code === UNSUPPORTED;
      if (!mayLack) throw error;
      skipped = `skipped: ${error.message}`;
    }
  }
  return { images, skipped };
}

/** Fails unless all builds agree. */
class Checksum {
  readonly #what: string;
  #expected: number | undefined;

  constructor(what: string) {
    this.#what = what;
  }

  check(compiler: CompilerName, checksum: number): void {
    this.#expected ??= checksum;
    if (checksum === this.#expected) return;
    throw new Diagnostic(
      "BENCH005",
      `${this.#what}: the build by ${compiler} returns ${checksum}, not ${this.#expected}`,
      "One of the compilers, or one of the two sources, is wrong: compare them.",
    );
  }
}

function measure(program: BenchProgram, settings: Settings): ProgramResult {
  const { images, skipped } = buildAll(program, settings.keep);
  const built: Built[] = [];
  try {
    for (const [compiler, image] of images) {
      built.push({ compiler, image, executable: new Executable(image) });
    }
    const counts = countAll(program, built);
    const times = settings.time ? timeAll(program, built, counts) : undefined;
    const builds: Partial<Record<CompilerName, BuildCost>> = {};
    for (const { compiler, image } of built) {
      builds[compiler] = {
        instructions: counts.get(compiler) as number,
        nanoseconds: times?.get(compiler),
        textBytes: textBytes(image),
      };
    }
    return { name: program.name, builds, ...(skipped === undefined ? {} : { skipped }) };
  } finally {
    for (const { executable } of built) executable.remove();
  }
}

function countAll({ name }: BenchProgram, built: readonly Built[]): Map<CompilerName, number> {
  const agreement = new Checksum(name);
  const counts = new Map<CompilerName, number>();
  for (const { compiler, executable } of built) {
    const { checksum, cost } = executable.count();
    agreement.check(compiler, checksum);
    counts.set(compiler, cost);
  }
  return counts;
}

/** The builds take turns, so that other load on the machine hits all of them. */
function timeAll(
  { name, rounds }: BenchProgram,
  built: readonly Built[],
  counts: ReadonlyMap<CompilerName, number>,
): Map<CompilerName, number> {
  const scale = NATIVE_INSTRUCTIONS / (counts.get("gcc") ?? NATIVE_INSTRUCTIONS);
  const nativeRounds = Math.max(1, Math.round(rounds * scale));
  const agreement = new Checksum(`${name}, ${nativeRounds} rounds`);
  const times = new Map<CompilerName, number>();
  for (let run = 0; run < NATIVE_RUNS; run++) {
    for (const { compiler, executable } of built) {
      const { checksum, cost } = executable.time(nativeRounds);
      agreement.check(compiler, checksum);
      times.set(compiler, Math.min(cost, times.get(compiler) ?? cost));
    }
  }
  return times;
}

/** @throws Diagnostic BENCH006 where executables of i386 Linux do not run */
function requireNative(): void {
  if (process.platform === "linux" && ["x64", "ia32"].includes(process.arch)) return;
  const host = `${process.platform} on ${process.arch}`;
  throw new Diagnostic(
    "BENCH006",
    `i386 programs of Linux do not run on ${host}`,
    "Add --no-time.",
  );
}

/** What our builds exceed of the limits, a line each; a program that has no figure does, too. */
function excesses(results: readonly ProgramResult[]): string[] {
  const over = (what: string, value: number | undefined, limit: number) =>
    value !== undefined && value <= limit ? [] : [`${what}: ${value?.toFixed(4)} > ${limit}`];
  return [
    ...over("geomean", geomean(results, "isthmus", "instructions"), GEOMEAN_LIMIT),
    ...results.flatMap((each) =>
      over(each.name, ratio(each, "isthmus", "instructions"), PROGRAM_LIMIT),
    ),
  ];
}

function measurePasses(programs: readonly BenchProgram[], json: boolean): number {
  requireTool("qemu-system-i386");
  if (json) {
    console.log(JSON.stringify([...passWorths(programs)], undefined, 2));
    return 0;
  }
  console.log(WORTH_HEAD);
  for (const worth of passWorths(programs)) console.log(worthRow(worth));
  return 0;
}

function main(): number {
  const settings = readSettings();
  const programs = choosePrograms(settings.words);
  if (settings.passes) return measurePasses(programs, settings.json);
  for (const tool of ["gcc", "clang", "qemu-system-i386"]) requireTool(tool);
  if (settings.time) requireNative();
  const results: ProgramResult[] = [];
  if (!settings.json) console.log(tableHead());
  for (const program of programs) {
    const result = measure(program, settings);
    results.push(result);
    if (!settings.json) console.log(tableRow(result));
  }
  console.log(settings.json ? toJson(results) : tableFoot(results));
  if (!settings.gate) return 0;
  const found = excesses(results);
  for (const line of found) process.stderr.write(`over the limit, in instructions: ${line}\n`);
  return found.length === 0 ? 0 : 1;
}

process.exitCode = main();
