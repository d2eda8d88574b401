// The names that C has for the items of a module with a memory of its own. All begin with the
// object's name, so that any number of modules can be linked together:
//
//   export f                NAME_f; NAME_export_f where the object itself has that name
//   import f of module m    NAME_import_m_f
//   the object              NAME_init, NAME_memory, NAME_memory_size, NAME_memory_grow, NAME_trap
//
// A byte that is not a letter, a digit or `_` in ASCII stands as `_x` and two hexadecimal digits.
// The second of two names that come out the same gets `_2`, and so on.

import type { ObjectNames } from "./runtime/own-object";
import type { ExternalKind, ImportName, WasmModule } from "./wasm/wasm";

/** Text as part of a name in C. */
export function cIdentifier(text: string): string {
  const bytes = [...new TextEncoder().encode(text)];
  return bytes.map((byte) => (isPlain(byte) ? String.fromCharCode(byte) : escaped(byte))).join("");
}

function isPlain(byte: number): boolean {
  return /^[A-Za-z0-9_]$/.test(String.fromCharCode(byte));
}

function escaped(byte: number): string {
  return `_x${byte.toString(16).padStart(2, "0")}`;
}

/** The names of one object. */
export class CNames {
  readonly prefix: string;
  readonly functions: ObjectNames;
  /** The array that is the memory. */
  readonly memory: string;
  readonly #names = new Map<string, string>();

  /** @param name what the object is called: any text */
  constructor(module: WasmModule, name: string) {
    const plain = cIdentifier(name);
    this.prefix = /^[0-9]/.test(plain) ? `_${plain}` : plain;
    const own = (suffix: string) => `${this.prefix}_${suffix}`;
    this.memory = own("memory");
    this.functions = {
      init: own("init"),
      memorySize: own("memory_size"),
      memoryGrow: own("memory_grow"),
      trap: own("trap"),
    };
    const taken = new Set([...Object.values(this.functions), this.memory]);
    const take = (key: string, base: string): void => {
      if (this.#names.has(key)) return;
      let found = base;
      for (let i = 2; taken.has(found); i++) found = `${base}_${i}`;
      taken.add(found);
      this.#names.set(key, found);
    };
    for (const { name: exported, kind } of module.exports) {
      if (kind === "memory") continue;
      const base = own(cIdentifier(exported));
      take(exportKey(exported), taken.has(base) ? own(`export_${cIdentifier(exported)}`) : base);
    }
    const { functions, tables, globals, tags } = module;
    for (const { imported } of [...functions, ...tables, ...globals, ...tags]) {
      if (!imported) continue;
      const { module: from, name: field } = imported;
      take(importKey(imported), own(`import_${cIdentifier(from)}_${cIdentifier(field)}`));
    }
  }

  exported(name: string, kind: ExternalKind): string {
    if (kind === "memory") return this.memory;
    return this.#names.get(exportKey(name)) ?? name;
  }

  imported(imported: ImportName): string {
    return this.#names.get(importKey(imported)) ?? imported.name;
  }
}

function exportKey(name: string): string {
  return `export ${name}`;
}

function importKey({ module, name }: ImportName): string {
  return `import ${JSON.stringify([module, name])}`;
}
