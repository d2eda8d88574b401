// A module's static data as sections: segments at their addresses, globals, the function table.
//
// asc bakes the addresses of static data into the code, so its sections have a fixed `address`.
// Whatever lies in the range of static data and is not in a segment, or is a long run of zeros in
// one, is reserved as `.bss`.
//
//   start                                                end
//   | .bss | segment: .data | zeros: .bss | .data | .bss |

import type { Assembler } from "../i686/assembler";
import { symbol } from "../i686/operand";
import { UnsupportedCode } from "./build";
import { Op } from "./opcodes";
import { TABLE_SYMBOL } from "./select";
import type { ConstantExpression, WasmModule } from "./wasm";
import { I64 } from "./wasm";

/** A range of linear memory that belongs to the module: [start, end). */
export interface AddressRange {
  readonly start: number;
  readonly end: number;
}

/** Runs of zeros of at least this many bytes become `.bss`. */
const MIN_ZERO_RUN = 64;

interface Piece extends AddressRange {
  /** Absent: zeros. */
  readonly bytes: Uint8Array | undefined;
}

/** The address of an active segment; memory and imported bases are not supported. */
function addressOf(expression: ConstantExpression | undefined, at: number): number {
  if (expression?.op !== Op["i32.const"]) {
    throw new UnsupportedCode("data without a constant address", at);
  }
  return expression.a >>> 0;
}

/** Runs of bytes and of zeros in a segment, in order. */
function splitZeros(bytes: Uint8Array, base: number): Piece[] {
  const pieces: Piece[] = [];
  let start = 0;
  const take = (from: number, to: number, isZero: boolean): void => {
    if (from === to) return;
    const range = { start: base + from, end: base + to };
    pieces.push({ ...range, bytes: isZero ? undefined : bytes.subarray(from, to) });
  };
  for (let i = 0; i < bytes.length; ) {
    let end = i;
    while (end < bytes.length && bytes[end] === 0) end++;
    if (end - i >= MIN_ZERO_RUN) {
      take(start, i, false);
      take(i, end, true);
      start = end;
    }
    i = Math.max(end, i) + 1;
  }
  take(Math.min(start, bytes.length), bytes.length, false);
  return pieces;
}

/** The pieces of `range` in order, with zeros between the segments. */
function pieces(module: WasmModule, range: AddressRange | undefined): Piece[] {
  const segments = module.data
    .map(({ offset, bytes, at }) => ({ start: addressOf(offset, at), bytes, at }))
    .sort((a, b) => a.start - b.start);
  const result: Piece[] = [];
  let position = range?.start ?? segments[0]?.start ?? 0;
  const reserve = (end: number): void => {
    if (end > position) result.push({ start: position, end, bytes: undefined });
  };
  for (const { start, bytes, at } of segments) {
    if (start < position) throw new UnsupportedCode("overlapping data segments", at);
    reserve(start);
    result.push(...splitZeros(bytes, start));
    position = start + bytes.length;
  }
  reserve(range?.end ?? position);
  return result;
}

/** Appends the sections of linear memory; `base` is added to every address. */
export function emitMemory(
  a: Assembler,
  module: WasmModule,
  range: AddressRange | undefined,
  base: number,
): void {
  for (const { start, end, bytes } of pieces(module, range)) {
    const address = start + base;
    const name = `${bytes ? ".data" : ".bss"}.${address.toString(16)}`;
    a.section(name, { write: true, nobits: !bytes, address });
    if (bytes) a.bytes(bytes);
    else a.space(end - start);
  }
}

/** The bytes of a range of static data, with zeros where no segment is. */
export function dataImage(module: WasmModule, { start, end }: AddressRange): Uint8Array {
  const bytes = new Uint8Array(end - start);
  for (const segment of module.data) {
    bytes.set(segment.bytes, addressOf(segment.offset, segment.at) - start);
  }
  return bytes;
}

/** The symbol of the static data that a linker places. */
export const DATA_SYMBOL = "isthmus.data";

/**
 * Appends static data that a linker places, as one section: what is in `range` keeps its distances.
 *
 * @param words addresses of words that hold addresses of this data themselves
 */
export function emitMovableMemory(
  a: Assembler,
  module: WasmModule,
  range: AddressRange,
  align: number,
  words: ReadonlySet<number>,
): void {
  const { start, end } = range;
  if (start === end) return;
  const bytes = dataImage(module, range);
  const isZero = bytes.every((byte) => byte === 0);
  const name = `${isZero ? ".bss" : ".data"}.${DATA_SYMBOL}`;
  a.section(name, { write: true, nobits: isZero });
  a.align(align);
  a.local(DATA_SYMBOL, "object");
  if (isZero) {
    a.space(bytes.length);
    return;
  }
  const view = new DataView(bytes.buffer);
  let done = 0;
  for (const offset of [...words].map((address) => address - start).sort((p, q) => p - q)) {
    a.bytes(bytes.subarray(done, offset));
    a.long(symbol(DATA_SYMBOL, view.getInt32(offset, true) - start));
    done = offset + 4;
  }
  a.bytes(bytes.subarray(done));
}

/** Appends the storage of a global that starts as the address of static data, plus `offset`. */
export function emitAddressGlobal(a: Assembler, name: string, offset: number): void {
  a.section(`.data.${name}`, { write: true });
  a.align(4);
  a.global(name, "object");
  a.long(symbol(DATA_SYMBOL, offset));
}

/** Appends the storage of a global; `value` is its initial value. */
export function emitGlobal(
  a: Assembler,
  name: string,
  type: number,
  value: { low: number; high: number },
): void {
  const isZero = value.low === 0 && value.high === 0;
  a.section(`${isZero ? ".bss" : ".data"}.${name}`, { write: true, nobits: isZero });
  a.align(4);
  a.global(name, "object");
  const words = type === I64 ? [value.low, value.high] : [value.low];
  if (isZero) a.space(4 * words.length);
  else a.long(...words);
}

/** Appends the table of `call_indirect`: addresses of functions, 0 where there is none. */
export function emitTable(
  a: Assembler,
  module: WasmModule,
  functionSymbol: (index: number) => string,
): void {
  const [table, ...more] = module.tables;
  if (!table) return;
  if (more.length > 0) throw new UnsupportedCode("more than one table", 0);
  const entries: (string | undefined)[] = new Array(table.limits.min).fill(undefined);
  for (const { mode, offset, items, at } of module.elements) {
    if (mode === "passive") throw new UnsupportedCode("passive element segments", at);
    if (mode !== "active") continue;
    const start = addressOf(offset, at);
    for (const [i, item] of items.entries()) {
      if (start + i >= entries.length) throw new UnsupportedCode("elements beyond the table", at);
      if (item.op === Op["ref.func"]) entries[start + i] = functionSymbol(item.a);
    }
  }
  a.section(".rodata.table", {});
  a.align(4);
  a.local(TABLE_SYMBOL, "object");
  a.long(...entries.map((name) => (name === undefined ? 0 : symbol(name))));
}
