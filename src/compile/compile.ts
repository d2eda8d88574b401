// The compiler's back end: a WebAssembly module to an i686 object, through the passes of
// pipeline.ts; each is a file. Between passes the intermediate representation is verified, always.

import type { Place } from "../base/diagnostic";
import { Diagnostic } from "../base/diagnostic";
import type { ObjectFile } from "../object/object";
import { Assembler } from "../x86/assembler";
import { symbol } from "../x86/operand";
import { printMachine } from "./code/print";
import { type CodeSettings, CodeWork } from "./code-pipeline";
import { describeModule, FunctionDescriber } from "./debug/describe";
import { beginPlaces, endPlaces } from "./emit/access-places";
import { emit } from "./emit/emit";
import { emitTrapTexts } from "./emit/trap-code";
import { emitFloatConstants, isFloatSymbol } from "./ir/float-constants";
import type { IrFunction, Signature } from "./ir/ir";
import { boundOf, SEGMENT_PLACES, SEGMENT_PLACES_END } from "./ir/own-memory";
import { printFunction } from "./ir/print";
import { ModuleLinkage } from "./module-linkage";
import type { CompileOptions } from "./options";
import { cutNoReturn } from "./passes/cut-no-return";
import { verify } from "./passes/verify";
import type { IrPass } from "./pipeline";
import { Pipeline } from "./pipeline";
import { emitExport, emitImport, hideSymbols } from "./runtime/cdecl";
import { emitEntrance } from "./runtime/entrance";
import { emitInstantiate, INSTANTIATE } from "./runtime/instantiate";
import { emitOwnMemory } from "./runtime/own-memory";
import { emitObjectFunctions } from "./runtime/own-object";
import { emitRoutines, isRoutine } from "./runtime/runtime";
import { emitExceptions, emitUnwindTable, THROW, type UnwoundFunction } from "./runtime/unwind";
import { I686 } from "./targets/i686";
import { buildFunction } from "./translate/build";
import { instantiateSteps, isInstantiated } from "./translate/instantiate";
import { emitMemory, emitMovableMemory } from "./translate/module-data";
import { DATA_ALIGN } from "./translate/static-addresses";
import { UnsupportedCode } from "./translate/unsupported-code";
import type { WasmFunction, WasmModule } from "./wasm/wasm";

/**
 * Compiles a validated module.
 *
 * @throws Diagnostic for what is not supported, with the source file and line where known
 */
export function compileModule(module: WasmModule, options: CompileOptions): ObjectFile {
  return new ModuleCompiler(module, options).run();
}

/** What runs first, where that needs a function of its own and nobody names it. */
const START = "isthmus:start";
const NOTHING: Signature = { parameters: [], results: [] };

class ModuleCompiler {
  readonly #module: WasmModule;
  readonly #options: CompileOptions;
  readonly #assembler: Assembler;
  readonly #pipeline: Pipeline;
  readonly #linkage: ModuleLinkage;
  readonly #settings: CodeSettings;
  readonly #routines = new Set<string>();
  readonly #floats = new Set<string>();
  readonly #unwound: UnwoundFunction[] = [];
  readonly #bounds = new Set<number>();
  readonly #describer: FunctionDescriber | undefined;

  constructor(module: WasmModule, options: CompileOptions) {
    this.#module = module;
    this.#options = options;
    this.#assembler = new Assembler(options.name);
    const { facts, sourceMap } = options;
    this.#describer = facts && sourceMap && new FunctionDescriber(module, facts, sourceMap);
    this.#pipeline = new Pipeline(options.level, options.without);
    this.#linkage = this.#guarded(undefined, () => new ModuleLinkage(module, options, I686));
    this.#settings = {
      target: this.#linkage.machine,
      has: (part) => this.#pipeline.has(part),
      stress: options.stress ?? {},
      memoryBase: this.#linkage.memoryBase,
      ownMemory: this.#linkage.ownMemory,
      // A kernel's backtraces must name every caller; endless recursion in WebAssembly must trap.
      mayHideCallers: options.target !== "kernel" && !this.#linkage.checksCalls,
      // Exceptions are unwound by the sizes of frames, and results may be on the stack.
      pushesArguments: hasPlainCalls(module) && !this.#linkage.leavesRoom,
      isSmall: isSmall(options),
      leastStores: leastStores(options),
    };
  }

  run(): ObjectFile {
    const module = this.#module;
    const assembler = this.#assembler;
    if (this.#hasPlaces) beginPlaces(assembler);
    const own = module.functions.filter(({ body }) => body !== undefined);
    const functions = own.map((source) => ({ source, fn: this.#build(source) }));
    if (this.#pipeline.has("cut-no-return")) cutNoReturn(functions.map(({ fn }) => fn));
    for (const [done, { source, fn }] of functions.entries()) {
      this.#options.onProgress?.(done, functions.length);
      this.#generate(source, fn);
    }
    if (this.#options.until !== undefined) return assembler.finish();
    this.#guarded(undefined, () => {
      this.#linkage.globals.emit(assembler);
      this.#linkage.tables.emit(assembler);
      this.#memory();
      this.#instantiation();
    });
    this.#exceptions();
    for (const index of this.#linkage.hashed) this.#emitHashedImport(index);
    emitRoutines(assembler, this.#routines);
    emitFloatConstants(assembler, this.#floats);
    this.#aliases();
    const { target, visible } = this.#options;
    if (target === "object") this.#guarded(undefined, () => this.#adapters());
    if (this.#options.callsTraps) emitTrapTexts(assembler);
    if (this.#hasPlaces) endPlaces(assembler);
    const object = assembler.finish();
    const hides = target === "object" || visible !== undefined;
    return this.#described(hides ? hideSymbols(object, this.#visibleSymbols()) : object);
  }

  /** Whether a trap may be the processor's, at an access that it must be told by. */
  get #hasPlaces(): boolean {
    const { callsTraps, ownMemory } = this.#options;
    return callsTraps === true && ownMemory?.isSegment === true;
  }

  #visibleSymbols(): Set<string> {
    const exports = this.#linkage.visibleExports.flatMap(({ name, kind }) =>
      kind === "table" ? [name, `${name}.size`] : [name],
    );
    const { objectNames, ownMemory, start } = this.#options;
    const places = this.#hasPlaces ? [SEGMENT_PLACES, SEGMENT_PLACES_END] : [];
    if (!objectNames) return new Set([...exports, ...places, start ?? ""]);
    return new Set([...exports, ...Object.values(objectNames), ownMemory?.symbol ?? ""]);
  }

  #described(object: ObjectFile): ObjectFile {
    const { addresses, data, facts } = this.#options;
    if (!facts || !this.#describer) return object;
    const globals = { symbols: this.#linkage.globalNames, addresses: addresses && data };
    const functions = this.#describer.describe();
    return { ...object, debug: describeModule(this.#module, facts, globals, functions) };
  }

  #memory(): void {
    const { addresses, data, memoryBase = 0, ownMemory, memoryManager } = this.#options;
    if (ownMemory && memoryManager) {
      emitOwnMemory(this.#assembler, ownMemory, memoryManager, this.#bounds);
    }
    if (ownMemory?.symbol !== undefined) return;
    if (!addresses || !data) emitMemory(this.#assembler, this.#module, data, memoryBase);
    else emitMovableMemory(this.#assembler, this.#module, data, DATA_ALIGN, addresses.words);
  }

  // --- functions ---

  /** The SSA form of a function, simplified as far as that needs no other function. */
  #build(source: WasmFunction): IrFunction {
    const name = this.#linkage.functionNames[source.index]!;
    const history = this.#describer?.watch(source);
    const build = () => buildFunction(this.#module, { ...source, name }, this.#linkage, history);
    const fn = this.#guarded(source, build);
    this.#irPasses(fn, this.#pipeline.beforeCut);
    return fn;
  }

  /** Runs passes over values; false if nothing is to be done beyond one of them. */
  #irPasses(fn: IrFunction, passes: readonly IrPass[]): boolean {
    for (const pass of passes) {
      this.#pipeline.run(pass, fn);
      verify(fn, pass);
      this.#options.dump?.(pass, fn.name, () => printFunction(fn));
      if (this.#options.until === pass) return false;
    }
    return true;
  }

  #generate(source: WasmFunction, fn: IrFunction): void {
    const pipeline = this.#pipeline;
    const { until } = this.#options;
    if (pipeline.beforeCut.some((pass) => pass === until)) return;
    if (!this.#irPasses(fn, pipeline.afterCut)) return;
    const work = new CodeWork(fn, this.#settings);
    for (const pass of pipeline.codePasses) {
      pipeline.runOnCode(pass, work);
      this.#options.dump?.(pass, fn.name, () => printMachine(work.code));
      if (until === pass) return;
    }
    this.#emit(source, fn, work);
  }

  #emit(source: WasmFunction, values: IrFunction, { code, allocation, symbols }: CodeWork): void {
    this.#noteParts(symbols);
    const traced = this.#describer?.begin(source);
    const unwound = emit(this.#assembler, code, {
      fitsCacheLines: this.#pipeline.has("fit-cache-lines") && !this.#settings.isSmall,
      isSmall: this.#settings.isSmall,
      prefix: this.#linkage.hashOf(source),
      usedRegisters: allocation.usedRegisters,
      scratchAt: allocation.scratchAt,
      lineAt: (position) => this.#options.sourceMap?.lookup(position),
      declaredAt: traced?.fact.place,
      trace: traced?.trace,
      callsTraps: this.#linkage.callsTraps,
    });
    this.#unwound.push(unwound);
    if (traced) this.#describer?.note(traced, source, values, code);
  }

  /** Notes the routines and constants that a function needs. */
  #noteParts(symbols: ReadonlySet<string>): void {
    for (const symbol of symbols) {
      if (isRoutine(symbol)) this.#routines.add(symbol);
      else if (isFloatSymbol(symbol)) this.#floats.add(symbol);
      const bound = boundOf(symbol);
      if (bound !== undefined) this.#bounds.add(bound);
    }
  }

  /** What throwing needs beyond the code. */
  #exceptions(): void {
    const { tags, exceptionWords } = this.#linkage;
    const own = tags.filter((_, index) => !this.#module.tags[index]!.imported);
    const lands = this.#unwound.some(({ landings }) => landings.length > 0);
    if (tags.length > 0 || lands || this.#routines.has(THROW)) {
      emitExceptions(this.#assembler, exceptionWords, own);
    }
    if (this.#routines.has(THROW)) emitUnwindTable(this.#assembler, lands ? this.#unwound : []);
  }

  // --- names that others know ---

  /** The hash of the type, for calls of the import through a table. */
  #emitHashedImport(index: number): void {
    const { imported, typeIndex } = this.#module.functions[index]!;
    if (!imported) return;
    const a = this.#assembler;
    const name = this.#linkage.functionAddress(index);
    a.section(`.text.${name}`, { execute: true });
    a.align(4);
    a.long(this.#linkage.typeHash(typeIndex));
    a.function(name, () => a.jmp(this.#linkage.functionNames[index]!), "local");
  }

  /** What must run first, as code for what no linker can do. */
  #instantiation(): void {
    const module = this.#module;
    const assembler = this.#assembler;
    const linkage = this.#linkage;
    const { tables, memoryBase, ownMemory, functionNames, globalNames } = linkage;
    if (!isInstantiated(module, tables, ownMemory)) return;
    const steps = instantiateSteps({
      module,
      tables,
      memoryBase,
      ownMemory,
      globalSymbol: (index) => globalNames[index]!,
      dataSymbol: (index) => tables.data[index]!.symbol,
    });
    const start = module.start === undefined ? undefined : functionNames[module.start];
    emitInstantiate(assembler, steps, start);
    this.#routines.add("__isthmus_copy");
  }

  /** The functions by which others call what needs room on the stack. */
  #entrances(): void {
    const linkage = this.#linkage;
    if (!linkage.leavesRoom) return;
    const { start, target } = this.#options;
    const initialiser = this.#initialiser;
    const leave = (name: string, callee: string, signature: Signature) =>
      emitEntrance(this.#assembler, name, callee, signature, linkage.machine);
    if (initialiser !== undefined) leave(start ?? START, initialiser, NOTHING);
    if (target === "object") return;
    for (const { name, kind, index } of linkage.visibleExports) {
      const isOwn = kind === "function" && this.#module.functions[index]?.body;
      if (isOwn) leave(name, linkage.functionNames[index]!, linkage.signature(index));
    }
  }

  /** The function to call before all others, if there is one. */
  get #initialiser(): string | undefined {
    const module = this.#module;
    const linkage = this.#linkage;
    if (isInstantiated(module, linkage.tables, linkage.ownMemory)) return INSTANTIATE;
    return module.start === undefined ? undefined : linkage.functionNames[module.start];
  }

  /** Exports are further names of functions and of globals that have storage. */
  #aliases(): void {
    const initialiser = this.#initialiser;
    const linkage = this.#linkage;
    this.#entrances();
    const hasEntrance = linkage.leavesRoom;
    if (this.#options.start !== undefined && initialiser !== undefined && !hasEntrance) {
      this.#assembler.alias(this.#options.start, initialiser);
    }
    for (const { name, kind, index } of linkage.visibleExports) {
      const isC = this.#options.target === "object";
      if (kind === "table") this.#tableAliases(name, index);
      if (kind === "tag" && !this.#module.tags[index]!.imported) {
        this.#assembler.alias(name, linkage.tag(index));
      }
      const hasAlias = kind === "function" && !isC && !hasEntrance;
      const isFunction = hasAlias && this.#module.functions[index]?.body;
      const isGlobal = kind === "global" && linkage.globals.hasStorage(index);
      if (!isFunction && !isGlobal) continue;
      const own = (isFunction ? linkage.functionNames : linkage.globalNames)[index]!;
      if (own !== name) this.#assembler.alias(name, own);
    }
  }

  /** An exported table is two symbols: its entries, and the word with its size. */
  #tableAliases(name: string, index: number): void {
    if (this.#module.tables[index]!.imported) return;
    const { symbol: entries, size } = this.#linkage.table(index);
    this.#assembler.alias(name, entries);
    this.#assembler.alias(`${name}.size`, String(size));
  }

  /** Functions between ours and C's, and the start function among those that C runs first. */
  #adapters(): void {
    const module = this.#module;
    const assembler = this.#assembler;
    const linkage = this.#linkage;
    const { machine } = linkage;
    for (const { name, kind, index } of linkage.visibleExports) {
      if (kind !== "function") continue;
      emitExport(assembler, name, linkage.functionNames[index]!, linkage.signature(index), machine);
    }
    const imports = new Map<string, number>();
    for (const { imported, index } of module.functions) {
      if (!imported || imported.module === "x86" || imported.module === "symbols") continue;
      const name = linkage.importName(imported);
      const other = imports.get(name) ?? index;
      const signature = linkage.signature(index);
      if (!isEqualSignature(signature, linkage.signature(other))) {
        throw new UnsupportedCode(`two types of the import ${imported.name}`, 0);
      }
      if (!imports.has(name)) emitImport(assembler, name, signature, machine);
      imports.set(name, index);
    }
    const { objectNames, ownMemory } = this.#options;
    const entrance = linkage.leavesRoom ? (this.#options.start ?? START) : this.#initialiser;
    const initialiser = this.#initialiser === undefined ? undefined : entrance;
    if (objectNames) emitObjectFunctions(assembler, objectNames, ownMemory, initialiser);
    if (initialiser === undefined || objectNames) return;
    assembler.section(".init_array", { write: true });
    assembler.align(4);
    assembler.long(symbol(initialiser));
  }

  // --- refusals ---

  /** Runs `work`; what it does not support becomes a Diagnostic at the source's line. */
  #guarded<Result>(fn: WasmFunction | undefined, work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof UnsupportedCode)) throw error;
      throw this.#refusal(fn, error);
    }
  }

  /** Where a function's code begins: its signature has no place in the source map. */
  #firstPlace(fn: WasmFunction | undefined): Place | undefined {
    for (const position of fn?.body?.code.at ?? []) {
      const place = this.#options.sourceMap?.lookup(position);
      if (place) return place;
    }
    return undefined;
  }

  #refusal(fn: WasmFunction | undefined, { what, position }: UnsupportedCode): Diagnostic {
    const place = this.#options.sourceMap?.lookup(position) ?? this.#firstPlace(fn);
    const where = fn ? ` in ${fn.name}` : "";
    const remedy = what.startsWith("floating-point")
      ? "Count in integers: a kernel's code does not keep the floating-point registers."
      : "Write it without: WebAssembly 2.0 is compiled, with tail calls and legacy exceptions.";
    return new Diagnostic(
      "COMP001",
      `the compiler does not support ${what}${where}`,
      remedy,
      place ?? { file: this.#module.file },
    );
  }
}

/** A kernel's image is to be small: a boot loader reads all of it, and it stays in memory. */
function isSmall({ target, stress }: CompileOptions): boolean {
  return target === "kernel" || stress?.isSmall === true;
}

/** Whether calls of a module neither throw nor have results on the stack. */
function hasPlainCalls({ tags, types }: WasmModule): boolean {
  return tags.length === 0 && types.every(({ results }) => results.length <= 1);
}

/** A kernel's boot stores much once and its image is to be small; nothing hot has such a run. */
function leastStores({ target, stress }: CompileOptions): number | undefined {
  if (stress?.tabulatesStores) return 1;
  return target === "kernel" ? 12 : undefined;
}

function isEqualSignature(a: Signature, b: Signature): boolean {
  return a.parameters.join() === b.parameters.join() && a.results.join() === b.results.join();
}
