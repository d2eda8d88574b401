// Reverses the comparisons of kernel files one at a time and runs the file's unit tests on each
// changed source: a test must fail.
//
//   npm run test:mutations:kernel                            all files of FOLDERS
//   npm run test:mutations:kernel -- kernel/memory/heap.ts   some files
//     --tests FILE   run these tests instead of those of the file's own name
//     --why          print which test noticed each change
//
// Exit status: 0 if every change is noticed; 1 if not.
//
// The tests of kernel/memory/heap.ts are test/kernel/memory/heap.test.ts. A change that the
// compiler refuses is noticed, too. Loops are limited to ROUNDS_MAX rounds in all, so that a change
// that makes one endless fails as well. There is no list of exceptions: a comparison that can be
// reversed without effect has none, and can go.

import { readdirSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { changeSources } from "../kernel-part";
import {
  type Comparison,
  comparisonsOf,
  countRounds,
  makeReversible,
  reverse,
} from "./comparisons";
import { firstFailure } from "./test-file";

const FOLDERS = ["kernel/memory", "kernel/file", "kernel/thread"];
/** More than the tests of any file need. */
const ROUNDS_MAX = 20_000_000;

const STEP = "countRound";
const COUNTER = "count-rounds.ts";
const COUNTER_SOURCE = `
  let rounds: u32 = 0;
  export function ${STEP}(): void {
    if (++rounds > ${ROUNDS_MAX}) unreachable();
  }
`;

const IS_REVERSED = "isReversed";
const SWITCH = "reversed-comparison.ts";
const SWITCH_SOURCE = `
  @external("mutation", "reversed") declare const reversed: i32;
  @inline export function ${IS_REVERSED}(comparison: i32): bool { return reversed === comparison; }
`;
const NONE = -1;

interface Options {
  /** The tests to run instead of a file's own. */
  readonly tests: string | undefined;
  readonly why: boolean;
}

/** Tries all changes of a file; returns what is wrong, in words. */
async function tryFile(file: string, { tests, why }: Options): Promise<string[]> {
  const source = readFileSync(file, "utf8");
  const comparisons = comparisonsOf(source);
  if (comparisons.length === 0) return [];
  const path = tests ?? `test/${file.replace(/\.ts$/, ".test.ts")}`;
  const failures = new Map(await tryTogether(file, source, comparisons, path));
  const others = comparisons.filter((comparison) => !failures.has(comparison));
  if (failures.size === 0) {
    const unchanged = await failureWith(file, source, path);
    if (unchanged !== undefined) return [`${file}: its tests fail as it is: ${unchanged}`];
  }
  for (const each of others) {
    failures.set(each, await failureWith(file, reverse(source, each), path));
  }
  const unnoticed: string[] = [];
  for (const comparison of comparisons) {
    const failure = failures.get(comparison);
    const place = `${file}:${comparison.line}: ${comparison.text}`;
    if (failure === undefined) unnoticed.push(`${place}: no test fails if this is reversed`);
    else if (why) print(`${place}\n    ${failure.split("\n")[0]}`);
  }
  const alone = `${others.length} of them compiled alone`;
  print(`${file}: ${comparisons.length} comparisons reversed, ${alone}`);
  return unnoticed;
}

type Failures = [of: Comparison, failure: string | undefined][];

/**
 * As failureWith() for each comparison, but the source is compiled once. Not for those with null:
 * the compiler must see which way they go. None at all if this source does not compile, since one
 * of them decides something else at compile time.
 */
async function tryTogether(
  file: string,
  source: string,
  comparisons: readonly Comparison[],
  tests: string,
): Promise<Failures> {
  const together = comparisons.filter(({ isWithNull }) => !isWithNull);
  let reversed = NONE;
  change(file, makeReversible(source, together, IS_REVERSED), () => reversed);
  if ((await firstFailure(tests)) !== undefined) return [];
  const failures: Failures = [];
  for (const [n, comparison] of together.entries()) {
    reversed = n;
    failures.push([comparison, await firstFailure(tests)]);
  }
  return failures;
}

/** The first test that fails with `text` in the place of `file`; undefined: none does. */
function failureWith(file: string, text: string, tests: string): Promise<string | undefined> {
  change(file, text, () => NONE);
  return firstFailure(tests);
}

/** From now on `text` is in the place of `file`, and the comparison that `reversed` tells is so. */
function change(file: string, text: string, reversed: () => number): void {
  changeSources({
    files: { [COUNTER]: COUNTER_SOURCE, [SWITCH]: SWITCH_SOURCE },
    names: { [STEP]: nameIn(COUNTER, STEP), [IS_REVERSED]: nameIn(SWITCH, IS_REVERSED) },
    constants: () => ({ mutation: { reversed: reversed() } }),
    read(path, found) {
      if (!path.startsWith("kernel/")) return found;
      return path === file ? countRounds(text, STEP) : counted(found);
    },
  });
}

const nameIn = (file: string, name: string) => `${file.replace(".ts", "")}/${name}`;

const countedTexts = new Map<string, string>();

/** As countRounds(); the files that stay as they are are asked for again and again. */
function counted(text: string): string {
  const known = countedTexts.get(text) ?? countRounds(text, STEP);
  countedTexts.set(text, known);
  return known;
}

function allFiles(): string[] {
  return FOLDERS.flatMap((folder) => {
    const names = readdirSync(folder).filter((name) => name.endsWith(".ts"));
    return names.sort().map((name) => `${folder}/${name}`);
  });
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { tests: { type: "string" }, why: { type: "boolean", default: false } },
});
const problems: string[] = [];
for (const file of positionals.length > 0 ? positionals : allFiles()) {
  problems.push(...(await tryFile(file, { tests: values.tests, why: values.why })));
}
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.exitCode = problems.length > 0 ? 1 : 0;
