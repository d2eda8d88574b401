// How the items of one module are reached: the symbols of its functions and globals, and what its
// code needs to know of globals, tables, segments and memory (translate/linkage.ts).
//
//   import from x86        an instruction, by its name
//   import from symbols    the address of the symbol of that name
//   any other import       the symbol that `importName` says; in an object, an adapter's to C
//   all else               its name in the module; `NAME#2` for the second of that name, and if
//                          NAME is another item's export, an import or the runtime's
//
// Invariant: no two functions or globals have one symbol; none has the name of another's export.

import { wordsOf } from "./code/code";
import type { Target } from "./code/target";
import { isFloatSymbol } from "./ir/float-constants";
import type { Signature } from "./ir/ir";
import { valuesOf } from "./ir/ir";
import type { OwnMemory } from "./ir/own-memory";
import type { CompileOptions } from "./options";
import { importAdapter } from "./runtime/cdecl";
import { tagSymbol } from "./runtime/unwind";
import { INTRINSICS } from "./select/intrinsics";
import type { Callee, Linkage, Pair64, StaticAddress } from "./translate/linkage";
import { DATA_SYMBOL } from "./translate/module-data";
import { ModuleGlobals } from "./translate/module-globals";
import { type ModuleSegment, ModuleTables, type Table, typeHash } from "./translate/module-tables";
import { numberType, signatureOf } from "./translate/signature";
import { withTailCalls } from "./translate/tail-room";
import { UnsupportedCode } from "./translate/unsupported-code";
import type {
  ExternalKind,
  FunctionType,
  ImportName,
  WasmExport,
  WasmFunction,
  WasmModule,
} from "./wasm/wasm";

export class ModuleLinkage implements Linkage {
  readonly #module: WasmModule;
  readonly #options: CompileOptions;

  /** The symbol of each function and of each global. */
  readonly functionNames: readonly string[];
  readonly globalNames: readonly string[];
  readonly globals: ModuleGlobals;
  readonly tables: ModuleTables;
  /** The functions before whose code stands the hash of their type. */
  readonly hashed: ReadonlySet<number>;
  readonly checksCalls: boolean;
  readonly memoryBase: number;
  readonly ownMemory: OwnMemory | undefined;
  readonly callsTraps: boolean;
  readonly hasFloats: boolean;
  readonly hasMemoryManager: boolean;
  readonly exceptionWords: number;
  /** The machine, with as much room for arguments as the module's tail calls need. */
  readonly machine: Target;
  /** By tag. */
  readonly tags: readonly string[];

  /** @throws UnsupportedCode for what cannot be said of tables and globals before code runs */
  constructor(module: WasmModule, options: CompileOptions, machine: Target) {
    this.#module = module;
    this.#options = options;
    const { target, addresses } = options;
    this.checksCalls = options.checksCalls === true;
    this.memoryBase = options.memoryBase ?? 0;
    this.ownMemory = options.ownMemory;
    this.callsTraps = options.callsTraps === true;
    this.hasFloats = target !== "kernel";
    this.hasMemoryManager = target === "user";
    this.machine = withTailCalls(machine, module);
    this.exceptionWords = Math.max(
      0,
      ...module.tags.map(({ typeIndex }) => payloadWords(module.types[typeIndex]!)),
    );
    this.tags = module.tags.map(({ imported }, index) =>
      imported ? this.importName(imported) : tagSymbol(index),
    );
    const symbols = new OwnSymbols(this.#foreignNames(), this.#ownExports());
    this.functionNames = module.functions.map(({ name, imported }, index) =>
      imported ? this.importSymbol(imported) : symbols.take(name, "function", index),
    );
    this.globalNames = module.globals.map(({ name, imported }, index) =>
      imported ? this.importName(imported) : symbols.take(name, "global", index),
    );
    this.globals = new ModuleGlobals(module, {
      names: this.globalNames,
      exportsConstants: target !== "kernel",
      addressOf: (index, value) =>
        addresses?.globals.has(index) ? this.#dataAddress(value) : undefined,
      functionAddress: (index) => this.functionAddress(index),
    });
    this.tables = new ModuleTables(module, {
      ownMemory: this.ownMemory,
      functionAddress: (index) => this.functionAddress(index),
      importSymbol: (index) => this.importName(module.tables[index]!.imported!),
    });
    this.hashed = this.checksCalls ? this.tables.addressTaken() : new Set();
  }

  // --- names ---

  /** The exports by which others know functions, globals and tables, named as their symbols. */
  get visibleExports(): readonly WasmExport[] {
    const { visible, exportName = (name) => name } = this.#options;
    const exports = this.#module.exports.filter(({ name }) => !visible || visible.has(name));
    return exports.map((each) => ({ ...each, name: exportName(each.name, each.kind) }));
  }

  /** Symbols that are others': imports, the runtime's, and in C the adapters of exports. */
  #foreignNames(): Set<string> {
    const { functions, globals, tables, tags } = this.#module;
    const { target, start } = this.#options;
    const imported = [...functions, ...globals, ...tables, ...tags].flatMap(({ imported }) =>
      imported && imported.module !== "x86" ? this.importName(imported) : [],
    );
    const exported = this.visibleExports.flatMap(({ name, kind }) => {
      if (kind === "table") return [name, `${name}.size`];
      return kind === "tag" || target === "object" || this.leavesRoom ? name : [];
    });
    return new Set([...imported, ...exported, ...(start === undefined ? [] : [start])]);
  }

  /** What an export's name is the symbol of: that item may have it, and no other. */
  #ownExports(): Map<string, string> {
    return new Map(
      this.visibleExports.map(({ name, kind, index }) => [name, itemKey(kind, index)]),
    );
  }

  // --- functions ---

  callee(index: number, position: number): Callee {
    const { imported, typeIndex } = this.#module.functions[index]!;
    const name = this.functionNames[index]!;
    if (imported?.module === "symbols") return { kind: "address", name };
    if (imported?.module !== "x86") return { kind: "function", name };
    this.#checkIntrinsic(name, typeIndex, position);
    return { kind: "intrinsic", name };
  }

  /** A declaration in another file could differ from what the instruction takes. */
  #checkIntrinsic(name: string, typeIndex: number, position: number): void {
    const intrinsic = INTRINSICS[name];
    const type = this.#module.types[typeIndex];
    if (!intrinsic) throw new UnsupportedCode(`the instruction x86.${name}`, position);
    const { parameters, results } = signatureOf(type!, position);
    const fits =
      valuesOf(parameters).length === intrinsic.parameters &&
      valuesOf(results).length === intrinsic.results;
    if (fits) return;
    throw new UnsupportedCode(`these operands of the instruction x86.${name}`, position);
  }

  /** Whether callers must leave room on the stack beyond what arguments need. */
  get leavesRoom(): boolean {
    return this.machine.convention.tailWords > 0;
  }

  signature(index: number): Signature {
    const module = this.#module;
    return signatureOf(module.types[module.functions[index]!.typeIndex]!, 0);
  }

  typeHash(typeIndex: number): number {
    return typeHash(this.#module.types[typeIndex]!);
  }

  /** The hash of another module's function stands before a jump to it. */
  functionAddress(index: number): string {
    const name = this.functionNames[index]!;
    return this.hashed.has(index) && this.#module.functions[index]!.imported ? `to:${name}` : name;
  }

  /** What stands before the code of a function. */
  hashOf({ index, typeIndex }: WasmFunction): number | undefined {
    return this.hashed.has(index) ? this.typeHash(typeIndex) : undefined;
  }

  // --- data ---

  global(index: number): string | Pair64 | StaticAddress {
    return this.globals.access(index);
  }

  addressAt(position: number, value: number): StaticAddress | undefined {
    const sign = this.#options.addresses?.constants.get(position);
    return sign && this.#dataAddress(sign * value, sign < 0);
  }

  #dataAddress(address: number, isNegated = false): StaticAddress {
    const offset = (address - (this.#options.data?.start ?? 0)) | 0;
    return { symbol: DATA_SYMBOL, offset, isNegated };
  }

  table(index: number): Table {
    return this.tables.tables[index]!;
  }

  tag(index: number): string {
    return this.tags[index]!;
  }

  elements(index: number): ModuleSegment {
    return this.tables.elements[index]!;
  }

  data(index: number): ModuleSegment {
    return this.tables.data[index]!;
  }

  // --- imports ---

  /** What an import is called outside. */
  importName(imported: ImportName): string {
    return this.#options.importName?.(imported) ?? imported.name;
  }

  /** The symbol of an imported function. */
  importSymbol(imported: ImportName): string {
    const { module, name } = imported;
    if (module === "x86" || module === "symbols") return name;
    const symbol = this.importName(imported);
    return this.#options.target === "object" ? importAdapter(symbol) : symbol;
  }
}

/** How many words an exception of this type carries. */
function payloadWords({ params }: FunctionType): number {
  const types = valuesOf(params.map((type) => numberType(type, 0)));
  return types.reduce((words, type) => words + wordsOf(type), 0);
}

/** Names that only the compiler and the memory manager may give: routines, constants, tables. */
const RESERVED = /^(?:__isthmus_|isthmus[.:]|to:|cdecl:|memory_(?:size|grow)$)/;

/** Chooses the symbols of a module's functions and globals: its names, or these with a number. */
class OwnSymbols {
  readonly #taken: Set<string>;
  readonly #exported: ReadonlyMap<string, string>;

  /**
   * @param taken symbols that are others'
   * @param exported the item that an export's name belongs to
   */
  constructor(taken: Set<string>, exported: ReadonlyMap<string, string>) {
    this.#taken = taken;
    this.#exported = exported;
  }

  take(name: string, kind: ExternalKind, index: number): string {
    const key = itemKey(kind, index);
    const base = RESERVED.test(name) && !this.#isFree(name, key) ? `own:${name}` : name;
    let found = base;
    for (let i = 2; !this.#isFree(found, key); i++) found = `${base}#${i}`;
    this.#taken.add(found);
    return found;
  }

  #isFree(name: string, key: string): boolean {
    const owner = this.#exported.get(name);
    if (this.#taken.has(name) || (owner ?? key) !== key) return false;
    return owner === key || (!RESERVED.test(name) && !isFloatSymbol(name));
  }
}

function itemKey(kind: ExternalKind, index: number): string {
  return `${kind} ${index}`;
}
