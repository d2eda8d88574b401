// AssemblyScript sources to WebAssembly: the pinned `assemblyscript` package, run in this process.
//
// The compiler's interface is called directly, not its command line: options are values (the
// command line reads `--memoryBase 0x1000` as 0), messages are objects with a range, and a crash
// is an exception. asc wants sources synchronously here, so a program is compiled in one call.
//
// Invariants
//   - Address 0 upward is real memory: `lowMemoryUnused` is off, which a memory base ensures.
//   - The memory is exported: Binaryen drops the data of a memory that is not, though assembly
//     and devices read ours.
//   - What the module says of its static data lies at or above `memoryBase`; it is checked.
//   - The output has passed `validate.ts`.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as assemblyscript from "assemblyscript";
import { libraryFiles } from "assemblyscript/asc";
import binaryen from "assemblyscript/binaryen";
import { alignUp, hex } from "../../base/align";
import { Diagnostic } from "../../base/diagnostic";
import { decodeModule } from "../wasm/decode";
import { Op } from "../wasm/opcodes";
import { validateModule } from "../wasm/validate";
import type { WasmModule } from "../wasm/wasm";
import { AscReporter } from "./asc-reporter";
import { checkBareMetal } from "./bare-metal";
import type { Environment } from "./environment";
import { IndexingCompiler } from "./function-indexes";
import { optimise } from "./optimise";
import { Packages } from "./packages";
import { collectSourceFacts, type SourceFacts } from "./source-facts";
import { SourceMap } from "./source-map";
import { checkClasses, MEMORY_ALIAS, transformSources } from "./transform";

export interface AssemblyScriptOptions {
  /** The folder to which all paths are relative. */
  readonly root: string;
  /** Files whose exports become the module's: `kernel/main.ts`. */
  readonly entries: readonly string[];
  readonly target: Environment;
  /** How `new` gets memory: `stub` never frees, `minimal` collects on request, `incremental`. */
  readonly runtime: "stub" | "minimal" | "incremental";
  /**
   * Where static data starts. Not 0: asc would put it at 1024 and treat what is below as unused.
   */
  readonly memoryBase: number;
  /** Binaryen's level, 0 to 3; by default 2. */
  readonly optimize?: 0 | 1 | 2 | 3;
  /** Whether `assert` checks its argument; by default it does. */
  readonly assertions?: boolean;
  /** The function that `abort` and failed assertions call: `kernel/log/abort/abort`. */
  readonly abort?: string;
  /** Further names that every source can use, and what they stand for, as in `abort`. */
  readonly names?: Readonly<Record<string, string>>;
  /** The export that runs the initialisers of the top level; by default wasm's start function. */
  readonly start?: string;
}

export interface AssemblyScriptOutput {
  readonly wasm: Uint8Array;
  readonly module: WasmModule;
  readonly sourceMap: SourceMap;
  /** What debug information says of the source. */
  readonly facts: SourceFacts;
  /**
   * Where static data ends: an address, a multiple of 4. What lies between `memoryBase` and here
   * and is in no data segment must be zero when the program starts; asc's heap begins here.
   */
  readonly dataEnd: number;
  /** The files that were read, relative to the root: the output depends on them alone. */
  readonly sources: readonly string[];
  readonly warnings: readonly Diagnostic[];
}

/**
 * The text of a file by its path relative to the root; undefined: there is none. What is imported
 * by the name of a package, `isthmus/user/print`, is asked for as `~lib/isthmus/user/print.ts`,
 * then by its places in folders node_modules (packages.ts).
 */
export type ReadSource = (path: string) => string | undefined;

/**
 * Compiles AssemblyScript to a valid WebAssembly module.
 *
 * @param read where sources come from; by default from `options.root` on disk
 * @throws Diagnostics with all errors of the sources
 */
export function compileAssemblyScript(
  options: AssemblyScriptOptions,
  read: ReadSource = readFrom(options.root),
): AssemblyScriptOutput {
  if (options.memoryBase <= 0) throw new RangeError("memoryBase must be above 0");
  const program = assemblyscript.newProgram(programOptions(options));
  const reporter = new AscReporter(program);
  const sources = new ProgramSources(program, options.root, read);
  sources.parseAll(options);
  reporter.barrier();
  for (const each of transformSources(program, options.target)) reporter.add(each);
  reporter.barrier();
  const { module, dataEnd } = translate(program, reporter, options);
  try {
    const { raw, ...output } = emit(module, reporter, options);
    return {
      ...output,
      facts: collectSourceFacts(program, raw),
      dataEnd,
      sources: sources.paths,
      warnings: reporter.warnings,
    };
  } finally {
    binaryen.wrapModule(module.ref).dispose();
  }
}

function readFrom(root: string): ReadSource {
  return (path) => {
    try {
      return readFileSync(join(root, path), "utf8");
    } catch {
      return undefined;
    }
  };
}

const RUNTIMES = { stub: 0, minimal: 1, incremental: 2 } as const;
/** asc's own default for the shadow stack on which the incremental collector finds its roots. */
const SHADOW_STACK = 32 * 1024;

function programOptions(options: AssemblyScriptOptions): assemblyscript.Options {
  const result = assemblyscript.newOptions();
  assemblyscript.setRuntime(result, RUNTIMES[options.runtime]);
  assemblyscript.setStackSize(result, options.runtime === "incremental" ? SHADOW_STACK : 0);
  assemblyscript.setNoAssert(result, options.assertions === false);
  assemblyscript.setExportMemory(result, true);
  assemblyscript.setMemoryBase(result, options.memoryBase);
  assemblyscript.setSourceMap(result, true);
  assemblyscript.setDebugInfo(result, true);
  assemblyscript.setOptimizeLevelHints(result, options.optimize ?? 2, 0);
  if (options.start !== undefined) assemblyscript.setExportStart(result, options.start);
  assemblyscript.addGlobalAlias(result, "abort", options.abort ?? "");
  for (const [name, element] of Object.entries(options.names ?? {})) {
    assemblyscript.addGlobalAlias(result, name, element);
  }
  assemblyscript.addGlobalAlias(result, MEMORY_ALIAS, "~lib/memory/memory");
  return result;
}

const LIBRARY = "~lib/";

/** Feeds a program with files: the library, the runtime, the entries and what these import. */
class ProgramSources {
  readonly #program: assemblyscript.Program;
  readonly #read: ReadSource;
  readonly #packages: Packages;
  readonly #found = new Set<string>();

  constructor(program: assemblyscript.Program, root: string, read: ReadSource) {
    this.#program = program;
    this.#read = read;
    this.#packages = new Packages(root, read);
  }

  get paths(): string[] {
    return [...this.#found].sort();
  }

  parseAll({ entries, runtime, abort, names = {} }: AssemblyScriptOptions): void {
    for (const [path, text] of Object.entries(library())) {
      if (!path.includes("/")) this.#parse(text, `${LIBRARY}${path}.ts`, false);
    }
    const index = `rt/index-${runtime}`;
    this.#parse(library()[index], `${LIBRARY}${index}.ts`, true);
    for (const path of entries) this.#parse(this.#readFile(path), path, true);
    for (const element of [abort, ...Object.values(names)]) {
      if (element) this.#parseImport(element.slice(0, element.lastIndexOf("/")));
    }
    for (;;) {
      const path = assemblyscript.nextFile(this.#program);
      if (path === null) return;
      this.#parseImport(path);
    }
  }

  #parse(text: string | undefined, path: string, isEntry: boolean): void {
    assemblyscript.parse(this.#program, text ?? null, path, isEntry);
  }

  #readFile(path: string): string | undefined {
    const text = this.#read(path);
    if (text !== undefined) this.#found.add(path);
    return text;
  }

  /** Parses the file of an import, which is named without extension or is a folder's index. */
  #parseImport(path: string): void {
    for (const candidate of [`${path}.ts`, `${path}/index.ts`]) {
      const own = path.startsWith(LIBRARY) ? candidate.slice(LIBRARY.length, -3) : "";
      const text = library()[own] ?? this.#readFile(candidate);
      if (text !== undefined) {
        this.#parse(text, candidate, false);
        return;
      }
    }
    const found = this.#packages.find(path, assemblyscript.getDependee(this.#program, path));
    if (found) this.#found.add(found.path);
    this.#parse(found?.text, found?.name ?? `${path}.ts`, false);
  }
}

function library(): Readonly<Record<string, string>> {
  return libraryFiles;
}

/** Sources to a Binaryen module that is not optimised yet. */
function translate(
  program: assemblyscript.Program,
  reporter: AscReporter,
  options: AssemblyScriptOptions,
): { module: assemblyscript.Module; dataEnd: number } {
  return guarded(options, () => {
    assemblyscript.initializeProgram(program);
    program.parser.finish();
    const compiler = new IndexingCompiler(program);
    const module = compiler.compile();
    for (const each of checkClasses(program, options.target)) reporter.add(each);
    reporter.barrier();
    if (!assemblyscript.validate(module)) throw new Error("its own validator refuses the output");
    return { module, dataEnd: i64_low(compiler.memoryOffset) >>> 0 };
  });
}

/** The low word of the compiler's own 64-bit numbers; it defines this in the global scope. */
declare function i64_low(value: assemblyscript.Compiler["memoryOffset"]): number;

/** Runs a part of asc; what it throws is a fault of its own, reported as one. */
function guarded<Result>(options: AssemblyScriptOptions, run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    if (error instanceof Diagnostic) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new Diagnostic(
      "ASC001",
      `the AssemblyScript compiler failed: ${reason}`,
      "Take out what was added last; this is a fault of the compiler, not of the source.",
      { file: options.entries[0] ?? options.root },
    );
  }
}

const MAP_NAME = "module.wasm.map";

/** A module as Binaryen writes it. */
type EmittedModule = Pick<AssemblyScriptOutput, "wasm" | "module" | "sourceMap">;

function emit(
  module: assemblyscript.Module,
  reporter: AscReporter,
  options: AssemblyScriptOptions,
): EmittedModule & { raw: EmittedModule; dataEnd: number } {
  module.setDebugInfo(true);
  guarded(options, () => module.runPasses(["propagate-debug-locs"]));
  const raw = emitBinary(module, options);
  for (const each of checkBareMetal(raw.module, raw.sourceMap, options.target)) reporter.add(each);
  reporter.barrier();
  const inlining = options.target === "kernel" ? "small" : "fast";
  guarded(options, () => optimise(module, options.optimize ?? 2, inlining));
  guarded(options, () => module.runPasses(["propagate-debug-locs"]));
  const output = emitBinary(module, options);
  validateModule(output.module);
  checkDataAddresses(output.module, options);
  return { ...output, raw, dataEnd: endOfData(raw.module, options) };
}

function emitBinary(module: assemblyscript.Module, options: AssemblyScriptOptions): EmittedModule {
  const { output, sourceMap } = guarded(options, () => module.toBinary(MAP_NAME));
  const name = `${options.entries[0] ?? "module"}.wasm`;
  return {
    wasm: output,
    module: decodeModule(output, name),
    sourceMap: new SourceMap(sourceMap ?? ""),
  };
}

/** Before it is optimised, a module has a segment for every static byte, zero or not. */
function endOfData(module: WasmModule, { memoryBase }: AssemblyScriptOptions): number {
  const ends = module.data.map(({ offset, bytes }) => ((offset?.a ?? 0) >>> 0) + bytes.length);
  return alignUp(Math.max(memoryBase, ...ends), 16);
}

/** asc bakes the addresses of static data into the code, so they must be those asked for. */
function checkDataAddresses(module: WasmModule, { memoryBase }: AssemblyScriptOptions): void {
  for (const { offset } of module.data) {
    if (offset?.op === Op["i32.const"] && offset.a >>> 0 >= memoryBase) continue;
    const found = offset === undefined ? "no address" : hex(offset.a >>> 0);
    throw new Diagnostic(
      "ASC002",
      `static data has ${found}, which is not at or above ${hex(memoryBase)}`,
      "Report this: the AssemblyScript compiler did not honour the memory base.",
      { file: module.file },
    );
  }
}
