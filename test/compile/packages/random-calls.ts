// Random calls of a module's exports, the same natively, as an object that C is linked with, and in
// Node: results, traps, and the memory in between must be equal.
//
// What a module imports is a function that returns 0, a global that is 0, a memory or table of the
// size that the import asks for; memory grows to what it may have natively: on both sides alike. A
// function that hangs or exhausts the stack in Node is left out from then on; that a call hangs is
// told by processor time, which is this process's, so that nothing else may run in it meanwhile.

import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { type OwnObject, ownObject } from "../../../src/cli/own-memory";
import { CNames } from "../../../src/compile/c-names";
import { compileModule } from "../../../src/compile/compile";
import { decodeModule } from "../../../src/compile/wasm/decode";
import { validateModule } from "../../../src/compile/wasm/validate";
import {
  F32,
  F64,
  I32,
  I64,
  type ValueType,
  type WasmModule,
} from "../../../src/compile/wasm/wasm";
import { writeElfObject } from "../../../src/link/output/write-elf-object";
import { HANG_MS } from "../../hang-guard";
import { limited } from "../native/native";
import { Random } from "../random/random";
import { withMaximum } from "./memory-maximum";

const NAME = "m";
/** Calls after which the memory is compared. */
const CHECKED = 500;
/** Microseconds of processor time that a call in Node may take. */
const PATIENCE = 2_000_000;
/** Milliseconds between two looks at how far the calls are. */
const POLL_MS = 100;
/** Seconds of processor time that all calls may take natively. */
const NATIVE_SECONDS = 120;
/** What tells how far the calls are, before the first. */
const BEFORE = -1;

export interface RandomCall {
  readonly name: string;
  readonly args: readonly bigint[];
}

/** One line for each call: `= BITS`, `!` for a trap; and `# HASH` of the memory now and then. */
export type Transcript = readonly string[];

const NUMBERS: ReadonlySet<ValueType> = new Set([I32, I64, F32, F64]);

/** The exports that take and give numbers, at most one result. */
export function callable(module: WasmModule, without: ReadonlySet<string>): string[] {
  return module.exports.flatMap(({ name, kind, index }) => {
    if (kind !== "function" || without.has(name)) return [];
    const { params, results } = module.types[module.functions[index]!.typeIndex]!;
    const isPlain = results.length < 2 && [...params, ...results].every((t) => NUMBERS.has(t));
    return isPlain ? [name] : [];
  });
}

/** `count` calls with arguments that are often addresses or lengths. */
export function randomCalls(
  module: WasmModule,
  names: readonly string[],
  seed: number,
  count: number,
): RandomCall[] {
  const random = new Random(seed);
  const bytes = (module.memories[0]?.limits.min ?? 0) * 0x1_0000;
  const word = (): bigint => {
    const kind = random.below(100);
    if (kind < 45) return BigInt(random.below(260));
    if (kind < 85 && bytes > 0) return BigInt(random.below(bytes >> 2) * 4);
    if (kind < 93 && bytes > 0) return BigInt(bytes - random.below(40));
    return BigInt.asUintN(32, random.bits(32));
  };
  const argument = (type: ValueType): bigint => {
    if (type === F32) return random.float("f32");
    if (type === F64) return random.float("f64");
    if (type === I32) return word();
    return random.chance(50) ? word() : BigInt.asUintN(64, random.bits(64));
  };
  return Array.from({ length: count }, () => {
    const name = random.pick(names);
    const { index } = module.exports.find((each) => each.name === name)!;
    const { params } = module.types[module.functions[index]!.typeIndex]!;
    return { name, args: params.map(argument) };
  });
}

// --- Node ---

const IN_NODE = `
const { workerData, parentPort } = require("node:worker_threads");
const { bytes, calls, types, progress, checked } = workerData;
const at = new Int32Array(progress);
const module = new WebAssembly.Module(bytes);
const imports = {};
for (const [i, { module: from, name, kind }] of WebAssembly.Module.imports(module).entries()) {
  imports[from] ??= {};
  const about = types.imports[i];
  if (kind === "function") imports[from][name] = () => (about.result === "i64" ? 0n : 0);
  else if (kind === "memory") imports[from][name] = new WebAssembly.Memory(about);
  else if (kind === "table") imports[from][name] = new WebAssembly.Table(about);
  else if (kind === "tag") imports[from][name] = new WebAssembly.Tag(about);
  else imports[from][name] = new WebAssembly.Global(about, about.value === "i64" ? 0n : 0);
}
const view = new DataView(new ArrayBuffer(8));
const of = (type, bits) => {
  view.setBigUint64(0, BigInt.asUintN(64, bits), true);
  if (type === "i32") return view.getInt32(0, true);
  if (type === "i64") return view.getBigInt64(0, true);
  return type === "f32" ? view.getFloat32(0, true) : view.getFloat64(0, true);
};
const bits = (type, value) => {
  view.setBigUint64(0, 0n, true);
  if (type === "i32") view.setInt32(0, value, true);
  else if (type === "i64") view.setBigInt64(0, value, true);
  else if (Number.isNaN(value)) return "nan";
  else if (type === "f32") view.setFloat32(0, value, true);
  else view.setFloat64(0, value, true);
  return view.getBigUint64(0, true).toString(16);
};
const out = [];
try {
  const { exports } = new WebAssembly.Instance(module, imports);
  const memory = () =>
    Object.values(exports).find((each) => each instanceof WebAssembly.Memory) ??
    Object.values(imports)
      .flatMap(Object.values)
      .find((each) => each instanceof WebAssembly.Memory);
  const hash = () => {
    const words = memory() ? new Int32Array(memory().buffer) : [];
    let sum = 0x811c9dc5;
    for (let i = 0; i < words.length; i++) {
      if ((i & 0xfffff) === 0) Atomics.add(at, 2, 1);
      sum = Math.imul(sum ^ words[i], 0x01000193);
    }
    return "# " + (sum >>> 0).toString(16);
  };
  for (const [i, { name, args }] of calls.entries()) {
    Atomics.store(at, 0, i);
    const { params, result } = types.exports[name];
    try {
      const value = exports[name](...args.map((each, j) => of(params[j], each)));
      out.push(result === undefined ? "=" : "= " + bits(result, value));
    } catch (error) {
      if (error instanceof RangeError) { Atomics.store(at, 1, 1); break; }
      out.push("!");
    }
    if ((i + 1) % checked === 0) out.push(hash());
  }
} catch (error) {
  out.push("! " + (error instanceof WebAssembly.RuntimeError ? "start" : error.message));
}
parentPort.postMessage(out);
`;

/** What came of the calls, or the one that does not end there. */
async function inNode(
  bytes: Uint8Array,
  module: WasmModule,
  pages: number,
  calls: readonly RandomCall[],
): Promise<Transcript | { readonly endless: number }> {
  // The call, whether it exhausts the stack, and a count that goes on while memory is read.
  const progress = new SharedArrayBuffer(12);
  const at = new Int32Array(progress);
  at[0] = BEFORE;
  const data = { bytes, calls, types: typesOf(module, pages), progress, checked: CHECKED };
  const worker = new Worker(IN_NODE, {
    eval: true,
    workerData: data,
    resourceLimits: { stackSizeMb: 4 },
  });
  return new Promise((resolve, reject) => {
    let last = BEFORE;
    let lastRead = 0;
    let since = process.cpuUsage();
    const timer = setInterval(() => {
      const now = Atomics.load(at, 0);
      const read = Atomics.load(at, 2);
      const { user, system } = process.cpuUsage(since);
      const isStill = now === last && read === lastRead;
      if (isStill && now !== BEFORE && user + system > PATIENCE) finish({ endless: now });
      if (!isStill) since = process.cpuUsage();
      last = now;
      lastRead = read;
    }, POLL_MS);
    const finish = (result: Transcript | { readonly endless: number }): void => {
      clearInterval(timer);
      void worker.terminate();
      resolve(result);
    };
    worker.on("message", (out: string[]) =>
      finish(Atomics.load(at, 1) === 1 ? { endless: Atomics.load(at, 0) } : out),
    );
    worker.on("error", reject);
  });
}

const TYPE_NAMES: ReadonlyMap<ValueType, string> = new Map([
  [I32, "i32"],
  [I64, "i64"],
  [F32, "f32"],
  [F64, "f64"],
]);

function nameOfType(type: ValueType | undefined): string | undefined {
  return type === undefined ? undefined : (TYPE_NAMES.get(type) ?? "externref");
}

function typesOf(module: WasmModule, pages: number) {
  const { functions, tables, memories, globals, tags, types } = module;
  const limits = ({ min, max }: { min: number; max?: number | undefined }) => ({
    initial: min,
    ...(max === undefined ? {} : { maximum: max }),
  });
  // In the order of the import section, which keeps kinds mixed: looked up by name.
  const about = new Map<string, unknown>();
  const note = (imported: { module: string; name: string } | undefined, what: unknown): void => {
    if (imported) about.set(JSON.stringify([imported.module, imported.name]), what);
  };
  for (const { imported, typeIndex } of functions) {
    note(imported, { result: nameOfType(types[typeIndex]!.results[0]) });
  }
  for (const { imported, limits: declared } of memories) {
    note(imported, { initial: declared.min, maximum: pages });
  }
  for (const each of tables) note(each.imported, { ...limits(each.limits), element: "anyfunc" });
  for (const { imported, type, mutable } of globals) {
    note(imported, { value: nameOfType(type), mutable });
  }
  for (const { imported, typeIndex } of tags) {
    note(imported, { parameters: types[typeIndex]!.params.map(nameOfType) });
  }
  const order = WebAssembly.Module.imports(compiledOf.get(module)!);
  const exports = module.exports.flatMap(({ name, kind, index }) => {
    if (kind !== "function") return [];
    const { params, results } = types[functions[index]!.typeIndex]!;
    return [[name, { params: params.map(nameOfType), result: nameOfType(results[0]) }] as const];
  });
  return {
    imports: order.map((each) => about.get(JSON.stringify([each.module, each.name]))),
    exports: Object.fromEntries(exports),
  };
}

const compiledOf = new WeakMap<WasmModule, WebAssembly.Module>();

// --- natively ---

const MAIN = String.raw`
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static jmp_buf back;
void m_trap(const char *trap, const char *function, uint32_t offset) { longjmp(back, 1); }
static void show(uint64_t bits) { printf("= %llx\n", (unsigned long long)bits); }
static void show32(uint32_t bits) { show(bits); }
static void show_f(float x) {
  uint32_t b;
  memcpy(&b, &x, 4);
  if (x != x) puts("= nan");
  else show(b);
}
static void show_d(double x) {
  uint64_t b;
  memcpy(&b, &x, 8);
  if (x != x) puts("= nan");
  else show(b);
}
static float as_f(uint64_t b) { float x; memcpy(&x, &b, 4); return x; }
static double as_d(uint64_t b) { double x; memcpy(&x, &b, 8); return x; }
static void hash(void) {
  uint32_t sum = 0x811c9dc5;
#ifdef HAS_MEMORY
  uint32_t *words = (uint32_t *)m_memory;
  for (uint32_t i = 0; i < m_memory_size() / 4; i++) sum = (sum ^ words[i]) * 0x01000193;
#endif
  printf("# %x\n", sum);
}
int main(int argc, char **argv) {
  FILE *calls = fopen(argv[1], "rb");
  uint64_t a[64];
  uint32_t head[2];
  if (setjmp(back)) { puts("! start"); return 0; }
  m_init();
  for (volatile uint32_t i = 0; fread(head, 4, 2, calls) == 2; i++) {
    if (head[1] && fread(a, 8, head[1], calls) != head[1]) return 3;
    if (setjmp(back)) puts("!");
    else switch (head[0]) {
#include "cases.h"
    }
    if ((i + 1) % CHECKED == 0) hash();
  }
  return 0;
}
`;

/** How C takes an argument of a type from the bits in `a`, and prints a result. */
const FROM_BITS: Readonly<Record<string, string>> = { f32: "as_f", f64: "as_d" };
const SHOW: Readonly<Record<string, string>> = {
  i32: "show32",
  i64: "show",
  f32: "show_f",
  f64: "show_d",
};

function caseOf(module: WasmModule, names: CNames, name: string, number: number): string {
  const { index } = module.exports.find((each) => each.name === name)!;
  const { params, results } = module.types[module.functions[index]!.typeIndex]!;
  const args = params.map((type, i) => `${FROM_BITS[nameOfType(type)!] ?? ""}(a[${i}])`);
  const call = `${names.exported(name, "function")}(${args.join(", ")})`;
  const result = nameOfType(results[0]);
  const show = result === undefined ? `${call}; puts("=");` : `${SHOW[result]}(${call});`;
  return `case ${number}: ${show} break;`;
}

/** Definitions of what the module imports, for C: each function returns 0. */
function stubs(header: string): string {
  const [, after = ""] = header.split("/* Imports: define these. */");
  return [...after.matchAll(/^(extern (?:const )?)?(\w+ (?:\w+ )?)(\w+_import_\w+)(\(.*\))?;$/gm)]
    .map(([, kind, type = "", name, parameters]) => {
      if (kind !== undefined) return `${kind.replace("extern ", "")}${type}${name} = 0;`;
      const words = parameters === "(void)" ? [] : parameters!.slice(1, -1).split(", ");
      const list = words.map((each, i) => `${each} p${i}`).join(", ") || "void";
      return `${type}${name}(${list}) { ${type.trim() === "void" ? "" : "return 0;"} }`;
    })
    .join("\n");
}

function natively(
  { module, options, header }: OwnObject,
  calls: readonly RandomCall[],
  names: readonly string[],
  folder: string,
): Transcript {
  const object = compileModule(module, {
    target: "object",
    name: "m.wasm",
    checksCalls: true,
    ...options,
  });
  const cNames = new CNames(module, NAME);
  writeFileSync(join(folder, "m.o"), writeElfObject(object));
  writeFileSync(join(folder, "m.h"), header);
  const cases = names.map((name, i) => caseOf(module, cNames, name, i));
  writeFileSync(join(folder, "cases.h"), cases.join("\n"));
  const has = module.memories.length > 0 ? "#define HAS_MEMORY 1\n" : "";
  const text = `#define CHECKED ${CHECKED}\n${has}#include "m.h"\n${stubs(header)}\n${MAIN}`;
  writeFileSync(join(folder, "main.c"), text);
  writeFileSync(join(folder, "calls"), encode(calls, names));
  const program = join(folder, "program");
  const inputs = [join(folder, "main.c"), join(folder, "m.o")];
  // The bits of a float stay what they are in SSE registers only.
  const flags = ["-m32", "-no-pie", "-w", "-O1", "-msse2", "-mfpmath=sse"];
  execFileSync("gcc", [...flags, ...inputs, "-o", program]);
  const [command, ...words] = limited(NATIVE_SECONDS, program, join(folder, "calls"));
  const { stdout, signal, status } = spawnSync(command, words, {
    encoding: "utf8",
    timeout: HANG_MS,
    maxBuffer: 1 << 28,
  });
  const end = status === 0 ? [] : [`ended by ${signal ?? status}`];
  return [...stdout.trimEnd().split("\n"), ...end];
}

function encode(calls: readonly RandomCall[], names: readonly string[]): Uint8Array {
  const words = calls.flatMap(({ name, args }) => {
    const head = (BigInt(args.length) << 32n) | BigInt(names.indexOf(name));
    return [head, ...args];
  });
  return new Uint8Array(BigUint64Array.from(words).buffer);
}

// --- both ---

export interface Comparison {
  readonly calls: number;
  readonly traps: number;
  /** Exports that were left out, because they do not end or exhaust the stack. */
  readonly leftOut: readonly string[];
  /** What differs first; undefined: nothing. */
  readonly difference: string | undefined;
}

/**
 * Compares `count` random calls of a module; `folder` is for what is made on the way.
 * @param limit MiB that its memory may grow to, on both sides; undefined: the compiler's default
 */
export async function compareCalls(
  bytes: Uint8Array,
  seed: number,
  count: number,
  folder: string,
  limit?: number,
): Promise<Comparison> {
  const module = decodeModule(bytes, "m.wasm");
  validateModule(module);
  compiledOf.set(module, new WebAssembly.Module(bytes));
  const own = ownObject(module, NAME, limit);
  const pages = maximumOf(own);
  const limited = withMaximum(bytes, module, pages);
  const leftOut = new Set<string>();
  for (;;) {
    const names = callable(module, leftOut);
    if (names.length === 0) return { calls: 0, traps: 0, leftOut: [...leftOut], difference: "" };
    const calls = randomCalls(module, names, seed, count);
    const expected = await inNode(limited, module, pages, calls);
    if ("endless" in expected) {
      leftOut.add(calls[expected.endless]!.name);
      continue;
    }
    const found = natively(own, calls, names, folder);
    const wrong = expected.findIndex((line, i) => line !== found[i]);
    const traps = expected.filter((line) => line === "!").length;
    const result = { calls: calls.length, traps, leftOut: [...leftOut] };
    if (wrong < 0 && found.length === expected.length) return { ...result, difference: undefined };
    const call = calls[callAt(expected, wrong)];
    const what = `${call?.name}(${call?.args.join(", ")})`;
    const text = `${what} gives ${found[wrong]}, in Node ${expected[wrong]}`;
    return { ...result, difference: text };
  }
}

/** How many pages the memory of an object may have. */
function maximumOf({ options: { memoryManager } }: OwnObject): number {
  return memoryManager?.kind === "object" ? memoryManager.limit : 0;
}

/** Which call a line is about. */
function callAt(lines: Transcript, line: number): number {
  const before = lines.slice(0, line).filter((each) => !each.startsWith("#")).length;
  return lines[line]?.startsWith("#") ? before - 1 : before;
}
