// Plays the commands of an official test-suite file on natively running code.
//
// A file is a sequence of modules and of calls. Modules that import from each other run in one
// process, each other module in one of its own, with all calls in the file's order, so that state
// is kept. What the compiler does not aim at is excluded and counted by reason: bounds checks of
// memory where linear memory is the address space itself, and the text format.

import { Diagnostic } from "../../../src/base/diagnostic";
import { decodeModule } from "../../../src/compile/wasm/decode";
import { validateModule } from "../../../src/compile/wasm/validate";
import type { ImportName, WasmModule } from "../../../src/compile/wasm/wasm";
import type { Trapped } from "../native/driver";
import {
  type NativeInstance,
  NativeProcess,
  type Outcome,
  type RunOptions,
} from "../native/native";
import { spectestModule } from "./spectest";
import type { Suite, SuiteCommand, SuiteValue } from "./wasm-suite";

const BEYOND = "out of bounds memory access";

/** Traps that our code raises, the last one only where memory is the module's own. */
const TRAPS = [
  "integer divide by zero",
  "integer overflow",
  "unreachable",
  "out of bounds table access",
  "undefined element",
  "uninitialized element",
  "indirect call type mismatch",
  "invalid conversion to integer",
  "call stack exhausted",
  "uncaught exception",
  BEYOND,
] as const satisfies readonly Trapped[];

const BOUNDS = "bounds of memory, which is the whole address space";
const TEXT = "the text format is not read";
/** All reasons for which an assertion may be left out. */
export function exclusions({ ownMemory }: RunOptions): readonly string[] {
  return ownMemory ? [TEXT] : [BOUNDS, TEXT];
}

interface NaNClass {
  readonly nan: "canonical" | "arithmetic";
  readonly type: "f32" | "f64";
}

/** What must come of an event. */
type Expected = { readonly results: readonly (bigint | NaNClass)[] } | { readonly trap: Trapped };

/** An event of a process. */
interface Expectation {
  /** Line and words, for messages. */
  readonly text: string;
  /** undefined: whatever comes is right. */
  readonly expected: Expected | undefined;
  /** Whether it is an assertion of the suite; the others must succeed all the same. */
  readonly counts: boolean;
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

/** A process and what its events must give. */
interface Group {
  readonly process: NativeProcess;
  readonly expectations: Expectation[];
  /** The host's module in this process, once somebody imports from it. */
  spectest: NativeInstance | undefined;
}

interface Loaded {
  readonly instance: NativeInstance;
  readonly group: Group;
}

const NOTHING: Expected = { results: [] };

class SuiteFile {
  readonly #suite: Suite;
  readonly #name: string;
  readonly #options: RunOptions;
  readonly #result: SuiteResult = { passed: 0, failures: [], excluded: new Map() };

  /** The last module, or why there is none. */
  #current: Loaded | string = "there is no module";
  readonly #named = new Map<string, Loaded | string>();
  readonly #registered = new Map<string, Loaded | string>();
  readonly #groups: Group[] = [];

  constructor(suite: Suite, name: string, options: RunOptions) {
    this.#suite = suite;
    this.#name = name;
    this.#options = options;
  }

  run(): SuiteResult {
    for (const command of this.#suite.commands(this.#name)) this.#command(command);
    for (const group of this.#groups) this.#judge(group);
    return this.#result;
  }

  #command(command: SuiteCommand): void {
    switch (command.type) {
      case "module":
        this.#current = this.#load(command, NOTHING, false);
        if (command.name) this.#named.set(command.name, this.#current);
        return;
      case "register":
        this.#registered.set(command.as ?? "", this.#instance(command.name));
        return;
      case "assert_invalid":
      case "assert_malformed":
        this.#refusal(command);
        return;
      case "assert_unlinkable":
      case "assert_uninstantiable":
        this.#uninstantiable(command);
        return;
      default:
        this.#action(command);
    }
  }

  #exclude(reason: string): void {
    const { excluded } = this.#result;
    excluded.set(reason, (excluded.get(reason) ?? 0) + 1);
  }

  #instance(name: string | undefined): Loaded | string {
    return name === undefined ? this.#current : (this.#named.get(name) ?? `there is no ${name}`);
  }

  // --- modules ---

  #decode({ filename }: SuiteCommand): WasmModule {
    const module = decodeModule(this.#suite.module(filename ?? ""), filename ?? "");
    validateModule(module);
    return module;
  }

  /** Adds a module to the process of those that it imports from; what is refused has a reason. */
  #load(command: SuiteCommand, expected: Expected | undefined, counts: boolean): Loaded | string {
    if (!command.filename || command.module_type === "text") return TEXT;
    try {
      const module = this.#decode(command);
      const group = this.#groupFor(module);
      const instance = group.process.add(module, (imported) => this.#resolve(group, imported));
      const text = `${command.line}: ${command.filename}`;
      if (instance.hasStart) group.expectations.push({ text, expected, counts });
      return { instance, group };
    } catch (error) {
      if (!(error instanceof Diagnostic)) throw error;
      return reasonOf(error.message);
    }
  }

  #groupFor({ functions, tables, memories, globals }: WasmModule): Group {
    for (const { imported } of [...functions, ...tables, ...memories, ...globals]) {
      const provider = imported && this.#registered.get(imported.module);
      if (provider && typeof provider !== "string") return provider.group;
    }
    const process = new NativeProcess(this.#options);
    const group: Group = { process, expectations: [], spectest: undefined };
    this.#groups.push(group);
    return group;
  }

  #resolve(group: Group, { module }: ImportName): NativeInstance | undefined {
    if (module === "spectest") {
      group.spectest ??= group.process.add(spectestModule());
      return group.spectest;
    }
    const provider = this.#registered.get(module);
    return typeof provider === "object" ? provider.instance : undefined;
  }

  /** A module that must not be accepted. */
  #refusal(command: SuiteCommand): void {
    const { filename, module_type, line, text } = command;
    if (!filename || module_type === "text") {
      this.#exclude(TEXT);
      return;
    }
    try {
      this.#decode(command);
      this.#result.failures.push(`${this.#name}:${line}: ${filename} was accepted: ${text}`);
    } catch (error) {
      if (!(error instanceof Diagnostic)) throw error;
      this.#result.passed++;
    }
  }

  /** A module that must be refused, or trap at its start. */
  #uninstantiable(command: SuiteCommand): void {
    const trap = this.#trapOf(command.text ?? "");
    const loaded = this.#load(command, trap && { trap }, trap !== undefined);
    if (loaded === TEXT) this.#exclude(TEXT);
    else if (typeof loaded === "string") this.#result.passed++;
    else if (trap === undefined) this.#exclude(BOUNDS);
  }

  /** The trap that a text means; undefined: one that our code does not raise. */
  #trapOf(text: string): Trapped | undefined {
    const trap = TRAPS.find((each) => text.startsWith(each));
    return trap === BEYOND && !this.#options.ownMemory ? undefined : trap;
  }

  // --- actions ---

  #action(command: SuiteCommand): void {
    const { action, type, line, text = "" } = command;
    const counts = type !== "action";
    const loaded = this.#instance(action?.module);
    if (typeof loaded === "string" || !action) {
      if (counts) this.#exclude(typeof loaded === "string" ? loaded : "there is no action");
      return;
    }
    const { instance, group } = loaded;
    const isThrown = type === "assert_exception";
    const isTrap = type === "assert_trap" || type === "assert_exhaustion" || isThrown;
    const trap = isThrown ? "uncaught exception" : this.#trapOf(text);
    if (isTrap && trap === undefined) {
      this.#exclude(text.startsWith(BEYOND) ? BOUNDS : `the trap ${text}`);
      return;
    }
    const args = action.type === "invoke" ? action.args.map(bitsOf) : [];
    if (action.type === "get") group.process.read(instance, action.field);
    else group.process.call(instance, { name: action.field, args });
    const expected =
      isTrap && trap ? { trap } : { results: (command.expected ?? []).map(expectedValue) };
    group.expectations.push({ text: `${line}: ${action.field}(${args})`, expected, counts });
  }

  #judge({ process, expectations }: Group): void {
    if (expectations.length === 0) return;
    const outcomes = process.run();
    for (const [i, { text, expected, counts }] of expectations.entries()) {
      const outcome = outcomes[i];
      if (!expected) continue;
      if (!isExpected(outcome, expected, counts)) {
        const got = `${text} gave ${outcome}, expected ${describe(expected)}`;
        this.#result.failures.push(`${this.#name}:${got}`);
      } else if (counts) this.#result.passed++;
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

/** What is no assertion must return, and may return anything. */
function isExpected(outcome: Outcome, expected: Expected, counts: boolean): boolean {
  if ("trap" in expected) return outcome === expected.trap;
  if (typeof outcome === "string") return false;
  const { results } = expected;
  const values = typeof outcome === "object" ? outcome : outcome === undefined ? [] : [outcome];
  if (!counts) return true;
  return values.length === results.length && values.every((each, i) => isValue(each, results[i]!));
}

function isValue(value: bigint, wanted: bigint | NaNClass): boolean {
  if (typeof wanted === "bigint") return value === wanted;
  const [width, quiet] = wanted.type === "f32" ? [32, 0x7fc0_0000n] : [64, 0x7ff8n << 48n];
  const magnitude = BigInt.asUintN(width - 1, value);
  return wanted.nan === "canonical" ? magnitude === quiet : (magnitude & quiet) === quiet;
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
