// Runs a part of the kernel in Node: AssemblyScript to wasm, with a byte array as memory.
//
// A test gives a few lines of AssemblyScript that export what it wants to call. Files that reach
// for hardware or memory management are replaced by a few lines of the test's own; whatever is
// still imported (ports, panic) comes from JavaScript.
//
// The mutation run (mutation/) puts a changed source in the place of a file of the kernel's, with
// changeSources(); the tests do not notice which they run on.

import "../short-lived";
import { readFileSync } from "node:fs";
import { compileAssemblyScript } from "../../src/compile/assemblyscript/assemblyscript";
import type { WasmModule } from "../../src/compile/wasm/wasm";

/** What the exports of a part are: functions of numbers. */
export type Calls = Readonly<Record<string, (...values: number[]) => number>>;
/** What a part imports: a result of 64 bits is a bigint. */
type Imported = (...values: number[]) => number | bigint;

export interface KernelPart {
  readonly call: Calls;
  /** Where the test may put bytes: AREA_SIZE of them. */
  readonly area: number;
  write(address: number, bytes: Uint8Array | string): void;
  read(address: number, size: number): Uint8Array;
  /** The NUL-terminated text at an address. */
  text(address: number): string;
}

interface PartOptions {
  /** Sources to use instead of the files of these paths. */
  readonly replace?: Readonly<Record<string, string>>;
  /** Functions to import, by module and name. */
  readonly imports?: Readonly<Record<string, Readonly<Record<string, Imported>>>>;
  /** How many bytes of memory there are at the least: what is static, if not given. */
  readonly memory?: number;
}

/** What a change of sources consists of: see changeSources(). */
export interface SourceChange {
  /** The changed text of a file of the kernel's. */
  readonly read: (path: string, text: string) => string;
  /** More files to compile, and more names that every source knows. */
  readonly files: Readonly<Record<string, string>>;
  readonly names: Readonly<Record<string, string>>;
  /** Constants that they import, by module and name; asked for at each start of a part. */
  readonly constants?: () => Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export const AREA_SIZE = 65536;

/** An allocator that never frees, in place of kernel/memory/heap.ts. */
export const TEST_HEAP = `
  let next: usize = memory.data(65536, 16);
  export function allocate(size: usize): usize {
    const at = next;
    next += (size + 15) & ~15;
    return at;
  }
  export function free(object: usize): void {}
`;

const WASM_PAGE = 65536;
const ENTRY = "part.ts";
const ACCESS = `
  const area: usize = memory.data(${AREA_SIZE}, 4096);
  export function areaAddress(): usize { return area; }
`;

/** Imports that need not be given: the time stands still. */
const ALWAYS_GIVEN: Readonly<Record<string, Imported>> = { "x86.rdtsc": () => 0n };

/** A part that is compiled, with the functions that it imports. */
interface CompiledPart {
  readonly module: WasmModule;
  readonly compiled: WebAssembly.Module;
}

let change: SourceChange | undefined;
/** What was compiled since the last change of sources: the tests are imported again and again. */
const compiledParts = new Map<string, CompiledPart>();

/** From now on parts are compiled from changed sources; undefined: from the files as they are. */
export function changeSources(to: SourceChange | undefined): void {
  change = to;
  compiledParts.clear();
}

/** Compiles `source`, whose imports are relative to the repository, and instantiates it. */
export function loadKernelPart(source: string, options: PartOptions = {}): KernelPart {
  return compileKernelPart(source, options)();
}

/** As loadKernelPart(), but gives a function: each call of it starts the part anew. */
export function compileKernelPart(source: string, options: PartOptions = {}): () => KernelPart {
  const { module, compiled } = compileOnce(source, options);
  const functions = importsOf(module, options.imports ?? {});
  const constants = change?.constants;
  return () => {
    const imports = { ...functions, ...constants?.() };
    return startPart(new WebAssembly.Instance(compiled, imports), options.memory ?? 0);
  };
}

function compileOnce(source: string, options: PartOptions): CompiledPart {
  const key = JSON.stringify([source, options.replace]);
  let part = compiledParts.get(key);
  if (part === undefined) {
    const { wasm, module } = compile(source, options);
    part = { module, compiled: new WebAssembly.Module(new Uint8Array(wasm)) };
    compiledParts.set(key, part);
  }
  return part;
}

function compile(source: string, { replace }: PartOptions) {
  const replaced = new Map(
    Object.entries({ ...replace, ...change?.files, [ENTRY]: source + ACCESS }),
  );
  return compileAssemblyScript(
    {
      ...{ root: ".", target: "kernel", runtime: "stub", memoryBase: 4096 },
      entries: [ENTRY, ...Object.keys(change?.files ?? {})],
      names: change?.names ?? {},
      // What changes behaviour does so without it, and many changes are compiled in a row.
      ...(change === undefined ? {} : { optimize: 0 }),
    },
    (path) => replaced.get(path) ?? readSource(path),
  );
}

function startPart(instance: WebAssembly.Instance, size: number): KernelPart {
  const call = instance.exports as unknown as Calls;
  const memory = instance.exports.memory as WebAssembly.Memory;
  const missing = size - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / WASM_PAGE));
  // Not kept: a memory that grows has a new buffer.
  const bytes = () => new Uint8Array(memory.buffer);
  return {
    call,
    area: call.areaAddress!(),
    write(address, content) {
      bytes().set(Buffer.from(content), address >>> 0);
    },
    read: (address, length) => bytes().slice(address >>> 0, (address >>> 0) + length),
    text(address) {
      const start = address >>> 0;
      return Buffer.from(bytes().subarray(start, bytes().indexOf(0, start))).toString();
    },
  };
}

/** The text of a file, changed if it is the kernel's. */
function readSource(path: string): string | undefined {
  const text = readIfThere(path);
  return text === undefined || change === undefined ? text : change.read(path, text);
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** Imports that the test does not give fail when they are called. */
function importsOf({ functions }: WasmModule, given: NonNullable<PartOptions["imports"]>) {
  const imports: Record<string, Record<string, Imported>> = {};
  for (const { imported } of functions) {
    if (imported === undefined) continue;
    const { module, name } = imported;
    imports[module] ??= {};
    imports[module][name] =
      given[module]?.[name] ??
      ALWAYS_GIVEN[`${module}.${name}`] ??
      (() => {
        throw new Error(`the kernel calls ${module}.${name}`);
      });
  }
  return imports;
}
