// A case of a pass: text in, text out, in the forms of src/compile/ir/print.ts and
// src/compile/code/print.ts. Each is a file in a folder named after the pass; the file's name says
// what the pass does there.
//
//   Why it matters, if the name does not say.
//
//   # passes
//   merge-equal simplify
//
//   # input
//   function twice(i32): i32
//   …
//
//   # expected
//   function twice(i32): i32
//   …
//
// `unchanged` is expected where the passes must leave the input as it is. Several functions may
// stand in one case. `npm run bless` writes what the passes do now as what is expected.

import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { MachineFunction } from "../../src/compile/code/code";
import { parseMachine } from "../../src/compile/code/parse";
import { printMachine } from "../../src/compile/code/print";
import { CodeWork } from "../../src/compile/code-pipeline";
import type { IrFunction } from "../../src/compile/ir/ir";
import { parseFunctions } from "../../src/compile/ir/parse";
import { printFunction } from "../../src/compile/ir/print";
import { cutNoReturn } from "../../src/compile/passes/cut-no-return";
import { verify } from "../../src/compile/passes/verify";
import {
  CODE_PASSES,
  type CodePass,
  IR_PASSES,
  type IrPass,
  Pipeline,
} from "../../src/compile/pipeline";
import { I686 } from "../../src/compile/targets/i686";

const UNCHANGED = "unchanged";
const SECTIONS = ["passes", "input", "expected"] as const;

export interface PassCase {
  readonly file: string;
  readonly passes: readonly string[];
  readonly input: string;
  readonly expected: string;
}

/** What is in a folder of cases: those, and a sentence for each file that is not a case. */
export interface CaseFolder {
  readonly cases: readonly PassCase[];
  readonly problems: readonly string[];
}

/** Reads all cases below `folder`; TypeScript and C beside them are left alone. */
export function readCases(folder: string): CaseFolder {
  const cases: PassCase[] = [];
  const problems: string[] = [];
  for (const path of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const file = join(folder, path);
    if (/\.(ts|c)$/.test(path) || statSync(file).isDirectory()) continue;
    try {
      cases.push(readCase(file));
    } catch (error) {
      problems.push(`${file}: ${(error as Error).message}`);
    }
  }
  cases.sort((a, b) => (a.file < b.file ? -1 : 1));
  return { cases, problems };
}

/** @throws Error that says why the file is not a case */
function readCase(file: string): PassCase {
  const folder = basename(dirname(file));
  if (!isPass(folder)) throw new Error(`no pass is called ${folder}, as the folder is`);
  if (!file.endsWith(".txt")) throw new Error("the file of a case ends in .txt");
  const [, ...parts] = readFileSync(file, "utf8").split(/^# (.*)\n/m);
  const names = parts.filter((_, i) => i % 2 === 0);
  if (names.join() !== SECTIONS.join()) {
    throw new Error(`its sections are ${names.join(", ") || "none"}, not ${SECTIONS.join(", ")}`);
  }
  const [passes, input, expected] = parts.filter((_, i) => i % 2 === 1) as [string, string, string];
  const found = { file, passes: passes.trim().split(/\s+/), input: input.trim(), expected };
  const other = found.passes.find((pass) => !isPass(pass));
  if (other !== undefined) throw new Error(`no pass is called ${other}`);
  if (!found.passes.includes(folder)) throw new Error(`it does not run ${folder}`);
  return { ...found, expected: expected.trim() };
}

function isPass(name: string): boolean {
  return isIrPass(name) || isCodePass(name);
}

function isIrPass(name: string): name is IrPass {
  return (IR_PASSES as readonly string[]).includes(name);
}

function isCodePass(name: string): name is CodePass {
  return (CODE_PASSES as readonly string[]).includes(name);
}

/** @throws AssertionError unless the passes do what is expected */
export function checkCase(each: PassCase): void {
  assert.equal(runCase(each), each.expected === UNCHANGED ? each.input : each.expected);
}

/** The file's text with what the passes do now as what is expected. */
export function blessed(each: PassCase): string {
  const text = readFileSync(each.file, "utf8");
  const head = text.slice(0, text.indexOf("# expected\n"));
  const found = runCase(each);
  return `${head}# expected\n${found === each.input ? UNCHANGED : found}\n`;
}

/** What the passes make of the input. */
function runCase({ passes, input }: PassCase): string {
  const onValues = passes.filter(isIrPass);
  const onCode = passes.filter(isCodePass);
  assert.deepEqual([...onValues, ...onCode], passes, "passes over values come first");
  if (onValues.length === 0 && onCode[0] !== "select") {
    const functions = parseMachine(input, I686);
    assert.equal(printAll(functions, printMachine), input, "the input is not as it is printed");
    const done = functions.map((code) => runOnCode(new CodeWork(code, SETTINGS), onCode));
    return printAll(done, printMachine);
  }
  const functions = parseFunctions(input);
  assert.equal(printAll(functions, printFunction), input, "the input is not as it is printed");
  for (const fn of functions) verify(fn, "input");
  for (const pass of onValues) runOnValues(functions, pass);
  if (onCode.length === 0) return printAll(functions, printFunction);
  const done = functions.map((fn) => runOnCode(new CodeWork(fn, SETTINGS), onCode));
  return printAll(done, printMachine);
}

const SETTINGS = {
  target: I686,
  has: () => true,
  stress: {},
  memoryBase: 0,
  ownMemory: { symbol: "memory", base: 0, bytes: 0x10000, isFixed: false },
  mayHideCallers: true,
  pushesArguments: true,
  isSmall: true,
  leastStores: 3,
};

/** Passes that leave something to clean up are followed by `simplify` only where a case says so. */
const PIPELINE = new Pipeline(2, ["simplify"]);

function runOnValues(functions: readonly IrFunction[], pass: IrPass): void {
  if (pass === "cut-no-return") cutNoReturn(functions);
  for (const fn of functions) {
    PIPELINE.run(pass, fn);
    verify(fn, pass);
  }
}

function runOnCode(work: CodeWork, passes: readonly CodePass[]): MachineFunction {
  for (const pass of passes) PIPELINE.runOnCode(pass, work);
  return work.code;
}

function printAll<Fn>(functions: readonly Fn[], print: (fn: Fn) => string): string {
  return functions.map(print).join("\n").trimEnd();
}
