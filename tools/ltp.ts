// `npm run ltp -- FOLDER`: runs the Linux Test Project's tests of system calls on this kernel, in
// QEMU, and says what became of each.
//
//   npm run -s ltp -- FOLDER [options]
//
//   FOLDER             what `make install` of LTP fills: runtest/, testcases/bin/
//   --runtest NAME     the list of tests; default syscalls
//   --only REGEX       only tests whose name matches
//   --not-passed       with --results: only tests that have not passed there
//   --seconds N        what a test has of the guest's time; default 60
//   --with DIR         files that the guest has besides, a shell in DIR/bin, say; may be repeated
//   --results FILE     keeps results there, a line of JSON each; tests that do not run keep theirs
//   --linux FILE       what Linux passes: a table with tabs and the columns name and result
//   --document FILE    writes the results with reasons, as docs/ltp.md has them
//   --json             prints each result as a line of JSON
//   --help             prints this
//
// How to build the tests, on a Debian with gcc-multilib, autoconf and automake, in LTP's source:
//
//   make autotools
//   ./configure --host=i686-linux-gnu CC="gcc -m32" AR=ar RANLIB=ranlib STRIP=strip
//     CFLAGS="-Os -ffunction-sections -fdata-sections" LDFLAGS="-static -Wl,--gc-sections -s"
//   make -C lib; make -C libs; make -k -C testcases/kernel/syscalls
//   make -k -C testcases/kernel/syscalls install DESTDIR=FOLDER prefix=/
//   cp -r runtest FOLDER
//
// Exit status: 0 every test has a result; 1 the list names no test; 2 usage or unusable input.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Diagnostic, formatDiagnostic } from "../src/base/diagnostic";
import { systemReason } from "../src/base/system-error";
import { document, type Reference, summary } from "./ltp-document";
import { type Result, runTests } from "./ltp-run";
import { TestFolder } from "./ltp-tests";

const SECONDS = 60;

/** Runs the command with these words; its exit status. */
async function main(words: string[]): Promise<number> {
  const { values, positionals } = commandLine(words);
  const [path, ...more] = positionals;
  if (values.help || path === undefined || more.length > 0) {
    const header = readFileSync(new URL(import.meta.url), "utf8").split("\n\n", 1)[0] ?? "";
    (values.help ? process.stdout : process.stderr).write(`${header.replace(/^\/\/ ?/gm, "")}\n`);
    return values.help ? 0 : 2;
  }
  const folder = new TestFolder(path, values.runtest ?? "syscalls");
  const seconds = Number(values.seconds ?? SECONDS);
  if (!Number.isInteger(seconds) || seconds < 1) {
    throw new Diagnostic("LTP003", `--seconds ${values.seconds} is no number`, "Say --seconds 60");
  }
  const reference = values.linux === undefined ? undefined : readReference(values.linux);
  const results = readResults(values.results);
  const wanted = expression(values.only);
  const tests = folder.tests.filter(
    ({ name }) =>
      wanted.test(name) && !(values["not-passed"] && results.get(name)?.status === "PASS"),
  );
  if (tests.length === 0) {
    throw new Diagnostic("LTP004", "no test is to be run", "See the list: less FOLDER/runtest/*");
  }
  const running = new Set(tests.map(({ name }) => name));
  let done = 0;
  const tell = (result: Result) => {
    results.set(result.test, result);
    done++;
    if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
    const { test, status, milliseconds, reason } = result;
    const why = status === "PASS" ? "" : `: ${reason}`;
    const took = (milliseconds / 1000).toFixed(2);
    process.stderr.write(`[${done}/${tests.length}] ${test} ${status} ${took} s${why}\n`);
    if (values.results !== undefined) writeResults(values.results, results);
  };
  await runTests({ folder, tests, others: values.with ?? [], seconds, tell });
  const inOrder = folder.tests.flatMap(({ name }) => results.get(name) ?? []);
  const kept = inOrder.filter(({ test }) => !running.has(test)).length;
  if (values.document !== undefined)
    writeFileSync(values.document, document(inOrder, reference, folder.version, kept));
  if (!values.json) process.stdout.write(`${summary(inOrder, reference).join("\n")}\n`);
  return 0;
}

function commandLine(words: string[]) {
  try {
    return parseArgs({
      args: words,
      allowPositionals: true,
      options: {
        runtest: { type: "string" },
        only: { type: "string" },
        "not-passed": { type: "boolean", default: false },
        seconds: { type: "string" },
        with: { type: "string", multiple: true },
        results: { type: "string" },
        linux: { type: "string" },
        document: { type: "string" },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    throw new Diagnostic("LTP003", (error as Error).message, "See: npm run -s ltp -- --help");
  }
}

function expression(text = ""): RegExp {
  try {
    return new RegExp(text);
  } catch {
    const remedy = "Try --only '^open'";
    throw new Diagnostic("LTP003", `--only ${text} is no regular expression`, remedy);
  }
}

/** The results of earlier runs by name. */
function readResults(path: string | undefined): Map<string, Result> {
  if (path === undefined || !existsSync(path)) return new Map();
  const all = readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "");
  return new Map(all.map((line) => JSON.parse(line) as Result).map((each) => [each.test, each]));
}

function writeResults(path: string, results: ReadonlyMap<string, Result>): void {
  writeFileSync(path, [...results.values()].map((each) => `${JSON.stringify(each)}\n`).join(""));
}

/** @throws Diagnostic LTP005 if the table cannot be used */
function readReference(path: string): Reference {
  let text = "";
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new Diagnostic("LTP005", `${path} cannot be read: ${systemReason(error)}`, "See: ls -l");
  }
  const [header = [], ...rows] = text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split("\t"));
  const [name, result] = [header.indexOf("name"), header.indexOf("result")];
  if (name < 0 || result < 0) {
    throw new Diagnostic(
      "LTP005",
      `${path} has no columns name and result`,
      "Separate the columns with tabs, and name them in the first line that is no comment",
    );
  }
  return new Map(rows.map((row) => [row[name] ?? "", row[result] === "pass"]));
}

/** As main, with what is wrong said on the standard error. */
export async function ltp(words: string[]): Promise<number> {
  try {
    return await main(words);
  } catch (error) {
    if (!(error instanceof Diagnostic)) throw error;
    process.stderr.write(`${formatDiagnostic(error)}\n`);
    return 2;
  }
}

if (process.argv[1]?.endsWith("ltp.ts")) process.exitCode = await ltp(process.argv.slice(2));
