// Plays the commands of an official test-suite file on natively running code.
//
// A file is a sequence of modules, each followed by calls. All calls of one module run in one
// process, in order, so that memory and globals keep their state. What the compiler does not aim
// at is excluded and counted by reason: bounds checks of memory (linear memory is the address space
// itself), imports of other modules' state, the text format.

import { Diagnostic } from "../../src/base/diagnostic";
import { decodeModule } from "../../src/compile/decode";
import { validateModule } from "../../src/compile/validate";
import type { WasmModule } from "../../src/compile/wasm";
import type { Call, Outcome, RunOptions, Trapped } from "./native";
import { compileNative, runObject } from "./native";
import type { Suite, SuiteCommand, SuiteValue } from "./wasm-suite";

/** Traps that our code raises. */
const TRAPS = [
  "integer divide by zero",
  "integer overflow",
  "unreachable",
  "out of bounds table access",
  "undefined element",
  "uninitialized element",
  "indirect call type mismatch",
  "invalid conversion to integer",
] as const satisfies readonly Trapped[];

const BOUNDS = "bounds of memory, which is the whole address space";
const TEXT = "the text format is not read";
const FOREIGN = "state of other modules";
const LARGE = "memory larger than the test process";

/** What must come of a call. */
type Expected = { readonly results: readonly (bigint | NaNClass)[] } | { readonly trap: Trapped };

interface Expectation extends Call {
  readonly line: number;
  /** undefined: the call is made for its effect. */
  readonly expected: Expected | undefined;
}

/** `canonical`: only the sign is free; `arithmetic`: the payload too, but the quiet bit is set. */
interface NaNClass {
  readonly nan: "canonical" | "arithmetic";
  readonly type: "f32" | "f64";
}

export interface SuiteResult {
  passed: number;
  readonly failures: string[];
  /** How many assertions were left out, by reason. */
  readonly excluded: Map<string, number>;
}

/** Runs all of a suite file. */
export function runSuiteFile(suite: Suite, name: string, options: RunOptions): SuiteResult {
  return new SuiteFile(suite, name, options).run();
}

/** What there is to run, or why not. */
type Loaded = { readonly module: WasmModule } | { readonly reason: string };

class SuiteFile {
  private readonly result: SuiteResult = { passed: 0, failures: [], excluded: new Map() };
  private current: Loaded = { reason: "there is no module" };
  private calls: Expectation[] = [];

  constructor(
    private readonly suite: Suite,
    private readonly name: string,
    private readonly options: RunOptions,
  ) {}

  run(): SuiteResult {
    for (const command of this.suite.commands(this.name)) this.command(command);
    this.flush();
    return this.result;
  }

  private command(command: SuiteCommand): void {
    switch (command.type) {
      case "module":
        this.flush();
        this.current = this.load(command);
        return;
      case "assert_invalid":
      case "assert_malformed":
        this.refusal(command);
        return;
      case "assert_unlinkable":
      case "assert_uninstantiable":
        this.exclude("instances are made by a linker, which no test can ask to fail");
        return;
      case "assert_exhaustion":
        this.exclude("the end of the stack is where the system puts it");
        return;
      case "action":
      case "assert_return":
      case "assert_trap": {
        const wanted = this.expect(command);
        if (typeof wanted !== "string") this.calls.push(wanted);
        else if (command.type !== "action") this.exclude(wanted);
      }
    }
  }

  private exclude(reason: string, count = 1): void {
    const { excluded } = this.result;
    if (count > 0) excluded.set(reason, (excluded.get(reason) ?? 0) + count);
  }

  private load({ filename, module_type }: SuiteCommand): Loaded {
    if (!filename || module_type === "text") return { reason: TEXT };
    try {
      const module = decodeModule(this.suite.module(filename), filename);
      validateModule(module);
      const reason = notRunnable(module);
      return reason === undefined ? { module } : { reason };
    } catch (error) {
      if (error instanceof Diagnostic) return { reason: reasonOf(error.message) };
      throw error;
    }
  }

  /** A module that must not be accepted. */
  private refusal({ filename, module_type, line, text }: SuiteCommand): void {
    if (!filename || module_type === "text") {
      this.exclude(TEXT);
      return;
    }
    try {
      validateModule(decodeModule(this.suite.module(filename), filename));
      this.result.failures.push(`${this.name}:${line}: ${filename} was accepted: ${text}`);
    } catch (error) {
      if (!(error instanceof Diagnostic)) throw error;
      this.result.passed++;
    }
  }

  /** What a command asks for, or why the compiler cannot be asked. */
  private expect(command: SuiteCommand): Expectation | string {
    const { current } = this;
    const { action, type, line } = command;
    if ("reason" in current) return current.reason;
    if (action?.type !== "invoke") return "globals cannot be read from outside";
    if (action.module) return FOREIGN;
    const unfit = notCallable(current.module, action.field);
    if (unfit !== undefined) return unfit;
    const call = { name: action.field, args: action.args.map(bitsOf), line };
    if (type === "action") return { ...call, expected: undefined };
    if (type === "assert_return") {
      const values = (command.expected ?? []).map(expectedValue);
      return { ...call, expected: { results: values } };
    }
    const trap = command.text ?? "";
    const reason = trapReason(trap);
    if (reason !== undefined) return reason;
    return { ...call, expected: { trap: TRAPS.find((each) => trap.startsWith(each))! } };
  }

  /** Runs the calls that the last module has collected. */
  private flush(): void {
    const { calls, current } = this;
    this.calls = [];
    if ("reason" in current || calls.length === 0) return;
    const { module } = current;
    const refused = new Map<string, string>();
    const counted = calls.filter(({ expected }) => expected);
    let object: ReturnType<typeof compileNative>;
    try {
      const onRefusal = (fn: string, why: string) => refused.set(fn, reasonOf(why));
      object = compileNative(module, { ...this.options, onRefusal });
    } catch (error) {
      if (!(error instanceof Diagnostic)) throw error;
      this.exclude(reasonOf(error.message), counted.length);
      return;
    }
    this.judge(module, calls, runObject(object, module, calls), refused);
  }

  private judge(
    module: WasmModule,
    calls: readonly Expectation[],
    outcomes: readonly Outcome[],
    refused: ReadonlyMap<string, string>,
  ): void {
    let unknownState: string | undefined;
    for (const [i, { name, args, line, expected }] of calls.entries()) {
      unknownState ??= reachableRefusal(module, name, refused);
      if (!expected) continue;
      if (unknownState !== undefined) this.exclude(unknownState);
      else if (isExpected(outcomes[i], expected)) this.result.passed++;
      else {
        const got = `${outcomes[i]}, expected ${describe(expected)}`;
        this.result.failures.push(`${this.name}:${line}: ${name}(${args.join(", ")}) gave ${got}`);
      }
    }
  }
}

function expectedValue({ type, value }: SuiteValue): bigint | NaNClass {
  const [, nan] = /^nan:(canonical|arithmetic)$/.exec(value) ?? [];
  if (nan) return { nan: nan as NaNClass["nan"], type: type as NaNClass["type"] };
  return bitsOf({ type, value });
}

/** A value as our code has it: a reference of the host is its number plus one, null is 0. */
function bitsOf({ type, value }: SuiteValue): bigint {
  if (type !== "externref" && type !== "funcref") return BigInt(value);
  return value === "null" ? 0n : BigInt(value) + 1n;
}

function describe(expected: Expected): string {
  if ("trap" in expected) return expected.trap;
  return expected.results
    .map((value) => (typeof value === "bigint" ? value : `nan:${value.nan}`))
    .join();
}

function isExpected(outcome: Outcome, expected: Expected): boolean {
  if ("trap" in expected) return outcome === expected.trap;
  if (typeof outcome === "string") return false;
  const { results } = expected;
  const values = typeof outcome === "object" ? outcome : outcome === undefined ? [] : [outcome];
  return values.length === results.length && values.every((each, i) => isValue(each, results[i]!));
}

function isValue(value: bigint, wanted: bigint | NaNClass): boolean {
  if (typeof wanted === "bigint") return value === wanted;
  const [width, quiet] = wanted.type === "f32" ? [32, 0x7fc0_0000n] : [64, 0x7ff8n << 48n];
  const magnitude = BigInt.asUintN(width - 1, value);
  return wanted.nan === "canonical" ? magnitude === quiet : (magnitude & quiet) === quiet;
}

function notRunnable(module: WasmModule): string | undefined {
  const state = [...module.memories, ...module.tables, ...module.globals];
  if (state.some(({ imported }) => imported)) return FOREIGN;
  const others = module.functions.filter(({ imported }) => imported?.module !== "spectest");
  if (others.some(({ imported }) => imported)) return FOREIGN;
  if ((module.memories[0]?.limits.min ?? 0) > 64) return LARGE;
  const { start } = module;
  return start !== undefined && !module.functions[start]?.body ? FOREIGN : undefined;
}

function notCallable(module: WasmModule, field: string): string | undefined {
  const exported = module.exports.find(({ name, kind }) => name === field && kind === "function");
  const found = exported && module.functions[exported.index];
  const signature = found && module.types[found.typeIndex];
  if (!found?.body || !signature) return FOREIGN;
  return undefined;
}

/** Why a trap cannot be asked for; undefined: it can. */
function trapReason(text: string): string | undefined {
  if (TRAPS.some((each) => text.startsWith(each))) return undefined;
  return text.startsWith("out of bounds memory access") ? BOUNDS : `the trap ${text}`;
}

/** A refusal without the names that are in it, so that equal ones count together. */
function reasonOf(message: string): string {
  return message
    .replace(/^the compiler does not support /, "")
    .replace(/^the module (is malformed|is invalid|uses): ?/, "")
    .replace(/ in [^ ]+$/, "")
    .replace(/, at byte .*$/, "")
    .replace(/ \([^)]*\)/, "");
}

/** Why a refused function is one, for an exported function that is or may call one. */
function reachableRefusal(
  module: WasmModule,
  name: string,
  refused: ReadonlyMap<string, string>,
): string | undefined {
  if (refused.size === 0) return undefined;
  const start = module.exports.find((each) => each.name === name && each.kind === "function");
  const seen = new Set<number>();
  const work = start ? [start.index] : [];
  for (let index = work.pop(); index !== undefined; index = work.pop()) {
    if (seen.has(index)) continue;
    seen.add(index);
    const reason = refused.get(module.functions[index]!.name);
    if (reason !== undefined) return reason;
    work.push(...calleesOf(module, index));
  }
  return undefined;
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
