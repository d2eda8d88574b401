// The globals of a module: which are constants in the code, and where the others are stored.
//
// A global that never changes costs nothing, unless another module reads it or its value is another
// module's: then it has storage, as one that changes does.

import type { Assembler } from "../../x86/assembler";
import { Op } from "../wasm/opcodes";
import type { WasmGlobal, WasmModule } from "../wasm/wasm";
import { isForeign } from "./instantiate";
import type { Pair64, StaticAddress } from "./linkage";
import { emitAddressGlobal, emitGlobal } from "./module-data";
import { UnsupportedCode } from "./unsupported-code";

export interface GlobalsOptions {
  /** The symbol of each global's storage. */
  readonly names: readonly string[];
  /** Whether exported constants are data of that name for other modules. */
  readonly exportsConstants: boolean;
  /** The address that the number of global `index` is; undefined: it is a number. */
  addressOf(index: number, value: number): StaticAddress | undefined;
  functionAddress(index: number): string;
}

export class ModuleGlobals {
  readonly #module: WasmModule;
  readonly #options: GlobalsOptions;
  readonly #shared: ReadonlySet<number>;

  constructor(module: WasmModule, options: GlobalsOptions) {
    this.#module = module;
    this.#options = options;
    const exported = module.exports.filter(({ kind }) => kind === "global");
    this.#shared = new Set(options.exportsConstants ? exported.map(({ index }) => index) : []);
  }

  /** The symbol of a global's storage; its value if that never changes. */
  access(index: number): string | Pair64 | StaticAddress {
    const { mutable, imported, init } = this.#module.globals[index]!;
    if (mutable || imported || isForeign(init)) return this.#options.names[index]!;
    return this.#initial(index);
  }

  /** Whether others can refer to the global by name. */
  hasStorage(index: number): boolean {
    const { mutable, imported, init } = this.#module.globals[index]!;
    return !imported && (mutable || isForeign(init) || this.#shared.has(index));
  }

  /** Appends the storage of all globals that have some. */
  emit(a: Assembler): void {
    for (const [index, { type, init }] of this.#module.globals.entries()) {
      if (!this.hasStorage(index)) continue;
      const name = this.#options.names[index]!;
      const value = isForeign(init) ? ZERO : this.#initial(index);
      if ("symbol" in value) emitAddressGlobal(a, name, value.symbol, value.offset);
      else emitGlobal(a, name, type, value);
    }
  }

  #initial(index: number): Pair64 | StaticAddress {
    const global = this.#module.globals[index]!;
    if (global.init?.op === Op["ref.func"]) {
      const symbol = this.#options.functionAddress(global.init.a);
      return { symbol, offset: 0, isNegated: false };
    }
    const value = initialValue(global);
    return this.#options.addressOf(index, value.low) ?? value;
  }
}

const ZERO: Pair64 = { low: 0, high: 0 };

const NUMBERS: ReadonlySet<number> = new Set([
  ...[Op["i32.const"], Op["i64.const"], Op["f32.const"], Op["f64.const"]],
]);

function initialValue({ init }: WasmGlobal): Pair64 {
  if (init && NUMBERS.has(init.op)) return { low: init.a, high: init.b };
  if (init?.op === Op["ref.null"]) return ZERO;
  throw new UnsupportedCode("globals whose first value is computed", init?.at ?? 0);
}
