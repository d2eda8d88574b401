// The compiler's back end: a WebAssembly module to an i686 object, through the passes of
// pipeline.ts; each is a file. Between passes the intermediate representation is verified, always.

import type { Place } from "../base/diagnostic";
import { Diagnostic } from "../base/diagnostic";
import { Assembler } from "../i686/assembler";
import type { ObjectFile } from "../i686/object";
import { symbol } from "../i686/operand";
import type { AllocationOptions } from "./allocate/allocate";
import { ALL_REGISTERS, allocate } from "./allocate/allocate";
import { checkAllocation } from "./allocate/check-allocation";
import type { SourceFacts } from "./assemblyscript/source-facts";
import type { SourceMap } from "./assemblyscript/source-map";
import { describeModule, FunctionDescriber } from "./debug/describe";
import { duplicateTests } from "./emit/duplicate-tests";
import { emit } from "./emit/emit";
import { forwardCopies } from "./emit/forward-copies";
import { layOut } from "./emit/layout";
import { removeTests } from "./emit/needless-tests";
import { improve } from "./emit/peephole";
import { emitFloatConstants, isFloatSymbol } from "./ir/float-constants";
import type { IrFunction, Signature } from "./ir/ir";
import { valuesOf } from "./ir/ir";
import { printFunction } from "./ir/print";
import { XMM_REGISTERS } from "./machine/calling-convention";
import type { MachineFunction } from "./machine/machine";
import { EAX, ECX, EDX } from "./machine/machine";
import { printMachine } from "./machine/print-machine";
import { cutNoReturn } from "./passes/cut-no-return";
import { verify } from "./passes/verify";
import type { IrPass, Level, MachinePass, Optimisation, Pass } from "./pipeline";
import { Pipeline } from "./pipeline";
import { emitExport, emitImport, hideSymbols, importAdapter } from "./runtime/cdecl";
import { emitRoutines, isRoutine } from "./runtime/runtime";
import { INTRINSICS } from "./select/intrinsics";
import { select } from "./select/select";
import { buildFunction } from "./translate/build";
import type { AddressRange } from "./translate/data";
import { DATA_SYMBOL, emitMemory, emitMovableMemory } from "./translate/data";
import { ModuleGlobals } from "./translate/globals";
import { emitInstantiate, INSTANTIATE, isInstantiated } from "./translate/instantiate";
import type { Callee, Linkage, Pair64, StaticAddress } from "./translate/linkage";
import { signatureOf } from "./translate/signature";
import { DATA_ALIGN, type StaticAddresses } from "./translate/static-addresses";
import { ModuleTables, type Segment, type Table, typeHash } from "./translate/tables";
import { UnsupportedCode } from "./translate/unsupported-code";
import type { ImportName, WasmFunction, WasmModule } from "./wasm/wasm";

/** Ways to make the compiler's work harder, for its tests. */
export interface Stress {
  /** Keep every value in memory between instructions. */
  readonly spillsAll?: boolean;
  /** Allocate three registers instead of seven, and as many for floating-point numbers. */
  readonly fewRegisters?: boolean;
  /** Lay blocks out backwards. */
  readonly reversedBlocks?: boolean;
}

export interface CompileOptions {
  /**
   * `kernel`: nothing can grow the memory. `user`: calls of `memory_size` and `memory_grow`.
   * `object`: exports and imports are functions of C (cdecl.ts), and so is the memory.
   */
  readonly target: "kernel" | "user" | "object";
  /** What the object is called: `build/kernel.wasm`. */
  readonly name: string;
  readonly sourceMap?: SourceMap;
  /** What debug information says of the source beyond lines. */
  readonly facts?: SourceFacts;
  /** The static data's range: what no segment fills is reserved as zeros. */
  readonly data?: AddressRange;
  /** The numbers that are addresses in `data`, which the linker then places. */
  readonly addresses?: StaticAddresses;
  /** The symbol of what start code calls first, if the module needs that (instantiate.ts). */
  readonly start?: string;
  /** What an import is called; its own name, if this is absent. */
  readonly importName?: (imported: ImportName) => string;
  /** Trap at calls through tables that find no function, or one of another type. */
  readonly checksCalls?: boolean;
  /** Added to every address of linear memory; 0 unless the module is not to own low memory. */
  readonly memoryBase?: number;
  /** How much to optimise; by default 2. */
  readonly level?: Level;
  /** What to leave out of what the level has. */
  readonly without?: readonly Optimisation[];
  readonly stress?: Stress;
  /** Called after each pass over each function; `text` prints the function as it is then. */
  readonly dump?: (pass: Pass, fn: string, text: () => string) => void;
  /** Go no further than this pass with any function: the object is of no use then. */
  readonly until?: Pass;
  /** Called before each function: how many are done, of how many. */
  readonly onProgress?: (done: number, of: number) => void;
}

/**
 * Compiles a validated module.
 *
 * @throws Diagnostic for what is not supported, with the source file and line where known
 */
export function compileModule(module: WasmModule, options: CompileOptions): ObjectFile {
  return new ModuleCompiler(module, options).run();
}

class ModuleCompiler implements Linkage {
  private readonly assembler: Assembler;
  private readonly pipeline: Pipeline;
  private readonly functionNames: readonly string[];
  private readonly globalNames: readonly string[];
  private readonly routines = new Set<string>();
  private readonly globals: ModuleGlobals;
  private readonly tables: ModuleTables;
  /** The functions before whose code stands the hash of their type. */
  private readonly hashed: ReadonlySet<number>;
  private readonly floats = new Set<string>();
  private readonly describer: FunctionDescriber | undefined;

  constructor(
    private readonly module: WasmModule,
    private readonly options: CompileOptions,
  ) {
    this.assembler = new Assembler(options.name);
    const { facts, sourceMap } = options;
    this.describer = facts && sourceMap && new FunctionDescriber(module, facts, sourceMap);
    this.pipeline = new Pipeline(options.level, options.without);
    const taken = new Set<string>(options.target === "object" ? foreignNames(module) : []);
    const unique = (name: string): string => {
      let found = name;
      for (let i = 2; taken.has(found); i++) found = `${name}#${i}`;
      taken.add(found);
      return found;
    };
    this.functionNames = module.functions.map(({ name, imported }) =>
      imported ? this.importSymbol(imported) : unique(name),
    );
    this.globalNames = module.globals.map(({ name, imported }) =>
      imported ? this.importName(imported) : unique(name),
    );
    this.globals = new ModuleGlobals(module, {
      names: this.globalNames,
      exportsConstants: options.target !== "kernel",
      addressOf: (index, value) =>
        options.addresses?.globals.has(index) ? this.dataAddress(value) : undefined,
      functionAddress: (index) => this.functionAddress(index),
    });
    this.tables = this.guarded(
      undefined,
      () =>
        new ModuleTables(module, {
          functionAddress: (index) => this.functionAddress(index),
          importSymbol: (index) => this.importName(module.tables[index]!.imported!),
        }),
    );
    this.hashed = options.checksCalls ? this.tables.addressTaken() : new Set();
  }

  run(): ObjectFile {
    const { module, assembler } = this;
    const own = module.functions.filter(({ body }) => body !== undefined);
    const functions = own.map((source) => ({ source, fn: this.build(source) }));
    if (this.pipeline.has("cut-no-return")) cutNoReturn(functions.map(({ fn }) => fn));
    for (const [done, { source, fn }] of functions.entries()) {
      this.options.onProgress?.(done, functions.length);
      this.generate(source, fn);
    }
    if (this.options.until !== undefined) return assembler.finish();
    this.guarded(undefined, () => {
      this.globals.emit(assembler);
      this.tables.emit(assembler);
      this.memory();
      this.instantiation();
    });
    for (const index of this.hashed) this.emitHashedImport(index);
    emitRoutines(assembler, this.routines);
    emitFloatConstants(assembler, this.floats);
    this.aliases();
    if (this.options.target !== "object") return this.described(assembler.finish());
    this.guarded(undefined, () => this.adapters());
    const visible = module.exports.flatMap(({ name, kind }) =>
      kind === "table" ? [name, `${name}.size`] : [name],
    );
    return this.described(hideSymbols(assembler.finish(), new Set(visible)));
  }

  private described(object: ObjectFile): ObjectFile {
    const { addresses, data, facts } = this.options;
    if (!facts || !this.describer) return object;
    const globals = { symbols: this.globalNames, addresses: addresses && data };
    const functions = this.describer.describe();
    return { ...object, debug: describeModule(this.module, facts, globals, functions) };
  }

  private memory(): void {
    const { addresses, data, memoryBase = 0 } = this.options;
    if (!addresses || !data) emitMemory(this.assembler, this.module, data, memoryBase);
    else emitMovableMemory(this.assembler, this.module, data, DATA_ALIGN, addresses.words);
  }

  // --- functions ---

  /** The SSA form of a function, simplified as far as that needs no other function. */
  private build(source: WasmFunction): IrFunction {
    const name = this.functionNames[source.index]!;
    const history = this.describer?.watch(source);
    const build = () => buildFunction(this.module, { ...source, name }, this, history);
    const fn = this.guarded(source, build);
    this.irPasses(fn, this.pipeline.beforeCut);
    return fn;
  }

  /** Runs passes over values; false if nothing is to be done beyond one of them. */
  private irPasses(fn: IrFunction, passes: readonly IrPass[]): boolean {
    for (const pass of passes) {
      this.pipeline.run(pass, fn);
      verify(fn, pass);
      this.options.dump?.(pass, fn.name, () => printFunction(fn));
      if (this.options.until === pass) return false;
    }
    return true;
  }

  private generate(source: WasmFunction, fn: IrFunction): void {
    const { pipeline } = this;
    const { stress = {}, memoryBase = 0, until } = this.options;
    if (pipeline.beforeCut.some((pass) => pass === until)) return;
    if (!this.irPasses(fn, pipeline.behindCut)) return;
    const machine = select(fn, {
      folds: pipeline.has("fold"),
      fewRegisters: stress.fewRegisters === true,
      memoryBase,
    });
    if (this.after("select", machine)) return;
    if (pipeline.has("duplicate-tests")) duplicateTests(machine);
    if (this.after("duplicate-tests", machine)) return;
    if (pipeline.has("layout")) layOut(machine);
    if (stress.reversedBlocks) reverseBlocks(machine);
    if (this.after("layout", machine)) return;
    const allocation = allocate(machine, allocationOptions(pipeline, stress));
    checkAllocation(machine, allocation);
    if (this.after("allocate", machine)) return;
    if (pipeline.has("forward-copies")) forwardCopies(machine);
    if (this.after("forward-copies", machine)) return;
    if (pipeline.has("tests")) removeTests(machine);
    if (this.after("tests", machine)) return;
    if (pipeline.has("peephole")) improve(machine);
    if (this.after("peephole", machine)) return;
    this.noteParts(machine);
    const traced = this.describer?.begin(source);
    emit(this.assembler, machine, {
      sidelines: pipeline.has("sideline"),
      fitsLines: pipeline.has("fit-lines"),
      tailCalls: pipeline.has("tail-calls") && this.mayHideCallers,
      prefix: this.hashOf(source),
      usedRegisters: allocation.usedRegisters,
      scratchAt: allocation.scratchAt,
      lineAt: (position) => this.options.sourceMap?.lookup(position),
      declaredAt: traced?.fact.place,
      trace: traced?.trace,
    });
    if (traced) this.describer?.note(traced, source, fn, machine);
  }

  /** Offers the function for a dump; true if nothing is to be done beyond this pass. */
  private after(pass: MachinePass, fn: MachineFunction): boolean {
    if (!this.pipeline.has(pass)) return false;
    this.options.dump?.(pass, fn.name, () => printMachine(fn));
    return this.options.until === pass;
  }

  /** Notes the routines and constants that a function needs. */
  private noteParts(machine: MachineFunction): void {
    for (const { instructions } of machine.blocks) {
      for (const { operands } of instructions) {
        for (const operand of operands) {
          if (operand.kind !== "immediate" && operand.kind !== "memory") continue;
          const { symbol } = operand;
          if (symbol === undefined) continue;
          if (isRoutine(symbol)) this.routines.add(symbol);
          else if (isFloatSymbol(symbol)) this.floats.add(symbol);
        }
      }
    }
  }

  // --- linkage ---

  callee(index: number, position: number): Callee {
    const { imported, typeIndex } = this.module.functions[index]!;
    const name = this.functionNames[index]!;
    if (imported?.module === "symbols") return { kind: "address", name };
    if (imported?.module !== "x86") return { kind: "function", name };
    this.checkIntrinsic(name, typeIndex, position);
    return { kind: "intrinsic", name };
  }

  /** A declaration in another file could differ from what the instruction takes. */
  private checkIntrinsic(name: string, typeIndex: number, position: number): void {
    const intrinsic = INTRINSICS[name];
    const type = this.module.types[typeIndex];
    if (!intrinsic) throw new UnsupportedCode(`the instruction x86.${name}`, position);
    const { parameters, results } = signatureOf(type!, position);
    const fits =
      valuesOf(parameters).length === intrinsic.parameters &&
      valuesOf(results).length === intrinsic.results;
    if (fits) return;
    throw new UnsupportedCode(`these operands of the instruction x86.${name}`, position);
  }

  global(index: number): string | Pair64 | StaticAddress {
    return this.globals.access(index);
  }

  addressAt(position: number, value: number): StaticAddress | undefined {
    const sign = this.options.addresses?.constants.get(position);
    return sign && this.dataAddress(sign * value, sign < 0);
  }

  private dataAddress(address: number, isNegated = false): StaticAddress {
    const offset = (address - (this.options.data?.start ?? 0)) | 0;
    return { symbol: DATA_SYMBOL, offset, isNegated };
  }

  table(index: number): Table {
    return this.tables.tables[index]!;
  }

  elements(index: number): Segment {
    return this.tables.elements[index]!;
  }

  data(index: number): Segment {
    return this.tables.data[index]!;
  }

  get checksCalls(): boolean {
    return this.options.checksCalls === true;
  }

  get memoryBase(): number {
    return this.options.memoryBase ?? 0;
  }

  typeHash(typeIndex: number): number {
    return typeHash(this.module.types[typeIndex]!);
  }

  /** The hash of another module's function stands before a jump to it. */
  functionAddress(index: number): string {
    const name = this.functionNames[index]!;
    return this.hashed.has(index) && this.module.functions[index]!.imported ? `to:${name}` : name;
  }

  /** What stands before the code of a function. */
  private hashOf({ index, typeIndex }: WasmFunction): number | undefined {
    return this.hashed.has(index) ? this.typeHash(typeIndex) : undefined;
  }

  private emitHashedImport(index: number): void {
    const { imported, typeIndex } = this.module.functions[index]!;
    if (!imported) return;
    const { assembler: a } = this;
    const name = this.functionAddress(index);
    a.section(`.text.${name}`, { execute: true });
    a.align(4);
    a.long(this.typeHash(typeIndex));
    a.function(name, () => a.jmp(this.functionNames[index]!), "local");
  }

  /** A kernel's backtraces shall name every caller; endless recursion in WebAssembly must trap. */
  private get mayHideCallers(): boolean {
    return this.options.target !== "kernel" && !this.checksCalls;
  }

  get hasFloats(): boolean {
    return this.options.target !== "kernel";
  }

  get hasMemoryManager(): boolean {
    return this.options.target === "user";
  }

  // --- names that others know ---

  private importName(imported: ImportName): string {
    return this.options.importName?.(imported) ?? imported.name;
  }

  private importSymbol(imported: ImportName): string {
    const { module, name } = imported;
    if (module === "x86" || module === "symbols") return name;
    const symbol = this.importName(imported);
    return this.options.target === "object" ? importAdapter(symbol) : symbol;
  }

  /** What must run first, as code for what no linker can do. */
  private instantiation(): void {
    const { module, assembler, tables } = this;
    if (!isInstantiated(module, tables)) return;
    emitInstantiate(assembler, {
      module,
      tables,
      memoryBase: this.memoryBase,
      globalSymbol: (index) => this.globalNames[index]!,
      dataSymbol: (index) => this.tables.data[index]!.symbol,
      start: module.start === undefined ? undefined : this.functionNames[module.start],
    });
    this.routines.add("__isthmus_copy");
  }

  /** The function to call before all others, if there is one. */
  private get initialiser(): string | undefined {
    const { module, tables } = this;
    if (isInstantiated(module, tables)) return INSTANTIATE;
    return module.start === undefined ? undefined : this.functionNames[module.start];
  }

  /** Exports are further names of functions and of globals that have storage. */
  private aliases(): void {
    const { initialiser } = this;
    if (this.options.start !== undefined && initialiser !== undefined) {
      this.assembler.alias(this.options.start, initialiser);
    }
    for (const { name, kind, index } of this.module.exports) {
      const isC = this.options.target === "object";
      if (kind === "table") this.tableAliases(name, index);
      const isFunction = kind === "function" && !isC && this.module.functions[index]?.body;
      const isGlobal = kind === "global" && this.globals.hasStorage(index);
      if (!isFunction && !isGlobal) continue;
      const own = isFunction ? this.functionNames[index]! : this.globalNames[index]!;
      if (own !== name) this.assembler.alias(name, own);
    }
  }

  /** An exported table is two symbols: its entries, and the word with its size. */
  private tableAliases(name: string, index: number): void {
    if (this.module.tables[index]!.imported) return;
    const { symbol: entries, size } = this.table(index);
    this.assembler.alias(name, entries);
    this.assembler.alias(`${name}.size`, String(size));
  }

  /** Functions between ours and C's, and the start function among those that C runs first. */
  private adapters(): void {
    const { module, assembler } = this;
    for (const { name, kind, index } of module.exports) {
      if (kind !== "function") continue;
      emitExport(assembler, name, this.functionNames[index]!, this.signature(index));
    }
    const imports = new Map<string, number>();
    for (const { imported, index } of module.functions) {
      if (!imported || this.importSymbol(imported) === imported.name) continue;
      const other = imports.get(imported.name) ?? index;
      if (!isEqualSignature(this.signature(index), this.signature(other))) {
        throw new UnsupportedCode(`two types of the import ${imported.name}`, 0);
      }
      if (!imports.has(imported.name)) emitImport(assembler, imported.name, this.signature(index));
      imports.set(imported.name, index);
    }
    const { initialiser } = this;
    if (initialiser === undefined) return;
    assembler.section(".init_array", { write: true });
    assembler.align(4);
    assembler.long(symbol(initialiser));
  }

  private signature(index: number): Signature {
    const { module } = this;
    return signatureOf(module.types[module.functions[index]!.typeIndex]!, 0);
  }

  // --- refusals ---

  /** Runs `work`; what it does not support becomes a Diagnostic at the source's line. */
  private guarded<Result>(fn: WasmFunction | undefined, work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof UnsupportedCode)) throw error;
      throw this.refusal(fn, error);
    }
  }

  /** Where a function's code begins: its signature has no place in the source map. */
  private firstPlace(fn: WasmFunction | undefined): Place | undefined {
    for (const position of fn?.body?.code.at ?? []) {
      const place = this.options.sourceMap?.lookup(position);
      if (place) return place;
    }
    return undefined;
  }

  private refusal(fn: WasmFunction | undefined, { what, position }: UnsupportedCode): Diagnostic {
    const place = this.options.sourceMap?.lookup(position) ?? this.firstPlace(fn);
    const where = fn ? ` in ${fn.name}` : "";
    const remedy = what.startsWith("floating-point")
      ? "Count in integers: a kernel's code does not keep the floating-point registers."
      : "Write it without; the core of WebAssembly 1.0 and bulk memory are compiled.";
    return new Diagnostic(
      "COMP001",
      `the compiler does not support ${what}${where}`,
      remedy,
      place ?? { file: this.module.file },
    );
  }
}

/** The symbols that an object of C defines or needs: ours must have other names. */
function foreignNames({ exports, functions, globals, tables }: WasmModule): string[] {
  return [
    ...exports.map(({ name }) => name),
    ...[...functions, ...globals, ...tables].flatMap(({ imported }) => imported?.name ?? []),
  ];
}

function isEqualSignature(a: Signature, b: Signature): boolean {
  return a.parameters.join() === b.parameters.join() && a.results.join() === b.results.join();
}

/** As many as an address and a value need, or the arguments of a call. */
const FEW_REGISTERS: readonly number[] = [EAX, ECX, EDX];
const FEW_XMM_REGISTERS: readonly number[] = XMM_REGISTERS.slice(0, 3);

function allocationOptions(pipeline: Pipeline, stress: Stress): AllocationOptions {
  return {
    registers: stress.fewRegisters ? FEW_REGISTERS : ALL_REGISTERS,
    xmmRegisters: stress.fewRegisters ? FEW_XMM_REGISTERS : XMM_REGISTERS,
    spillsAll: stress.spillsAll === true,
    coalesces: pipeline.has("coalesce"),
    splits: pipeline.has("split"),
  };
}

function reverseBlocks(fn: MachineFunction): void {
  const [entry, ...rest] = fn.blocks;
  if (entry) fn.blocks = [entry, ...rest.reverse()];
}
