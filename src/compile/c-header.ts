// The header for C of an object with a memory of its own: docs/object-abi.md has the contract.

import type { CNames } from "./c-names";
import type { FunctionType, ImportName, ValueType, WasmModule } from "./wasm/wasm";
import { F32, F64, I32, I64 } from "./wasm/wasm";

const TYPES: ReadonlyMap<ValueType, string> = new Map([
  [I32, "uint32_t"],
  [I64, "uint64_t"],
  [F32, "float"],
  [F64, "double"],
]);

/** A reference is a word: a funcref the address of code, an externref the host's. */
const REFERENCE = "uint32_t";

function cType(type: ValueType): string {
  return TYPES.get(type) ?? REFERENCE;
}

/** The text of the header; `file` is what it describes, for its first line. */
export function cHeader(module: WasmModule, names: CNames, file: string): string {
  const lines = [...preamble(names, file), ...declarations(module, names), ...ending(names)];
  return `${lines.join("\n")}\n`;
}

function preamble({ prefix, functions }: CNames, file: string): string[] {
  const guard = `${prefix.toUpperCase()}_H`;
  return [
    `/* ${file.replace(/\*\//g, "")}, compiled by isthmus: what C calls and must define. */`,
    `#ifndef ${guard}`,
    `#define ${guard}`,
    "",
    "#include <stdint.h>",
    "",
    "#ifdef __cplusplus",
    'extern "C" {',
    "#endif",
    "",
    "/* Call this first: it fills the memory and runs the start function. Once is enough. */",
    `void ${functions.init}(void);`,
    "",
    "/* What a trap calls, and which must not return: which trap, the function of the module, and",
    "   the byte of the module. The object's own is weak, and stops by an undefined instruction;",
    `   define ${prefix.toUpperCase()}_IMPLEMENTATION before the header, in one file, for one that`,
    "   prints the place and aborts. */",
    `void ${functions.trap}(const char *trap, const char *function, uint32_t offset);`,
  ];
}

function declarations(module: WasmModule, names: CNames): string[] {
  return [
    ...memory(module, names),
    ...section("Exports", exports(module, names)),
    ...section("Imports: define these", imports(module, names)),
  ];
}

function memory({ memories }: WasmModule, { memory: name, functions }: CNames): string[] {
  if (memories.length === 0) return [];
  return [
    "",
    "/* The memory: a pointer p of the module is here + p. It never moves. */",
    `extern uint8_t ${name}[];`,
    "/* Its size in bytes. */",
    `uint32_t ${functions.memorySize}(void);`,
    "/* Adds pages of 64 KiB; the pages before, or -1 if there is no room. */",
    `uint32_t ${functions.memoryGrow}(uint32_t pages);`,
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", `/* ${title}. */`, ...lines];
}

function exports(module: WasmModule, names: CNames): string[] {
  return module.exports.flatMap(({ name, kind, index }) => {
    const symbol = names.exported(name, kind);
    if (kind === "function") {
      return prototype(module.types[module.functions[index]!.typeIndex]!, symbol);
    }
    if (kind !== "global") return [];
    const { type, mutable, imported } = module.globals[index]!;
    return imported ? [] : [variable(type, mutable, symbol)];
  });
}

function imports(module: WasmModule, names: CNames): string[] {
  const seen = new Set<string>();
  const once = (imported: ImportName, lines: (symbol: string) => string[]): string[] => {
    const symbol = names.imported(imported);
    if (seen.has(symbol)) return [];
    seen.add(symbol);
    return lines(symbol);
  };
  const functions = module.functions.flatMap(({ imported, typeIndex }) =>
    imported ? once(imported, (symbol) => prototype(module.types[typeIndex]!, symbol)) : [],
  );
  const globals = module.globals.flatMap(({ imported, type, mutable }) =>
    imported ? once(imported, (symbol) => [variable(type, mutable, symbol)]) : [],
  );
  return [...functions, ...globals];
}

function variable(type: ValueType, mutable: boolean, symbol: string): string {
  return `extern ${mutable ? "" : "const "}${cType(type)} ${symbol};`;
}

function prototype({ params, results }: FunctionType, symbol: string): string[] {
  const parameters = params.length === 0 ? "void" : params.map(cType).join(", ");
  if (results.length < 2) {
    return [`${results[0] === undefined ? "void" : cType(results[0])} ${symbol}(${parameters});`];
  }
  const fields = results.map((type, i) => `${cType(type)} r${i};`).join(" ");
  const structure = `struct ${symbol}_results`;
  return [`${structure} { ${fields} };`, `${structure} ${symbol}(${parameters});`];
}

function ending({ prefix, functions }: CNames): string[] {
  return [
    "",
    "#ifdef __cplusplus",
    "}",
    "#endif",
    "",
    `#ifdef ${prefix.toUpperCase()}_IMPLEMENTATION`,
    "#include <stdio.h>",
    "#include <stdlib.h>",
    `void ${functions.trap}(const char *trap, const char *function, uint32_t offset) {`,
    `  fprintf(stderr, "${prefix}: trap: %s in %s, at byte 0x%x of the module\\n", trap, function,`,
    "          (unsigned)offset);",
    "  abort();",
    "}",
    "#endif",
    "",
    "#endif",
  ];
}
