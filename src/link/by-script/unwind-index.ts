// `.eh_frame_hdr`: for an unwinder, where each function's entry in `.eh_frame` is, sorted by
// function (--eh-frame-hdr).
//
//      1  0x1b  0x03  0x3b | .eh_frame 4 | count 4 | function 4, entry 4 | …
//
// The second to fourth byte say how the rest is written: relative to the field, unsigned, relative
// to the section. It is an input like any other, whose size is known once it is fixed which entries
// the image has, and whose content is when all others are relocated. Without `.eh_frame` it goes.

import { Diagnostic } from "../../base/diagnostic";
import type { ObjectFile } from "../../object/object";
import type { InputSection } from "../passes/model";
import { isUnwindTable } from "../passes/unwind-table";
import type { ScriptOutput } from "./model";

export const UNWIND_INDEX = ".eh_frame_hdr";
const OBJECT = "(unwind index)";
const SYMBOL = { name: "__GNU_EH_FRAME_HDR" };
const UNWIND_TABLE = ".eh_frame";
/** At most this many bytes have no entry. */
const EMPTY_TABLE = 8;
const HEADER = 12;
const ROW = 8;
const WORD = 4;
/** No augmentation is longer. */
const MOST_LETTERS = 16;
/** DW_EH_PE_…: how pointers are written. */
const RELATIVE_WORD = 0x1b;
const ABSOLUTE = 0x00;
const FORMAT = [1, RELATIVE_WORD, 0x03, 0x3b];

/** Puts the object whose only section the index is after the first that has something to index. */
export function addUnwindIndex(objects: ObjectFile[]): void {
  const first = objects.findIndex(({ sections }) =>
    sections.some(({ name, size }) => name === UNWIND_TABLE && size > EMPTY_TABLE),
  );
  if (first >= 0) objects.splice(first + 1, 0, unwindIndexObject());
}

function unwindIndexObject(): ObjectFile {
  const flags = { alloc: true, write: false, execute: false };
  const bytes = new Uint8Array(HEADER);
  const content = { type: "progbits", align: WORD, size: HEADER, bytes } as const;
  return {
    name: OBJECT,
    sections: [{ name: UNWIND_INDEX, flags, ...content, relocations: [], lines: [], retain: true }],
    symbols: [{ ...SYMBOL, binding: "local", type: "none", section: 0, offset: 0, size: 0 }],
    isChecked: true,
  };
}

/** Gives the index among the inputs its size, or takes it out where there is nothing to index. */
export function sizeUnwindIndex(outputs: readonly ScriptOutput[]): void {
  const index = findIndex(outputs);
  const output = index && outputs.find(({ placed }) => placed === index.output);
  if (!index || !output) return;
  const tables = tablesOf(outputs);
  const count = tables.reduce(
    (sum, { bytes }) => sum + [...entries(bytes, 0, bytes.length)].length,
    0,
  );
  index.content = { bytes: new Uint8Array(HEADER + count * ROW), relocations: [] };
  if (tables.some(({ size }) => size > 0)) return;
  index.live = false;
  index.output = undefined;
  output.placed.inputs = output.placed.inputs.filter((input) => input !== index);
  output.items = output.items.filter((item) => item.kind !== "input" || item.input !== index);
}

/** Writes the index into its output section, whose bytes are relocated. */
export function fillUnwindIndex(outputs: readonly ScriptOutput[]): void {
  const index = findIndex(outputs);
  const home = index?.output;
  const tables = tablesOf(outputs);
  const [first] = tables;
  if (!index || !home || !first) return;
  const view = new DataView(home.bytes.buffer, home.bytes.byteOffset + index.offset, index.size);
  const rows = tables.flatMap((table) => rowsOf(table));
  // What is relocated where lengths or references to common entries should be changes the entries.
  if (HEADER + rows.length * ROW !== index.size) throw damagedTable();
  rows.sort((a, b) => a.start - b.start);
  for (const [at, byte] of FORMAT.entries()) view.setUint8(at, byte);
  view.setInt32(WORD, first.address - (index.address + WORD), true);
  view.setUint32(2 * WORD, rows.length, true);
  for (const [row, { start, entry }] of rows.entries()) {
    view.setInt32(HEADER + row * ROW, start - index.address, true);
    view.setInt32(HEADER + row * ROW + WORD, entry - index.address, true);
  }
}

function findIndex(outputs: readonly ScriptOutput[]): InputSection | undefined {
  const inputs = outputs.flatMap(({ placed }) => placed.inputs);
  return inputs.find(({ object }) => object.name === OBJECT);
}

function tablesOf(outputs: readonly ScriptOutput[]): InputSection[] {
  return outputs
    .filter(({ flags }) => flags.alloc)
    .flatMap(({ placed }) => placed.inputs.filter(isUnwindTable));
}

/** Where each function's entry begins among `bytes`. */
function* entries(bytes: Uint8Array, from: number, to: number): Generator<number> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = from; at + 2 * WORD <= to; ) {
    const length = view.getUint32(at, true);
    if (length === 0) return;
    const isWhole = at + 3 * WORD <= to;
    if (isWhole && view.getUint32(at + WORD, true) !== 0) yield at;
    at += WORD + length;
  }
}

function damagedTable(): Diagnostic {
  const text = ".eh_frame cannot be indexed: relocations change the lengths of its entries";
  const remedy = "Rebuild the objects, of which one was damaged, or link without --eh-frame-hdr.";
  return new Diagnostic("ELF002", text, remedy);
}

/** The functions of one table, by address. */
function rowsOf({ output, offset, size }: InputSection): { start: number; entry: number }[] {
  if (!output) return [];
  const { bytes, address } = output;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return [...entries(bytes, offset, offset + size)].map((at) => {
    const pointer = at + WORD;
    const field = pointer + WORD;
    const encoding = pointerEncoding(bytes, pointer - view.getUint32(pointer, true));
    const value = encoding === ABSOLUTE ? view.getUint32(field, true) : view.getInt32(field, true);
    const start = encoding === ABSOLUTE ? value : address + field + value;
    return { start, entry: address + at };
  });
}

/** How the functions of the common entry at `at` are written: its augmentation says so. */
function pointerEncoding(bytes: Uint8Array, at: number): number {
  let next = at + 2 * WORD;
  const version = bytes[next++] ?? 0;
  const start = next;
  const last = start + MOST_LETTERS;
  while ((bytes[next] ?? 0) !== 0 && next < last) next += 1;
  const letters = String.fromCharCode(...bytes.subarray(start, next++));
  if (!letters.startsWith("z")) return ABSOLUTE;
  const skipNumber = () => {
    while (((bytes[next++] ?? 0) & 0x80) !== 0);
  };
  skipNumber();
  skipNumber();
  if (version === 1) next += 1;
  else skipNumber();
  skipNumber();
  for (const letter of letters.slice(1)) {
    if (letter === "R") return bytes[next] ?? ABSOLUTE;
    if (letter === "L") next += 1;
    if (letter === "P") next += 1 + WORD;
  }
  return ABSOLUTE;
}
