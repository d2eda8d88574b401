// Decodes a WebAssembly module of the binary format.
//
// Decoding checks the binary format alone. Bodies are decoded last, after the name section, so that
// every message can name its function.
// Source: WebAssembly Core Specification 2.0, section 5.5.

import { CodeDecoder, decodeConstant, decodeLocals, referenceType, valueType } from "./decode-code";
import { applyNames } from "./names";
import { Op } from "./opcodes";
import { WasmReader } from "./reader";
import {
  type ConstantExpression,
  type CustomSection,
  type DataSegment,
  type ElementSegment,
  type ExternalKind,
  FUNCREF,
  type FunctionType,
  type Limits,
  type ValueType,
  type WasmExport,
  type WasmFunction,
  type WasmGlobal,
  type WasmMemory,
  type WasmModule,
  type WasmTable,
  type WasmTag,
} from "./wasm";

/**
 * Decodes a module of the binary format.
 *
 * @param bytes the module; data segments and custom sections are views of it
 * @param file  what messages call it
 * @throws WasmDiagnostic for a malformed module or one that needs an unsupported feature
 */
export function decodeModule(bytes: Uint8Array, file: string): WasmModule {
  const reader = new WasmReader(bytes, file);
  if (reader.end < 8 || reader.word() !== 0x6d736100) {
    reader.malformed("it does not begin with the magic number of WebAssembly", 0);
  }
  if (reader.word() !== 1) reader.malformed("its version is not 1", 4);
  return new ModuleDecoder(reader).decode();
}

/** Sections in the order in which they must appear, by section number. */
const ORDER = [0, 1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];
/** What begins types of GC: rec, sub final, sub, array, struct. */
const GC_TYPES = [0x4e, 0x4f, 0x50, 0x5e, 0x5f];
/** Bits of limits; those above the lowest are of proposals. */
const LIMIT_FLAGS = { max: 1, shared: 2, wide: 4, pageSize: 8 } as const;
const KINDS: readonly ExternalKind[] = ["function", "table", "memory", "global", "tag"];

interface BodyRange {
  readonly start: number;
  readonly end: number;
}

class ModuleDecoder {
  readonly #reader: WasmReader;
  readonly #types: FunctionType[] = [];
  readonly #functions: WasmFunction[] = [];
  readonly #tables: WasmTable[] = [];
  readonly #memories: WasmMemory[] = [];
  readonly #globals: WasmGlobal[] = [];
  readonly #tags: WasmTag[] = [];
  readonly #exports: WasmExport[] = [];
  readonly #elements: ElementSegment[] = [];
  readonly #data: DataSegment[] = [];
  readonly #custom: CustomSection[] = [];
  readonly #declared: number[] = [];
  readonly #bodies: BodyRange[] = [];
  #start: number | undefined;
  #dataCount: number | undefined;

  constructor(reader: WasmReader) {
    this.#reader = reader;
  }

  decode(): WasmModule {
    this.#sections();
    const imported = this.#functions.length;
    for (const [i, typeIndex] of this.#declared.entries()) {
      const index = imported + i;
      this.#functions.push({ index, typeIndex, name: `function${index}` });
    }
    const names = applyNames(this.#custom, this.#exports, this.#functions, this.#globals);
    const functions = [
      ...this.#functions.slice(0, imported),
      ...this.#decodeBodies(this.#functions.slice(imported)),
    ];
    for (const [index, locals] of names.locals) {
      const body = functions[index]?.body;
      if (body) body.localNames = locals;
    }
    return {
      file: this.#reader.module,
      types: this.#types,
      functions,
      tables: this.#tables,
      memories: this.#memories,
      globals: this.#globals,
      tags: this.#tags,
      exports: this.#exports,
      ...(this.#start === undefined ? {} : { start: this.#start }),
      elements: this.#elements,
      data: this.#data,
      ...(this.#dataCount === undefined ? {} : { dataCount: this.#dataCount }),
      custom: this.#custom,
    };
  }

  #sections(): void {
    const reader = this.#reader;
    const { end } = reader;
    let last = 0;
    while (reader.position < end) {
      const at = reader.position;
      const id = reader.u8();
      const size = reader.count("bytes in a section");
      const order = ORDER.indexOf(id);
      if (order < 0) reader.malformed(`there is no section ${id}`, at);
      if (id !== 0) {
        if (order <= last) reader.malformed(`section ${id} is out of order or repeated`, at);
        last = order;
      }
      reader.end = reader.position + size;
      this.#section(id);
      if (reader.position !== reader.end)
        reader.malformed(`section ${id} is longer than its items`);
      reader.end = end;
    }
    this.#agree(this.#declared.length, this.#bodies.length, "functions", "bodies");
    if (this.#dataCount !== undefined) {
      this.#agree(this.#dataCount, this.#data.length, "data segments announced", "data segments");
    }
  }

  #agree(left: number, right: number, what: string, than: string): void {
    if (left !== right) this.#reader.malformed(`it has ${left} ${what} but ${right} ${than}`);
  }

  #section(id: number): void {
    const reader = this.#reader;
    switch (id) {
      case 0:
        this.#customSection();
        break;
      case 1:
        this.#each("types", () => this.#types.push(this.#functionType()));
        break;
      case 2:
        this.#each("imports", () => this.#importItem());
        break;
      case 3:
        this.#each("functions", () => this.#declared.push(reader.u32()));
        break;
      case 4:
        this.#each("tables", () => this.#tables.push(this.#table()));
        break;
      case 5:
        this.#each("memories", () => this.#addMemory({}));
        break;
      case 6:
        this.#each("globals", () => this.#global());
        break;
      case 7:
        this.#each("exports", () => this.#exportItem());
        break;
      case 8:
        this.#start = reader.u32();
        break;
      case 9:
        this.#each("element segments", () => this.#elements.push(this.#elementSegment()));
        break;
      case 10:
        this.#each("bodies", () => this.#bodyRange());
        break;
      case 11:
        this.#each("data segments", () => this.#data.push(this.#dataSegment()));
        break;
      case 12:
        this.#dataCount = reader.u32();
        break;
      case 13:
        this.#each("tags", () => this.#tags.push({ typeIndex: this.#tagType() }));
        break;
    }
  }

  #each(what: string, read: () => unknown): void {
    for (let count = this.#reader.count(what); count > 0; count--) read();
  }

  #customSection(): void {
    const reader = this.#reader;
    const name = reader.name();
    const at = reader.position;
    this.#custom.push({ name, bytes: reader.bytes.subarray(at, reader.end), at });
    reader.position = reader.end;
  }

  #functionType(): FunctionType {
    const reader = this.#reader;
    const at = reader.position;
    const form = reader.u8();
    if (GC_TYPES.includes(form)) reader.unsupported("a garbage-collected type (GC)", at);
    if (form !== 0x60) reader.malformed(`there is no type of the form 0x${form.toString(16)}`, at);
    return { params: this.#valueTypes(), results: this.#valueTypes() };
  }

  #valueTypes(): ValueType[] {
    const types: ValueType[] = [];
    this.#each("value types", () => types.push(valueType(this.#reader)));
    return types;
  }

  #importItem(): void {
    const reader = this.#reader;
    const imported = { module: reader.name(), name: reader.name() };
    const kind = this.#kind();
    if (kind === "function") {
      const index = this.#functions.length;
      const name = `${imported.module}.${imported.name}`;
      this.#functions.push({ index, typeIndex: reader.u32(), name, imported });
    } else if (kind === "table") {
      this.#tables.push({ ...this.#table(), imported });
    } else if (kind === "memory") {
      this.#addMemory({ imported });
    } else if (kind === "tag") {
      this.#tags.push({ typeIndex: this.#tagType(), imported });
    } else {
      const name = `${imported.module}.${imported.name}`;
      this.#globals.push({ ...this.#globalType(), name, imported });
    }
  }

  #kind(): ExternalKind {
    const byte = this.#reader.u8();
    const kind = KINDS[byte];
    return kind ?? this.#reader.malformed(`${byte} is not a kind of item`);
  }

  /** The one attribute says that it is an exception. */
  #tagType(): number {
    const at = this.#reader.position;
    if (this.#reader.u8() !== 0) this.#reader.malformed("a tag is not an exception", at);
    return this.#reader.u32();
  }

  #addMemory(origin: Pick<WasmMemory, "imported">): void {
    const at = this.#reader.position;
    this.#memories.push({ limits: this.#limits("memory"), ...origin });
    if (this.#memories.length > 1) {
      this.#reader.unsupported("several memories (multi-memory)", at);
    }
  }

  #table(): WasmTable {
    const reader = this.#reader;
    if (reader.bytes[reader.position] === 0x40) {
      reader.unsupported("a table with a first value (typed function references)");
    }
    const element = referenceType(reader);
    return { element, limits: this.#limits("table") };
  }

  #limits(what: "memory" | "table"): Limits {
    const reader = this.#reader;
    const at = reader.position;
    const flags = reader.u8();
    if (flags & LIMIT_FLAGS.wide && flags < 8) {
      reader.unsupported(`a ${what} of 64-bit addresses (memory64)`, at);
    }
    if ((flags & ~LIMIT_FLAGS.max) === LIMIT_FLAGS.shared)
      reader.unsupported(`a shared ${what} (threads)`, at);
    const hasPageSize = what === "memory" && (flags & ~7) === LIMIT_FLAGS.pageSize;
    if (hasPageSize) reader.unsupported("a memory of custom page size", at);
    if (flags > LIMIT_FLAGS.max) reader.malformed("limits have an unknown form", at);
    const min = reader.u32();
    return flags === 0 ? { min } : { min, max: reader.u32() };
  }

  #globalType(): { type: ValueType; mutable: boolean } {
    const type = valueType(this.#reader);
    const mutability = this.#reader.u8();
    if (mutability > 1) this.#reader.malformed("a mutability is neither 0 nor 1");
    return { type, mutable: mutability === 1 };
  }

  #global(): void {
    const type = this.#globalType();
    const name = `global${this.#globals.length}`;
    this.#globals.push({ ...type, name, init: decodeConstant(this.#reader) });
  }

  #exportItem(): void {
    const at = this.#reader.position;
    const name = this.#reader.name();
    this.#exports.push({ name, kind: this.#kind(), index: this.#reader.u32(), at });
  }

  /** Flags: bit 0 not active; bit 1 explicit table, or declarative; bit 2 expressions as items. */
  #elementSegment(): ElementSegment {
    const reader = this.#reader;
    const at = reader.position;
    const flags = reader.u32();
    if (flags > 7) reader.malformed("an element segment has an unknown form", at);
    const active = (flags & 1) === 0;
    const mode = active ? "active" : flags & 2 ? "declarative" : "passive";
    const table = active && flags & 2 ? reader.u32() : 0;
    const offset = active ? { offset: decodeConstant(reader) } : {};
    const expressions = (flags & 4) !== 0;
    const element = (flags & 3) === 0 ? FUNCREF : this.#elementType(expressions);
    const items: ConstantExpression[] = [];
    this.#each("elements", () => items.push(this.#element(expressions)));
    return { mode, table, ...offset, element, items, at };
  }

  #elementType(expressions: boolean): ValueType {
    if (expressions) return referenceType(this.#reader);
    if (this.#reader.u8() !== 0) this.#reader.malformed("the kind of element is unknown");
    return FUNCREF;
  }

  #element(expression: boolean): ConstantExpression {
    const at = this.#reader.position;
    if (expression) return decodeConstant(this.#reader);
    return { op: Op["ref.func"], a: this.#reader.u32(), b: 0, at };
  }

  #dataSegment(): DataSegment {
    const reader = this.#reader;
    const at = reader.position;
    const mode = reader.u32();
    if (mode > 2) reader.malformed("a data segment has an unknown form", at);
    const memory = mode === 2 ? reader.u32() : 0;
    const offset = mode === 1 ? {} : { offset: decodeConstant(reader) };
    const length = reader.count("bytes of data");
    const start = reader.position;
    reader.position += length;
    return { memory, ...offset, bytes: reader.bytes.subarray(start, start + length), at };
  }

  #bodyRange(): void {
    const reader = this.#reader;
    const size = reader.count("bytes in a body");
    this.#bodies.push({ start: reader.position, end: reader.position + size });
    reader.position += size;
  }

  #decodeBodies(functions: readonly WasmFunction[]): WasmFunction[] {
    const reader = this.#reader;
    const bodies = this.#bodies;
    const total = bodies.reduce((sum, { start, end }) => sum + end - start, 0);
    const decoder = new CodeDecoder(reader, total);
    const locals = functions.map((each, i) => {
      const { start, end } = bodies[i]!;
      reader.functionName = each.name;
      reader.position = start;
      reader.end = end;
      const declared = decodeLocals(reader);
      decoder.decode();
      return declared;
    });
    reader.functionName = undefined;
    const codes = decoder.finish();
    return functions.map((each, i) => {
      const { start, end } = bodies[i]!;
      const localNames: ReadonlyMap<number, string> = new Map();
      const body = { offset: start, end, locals: locals[i]!, localNames, code: codes[i]! };
      return { ...each, body };
    });
  }
}
