// Runs compiled modules as i386 Linux processes of this machine.
//
// A process has one instance of a module or several, whose symbols differ by a prefix, and a list
// of events: calls and readings of globals, in order. Linear memories lie one after the other from
// MEMORY_BASE on, because Linux gives no process page 0.

import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compileModule } from "../../../src/compile/compile";
import type { Signature } from "../../../src/compile/ir/ir";
import { boundOf, OWN_GROW, type OwnMemory } from "../../../src/compile/ir/own-memory";
import type { CompileOptions } from "../../../src/compile/options";
import type { Level, Optimisation } from "../../../src/compile/pipeline";
import type { Stress } from "../../../src/compile/stress";
import { numberType, signatureOf } from "../../../src/compile/translate/signature";
import type { ExternalKind, ImportName, Limits, WasmModule } from "../../../src/compile/wasm/wasm";
import type { Layout } from "../../../src/link/layout/layout";
import { link } from "../../../src/link/link";
import { writeElf } from "../../../src/link/output/write-elf";
import type { ObjectFile } from "../../../src/object/object";
import { Assembler } from "../../../src/x86/assembler";
import { mem, mem32 } from "../../../src/x86/operand";
import { eax, edx } from "../../../src/x86/registers";
import { HANG_MS } from "../../hang-guard";
import { driver, exit, type NativeEvent, type Outcome, readOutcomes } from "./driver";
import { loadSegment, writeSegment } from "./segment";

export type { Outcome, Trapped } from "./driver";

export const MEMORY_BASE = 0x10000000;
/** Pages of 64 KiB that exist of each memory; `memory.grow` may promise more. */
const PAGES = 64;
const PAGE = 1 << 16;
const MAX_PAGES = 0x10000;

/** Makes FS the segment of a memory, as large as that is then; changes no register. */
const SEGMENT = "segment";

/** What runs before all calls, if the module needs that. */
const START = "isthmus:start";

/** A call of an exported function; arguments as unsigned numbers of their type's width. */
export interface Call {
  readonly name: string;
  readonly args: readonly bigint[];
}

export interface RunOptions {
  readonly level?: Level;
  readonly without?: readonly Optimisation[];
  readonly stress?: Stress;
  /** Whether calls through tables are checked, and calls before returns calls; absent: yes. */
  readonly checksCalls?: boolean;
  /**
   * Whether memories are the modules' own: no access leaves them. "segment": the processor checks,
   * if no module calls another that has a different memory.
   */
  readonly ownMemory?: boolean | "segment";
  readonly dump?: NonNullable<CompileOptions["dump"]>;
  /** Changes what was compiled before it is linked. */
  readonly alter?: (object: ObjectFile) => ObjectFile;
  /** Seconds of processor time after which the process is ended; absent: it must end by itself. */
  readonly cpuSeconds?: number;
}

/** Whose export an import is; undefined: nobody's, and a function that does nothing stands in. */
export type Resolve = (imported: ImportName) => NativeInstance | undefined;

interface NativeMemory {
  readonly base: number;
  /** Bytes of its room. */
  readonly size: number;
  /** What its `memory_size` and `memory_grow` begin with. */
  readonly prefix: string;
  readonly limits: Limits;
}

/** A compiled module in a process. */
export class NativeInstance {
  readonly #resolve: Resolve;

  constructor(
    readonly prefix: string,
    readonly module: WasmModule,
    readonly memory: NativeMemory | undefined,
    readonly hasStart: boolean,
    resolve: Resolve,
  ) {
    this.#resolve = resolve;
  }

  /** The symbol of an exported function, global or table, whoever defines it. */
  symbolOf(name: string): string {
    const { kind, index } = this.exported(name);
    const { imported } = itemsOf(this.module, kind)[index]!;
    return imported ? importSymbol(this.#resolve, imported) : `${this.prefix}${name}`;
  }

  exported(name: string) {
    const found = this.module.exports.find((each) => each.name === name);
    if (!found) throw new Error(`nothing is exported as ${name}`);
    return found;
  }

  signatureOf(name: string): Signature {
    const { index } = this.exported(name);
    return signatureOf(this.module.types[this.module.functions[index]!.typeIndex]!, 0);
  }
}

function itemsOf(module: WasmModule, kind: ExternalKind): readonly { imported?: ImportName }[] {
  const { functions, tables, memories, globals, tags } = module;
  return { function: functions, table: tables, memory: memories, global: globals, tag: tags }[kind];
}

const STUB = "stub:";

function importSymbol(resolve: Resolve, imported: ImportName): string {
  return resolve(imported)?.symbolOf(imported.name) ?? STUB + imported.name;
}

/** A Linux process in the making. */
export class NativeProcess {
  readonly #options: RunOptions;
  readonly #objects: ObjectFile[] = [];
  readonly #events: NativeEvent[] = [];
  readonly #memories: NativeMemory[] = [];

  constructor(options: RunOptions = {}) {
    this.#options = options;
  }

  /**
   * Compiles `module`, and makes what it does at its start the next event, if there is something.
   *
   * @throws Diagnostic if the compiler refuses it
   */
  add(module: WasmModule, resolve: Resolve = () => undefined): NativeInstance {
    const prefix = `i${this.#objects.length}.`;
    const memory = this.#memoryOf(module, resolve);
    const { ownMemory: isOwn, alter = (same) => same, ...options } = this.#options;
    const isSegment = isOwn === "segment";
    const ownMemory = memory && { ...ownMemoryOf(module, memory.base), isSegment };
    const own = isOwn && ownMemory ? { ownMemory } : {};
    const object = compileModule(module, {
      target: "user",
      name: "test.wasm",
      memoryBase: memory?.base ?? MEMORY_BASE,
      start: START,
      checksCalls: true,
      importName: (imported) => importSymbol(resolve, imported),
      ...(module.memories[0]?.imported ? {} : { data: { start: 0, end: dataEnd(module) } }),
      ...own,
      ...options,
    });
    this.#objects.push(prefixed(alter(object), prefix, memory?.prefix ?? ""));
    const hasStart = object.symbols.some(({ name }) => name === START);
    const instance = new NativeInstance(prefix, module, memory, hasStart, resolve);
    if (hasStart) this.#start(instance);
    return instance;
  }

  #memoryOf({ memories }: WasmModule, resolve: Resolve): NativeMemory | undefined {
    const [memory] = memories;
    if (!memory) return undefined;
    const owner = memory.imported && resolve(memory.imported)?.memory;
    if (owner) return owner;
    const index = this.#memories.length;
    const size = PAGE * Math.max(1, Math.min(memory.limits.max ?? PAGES, PAGES));
    const found = { base: this.#memoryEnd, size, prefix: `m${index}.`, limits: memory.limits };
    this.#memories.push(found);
    return found;
  }

  /** Where the next memory begins. */
  get #memoryEnd(): number {
    const last = this.#memories[this.#memories.length - 1];
    return last ? last.base + last.size : MEMORY_BASE;
  }

  /** What makes the segment of the memory that a call is about. */
  #segmentOf({ memory }: NativeInstance): { prepare?: string } {
    const isSegment = this.#options.ownMemory === "segment" && memory !== undefined;
    return isSegment ? { prepare: memory.prefix + SEGMENT } : {};
  }

  #start(instance: NativeInstance): void {
    const { prefix } = instance;
    const signature: Signature = { parameters: [], results: [] };
    const symbol = prefix + START;
    this.#events.push({ kind: "call", symbol, signature, args: [], ...this.#segmentOf(instance) });
  }

  call(instance: NativeInstance, { name, args }: Call): void {
    const signature = instance.signatureOf(name);
    const symbol = instance.symbolOf(name);
    this.#events.push({ kind: "call", symbol, signature, args, ...this.#segmentOf(instance) });
  }

  read(instance: NativeInstance, name: string): void {
    const { type } = instance.module.globals[instance.exported(name).index]!;
    const symbol = instance.symbolOf(name);
    this.#events.push({ kind: "read", symbol, type: numberType(type, 0) });
  }

  /** What came of each event. */
  run(): Outcome[] {
    const isSegment = this.#options.ownMemory === "segment";
    const managers = memoryManagers(this.#memories, this.#objects, isSegment);
    const objects = [driver(this.#events), ...this.#objects, managers];
    const image = link([...objects, stubs(this.#objects)], layoutFor(this.#memoryEnd));
    return readOutcomes(execute(writeElf(image), this.#options.cpuSeconds), this.#events);
  }
}

/** Where the memory's room ends; a module that needs more gets only what its data takes. */
function dataEnd({ memories }: WasmModule): number {
  const { min, max = PAGES } = memories[0]?.limits ?? { min: PAGES + 1 };
  return min <= PAGES ? PAGE * Math.min(max, PAGES) : 0;
}

/** What a module needs to know of the memory at `base`, to stay inside. */
function ownMemoryOf({ memories }: WasmModule, base: number): OwnMemory {
  const [memory] = memories;
  const { min = 0, max } = memory?.limits ?? {};
  return { base, bytes: min * PAGE, isFixed: memory?.imported === undefined && min === max };
}

/** Whether a name belongs to what a module's memory is managed by. */
function isOfMemory(name: string): boolean {
  return name.startsWith("memory_") || name === OWN_GROW || boundOf(name) !== undefined;
}

/** The object with a prefix before the names of all that it defines, and of its memory manager. */
function prefixed(object: ObjectFile, prefix: string, memory: string): ObjectFile {
  const rename = (name: string, isDefined: boolean): string => {
    if (isDefined) return prefix + name;
    return isOfMemory(name) ? memory + name : name;
  };
  const symbols = object.symbols.map((symbol) => ({
    ...symbol,
    name: rename(symbol.name, symbol.section !== undefined),
  }));
  return { ...object, symbols };
}

function layoutFor(end: number): Layout {
  const inputs = (name: string) => [{ sections: [name, `${name}.*`], fixed: false }];
  return {
    name: "test",
    stackHeader: true,
    gcSections: true,
    regions: {
      program: { start: 0x08048000, end: MEMORY_BASE },
      pages: { start: MEMORY_BASE, end: Math.max(end, MEMORY_BASE + PAGE) },
    },
    sections: [
      { name: ".text", region: "program", pack: true },
      { name: ".rodata", region: "program" },
      { name: ".data", region: "program", inputs: inputs(".data") },
      { name: ".bss", region: "program", inputs: inputs(".bss") },
      {
        name: ".linear",
        region: "pages",
        address: MEMORY_BASE,
        permissions: "rw",
        inputs: [{ sections: "*", fixed: true, keep: true }],
      },
    ],
  };
}

/** Runs the calls in order in one process, after the start function if there is one. */
export function runNative(
  module: WasmModule,
  calls: readonly Call[],
  options: RunOptions = {},
): Outcome[] {
  const process = new NativeProcess(options);
  const instance = process.add(module);
  for (const call of calls) process.call(instance, call);
  return process.run().slice(instance.hasStart ? 1 : 0);
}

function execute(elf: Uint8Array, cpuSeconds?: number): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "isthmus-"));
  const file = join(folder, "program");
  try {
    writeFileSync(file, elf);
    chmodSync(file, 0o755);
    const [command, ...words] = cpuSeconds === undefined ? [file] : limited(cpuSeconds, file);
    const settings = { timeout: HANG_MS, killSignal: "SIGKILL", maxBuffer: 64 << 20 } as const;
    const run = spawnSync(command!, words, settings);
    if (run.error) throw run.error;
    if (run.status !== 0) throw new Error(`the process ended with ${run.status ?? run.signal}`);
    return run.stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A command that runs a program for so much processor time at most. */
export function limited(
  cpuSeconds: number,
  program: string,
  ...words: readonly string[]
): [string, ...string[]] {
  return ["sh", "-c", `ulimit -t ${cpuSeconds}; exec "$0" "$@"`, program, ...words];
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
    execute(writeElf(link([a.finish()], layoutFor(MEMORY_BASE))));
    return false;
  } catch {
    return "this machine does not run i386 executables";
  }
}

/** The functions that nobody defines: they do nothing. */
function stubs(objects: readonly ObjectFile[]): ObjectFile {
  const a = new Assembler("stubs");
  a.section(".text");
  const names = objects.flatMap(({ symbols }) => symbols.map(({ name }) => name));
  const wanted = new Set(names.filter((name) => name.startsWith(STUB)));
  for (const name of wanted) a.function(name, () => a.ret());
  return a.finish();
}

/** `memory_size` and `memory_grow` of each memory, and the bounds that modules compare with. */
function memoryManagers(
  memories: readonly NativeMemory[],
  objects: readonly ObjectFile[],
  isSegment: boolean,
): ObjectFile {
  const a = new Assembler("memories");
  const names = new Set(objects.flatMap(({ symbols }) => symbols.map(({ name }) => name)));
  for (const { prefix, base, limits } of memories) {
    const pages = `${prefix}pages`;
    const bounds = [...names].flatMap((name) => {
      const bytes = name.startsWith(prefix) ? boundOf(name.slice(prefix.length)) : undefined;
      return bytes === undefined ? [] : [{ name, bytes }];
    });
    // The size in bytes must fit a word, if anything compares with it.
    const most = bounds.length > 0 ? MAX_PAGES - 1 : MAX_PAGES;
    const limit = Math.min(limits.max ?? most, most);
    a.section(".text");
    a.function(`${prefix}memory_size`, () => {
      a.mov(eax, mem({ symbol: pages }));
      a.ret();
    });
    a.function(`${prefix}memory_grow`, () => {
      a.mov(edx, mem({ symbol: pages }));
      a.add(edx, eax);
      a.cmp(eax, limit);
      a.ja("refuse");
      a.cmp(edx, limit);
      a.ja("refuse");
      a.shl(eax, 16);
      for (const { name } of bounds) a.add(mem32({ symbol: name }), eax);
      a.mov(eax, mem({ symbol: pages }));
      a.mov(mem({ symbol: pages }), edx);
      if (isSegment) a.call(prefix + SEGMENT);
      a.ret();
      a.label("refuse");
      a.mov(eax, -1);
      a.ret();
    });
    a.alias(`${prefix}${OWN_GROW}`, `${prefix}memory_grow`);
    if (isSegment) a.function(prefix + SEGMENT, () => loadSegment(a, base, pages));
    a.section(".data");
    a.local(pages);
    a.long(limits.min);
    for (const { name, bytes } of bounds) {
      a.global(name);
      a.long((limits.min * PAGE - bytes) | 0);
    }
  }
  if (isSegment) writeSegment(a);
  return a.finish();
}
