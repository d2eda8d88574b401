// The part of the WebAssembly JavaScript interface that this project uses, as types.
//
// Node has it, but TypeScript declares it only in its "dom" library, which would add a browser's
// thousands of globals as well. See the WebAssembly JavaScript Interface, 5 (core specification).

declare namespace WebAssembly {
  type Imports = Record<string, ModuleImports>;
  type ModuleImports = Record<string, unknown>;
  type Exports = Record<string, unknown>;

  class Module {
    constructor(bytes: ArrayBufferView | ArrayBuffer);
    static exports(module: Module): { name: string; kind: string }[];
    static imports(module: Module): { module: string; name: string; kind: string }[];
  }
  class Instance {
    constructor(module: Module, imports?: Imports);
    readonly exports: Exports;
  }
  class Memory {
    constructor(descriptor: { initial: number; maximum?: number });
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
  class RuntimeError extends Error {}

  function validate(bytes: ArrayBufferView | ArrayBuffer): boolean;
  function compile(bytes: ArrayBufferView | ArrayBuffer): Promise<Module>;
  function instantiate(module: Module, imports?: Imports): Promise<Instance>;

  /** What `throw` throws, as JavaScript sees it. */
  class Exception {}
}
