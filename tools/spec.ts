// `npm run test:spec -- DIR`: runs the official WebAssembly suite in DIR on native i386 code.
//
//   npm run test:spec -- DIR [FILE…] [--own | --segment] [-O0]
//
// With --own, each memory is its module's own, and no access leaves it; with --segment the
// processor sees to that. Without, bounds of memory are excluded.
//
// DIR holds what wast2json makes of the suite: NAME.json and the modules that it names. Prints for
// each file how many assertions passed, failed and were excluded (by reason), then every
// failure. Exit status: 0 nothing failed; 1 something did; 2 DIR holds no suite, or this machine
// does not run i386 programs.

import "./report-errors";
import { cannotRun, type RunOptions } from "../test/compile/native/native";
import { runSuiteFile, type SuiteResult } from "../test/compile/suite/suite-run";
import { Suite } from "../test/compile/suite/wasm-suite";

const words = process.argv.slice(2);
const [folder, ...wanted] = words.filter((word) => !word.startsWith("-"));
const options: RunOptions = {
  ownMemory: words.includes("--segment") ? "segment" : words.includes("--own"),
  ...(words.includes("-O0") ? { level: 0 } : {}),
};

function main(): number {
  const reason = unusable();
  if (reason) {
    process.stderr.write(`test:spec: ${reason}\n`);
    return 2;
  }
  const suite = new Suite(folder ?? "");
  const names = suite.files.filter((name) => wanted.length === 0 || wanted.includes(name));
  const width = Math.max(...names.map((name) => name.length), "total".length);
  const total: SuiteResult = { passed: 0, failures: [], excluded: new Map() };
  process.stdout.write(`${"file".padEnd(width)}  passed  failed  excluded\n`);
  for (const name of names) {
    const result = runSuiteFile(suite, name, options);
    printResult(name.padEnd(width), result);
    total.passed += result.passed;
    total.failures.push(...result.failures);
    for (const [why, count] of result.excluded) {
      total.excluded.set(why, (total.excluded.get(why) ?? 0) + count);
    }
  }
  printResult("total".padEnd(width), total);
  for (const failure of total.failures) process.stdout.write(`${failure}\n`);
  return total.failures.length > 0 ? 1 : 0;
}

function unusable(): string | false {
  if (folder === undefined) return "name a folder: npm run test:spec -- DIR";
  return new Suite(folder).missing || cannotRun();
}

function printResult(name: string, { passed, failures, excluded }: SuiteResult): void {
  const sum = [...excluded.values()].reduce((all, count) => all + count, 0);
  const numbers = [passed, failures.length, sum].map((each, i) => String(each).padStart(6 + i));
  process.stdout.write(`${name}  ${numbers.join("  ")}\n`);
  for (const [why, count] of excluded) {
    process.stdout.write(`${" ".repeat(name.length)}  ${String(count).padStart(24)}  ${why}\n`);
  }
}

process.exitCode = main();
