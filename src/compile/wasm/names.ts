// The name section of a WebAssembly module: what its functions, locals and globals are called.
//
// Names become symbols, so each function and global gets one, and no two of a kind share one. A
// damaged name section is not an error: the standard says to ignore it.
// Source: WebAssembly Core Specification 2.0, appendix A.4.1.

import { WasmDiagnostic, WasmReader } from "./reader";
import type { CustomSection, WasmExport, WasmFunction, WasmGlobal } from "./wasm";

const FUNCTIONS = 1;
const LOCALS = 2;
const GLOBALS = 7;

type NameMap = Map<number, string>;

interface NameSection {
  readonly functions: NameMap;
  readonly globals: NameMap;
  readonly locals: Map<number, NameMap>;
}

/** Names functions and globals in place; returns the names of locals by function. */
export function applyNames(
  custom: readonly CustomSection[],
  exports: readonly WasmExport[],
  functions: readonly WasmFunction[],
  globals: readonly WasmGlobal[],
): { locals: Map<number, NameMap> } {
  const names: NameSection = { functions: new Map(), globals: new Map(), locals: new Map() };
  for (const { name, kind, index } of exports) {
    if (kind === "function") names.functions.set(index, name);
    if (kind === "global") names.globals.set(index, name);
  }
  const section = custom.find(({ name }) => name === "name");
  if (section) readNameSection(section, names);
  assign(functions, names.functions);
  assign(globals, names.globals);
  return { locals: names.locals };
}

/** Gives each item its name; the second bearer of a name gets its index appended, or more. */
function assign(items: readonly { name: string }[], names: NameMap): void {
  const taken = new Set<string>();
  for (const [index, item] of items.entries()) {
    const wanted = names.get(index) || item.name;
    item.name = wanted;
    while (taken.has(item.name)) item.name = `${item.name}#${index}`;
    taken.add(item.name);
  }
}

function readNameSection(section: CustomSection, names: NameSection): void {
  const reader = new WasmReader(section.bytes, "name section");
  const { end } = reader;
  try {
    while (reader.position < end) {
      const kind = reader.u8();
      const size = reader.count("bytes of names");
      reader.end = reader.position + size;
      if (kind === FUNCTIONS) readMap(reader, names.functions);
      else if (kind === GLOBALS) readMap(reader, names.globals);
      else if (kind === LOCALS) readLocals(reader, names.locals);
      reader.position = reader.end;
      reader.end = end;
    }
  } catch (error) {
    if (!(error instanceof WasmDiagnostic)) throw error;
  }
}

function readMap(reader: WasmReader, map: NameMap): void {
  for (let count = reader.count("names"); count > 0; count--) {
    map.set(reader.u32(), reader.name());
  }
}

function readLocals(reader: WasmReader, locals: Map<number, NameMap>): void {
  for (let count = reader.count("functions"); count > 0; count--) {
    const map: NameMap = new Map();
    locals.set(reader.u32(), map);
    readMap(reader, map);
  }
}
