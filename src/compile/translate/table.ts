// Tables, references and segments: the instructions about them as values.
//
// A funcref is the address of the function's code, an externref a word of the host's, null is 0.
// Bounds of tables and segments are always checked: these instructions are rare. A call through a
// table is checked where the compiler is asked to, as far as the table itself does not prove that
// the check cannot fail (module-tables.ts).

import type { Value } from "../ir/ir";
import { isConst } from "../ir/ir";
import type { Trap } from "../ir/trap";
import { Op } from "../wasm/opcodes";
import { call, callAddress, callNamed, returnCall, returnCallAddress } from "./call";
import { trapIf } from "./control";
import type { FunctionBuilder, Handler } from "./function-builder";
import type { ModuleSegment, Table } from "./module-tables";

const WORD_SHIFT = 2;
/** Where the hash of a function's type lies, from its code. */
const HASH_OFFSET = -4;

/** The number of entries of a table or segment, as it is now. */
function sizeOf({ fn, values }: FunctionBuilder, size: number | string): Value {
  if (typeof size === "number") return values.constant(size);
  return values.effect("load32", [fn.symbol(size)]);
}

export function segmentSize(builder: FunctionBuilder, { size, sizeSymbol }: ModuleSegment): Value {
  return sizeOf(builder, sizeSymbol ?? size);
}

/** The address of entry `index` of what begins at `symbol`. */
function entryAt({ fn, values }: FunctionBuilder, symbol: string, index: Value): Value {
  const offset = values.emit("shl", index, values.constant(WORD_SHIFT));
  if (isConst(offset)) return fn.symbol(symbol, offset.immediate);
  return values.emit("add", offset, fn.symbol(symbol));
}

/** Traps unless [start, start + count) lies within [0, size). */
export function checkRange(
  builder: FunctionBuilder,
  start: Value,
  count: Value,
  size: Value,
  trap: Trap,
): void {
  const { values } = builder;
  const isTooLong = values.emit("gt_u", count, size);
  const isTooFar = values.emit("gt_u", start, values.emit("sub", size, count));
  trapIf(builder, values.emit("or", isTooLong, isTooFar), trap);
}

function checkIndex(builder: FunctionBuilder, table: Table, index: Value, trap: Trap): void {
  const size = sizeOf(builder, table.size);
  trapIf(builder, builder.values.emit("ge_u", index, size), trap);
}

// --- calls ---

/** What a call through a table needs to have checked. */
function checksOf(builder: FunctionBuilder, { known }: Table, typeIndex: number) {
  const { linkage, module } = builder;
  const hash = linkage.typeHash(typeIndex);
  const hasOtherType = (fn: number | undefined) =>
    fn !== undefined && linkage.typeHash(module.functions[fn]!.typeIndex) !== hash;
  return {
    hash,
    null: !known || known.includes(undefined),
    type: !known || known.some(hasOtherType),
  };
}

/** A call through a table: one that goes on, or one that returns what the callee does. */
interface CallKind {
  readonly known: typeof call;
  readonly address: typeof callAddress;
}

const CALL: CallKind = { known: call, address: callAddress };
const RETURN_CALL: CallKind = { known: returnCall, address: returnCallAddress };

function callIndirect(
  kind: CallKind,
  builder: FunctionBuilder,
  typeIndex: number,
  tableIndex: number,
): void {
  const { values, linkage } = builder;
  const table = linkage.table(tableIndex);
  const index = builder.stack.popWord();
  const checks = checksOf(builder, table, typeIndex);
  const only = isConst(index) ? table.known?.[index.immediate >>> 0] : undefined;
  const onlyType = only === undefined ? undefined : builder.module.functions[only]?.typeIndex;
  if (only !== undefined && linkage.typeHash(onlyType!) === checks.hash) {
    kind.known(builder, only);
    return;
  }
  if (linkage.checksCalls) checkIndex(builder, table, index, "undefined element");
  const target = values.effect("load32", [entryAt(builder, table.symbol, index)]);
  if (linkage.checksCalls && checks.null) {
    trapIf(builder, values.emit("eq", target, values.constant(0)), "uninitialized element");
  }
  if (linkage.checksCalls && checks.type) {
    const hash = values.effect("load32", [target], HASH_OFFSET);
    const isOther = values.emit("ne", hash, values.constant(checks.hash));
    trapIf(builder, isOther, "indirect call type mismatch");
  }
  kind.address(builder, target, typeIndex);
}

// --- tables ---

function tableGet(builder: FunctionBuilder, tableIndex: number): void {
  const table = builder.linkage.table(tableIndex);
  const index = builder.stack.popWord();
  checkIndex(builder, table, index, "out of bounds table access");
  builder.stack.push(builder.values.effect("load32", [entryAt(builder, table.symbol, index)]));
}

function tableSet(builder: FunctionBuilder, tableIndex: number): void {
  const table = builder.linkage.table(tableIndex);
  const value = builder.stack.popWord();
  const index = builder.stack.popWord();
  checkIndex(builder, table, index, "out of bounds table access");
  builder.values.effect("store32", [entryAt(builder, table.symbol, index), value]);
}

function tableGrow(builder: FunctionBuilder, tableIndex: number): void {
  const { symbol } = builder.linkage.table(tableIndex);
  const count = builder.stack.popWord();
  const value = builder.stack.popWord();
  callNamed(builder, `${symbol}.grow`, [value, count], {
    parameters: ["i32", "i32"],
    results: ["i32"],
  });
}

function tableFill(builder: FunctionBuilder, tableIndex: number): void {
  const table = builder.linkage.table(tableIndex);
  const count = builder.stack.popWord();
  const value = builder.stack.popWord();
  const start = builder.stack.popWord();
  const size = sizeOf(builder, table.size);
  checkRange(builder, start, count, size, "out of bounds table access");
  callNamed(
    builder,
    "__isthmus_fill_words",
    [entryAt(builder, table.symbol, start), value, count],
    {
      parameters: ["i32", "i32", "i32"],
      results: [],
    },
  );
}

/** Copies `count` words from `from` to entry `start` of a table, if both ranges are there. */
function copyEntries(
  builder: FunctionBuilder,
  to: Table,
  from: { readonly symbol: string; readonly size: Value },
): void {
  const { values } = builder;
  const count = builder.stack.popWord();
  const source = builder.stack.popWord();
  const start = builder.stack.popWord();
  checkRange(builder, source, count, from.size, "out of bounds table access");
  checkRange(builder, start, count, sizeOf(builder, to.size), "out of bounds table access");
  const bytes = values.emit("shl", count, values.constant(WORD_SHIFT));
  const target = entryAt(builder, to.symbol, start);
  values.effect("copy", [target, entryAt(builder, from.symbol, source), bytes]);
}

function tableCopy(builder: FunctionBuilder, to: number, from: number): void {
  const source = builder.linkage.table(from);
  const size = sizeOf(builder, source.size);
  copyEntries(builder, builder.linkage.table(to), { symbol: source.symbol, size });
}

/** An empty segment has no symbol: the zero entries that can be copied come from anywhere. */
function tableInit(builder: FunctionBuilder, segment: number, tableIndex: number): void {
  const table = builder.linkage.table(tableIndex);
  const elements = builder.linkage.elements(segment);
  const symbol = elements.size > 0 ? elements.symbol : table.symbol;
  copyEntries(builder, table, { symbol, size: segmentSize(builder, elements) });
}

/** Leaves a segment without items. */
export function drop(builder: FunctionBuilder, { sizeSymbol }: ModuleSegment): void {
  const { fn, values } = builder;
  if (sizeSymbol === undefined) return;
  values.effect("store32", [fn.symbol(sizeSymbol), values.constant(0)]);
}

/** How to build the instructions of this file, by number. */
export const TABLE_HANDLERS: readonly (readonly [number, Handler])[] = [
  [Op.call_indirect, (builder, type, table) => callIndirect(CALL, builder, type, table)],
  [
    Op.return_call_indirect,
    (builder, type, table) => callIndirect(RETURN_CALL, builder, type, table),
  ],
  [Op["table.get"], tableGet],
  [Op["table.set"], tableSet],
  [
    Op["table.size"],
    (builder, index) => builder.stack.push(sizeOf(builder, builder.linkage.table(index).size)),
  ],
  [Op["table.grow"], tableGrow],
  [Op["table.fill"], tableFill],
  [Op["table.copy"], tableCopy],
  [Op["table.init"], tableInit],
  [Op["elem.drop"], (builder, index) => drop(builder, builder.linkage.elements(index))],
  [Op["ref.null"], (builder) => builder.stack.push(builder.values.constant(0))],
  [
    Op["ref.is_null"],
    (builder) => {
      const { values } = builder;
      builder.stack.push(values.emit("eq", builder.stack.popWord(), values.constant(0)));
    },
  ],
  [
    Op["ref.func"],
    (builder, index) =>
      builder.stack.push(builder.fn.symbol(builder.linkage.functionAddress(index))),
  ],
];
