// What a module is compiled for, how, and what of its source is known.

import type { Environment } from "./assemblyscript/environment";
import type { SourceFacts } from "./assemblyscript/source-facts";
import type { SourceMap } from "./assemblyscript/source-map";
import type { OwnMemory } from "./ir/own-memory";
import type { Level, Optimisation, Pass } from "./pipeline";
import type { MemoryManager } from "./runtime/own-memory";
import type { ObjectNames } from "./runtime/own-object";
import type { Stress } from "./stress";
import type { AddressRange } from "./translate/module-data";
import type { StaticAddresses } from "./translate/static-addresses";
import type { ExternalKind, ImportName } from "./wasm/wasm";

export interface CompileOptions {
  readonly target: Environment;
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
  /** The exports that others may refer to; absent: all, and all other names too. */
  readonly visible?: ReadonlySet<string>;
  /** What an import is called; its own name, if this is absent. */
  readonly importName?: (imported: ImportName) => string;
  /** What an export is called; its own name, if this is absent. */
  readonly exportName?: (name: string, kind: ExternalKind) => string;
  /** What else C calls of an object with a memory of its own. */
  readonly objectNames?: ObjectNames | undefined;
  /** Trap at calls through tables that find no function, or one of another type. */
  readonly checksCalls?: boolean;
  /** Added to every address of linear memory; 0 unless the module is not to own low memory. */
  readonly memoryBase?: number;
  /** The memory of the module alone; absent: memory is the address space, from `memoryBase` on. */
  readonly ownMemory?: OwnMemory | undefined;
  /** Who answers for the size of that memory; absent: what it is linked with. */
  readonly memoryManager?: MemoryManager | undefined;
  /** Whether traps are calls of TRAP_ROUTINE (emit/trap-code.ts). */
  readonly callsTraps?: boolean;
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
