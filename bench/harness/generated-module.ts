// A module of WebAssembly that was made to measure the compiler.

import { decodeModule } from "../../src/compile/wasm/decode";
import { validateModule } from "../../src/compile/wasm/validate";
import type { WasmModule } from "../../src/compile/wasm/wasm";

export interface GeneratedModule {
  readonly module: WasmModule;
  /** How many instructions it has. */
  readonly operations: number;
}

/** The module of these bytes. @throws WasmDiagnostic: its generator is at fault */
export function generatedModule(bytes: Uint8Array, operations: number): GeneratedModule {
  const module = decodeModule(bytes, "generated.wasm");
  validateModule(module);
  return { module, operations };
}
