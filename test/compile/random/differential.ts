// Compares natively running code with Node's own WebAssembly on random modules.
//
// Modules run many to a process, as starting one takes longer than all its calls.

import { isDeepStrictEqual } from "node:util";
import { decodeModule } from "../../../src/compile/wasm/decode";
import { validateModule } from "../../../src/compile/wasm/validate";
import { F32, F64, I64 } from "../../../src/compile/wasm/wasm";
import type { Call, Outcome, RunOptions } from "../native/native";
import { NativeProcess } from "../native/native";
import { asInNode, exportTypes, runInNode } from "../native/run-in-node";
import { PAGE_MASK } from "./leaf";
import { type RandomModule, randomModule } from "./module";
import { isNaNBits, Random } from "./random";

const CALLS_PER_FUNCTION = 10;
const FUEL = 300n;

/** A module, the calls of it, and what they must give. */
export interface Case {
  readonly seed: number;
  readonly module: RandomModule;
  readonly calls: readonly Call[];
  readonly expected: readonly Outcome[];
}

export interface Difference {
  readonly seed: number;
  /** What is wrong, in words. */
  readonly text: string;
}

/** What is undefined without the checks of calls through tables, in Node's words. */
const FAILED_CALLS: ReadonlySet<Outcome> = new Set([
  "undefined element",
  "indirect call type mismatch",
]);

/**
 * Whether a case means the same to Node: without checks, only if no call through a table fails, and
 * if the memory is the address space, only if no access leaves it.
 */
export function isComparable({ expected }: Case, { checksCalls, ownMemory }: RunOptions): boolean {
  if (!ownMemory && expected.includes("out of bounds memory access")) return false;
  return checksCalls !== false || !expected.some((outcome) => FAILED_CALLS.has(outcome));
}

/** The differences of several cases, which share a process as long as it does not fail. */
export function compareCases(cases: readonly Case[], options: RunOptions): Difference[] {
  const found = (seed: number, text: string | undefined): Difference[] =>
    text === undefined ? [] : [{ seed, text }];
  try {
    return runTogether(cases, options).flatMap((text, i) => found(cases[i]!.seed, text));
  } catch {
    return cases.flatMap((each) => found(each.seed, compareCase(each, options)));
  }
}

/** The case of a seed. */
export function seedCase(seed: number): Case {
  return caseOf(randomModule(seed), seed);
}

/** What is wrong with a case, or undefined. */
export function compareCase(each: Case, options: RunOptions): string | undefined {
  try {
    const [text] = runTogether([each], options);
    return text;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The calls of a module, with arguments from `seed`, and what Node makes of them. */
export function caseOf(
  module: RandomModule,
  seed: number,
  callsPerFunction = CALLS_PER_FUNCTION,
): Case {
  const random = new Random(seed ^ 0x5eed);
  const argument = (type: number): bigint => {
    if (type === F32 || type === F64) return random.float(type === F32 ? "f32" : "f64");
    const width = type === I64 ? 64 : 32;
    return BigInt.asUintN(width, random.bits(width));
  };
  const address = () => BigInt(8 * random.below(PAGE_MASK / 8 + 1));
  const calls: Call[] = module.functions.flatMap(({ params, pointer }, i) =>
    Array.from({ length: callsPerFunction }, () => [
      { name: "fuel", args: [FUEL] },
      {
        name: `f${i}`,
        args: params.map((type, at) => (at === pointer ? address() : argument(type))),
      },
      { name: "state", args: [] },
    ]).flat(),
  );
  return { seed, module, calls, expected: runInNode(module.bytes, calls) };
}

/** For each case what is wrong, or undefined. */
function runTogether(cases: readonly Case[], options: RunOptions): (string | undefined)[] {
  const process = new NativeProcess(options);
  for (const { module, calls } of cases) {
    const decoded = decodeModule(module.bytes, "random.wasm");
    validateModule(decoded);
    const instance = process.add(decoded);
    for (const call of calls) process.call(instance, call);
  }
  const outcomes = process.run();
  let first = 0;
  return cases.map((each) => {
    const own = outcomes.slice(first, first + each.calls.length);
    first += each.calls.length;
    return difference(each, own);
  });
}

function difference({ module, calls, expected }: Case, found: Outcome[]): string | undefined {
  const types = exportTypes(module.bytes);
  const isEqual = (index: number): boolean => {
    const { results } = types.get(calls[index]!.name)!;
    const sides = [expected[index], found[index]].map((each) => comparable(each, results));
    return isDeepStrictEqual(sides[0], sides[1]);
  };
  const wrong = expected.findIndex((_, i) => !isEqual(i));
  if (wrong < 0) return undefined;
  // A wrong state is the fault of the call before.
  const blamed = calls[wrong]?.name === "state" ? wrong - 1 : wrong;
  const { name, args } = calls[blamed]!;
  const what = wrong === blamed ? "" : "the state after ";
  const call = `${what}${name}(${args.join(", ")})`;
  return `${call} is ${found[wrong]}, not ${expected[wrong]}`;
}

/** JavaScript keeps no NaN's bits, so any NaN result is equal to any other. */
function comparable(outcome: Outcome, results: readonly number[]): unknown {
  const known = asInNode(outcome);
  if (known === undefined || typeof known === "string") return known;
  const values = typeof known === "bigint" ? [known] : known;
  return values.map((value, i) => {
    const type = results[i] === F32 ? "f32" : results[i] === F64 ? "f64" : undefined;
    return type && isNaNBits(type, value) ? "nan" : value;
  });
}
