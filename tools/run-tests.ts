// `npm test`: runs the tests with Node's test runner, all of them or those that are named.
//
//   npm test                       every test/**/*.test.ts
//   npm test -- kernel             the folder test/kernel/
//   npm test -- inspect/audit      test/inspect/audit.test.ts, and a folder of that name
//   npm test -- test/inspect/audit.test.ts
//   npm test -- kernel -t console  of these, the tests whose name matches
//
// Exit status: that of the runner; 2 if a word names nothing.
//
// Node 20 takes no glob patterns, so the files are collected here.

import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { nearestName } from "../src/base/nearest-name";

const ENDING = ".test.ts";
const SUGGESTIONS_MAX = 6;

/**
 * The files of `files` (paths in test/) that a word names: those in the folder of that name, and
 * the one that is called so. `test/` in front and `.test.ts` at the end may be left out.
 */
export function testsNamed(word: string, files: readonly string[]): string[] {
  const name = nameOf(word);
  if (name === "") return [...files];
  return files.filter((file) => file === name + ENDING || file.startsWith(`${name}/`));
}

/** What the writer of a word that names nothing may have meant, as words to type. */
export function suggestions(word: string, files: readonly string[]): string[] {
  const name = nameOf(word);
  const last = endOf(name);
  const known = names(files);
  const alike = known
    .filter((each) => endOf(each).includes(last))
    .sort((a, b) => endOf(a).length - endOf(b).length);
  if (alike.length > 0) return alike.slice(0, SUGGESTIONS_MAX);
  const near = nearestName(name, known) ?? nearestPlace(last, known);
  return near === undefined ? known.filter((each) => !each.includes("/")) : [near];
}

/** The folder or file whose own name, without the folders above it, is closest to `last`. */
function nearestPlace(last: string, known: readonly string[]): string | undefined {
  const ends = known.map(endOf);
  const near = nearestName(last, ends);
  return near === undefined ? undefined : known[ends.indexOf(near)];
}

/** `kernel/modes` of `kernel/modes`, `kernel/modes.test.ts` and `test/kernel/modes/`. */
function nameOf(word: string): string {
  const path = word.replaceAll("\\", "/").replace(/^\.\//, "");
  return path
    .replace(/^test(\/|$)/, "")
    .replace(/\/$/, "")
    .replace(/\.test\.ts$/, "");
}

function endOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Every word that names something: the folders, then the files without their ending. */
function names(files: readonly string[]): string[] {
  const folders = files.flatMap((file) => {
    const parts = file.split("/").slice(0, -1);
    return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
  });
  return [...new Set([...folders, ...files.map(nameOf)])];
}

function testFiles(): string[] {
  return readdirSync("test", { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(ENDING))
    .map((file) => file.replaceAll("\\", "/"))
    .sort();
}

/** Runs what the command line names; returns the exit status. */
function main(words: readonly string[], patterns: readonly string[]): number {
  const files = testFiles();
  const missing = words.find((word) => testsNamed(word, files).length === 0);
  if (missing !== undefined) {
    const meant = suggestions(missing, files).join(", ");
    return refuse(`test/ has nothing named ${missing}; there is ${meant}`);
  }
  const wanted = words.length === 0 ? files : words.flatMap((word) => testsNamed(word, files));
  const run = spawnSync(
    process.execPath,
    [
      ...["--import", "./bin/loader.js", "--import", "./test/patience.ts", "--test"],
      ...patterns.map((pattern) => `--test-name-pattern=${pattern}`),
      ...new Set(wanted.map((file) => `test/${file}`)),
    ],
    { stdio: "inherit" },
  );
  return run.status ?? 1;
}

/** Says why nothing runs; the exit status for it. */
function refuse(why: string): number {
  process.stderr.write(`run-tests: ${why}\n`);
  return 2;
}

/** The words of the command line, and the patterns for names; a sentence if it makes no sense. */
function readCommandLine(): { words: string[]; patterns: string[] } | string {
  try {
    const { positionals, values } = parseArgs({
      allowPositionals: true,
      options: { "test-name": { type: "string", short: "t", multiple: true } },
    });
    return { words: positionals, patterns: values["test-name"] ?? [] };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

if (process.argv[1]?.endsWith("run-tests.ts")) {
  const line = readCommandLine();
  process.exitCode = typeof line === "string" ? refuse(line) : main(line.words, line.patterns);
}
