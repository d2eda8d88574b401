// Measures how much the comparison with random modules notices: changes single instructions of the
// compiled modules, one at a time, and counts the changes that make a difference to Node's results.
//
//   node --import ./bin/loader.js tools/mutants.ts [--count N] [--seed S] [--first SEED]
//                                                  [--calls N] [--mode MODE] [--list] [--why]
//
//   --count N      how many changes to try (200)
//   --seed S       which changes are made (1)
//   --first SEED   the first module; each gets four changes (1)
//   --calls N      call each function N times instead of as often as the tests do
//   --mode MODE    one of test/compile/modes.ts ("as it is")
//   --list         print the changes that went unnoticed
//   --why          try other changes of instructions where one went unnoticed: if none of them is
//                  noticed either, what the instruction computes is of no consequence there
//
// A change of an instruction that no call executes cannot be noticed and is counted apart: whether
// one is executed is found by a breakpoint in its place. Of those that are executed some compute
// the same in another way, so the share that can be noticed is below all.

import "./report-errors";
import { parseArgs } from "node:util";
import type { ObjectFile } from "../src/object/object";
import { MODES } from "../test/compile/modes";
import { cannotRun, type RunOptions } from "../test/compile/native/native";
import { type Case, caseOf, compareCase } from "../test/compile/random/differential";
import { randomModule } from "../test/compile/random/module";
import {
  describeMutant,
  type Mutant,
  mutate,
  sitesOf,
  withBytes,
} from "../test/compile/random/mutant";
import { Random } from "../test/compile/random/random";

const PER_MODULE = 4;
/** How many other changes of an instruction are tried. */
const OTHERS = 10;
/** A mutant that runs so long loops without end. */
const TIMEOUT = 3000;
const INT3 = Uint8Array.of(0xcc);

interface Score {
  executed: number;
  noticed: number;
  /** Of those that were not, in instructions of which other changes are noticed. */
  matters: number;
}

interface Request {
  readonly count: number;
  readonly seed: number;
  readonly first: number;
  readonly calls: number | undefined;
  readonly options: RunOptions;
  readonly lists: boolean;
  readonly explains: boolean;
}

function readRequest(): Request | string {
  const { values } = parseArgs({
    options: {
      count: { type: "string", default: "200" },
      seed: { type: "string", default: "1" },
      first: { type: "string", default: "1" },
      calls: { type: "string" },
      mode: { type: "string", default: "as it is" },
      list: { type: "boolean", default: false },
      why: { type: "boolean", default: false },
    },
  });
  const numbers = [values.count, values.seed, values.first, values.calls ?? "1"].map(Number);
  const [count = 0, seed = 0, first = 0, calls] = numbers;
  if (!numbers.every((number) => number > 0)) return "a number is none";
  const mode = MODES[values.mode];
  if (!mode)
    return `there is no mode ${values.mode}; the modes are ${Object.keys(MODES).join(", ")}`;
  const options = { ...mode, timeout: TIMEOUT };
  const given = values.calls === undefined ? undefined : calls;
  const { list: lists, why: explains } = values;
  return { count, seed, first, calls: given, options, lists, explains };
}

/** The object of a case, compiled once. */
function compiled(each: Case, options: RunOptions): ObjectFile {
  let found: ObjectFile | undefined;
  const problem = compareCase(each, {
    ...options,
    alter: (object) => {
      found = object;
      return object;
    },
  });
  if (!found || problem !== undefined) throw new Error(`without a change: ${problem}`);
  return found;
}

/** Random changes of the functions of an object that a seed made. */
function mutantsOf(object: ObjectFile, random: Random): Mutant[] {
  const sites = sitesOf(object, (name) => /^f\d+$/.test(name));
  const mutants: Mutant[] = [];
  while (mutants.length < PER_MODULE) {
    const mutant = mutate(object, random.pick(sites), random);
    if (mutant) mutants.push(mutant);
  }
  return mutants;
}

function main(): number {
  const request = readRequest();
  const problem = typeof request === "string" ? request : cannotRun();
  if (typeof request === "string" || problem) {
    process.stderr.write(`mutants: ${problem}\n`);
    return 2;
  }
  const { count, first, seed, calls, options, lists, explains } = request;
  const random = new Random(seed);
  const scores = new Map<string, Score>();
  let tried = 0;
  for (let module = first; tried < count; module++) {
    const each = caseOf(randomModule(module), module, calls);
    const object = compiled(each, options);
    for (const mutant of mutantsOf(object, random)) {
      tried++;
      const runs = (bytes: Uint8Array) =>
        compareCase(each, { ...options, alter: () => withBytes(object, mutant.site, bytes) });
      if (runs(INT3) === undefined) continue;
      const score = scores.get(mutant.kind) ?? { executed: 0, noticed: 0, matters: 0 };
      scores.set(mutant.kind, score);
      score.executed++;
      if (runs(mutant.bytes) !== undefined) {
        score.noticed++;
        continue;
      }
      if (lists) process.stdout.write(`seed ${module} ${describeMutant(mutant)}\n`);
      const isNoticed = (other: Mutant) => runs(other.bytes) !== undefined;
      if (explains && othersOf(object, mutant, random).some(isNoticed)) score.matters++;
    }
  }
  report(tried, scores, explains);
  return 0;
}

/** Other changes of the same instruction. */
function othersOf(object: ObjectFile, { site }: Mutant, random: Random): Mutant[] {
  return Array.from({ length: OTHERS }, () => mutate(object, site, random)).flatMap(
    (each) => each ?? [],
  );
}

function report(tried: number, scores: ReadonlyMap<string, Score>, explains: boolean): void {
  const all = { executed: 0, noticed: 0, matters: 0 };
  for (const { executed, noticed, matters } of scores.values()) {
    all.executed += executed;
    all.noticed += noticed;
    all.matters += matters;
  }
  const line = (name: string, { executed, noticed }: Score) =>
    `${name}: ${noticed} of ${executed} noticed, ${((100 * noticed) / executed).toFixed(1)} %\n`;
  for (const [kind, score] of [...scores].sort()) process.stdout.write(line(kind, score));
  process.stdout.write(line("all", all));
  process.stdout.write(`${tried - all.executed} of ${tried} are in code that no call executes\n`);
  if (!explains) return;
  const rest = all.executed - all.noticed;
  const dead = `${rest - all.matters} in instructions of which no change is`;
  process.stdout.write(`of ${rest} unnoticed: ${dead}, ${all.matters} of which others are\n`);
}

process.exitCode = main();
