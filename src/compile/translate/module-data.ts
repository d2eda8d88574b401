// A module's static data as sections: segments at their addresses, and globals.
//
// asc bakes the addresses of static data into the code, so its sections have a fixed `address`.
// Whatever lies in the range of static data and is not in a segment, or is a long run of zeros in
// one, is reserved as `.bss`.
//
//   start                                                end
//   | .bss | segment: .data | zeros: .bss | .data | .bss |

import { hex } from "../../base/align";
import { Diagnostic } from "../../base/diagnostic";
import type { Assembler } from "../../x86/assembler";
import { symbol } from "../../x86/operand";
import type { OwnMemory } from "../ir/own-memory";
import { Op } from "../wasm/opcodes";
import type { WasmModule } from "../wasm/wasm";
import { F64, I64 } from "../wasm/wasm";

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

/** A segment that must be placed where there is no room traps before anything has run. */
export function cannotStart(
  { file }: WasmModule,
  what: "data segment" | "element segment",
  where: "memory" | "table",
  at: number,
): Diagnostic {
  return new Diagnostic(
    "COMP006",
    `the ${what} at byte ${hex(at)} does not fit into its ${where}: the module can never start`,
    `Declare a larger ${where}, or move the segment.`,
    { file },
  );
}

interface PlacedSegment {
  readonly start: number;
  readonly bytes: Uint8Array;
}

const PAGE_SHIFT = 16;

/** Whether segments are copied when the program runs: into another module's memory or one that the
 * linker places, or where only another module knows. */
export function hasLateData({ data, memories }: WasmModule, own?: OwnMemory): boolean {
  const isForeign = memories[0]?.imported !== undefined || own?.symbol !== undefined;
  return data.some(({ offset }) => offset && (isForeign || offset.op !== Op["i32.const"]));
}

/** The segments that are linked to where they belong, in order of the module. */
function placedSegments(module: WasmModule): PlacedSegment[] {
  const { data, memories } = module;
  const limit = memories[0] ? memories[0].limits.min * 2 ** PAGE_SHIFT : 2 ** 32;
  if (hasLateData(module)) return [];
  return data.flatMap(({ offset, bytes, at }) => {
    if (!offset) return [];
    const start = offset.a >>> 0;
    if (start + bytes.length > limit) throw cannotStart(module, "data segment", "memory", at);
    return [{ start, bytes }];
  });
}

/** Joins segments that overlap: the later in the module wins. Ascending by address. */
function joinOverlapping(segments: readonly PlacedSegment[]): PlacedSegment[] {
  const order = segments
    .map((segment, index) => ({ ...segment, index }))
    .sort((a, b) => a.start - b.start);
  const groups: (typeof order)[] = [];
  let end = -1;
  for (const segment of order) {
    if (segment.start < end) groups[groups.length - 1]!.push(segment);
    else groups.push([segment]);
    end = Math.max(end, segment.start + segment.bytes.length);
  }
  return groups.map((group) => {
    const [first] = group as [(typeof order)[number]];
    if (group.length === 1) return first;
    const { start } = first;
    const ends = group.map((each) => each.start + each.bytes.length);
    const bytes = new Uint8Array(Math.max(...ends) - start);
    for (const each of group.sort((a, b) => a.index - b.index)) {
      bytes.set(each.bytes, each.start - start);
    }
    return { start, bytes };
  });
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
  const segments = joinOverlapping(placedSegments(module));
  const result: Piece[] = [];
  let position = range?.start ?? segments[0]?.start ?? 0;
  const reserve = (end: number): void => {
    if (end > position) result.push({ start: position, end, bytes: undefined });
  };
  for (const { start, bytes } of segments) {
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
  for (const segment of placedSegments(module)) bytes.set(segment.bytes, segment.start - start);
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

/** Appends the storage of a global that starts as the address of `target`, plus `offset`. */
export function emitAddressGlobal(
  a: Assembler,
  name: string,
  target: string,
  offset: number,
): void {
  a.section(`.data.${name}`, { write: true });
  a.align(4);
  a.global(name, "object");
  a.long(symbol(target, offset));
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
  const words = type === I64 || type === F64 ? [value.low, value.high] : [value.low];
  if (isZero) a.space(4 * words.length);
  else a.long(...words);
}
