// The tables of a module: where they are, what is in them, and what code may rely on.
//
// An entry is the address of a function's code, 0 where there is none; so is a funcref. Where calls
// are checked, the word before the code of each function whose address is taken is a hash of its
// type, as in Clang's -fsanitize=kcfi:
//
//     call_indirect (type t) i      hash(t)        <- address - 4
//     entries ---[i]--------------> push ebx       <- address
//
// A table that no instruction changes and no other module sees is read-only data, and a call
// through a known index of it is a direct call. One that can grow has a word with its size at
// the symbol `NAME.size`, and room up to its maximum or TABLE_ROOM entries more than at first.
// An imported table is the symbols NAME and NAME.size of the module that exports it.

import type { Assembler } from "../../x86/assembler";
import { symbol } from "../../x86/operand";
import type { OwnMemory } from "../ir/own-memory";
import { emitGrow } from "../runtime/table-code";
import { Op } from "../wasm/opcodes";
import type { ConstantExpression, ElementSegment, FunctionType, WasmModule } from "../wasm/wasm";
import { cannotStart, hasLateData } from "./module-data";
import { UnsupportedCode } from "./unsupported-code";

const WORD = 4;
/** How many entries a table without a maximum can grow by. */
const TABLE_ROOM = 4096;

/** What code needs to know of a table. */
export interface Table {
  readonly symbol: string;
  /** The number of entries, or the symbol of the word that holds it. */
  readonly size: number | string;
  /** Entries that it has room for. */
  readonly room: number;
  /** The index of the function in each entry, if nothing can change them. */
  readonly known: readonly (number | undefined)[] | undefined;
}

/** A segment that instructions name. */
export interface ModuleSegment {
  readonly symbol: string;
  /** Bytes or entries that it has when the program starts: 0 for one that is not passive. */
  readonly size: number;
  /** The word that holds the size, if an instruction drops the segment. */
  readonly sizeSymbol: string | undefined;
}

/** How a module names what only it knows. */
export interface TableNames {
  readonly ownMemory: OwnMemory | undefined;
  /** The symbol whose address stands for function `index` in a table. */
  functionAddress(index: number): string;
  /** The symbol of an imported item. */
  importSymbol(index: number): string;
}

const CHANGES = new Set([
  Op["table.set"],
  Op["table.grow"],
  Op["table.fill"],
  Op["table.copy"],
  Op["table.init"],
]);

/** All tables and segments of a module. */
export class ModuleTables {
  readonly #module: WasmModule;
  readonly #names: TableNames;
  readonly tables: readonly Table[];
  readonly elements: readonly ModuleSegment[];
  readonly data: readonly ModuleSegment[];
  readonly #used: { changed: Set<number>; grown: Set<number>; dropped: Set<string> };

  constructor(module: WasmModule, names: TableNames) {
    this.#module = module;
    this.#names = names;
    this.#used = instructionsOf(module);
    this.tables = module.tables.map((_, index) => this.#table(index));
    this.elements = module.elements.map(({ mode, items }, i) =>
      this.#segment("elements", i, mode === "passive" ? items.length : 0),
    );
    this.data = module.data.map(({ offset, bytes }, i) =>
      this.#segment("data", i, offset ? 0 : bytes.length),
    );
  }

  #table(index: number): Table {
    const { limits, imported } = this.#module.tables[index]!;
    const exported = this.#module.exports.some(
      (each) => each.kind === "table" && each.index === index,
    );
    if (imported) {
      const name = this.#names.importSymbol(index);
      return { symbol: name, size: `${name}.size`, room: limits.min, known: undefined };
    }
    const name = index === 0 ? "__isthmus_table" : `__isthmus_table${index}`;
    const grows = this.#used.grown.has(index);
    const size = grows || exported ? `${name}.size` : limits.min;
    const room = grows ? Math.min(limits.max ?? Infinity, limits.min + TABLE_ROOM) : limits.min;
    const isConstant = !exported && !this.#used.changed.has(index);
    const known = isConstant ? this.#entries(index) : undefined;
    return { symbol: name, size, room, known };
  }

  #segment(kind: "elements" | "data", index: number, size: number): ModuleSegment {
    const name = `__isthmus_${kind}${index}`;
    const isDropped = size > 0 && this.#used.dropped.has(`${kind}${index}`);
    return { symbol: name, size, sizeSymbol: isDropped ? `${name}.size` : undefined };
  }

  /** The functions that active segments put into a table; undefined: only known at run time. */
  #entries(index: number): (number | undefined)[] | undefined {
    if (!this.#isLinked(index)) return undefined;
    const entries = new Array<number | undefined>(this.#module.tables[index]!.limits.min);
    entries.fill(undefined);
    for (const segment of this.#segmentsOf(index)) {
      const start = segment.offset!.a >>> 0;
      for (const [i, item] of segment.items.entries()) {
        entries[start + i] = item.op === Op["ref.func"] ? item.a : undefined;
      }
      if (entries.length > this.#module.tables[index]!.limits.min) {
        throw cannotStart(this.#module, "element segment", "table", segment.at);
      }
    }
    return entries;
  }

  /** The functions whose address is a value somewhere. */
  addressTaken(): Set<number> {
    const taken = new Set<number>();
    const note = (item: ConstantExpression | undefined): void => {
      if (item?.op === Op["ref.func"]) taken.add(item.a);
    };
    for (const { items } of this.#module.elements) items.forEach(note);
    for (const { init } of this.#module.globals) note(init);
    for (const { body } of this.#module.functions) {
      for (let i = 0; i < (body?.code.length ?? 0); i++) {
        if (body!.code.op[i] === Op["ref.func"]) taken.add(body!.code.a[i]!);
      }
    }
    return taken;
  }

  // --- storage ---

  /** Appends the tables and segments of this module. */
  emit(a: Assembler): void {
    for (const [index, { imported }] of this.#module.tables.entries()) {
      if (!imported) this.#emitTable(a, index);
    }
    const late = new Set(this.late());
    for (const [index, segment] of this.elements.entries()) {
      const { items } = this.#module.elements[index]!;
      if (segment.size > 0 || late.has(this.#module.elements[index]!))
        this.#emitSegment(a, segment, () => this.#words(a, items));
    }
    for (const [index, segment] of this.data.entries()) {
      const { bytes, offset } = this.#module.data[index]!;
      if (segment.size > 0 || (offset && hasLateData(this.#module, this.#names.ownMemory)))
        this.#emitSegment(a, segment, () => a.bytes(bytes));
    }
  }

  #words(a: Assembler, items: readonly ConstantExpression[]): void {
    a.long(...items.map((item) => this.#itemWord(item)));
  }

  #itemWord(item: ConstantExpression) {
    if (item.op === Op["ref.null"]) return 0;
    if (item.op === Op["ref.func"]) return symbol(this.#names.functionAddress(item.a));
    throw new UnsupportedCode("imported globals as elements", item.at);
  }

  /** The active segments of a table. */
  #segmentsOf(table: number): ElementSegment[] {
    return this.#module.elements.filter((each) => each.mode === "active" && each.table === table);
  }

  /** Whether a table is linked with all that its segments put into it. */
  #isLinked(table: number): boolean {
    return !this.#module.tables[table]?.imported && this.#segmentsOf(table).every(isStatic);
  }

  #emitTable(a: Assembler, index: number): void {
    const { symbol: name, size, room, known } = this.tables[index]!;
    const entries = (known ?? this.#entries(index) ?? []).map((fn) =>
      fn === undefined ? 0 : symbol(this.#names.functionAddress(fn)),
    );
    const isEmpty = entries.every((entry) => entry === 0);
    if (known) a.section(`.rodata.${name}`, {});
    else a.section(`${isEmpty ? ".bss" : ".data"}.${name}`, { write: true, nobits: isEmpty });
    a.align(WORD);
    a.local(name, "object");
    if (!isEmpty || known) a.long(...entries);
    a.space(WORD * (room - (isEmpty && !known ? 0 : entries.length)));
    if (typeof size === "string") this.#emitWord(a, size, this.#module.tables[index]!.limits.min);
    if (this.#used.grown.has(index)) emitGrow(a, this.tables[index]!);
  }

  #emitSegment(a: Assembler, { symbol: name, size, sizeSymbol }: ModuleSegment, put: () => void) {
    a.section(`.rodata.${name}`, {});
    a.align(WORD);
    a.local(name, "object");
    put();
    if (sizeSymbol !== undefined) this.#emitWord(a, sizeSymbol, size);
  }

  /** The symbol of an element segment of this module. */
  symbolOf(segment: ElementSegment): string {
    return this.elements[this.#module.elements.indexOf(segment)]!.symbol;
  }

  #emitWord(a: Assembler, name: string, value: number): void {
    a.section(`.data.${name}`, { write: true });
    a.align(WORD);
    a.local(name, "object");
    a.long(value);
  }

  /** The active element segments that only a running program can place. */
  late(): ElementSegment[] {
    return this.#module.tables.flatMap((_, i) => (this.#isLinked(i) ? [] : this.#segmentsOf(i)));
  }
}

/** Whether place and items of a segment are known before the program runs. */
function isStatic({ offset, items }: ElementSegment): boolean {
  return (
    offset?.op === Op["i32.const"] &&
    items.every(({ op }) => op === Op["ref.func"] || op === Op["ref.null"])
  );
}

function instructionsOf({ functions }: WasmModule) {
  const changed = new Set<number>();
  const grown = new Set<number>();
  const dropped = new Set<string>();
  for (const { body } of functions) {
    if (!body) continue;
    const { op, a, b, length } = body.code;
    for (let i = 0; i < length; i++) {
      const code = op[i]!;
      if (CHANGES.has(code)) changed.add(code === Op["table.init"] ? b[i]! : a[i]!);
      if (code === Op["table.grow"]) grown.add(a[i]!);
      if (code === Op["elem.drop"]) dropped.add(`elements${a[i]}`);
      if (code === Op["data.drop"]) dropped.add(`data${a[i]}`);
    }
  }
  return { changed, grown, dropped };
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** The word that stands before functions of this type: the FNV-1a hash of its encoding. */
export function typeHash({ params, results }: FunctionType): number {
  let hash = FNV_OFFSET;
  for (const byte of [...params, 0, ...results]) hash = Math.imul(hash ^ byte, FNV_PRIME);
  return hash;
}
