// Runs a part of the kernel in Node: AssemblyScript to wasm, with a byte array as memory.
//
// A test gives a few lines of AssemblyScript that export what it wants to call. Files that reach
// for hardware or memory management are replaced by a few lines of the test's own; whatever is
// still imported (ports, panic) comes from JavaScript.

import { readFileSync } from "node:fs";
import { compileAssemblyScript } from "../../src/compile/assemblyscript/assemblyscript";
import type { WasmModule } from "../../src/compile/wasm/wasm";

/** What the exports of a part are: functions of numbers. */
type Calls = Readonly<Record<string, (...values: number[]) => number>>;

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
  readonly imports?: Readonly<Record<string, Calls>>;
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

const ENTRY = "part.ts";
const ACCESS = `
  const area: usize = memory.data(${AREA_SIZE}, 4096);
  export function areaAddress(): usize { return area; }
  export function peek(address: usize): u32 { return load<u8>(address); }
  export function poke(address: usize, byte: u32): void { store<u8>(address, <u8>byte); }
`;

/** Compiles `source`, whose imports are relative to the repository, and instantiates it. */
export function loadKernelPart(source: string, options: PartOptions = {}): KernelPart {
  const replaced = new Map(Object.entries({ ...options.replace, [ENTRY]: source + ACCESS }));
  const { wasm, module } = compileAssemblyScript(
    { root: ".", entries: [ENTRY], target: "kernel", runtime: "stub", memoryBase: 4096 },
    (path) => replaced.get(path) ?? readIfThere(path),
  );
  const instance = new WebAssembly.Instance(
    new WebAssembly.Module(new Uint8Array(wasm)),
    importsOf(module, options.imports ?? {}),
  );
  const call = instance.exports as unknown as Calls;
  return {
    call,
    area: call.areaAddress!(),
    write(address, bytes) {
      Buffer.from(bytes).forEach((byte, i) => {
        call.poke!(address + i, byte);
      });
    },
    read: (address, size) => Uint8Array.from({ length: size }, (_, i) => call.peek!(address + i)),
    text: (address) => readText(call, address),
  };
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function readText(call: Calls, address: number): string {
  const bytes: number[] = [];
  for (let at = address; call.peek!(at) !== 0; at++) bytes.push(call.peek!(at));
  return Buffer.from(bytes).toString();
}

/** Imports that the test does not give fail when they are called. */
function importsOf({ functions }: WasmModule, given: Readonly<Record<string, Calls>>) {
  const imports: Record<string, Record<string, (...values: number[]) => number>> = {};
  for (const { imported } of functions) {
    if (imported === undefined) continue;
    const { module, name } = imported;
    imports[module] ??= {};
    imports[module][name] =
      given[module]?.[name] ??
      (() => {
        throw new Error(`the kernel calls ${module}.${name}`);
      });
  }
  return imports;
}
