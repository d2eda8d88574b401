// Runs compiled modules as i386 Linux processes of this machine.
//
// A driver in our own assembler calls each function of a list with its arguments and records the
// result, whether it trapped, and whether the callee kept the calling convention:
//
//   record i   0  status   RETURNED, TRAPPED or BROKEN (a preserved register or ESP changed)
//              4  results  value after value of one word or two, or which trap
//
// Traps are signals (native-trap.ts); the handler goes on with the next call. Linear
// memory begins at MEMORY_BASE, because Linux gives no process page 0.

import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { signatureOf } from "../../src/compile/build";
import { argumentPlaces, exchangedWords, resultPlaces } from "../../src/compile/calling-convention";
import type { CompileOptions, Stress } from "../../src/compile/compile";
import { compileModule } from "../../src/compile/compile";
import { type Signature, valuesOf } from "../../src/compile/ir";
import { wordsOf, XMM0 } from "../../src/compile/machine";
import type { Level, Optimisation } from "../../src/compile/pipeline";
import type { WasmModule } from "../../src/compile/wasm";
import { Assembler } from "../../src/i686/assembler";
import type { ObjectFile } from "../../src/i686/object";
import { type MemoryParts, mem, mem32, mem64, symbol } from "../../src/i686/operand";
import {
  eax,
  ebp,
  ebx,
  ecx,
  edi,
  edx,
  esi,
  esp,
  type Register32,
  registers32,
  registersXmm,
  xmm0,
} from "../../src/i686/registers";
import { writeElf } from "../../src/link/elf-write";
import type { Layout } from "../../src/link/layout";
import { link } from "../../src/link/link";
import { installHandlers, reportedTrap, writeHandler } from "./native-trap";

export const MEMORY_BASE = 0x10000000;
/** Pages of 64 KiB that exist; `memory.grow` may promise more. */
const PAGES = 64;
const MAX_PAGES = 0x10000;

/** What runs before the calls, if the module needs that. */
const START = "isthmus:start";

const RETURNED = 1;
const TRAPPED = 2;
const BROKEN = 3;
/** Words of results that a record has room for. */
const RESULT_WORDS = 32;
const RECORD = 4 * (1 + RESULT_WORDS);

/** A call of an exported function; arguments as unsigned numbers of their type's width. */
export interface Call {
  readonly name: string;
  readonly args: readonly bigint[];
}

/** A result as an unsigned number, `undefined` for void, several in order, or what went wrong. */
export type Outcome = bigint | undefined | readonly bigint[] | Trapped | "broken";

/** A trap in the words of the standard's interpreter. */
export type Trapped = ReturnType<typeof reportedTrap>;

export interface RunOptions {
  readonly level?: Level;
  readonly without?: readonly Optimisation[];
  readonly stress?: Stress;
  readonly unsupported?: "refuse" | "trap";
  readonly dump?: NonNullable<CompileOptions["dump"]>;
  /** Receives the name of each function that is replaced by a trap, and why. */
  readonly onRefusal?: (fn: string, why: string) => void;
}

const layout: Layout = {
  name: "test",
  stackHeader: true,
  gcSections: true,
  regions: {
    program: { start: 0x08048000, end: MEMORY_BASE },
    pages: { start: MEMORY_BASE, end: MEMORY_BASE + (PAGES << 16) },
  },
  sections: [
    { name: ".text", region: "program", pack: true },
    { name: ".rodata", region: "program" },
    {
      name: ".data",
      region: "program",
      inputs: [{ sections: [".data", ".data.*"], fixed: false }],
    },
    { name: ".bss", region: "program", inputs: [{ sections: [".bss", ".bss.*"], fixed: false }] },
    {
      name: ".linear",
      region: "pages",
      address: MEMORY_BASE,
      permissions: "rw",
      inputs: [{ sections: "*", fixed: true, keep: true }],
    },
  ],
};

/** The signature of an exported function. */
export function exportSignature(module: WasmModule, name: string): Signature {
  const found = module.exports.find((each) => each.name === name && each.kind === "function");
  const type = found && module.types[module.functions[found.index]!.typeIndex];
  if (!type) throw new Error(`no function is exported as ${name}`);
  return signatureOf(type, 0);
}

/** Compiles a module so that it can run in a Linux process. */
export function compileNative(module: WasmModule, options: RunOptions = {}): ObjectFile {
  const pages = module.memories[0]?.limits.min ?? 0;
  return compileModule(module, {
    target: "user",
    name: "test.wasm",
    memoryBase: MEMORY_BASE,
    start: START,
    checksCalls: true,
    data: { start: 0, end: PAGES << 16 },
    ...(pages > PAGES ? { data: { start: 0, end: 0 } } : {}),
    ...options,
  });
}

/** Runs the calls in order in one process, after the start function if there is one. */
export function runNative(
  module: WasmModule,
  calls: readonly Call[],
  options: RunOptions = {},
): Outcome[] {
  const object = compileNative(module, options);
  return runObject(object, module, calls);
}

/** The same with a compiled object. */
export function runObject(
  object: ObjectFile,
  module: WasmModule,
  calls: readonly Call[],
): Outcome[] {
  const image = link([object, driver(object, module, calls), stubs(module)], layout);
  const output = execute(writeElf(image));
  if (output.length !== calls.length * RECORD) {
    throw new Error(`the process wrote ${output.length} bytes for ${calls.length} calls`);
  }
  return calls.map(({ name }, i) => outcome(output, i, exportSignature(module, name)));
}

function outcome(output: Buffer, index: number, { results }: Signature): Outcome {
  const at = index * RECORD;
  const status = output.readUInt32LE(at);
  if (status === TRAPPED) return reportedTrap(output.readUInt32LE(at + 4));
  if (status !== RETURNED) return "broken";
  let next = at + 4;
  const values = results.map((type) => {
    const value =
      type === "i64" || type === "f64"
        ? output.readBigUInt64LE(next)
        : BigInt(output.readUInt32LE(next));
    next += type === "i64" || type === "f64" ? 8 : 4;
    return value;
  });
  return values.length > 1 ? values : values[0];
}

function execute(elf: Uint8Array): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "isthmus-"));
  const file = join(folder, "program");
  try {
    writeFileSync(file, elf);
    chmodSync(file, 0o755);
    const run = spawnSync(file, { timeout: 20_000, maxBuffer: 64 << 20 });
    if (run.error) throw run.error;
    if (run.status !== 0) throw new Error(`the process ended with ${run.status ?? run.signal}`);
    return run.stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

let reason: string | false | undefined;

/** Why compiled programs cannot run here, or false. In CI they must. */
export function cannotRun(): string | false {
  reason ??= probe();
  if (reason && process.env.CI === "true") throw new Error(reason);
  return reason;
}

function probe(): string | false {
  if (process.platform !== "linux" || process.arch !== "x64") {
    return "compiled programs run on x86-64 Linux only";
  }
  const a = new Assembler("probe");
  a.section(".text");
  a.function("_start", () => exit(a));
  try {
    execute(writeElf(link([a.finish()], layout)));
    return false;
  } catch {
    return "this machine does not run i386 executables";
  }
}

const SYS_EXIT = 1;
const SYS_WRITE = 4;

function exit(a: Assembler): void {
  a.mov(eax, SYS_EXIT);
  a.xor(ebx, ebx);
  a.int(0x80);
}

const KEPT = [ebx, esi, edi, ebp] as const;
const magic = (index: number) => 0x51000000 + index;

/** `_start`: all calls, then the records to standard output. */
function driver(object: ObjectFile, module: WasmModule, calls: readonly Call[]): ObjectFile {
  const a = new Assembler("driver");
  a.section(".text");
  a.function("_start", () => {
    installHandlers(a);
    if (object.symbols.some(({ name }) => name === START)) a.call(START);
    for (const [i, call] of calls.entries())
      callOnce(a, i, call, exportSignature(module, call.name));
    a.mov(eax, SYS_WRITE);
    a.mov(ebx, 1);
    a.mov(ecx, symbol("records"));
    a.mov(edx, calls.length * RECORD);
    a.int(0x80);
    exit(a);
  });
  writeHandler(a, TRAPPED);
  a.section(".bss");
  for (const name of ["stack", "record", "resume"]) {
    a.local(name);
    a.space(4);
  }
  a.local("records");
  a.space(calls.length * RECORD);
  return a.finish();
}

function putWords(a: Assembler, to: MemoryParts, words: readonly number[]): void {
  for (const [i, word] of words.entries()) {
    a.mov(mem32({ ...to, disp: (to.disp ?? 0) + 4 * i }), word);
  }
}

/** Stores the results of a call from where they are to the words at `to`. */
function takeResults(a: Assembler, to: MemoryParts, signature: Signature): void {
  const types = valuesOf(signature.results);
  let disp = to.disp ?? 0;
  const store = (from: Register32): void => {
    a.mov(mem32({ ...to, disp }), from);
    disp += 4;
  };
  for (const [i, place] of resultPlaces(signature).entries()) {
    const words = wordsOf(types[i]!);
    if ("stack" in place) {
      for (let word = 0; word < words; word++) {
        a.mov(ecx, mem32({ base: esp, disp: 4 * (place.stack + word) }));
        store(ecx);
      }
    } else if (place.register < XMM0) store(registers32[place.register]!);
    else {
      if (words === 2) a.movsd(mem64({ ...to, disp }), xmm0);
      else a.movss(mem32({ ...to, disp }), xmm0);
      disp += 4 * words;
    }
  }
}

function callOnce(a: Assembler, index: number, call: Call, signature: Signature): void {
  const next = a.newLabel();
  const record = { symbol: "records", disp: index * RECORD };
  const words = signature.parameters.flatMap((type, i) => {
    const value = call.args[i] ?? 0n;
    const low = Number(BigInt.asIntN(32, value));
    const high = Number(BigInt.asIntN(32, value >> 32n));
    return type === "i64" ? [[low], [high]] : [type === "f64" ? [low, high] : [low]];
  });
  const places = argumentPlaces(signature);
  const room = exchangedWords(signature);
  a.mov(mem32({ symbol: "stack" }), esp);
  a.mov(mem32({ symbol: "record" }), symbol("records", index * RECORD));
  a.mov(mem32({ symbol: "resume" }), symbol(next));
  if (room > 0) a.sub(esp, 4 * room);
  for (const [i, register] of KEPT.entries()) a.mov(register, magic(i));
  for (const [i, place] of places.entries()) {
    if ("stack" in place) putWords(a, { base: esp, disp: 4 * place.stack }, words[i]!);
    else if (place.register < XMM0) a.mov(registers32[place.register]!, words[i]![0]!);
    else {
      const number = { symbol: "records", disp: index * RECORD + 12 };
      putWords(a, number, words[i]!);
      a.movsd(registersXmm[place.register - XMM0]!, mem64(number));
    }
  }
  a.call(call.name);
  takeResults(a, { ...record, disp: record.disp + 4 }, signature);
  if (room > 0) a.add(esp, 4 * room);
  a.mov(mem32(record), BROKEN);
  for (const [i, register] of KEPT.entries()) {
    a.cmp(register, magic(i));
    a.jne(next);
  }
  a.cmp(esp, mem({ symbol: "stack" }));
  a.jne(next);
  a.mov(mem32(record), RETURNED);
  a.label(next);
  a.mov(esp, mem({ symbol: "stack" }));
}

/** What modules import: functions that do nothing, and a memory manager. */
function stubs(module: WasmModule): ObjectFile {
  const a = new Assembler("stubs");
  a.section(".text");
  const names = new Set<string>();
  for (const { imported } of module.functions) {
    if (imported && !["x86", "symbols"].includes(imported.module)) names.add(imported.name);
  }
  for (const name of names) a.function(name, () => a.ret());
  const limit = Math.min(module.memories[0]?.limits.max ?? MAX_PAGES, MAX_PAGES);
  a.function("memory_size", () => {
    a.mov(eax, mem({ symbol: "pages" }));
    a.ret();
  });
  a.function("memory_grow", () => {
    a.mov(edx, mem({ symbol: "pages" }));
    a.add(edx, eax);
    a.cmp(eax, limit);
    a.ja("refuse");
    a.cmp(edx, limit);
    a.ja("refuse");
    a.mov(eax, mem({ symbol: "pages" }));
    a.mov(mem({ symbol: "pages" }), edx);
    a.ret();
    a.label("refuse");
    a.mov(eax, -1);
    a.ret();
  });
  a.section(".data");
  a.local("pages");
  a.long(module.memories[0]?.limits.min ?? 0);
  return a.finish();
}
