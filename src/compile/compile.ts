// The compiler's back end: a WebAssembly module to an i686 object. The passes, in order; each is a
// file. Between passes the intermediate representation is verified, always.

import type { Place } from "../base/diagnostic";
import { Diagnostic } from "../base/diagnostic";
import { Assembler } from "../i686/assembler";
import type { ObjectFile } from "../i686/object";
import type { AllocationOptions } from "./allocate";
import { ALL_REGISTERS, allocate } from "./allocate";
import type { Callee, Linkage, Pair64 } from "./build";
import { buildFunction, signatureOf, UnsupportedCode } from "./build";
import { checkAllocation } from "./check-allocation";
import type { AddressRange } from "./data";
import { emitGlobal, emitMemory, emitTable } from "./data";
import { setLoopDepths } from "./dominators";
import { emit } from "./emit";
import { INTRINSICS } from "./intrinsics";
import type { IrFunction } from "./ir";
import { wordsOf } from "./ir";
import { layOut } from "./layout";
import { lower } from "./lower";
import type { MachineFunction } from "./machine";
import { EAX, ECX, EDX, ESI } from "./machine";
import { mergeEqual } from "./merge-equal";
import { Op } from "./opcodes";
import { improve } from "./peephole";
import { printFunction } from "./print";
import { emitRoutines, isRoutine } from "./runtime";
import { select } from "./select";
import { simplify } from "./simplify";
import { sink } from "./sink";
import type { SourceMap } from "./source-map";
import { splitEdges } from "./split-edges";
import { verify } from "./verify";
import type { WasmFunction, WasmGlobal, WasmModule } from "./wasm";

/** Ways to make the compiler's work harder, for its tests. */
export interface Stress {
  /** Keep every value in memory between instructions. */
  readonly spillsAll?: boolean;
  /** Allocate four registers instead of seven. */
  readonly fewRegisters?: boolean;
  readonly noCoalescing?: boolean;
  /** One instruction per operation: no folding of loads, addresses and comparisons. */
  readonly noFolding?: boolean;
  /** Lay blocks out backwards. */
  readonly reversedBlocks?: boolean;
}

export interface CompileOptions {
  /** `kernel`: nothing can grow the memory. `user`: calls of `memory_size` and `memory_grow`. */
  readonly target: "kernel" | "user";
  /** What the object is called: `build/kernel.wasm`. */
  readonly name: string;
  readonly sourceMap?: SourceMap;
  /** The static data's range: what no segment fills is reserved as zeros. */
  readonly data?: AddressRange;
  /** Added to every address of linear memory; 0 unless the module is not to own low memory. */
  readonly memoryBase?: number;
  /** What to do with a function that needs what is not supported; `trap` is for test suites. */
  readonly unsupported?: "refuse" | "trap";
  /** Receives the name of each function that became a trap. */
  readonly onRefusal?: (fn: string) => void;
  readonly stress?: Stress;
  /** Receives the text of each function after each pass. */
  readonly dump?: (pass: string, fn: string, text: string) => void;
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
  private readonly functionNames: readonly string[];
  private readonly globalNames: readonly string[];
  private readonly routines = new Set<string>();

  constructor(
    private readonly module: WasmModule,
    private readonly options: CompileOptions,
  ) {
    this.assembler = new Assembler(options.name);
    const taken = new Set<string>();
    const unique = (name: string): string => {
      let found = name;
      for (let i = 2; taken.has(found); i++) found = `${name}#${i}`;
      taken.add(found);
      return found;
    };
    this.functionNames = module.functions.map(({ name, imported }) =>
      imported ? imported.name : unique(name),
    );
    this.globalNames = module.globals.map(({ name }) => unique(name));
  }

  run(): ObjectFile {
    const { module, assembler } = this;
    for (const fn of module.functions) if (fn.body) this.function(fn);
    emitRoutines(assembler, this.routines);
    this.guarded(undefined, () => {
      for (const [index, global] of module.globals.entries()) this.storage(index, global);
      emitTable(assembler, module, (index) => this.functionNames[index]!);
      emitMemory(assembler, module, this.options.data, this.options.memoryBase ?? 0);
    });
    this.aliases();
    return assembler.finish();
  }

  // --- functions ---

  private function(fn: WasmFunction): void {
    const name = this.functionNames[fn.index]!;
    try {
      this.guarded(fn, () => this.compile({ ...fn, name }));
    } catch (error) {
      const mayTrap = this.options.unsupported === "trap" && error instanceof Diagnostic;
      if (!mayTrap) throw error;
      this.options.onRefusal?.(fn.name);
      this.assembler.section(`.text.${name}`, { execute: true });
      this.assembler.function(name, () => this.assembler.ud2());
    }
  }

  private compile(source: WasmFunction): void {
    const { stress = {}, memoryBase = 0 } = this.options;
    const fn = buildFunction(this.module, source, this);
    this.after("build", fn);
    simplify(fn);
    this.after("simplify", fn);
    lower(fn);
    this.after("lower", fn);
    mergeEqual(fn);
    simplify(fn);
    this.after("merge-equal", fn);
    splitEdges(fn);
    setLoopDepths(fn);
    sink(fn);
    this.after("sink", fn);
    const machine = select(fn, { folds: !stress.noFolding, memoryBase });
    layOut(machine);
    if (stress.reversedBlocks) reverseBlocks(machine);
    const allocation = allocate(machine, allocationOptions(stress));
    checkAllocation(machine, allocation);
    improve(machine);
    this.noteRoutines(machine);
    emit(this.assembler, machine, {
      usedRegisters: allocation.usedRegisters,
      scratchAt: allocation.scratchAt,
      lineAt: (position) => this.options.sourceMap?.lookup(position),
    });
  }

  private after(pass: string, fn: IrFunction): void {
    verify(fn, pass);
    this.options.dump?.(pass, fn.name, printFunction(fn));
  }

  private noteRoutines(machine: MachineFunction): void {
    for (const { instructions } of machine.blocks) {
      for (const { mnemonic, operands } of instructions) {
        const [target] = operands;
        if (mnemonic !== "call" || target?.kind !== "immediate") continue;
        if (target.symbol && isRoutine(target.symbol)) this.routines.add(target.symbol);
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
    if (wordsOf(parameters) === intrinsic.parameters && wordsOf(results) === intrinsic.results)
      return;
    throw new UnsupportedCode(`these operands of the instruction x86.${name}`, position);
  }

  global(index: number): string | Pair64 {
    const global = this.module.globals[index]!;
    return global.mutable || global.imported ? this.globalNames[index]! : initialValue(global);
  }

  get hasMemoryManager(): boolean {
    return this.options.target === "user";
  }

  private storage(index: number, global: WasmGlobal): void {
    if (global.imported) throw new UnsupportedCode("imported globals", 0);
    if (!global.mutable) return;
    const name = this.globalNames[index]!;
    emitGlobal(this.assembler, name, global.type, initialValue(global));
  }

  /** Exports are further names of functions and of globals that have storage. */
  private aliases(): void {
    for (const { name, kind, index } of this.module.exports) {
      const isFunction = kind === "function" && this.module.functions[index]?.body;
      const isGlobal = kind === "global" && this.module.globals[index]?.mutable;
      if (!isFunction && !isGlobal) continue;
      const own = isFunction ? this.functionNames[index]! : this.globalNames[index]!;
      if (own !== name) this.assembler.alias(name, own);
    }
  }

  // --- refusals ---

  /** Runs `work`; what it does not support becomes a Diagnostic at the source's line. */
  private guarded(fn: WasmFunction | undefined, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof UnsupportedCode)) throw error;
      throw this.refusal(fn, error);
    }
  }

  private refusal(fn: WasmFunction | undefined, { what, position }: UnsupportedCode): Diagnostic {
    const place: Place | undefined = this.options.sourceMap?.lookup(position);
    const where = fn ? ` in ${fn.name}` : "";
    return new Diagnostic(
      "COMP001",
      `the compiler does not support ${what}${where}`,
      "Write it without; only integers of 32 and 64 bits, memory, and calls are compiled.",
      place ?? { file: this.module.file },
    );
  }
}

function initialValue(global: WasmGlobal): Pair64 {
  const { init } = global;
  if (init?.op === Op["i32.const"] || init?.op === Op["i64.const"]) {
    return { low: init.a, high: init.b };
  }
  throw new UnsupportedCode("globals whose first value is not an integer constant", init?.at ?? 0);
}

const FEW_REGISTERS: readonly number[] = [EAX, ECX, EDX, ESI];

function allocationOptions(stress: Stress): AllocationOptions {
  return {
    registers: stress.fewRegisters ? FEW_REGISTERS : ALL_REGISTERS,
    spillsAll: stress.spillsAll === true,
    coalesces: !stress.noCoalescing,
  };
}

function reverseBlocks(fn: MachineFunction): void {
  const [entry, ...rest] = fn.blocks;
  if (entry) fn.blocks = [entry, ...rest.reverse()];
}
