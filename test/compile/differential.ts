// Compares natively running code with Node's own WebAssembly on random modules.

import { isDeepStrictEqual } from "node:util";
import { decodeModule } from "../../src/compile/decode";
import { validateModule } from "../../src/compile/validate";
import type { Call, Outcome, RunOptions, Trapped } from "./native";
import { runNative } from "./native";
import { Random, randomModule } from "./random-module";

const I64 = 0x7e;
const CALLS_PER_FUNCTION = 10;
const FUEL = 200n;

/** What went wrong for a seed, or undefined. */
export function compareSeed(seed: number, options: RunOptions): string | undefined {
  const { bytes, functions } = randomModule(seed);
  const module = decodeModule(bytes, `seed${seed}.wasm`);
  validateModule(module);
  const random = new Random(seed ^ 0x5eed);
  const calls: Call[] = functions.flatMap(({ params }, i) =>
    Array.from({ length: CALLS_PER_FUNCTION }, () => [
      { name: "fuel", args: [FUEL] },
      {
        name: `f${i}`,
        args: params.map((type) => BigInt.asUintN(type === I64 ? 64 : 32, random.bits())),
      },
      { name: "state", args: [] },
    ]).flat(),
  );
  const expected = runInNode(bytes, calls);
  const found = runNative(module, calls, options);
  const wrong = expected.findIndex((outcome, i) => !isDeepStrictEqual(outcome, found[i]));
  if (wrong < 0) return undefined;
  const { name, args } = calls[blamed(wrong, calls)]!;
  const what = wrong === blamed(wrong, calls) ? "" : "the state after ";
  const call = `${what}${name}(${args.join(", ")})`;
  return `seed ${seed}: ${call} is ${found[wrong]}, not ${expected[wrong]}`;
}

/** The call that a wrong result belongs to: a wrong state is the fault of the call before. */
function blamed(index: number, calls: readonly Call[]): number {
  return calls[index]?.name === "state" ? index - 1 : index;
}

/** The results of the calls in Node. */
export function runInNode(bytes: Uint8Array, calls: readonly Call[]): Outcome[] {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  return calls.map(({ name, args }) => {
    const fn = exports[name] as (...args: Result[]) => Result | Result[] | undefined;
    const types = parameterTypes(bytes, name);
    try {
      const result = fn(...args.map((value, i) => (types[i] === I64 ? value : Number(value))));
      if (Array.isArray(result)) return result.map(bitsOf);
      return result === undefined ? undefined : bitsOf(result);
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) return trapInNode(error.message);
      throw error;
    }
  });
}

/** An integer as JavaScript has it. */
type Result = number | bigint;

function bitsOf(result: Result): bigint {
  return typeof result === "bigint" ? BigInt.asUintN(64, result) : BigInt(result >>> 0);
}

/** V8's words for traps. */
const NODE_TRAPS: Readonly<Record<string, Trapped>> = {
  unreachable: "unreachable",
  "divide by zero": "integer divide by zero",
  "remainder by zero": "integer divide by zero",
  "divide result unrepresentable": "integer overflow",
};

function trapInNode(message: string): Trapped {
  const trap = NODE_TRAPS[message];
  if (trap === undefined) throw new Error(`what trap is "${message}"?`);
  return trap;
}

function parameterTypes(bytes: Uint8Array, name: string): readonly number[] {
  const module = decodeModule(bytes, "module");
  const index = module.exports.find((each) => each.name === name)?.index ?? 0;
  return module.types[module.functions[index]!.typeIndex]?.params ?? [];
}
