// Plays the commands of an official test-suite file on natively running code.
//
// A file is a sequence of modules, each followed by calls. All calls of one module run in one
// process, in order, so that memory and globals keep their state. What the compiler does not aim
// at is left out and counted: floats, references, tables as values, bounds checks of memory and
// tables (linear memory is the address space itself), and imports of other modules' state.

import { Diagnostic } from "../../src/base/diagnostic";
import { decodeModule } from "../../src/compile/decode";
import { validateModule } from "../../src/compile/validate";
import type { WasmModule } from "../../src/compile/wasm";
import { I32, I64 } from "../../src/compile/wasm";
import type { Call, Outcome, RunOptions } from "./native";
import { compileNative, runObject } from "./native";
import type { SuiteCommand } from "./wasm-suite";
import { suiteCommands, suiteModule } from "./wasm-suite";

/** Traps that our code raises; the others are checks that it does not make. */
const OUR_TRAPS = new Set(["integer divide by zero", "integer overflow", "unreachable"]);

interface Expectation extends Call {
  readonly line: number;
  /** undefined: the call is made for its effect. */
  readonly expected: { readonly outcome: Outcome } | undefined;
}

export interface SuiteResult {
  passed: number;
  skipped: number;
  readonly failures: string[];
}

/** Runs all of a suite file. */
export function runSuiteFile(name: string, options: RunOptions): SuiteResult {
  const result: SuiteResult = { passed: 0, skipped: 0, failures: [] };
  let current: WasmModule | undefined;
  let calls: Expectation[] = [];
  const flush = (): void => {
    if (current && calls.length > 0) play(name, current, calls, options, result);
    calls = [];
  };
  for (const command of suiteCommands(name)) {
    if (command.type === "module") {
      flush();
      current = command.filename ? load(command.filename) : undefined;
      continue;
    }
    const expectation = current ? expect(current, command) : undefined;
    if (expectation) calls.push(expectation);
    else if (command.type.startsWith("assert_re") || command.type === "assert_trap") {
      result.skipped++;
    }
  }
  flush();
  return result;
}

function load(filename: string): WasmModule | undefined {
  try {
    const module = decodeModule(suiteModule(filename), filename);
    validateModule(module);
    const isOwn = ({ imported }: { imported?: { module: string } }) => !imported;
    const owns = module.memories.every(isOwn) && module.tables.every(isOwn);
    const isSmall = (module.memories[0]?.limits.min ?? 0) <= 64;
    const startsImport = module.start !== undefined && !module.functions[module.start]?.body;
    return owns && isSmall && !startsImport && module.globals.every(isOwn) ? module : undefined;
  } catch (error) {
    if (error instanceof Diagnostic) return undefined;
    throw error;
  }
}

/** What a command asks for, if the compiler can be asked for it. */
function expect(module: WasmModule, command: SuiteCommand): Expectation | undefined {
  const { action, type, line } = command;
  if (action?.type !== "invoke" || action.module) return undefined;
  const exported = module.exports.find(
    ({ name, kind }) => name === action.field && kind === "function",
  );
  const found = exported && module.functions[exported.index];
  const signature = found && module.types[found.typeIndex];
  if (!found?.body || !signature || signature.results.length > 1) return undefined;
  const words = [...signature.params, ...signature.results];
  if (!words.every((each) => each === I32 || each === I64)) return undefined;
  const args = action.args.map(({ value }) => BigInt(value));
  const call = { name: action.field, args, line };
  if (type === "action") return { ...call, expected: undefined };
  if (type === "assert_return") {
    const [value] = command.expected ?? [];
    return { ...call, expected: { outcome: value && BigInt(value.value) } };
  }
  if (type !== "assert_trap" || !OUR_TRAPS.has(command.text ?? "")) return undefined;
  return { ...call, expected: { outcome: "trap" } };
}

function play(
  file: string,
  module: WasmModule,
  calls: readonly Expectation[],
  options: RunOptions,
  result: SuiteResult,
): void {
  const refused = new Set<string>();
  let object: ReturnType<typeof compileNative>;
  try {
    object = compileNative(module, { ...options, onRefusal: (fn) => refused.add(fn) });
  } catch (error) {
    if (!(error instanceof Diagnostic)) throw error;
    result.skipped += calls.length;
    return;
  }
  const outcomes = runObject(object, module, calls);
  let isStateKnown = true;
  for (const [i, { name, args, line, expected }] of calls.entries()) {
    if (mayReach(module, name, refused)) isStateKnown = false;
    if (!expected) continue;
    if (!isStateKnown) result.skipped++;
    else if (outcomes[i] === expected.outcome) result.passed++;
    else {
      const got = `${outcomes[i]}, expected ${expected.outcome}`;
      result.failures.push(`${file}:${line}: ${name}(${args.join(", ")}) gave ${got}`);
    }
  }
}

/** Whether an exported function is one that the compiler refused, or may call one. */
function mayReach(module: WasmModule, name: string, refused: ReadonlySet<string>): boolean {
  if (refused.size === 0) return false;
  const start = module.exports.find((each) => each.name === name && each.kind === "function");
  const seen = new Set<number>();
  const work = start ? [start.index] : [];
  for (let index = work.pop(); index !== undefined; index = work.pop()) {
    if (seen.has(index)) continue;
    seen.add(index);
    const fn = module.functions[index]!;
    if (refused.has(fn.name)) return true;
    work.push(...calleesOf(module, index));
  }
  return false;
}

const CALL = 0x10;
const CALL_INDIRECT = 0x11;

function calleesOf(module: WasmModule, index: number): number[] {
  const code = module.functions[index]?.body?.code;
  if (!code) return [];
  const callees: number[] = [];
  for (let i = 0; i < code.length; i++) {
    if (code.op[i] === CALL) callees.push(code.a[i]!);
    if (code.op[i] === CALL_INDIRECT) {
      callees.push(...module.elements.flatMap(({ items }) => items.map(({ a }) => a)));
    }
  }
  return callees;
}
