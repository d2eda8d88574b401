// The reader of line tables, on units made by hand; gcc's are read in other tests.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteWriter } from "../../../src/base/byte-writer";
import { readLineRanges } from "../../../src/link/check/line-ranges";
import { type LineRow, readLineRows } from "../../../src/link/input/line-rows";

/** A unit of DWARF 2 whose line program is `program`. */
function unit(program: readonly number[]): Uint8Array {
  const out = new ByteWriter();
  out.u32(0);
  out.u16(2);
  const start = out.length;
  out.u32(0);
  out.bytes([1, 1, 0xfb, 14, 10]); // instructions of a byte, lines from -5, 14 of them, opcodes
  out.bytes([0, 1, 1, 1, 1, 0, 0, 0, 1]);
  out.u8(0); // no directories
  out.cstring("a.c");
  out.bytes([0, 0, 0, 0]);
  out.patchU32(start, out.length - start - 4);
  out.bytes(program);
  out.patchU32(0, out.length - 4);
  return out.finish();
}

const SET_ADDRESS = [0, 5, 2];
const END = [0, 1, 1];
const COPY = 1;
const ADVANCE_PC = 2;
const ADVANCE_LINE = 3;
const none = new Uint8Array(0);

function rowsOf(line: Uint8Array): LineRow[] {
  const rows: LineRow[] = [];
  readLineRows({ line, lineStrings: none, strings: none }, (row) => rows.push(row));
  return rows;
}

test("a row holds up to the next one, and nothing past the end of its sequence", () => {
  const first = [...SET_ADDRESS, 0, 0x10, 0, 0, COPY, ADVANCE_PC, 4, ...END];
  const second = [...SET_ADDRESS, 0, 0x20, 0, 0, COPY, ADVANCE_PC, 2, ...END];
  const line = unit([...first, ...second]);
  assert.deepEqual(readLineRanges({ line, lineStrings: none, strings: none }), [
    { start: 0x1000n, end: 0x1004n, file: "a.c", line: 1 },
    { start: 0x2000n, end: 0x2002n, file: "a.c", line: 1 },
  ]);
  const origins = rowsOf(line).map(({ origin = -1 }) => line[origin + 1]);
  assert.deepEqual(origins, [0x10, 0x10, 0x20, 0x20], "where the addresses stand");
});

test("each sequence begins at line 1 of the first file again", () => {
  const first = [...SET_ADDRESS, 0, 0x10, 0, 0, ADVANCE_LINE, 40, COPY, ADVANCE_PC, 4, ...END];
  const second = [...SET_ADDRESS, 0, 0x20, 0, 0, ADVANCE_LINE, 2, COPY, ADVANCE_PC, 2, ...END];
  const line = unit([...first, ...second]);
  assert.deepEqual(readLineRanges({ line, lineStrings: none, strings: none }), [
    { start: 0x1000n, end: 0x1004n, file: "a.c", line: 41 },
    { start: 0x2000n, end: 0x2002n, file: "a.c", line: 3 },
  ]);
});

test("a unit that is cut off does not run into the next", () => {
  const torn = unit([...SET_ADDRESS, 0, 0x10, 0, 0, COPY]);
  const whole = unit([...SET_ADDRESS, 0, 0x20, 0, 0, COPY, ADVANCE_PC, 2, ...END]);
  const line = Uint8Array.from([...torn, ...whole]);
  assert.deepEqual(readLineRanges({ line, lineStrings: none, strings: none }), [
    { start: 0x2000n, end: 0x2002n, file: "a.c", line: 1 },
  ]);
});

test("a number of hundreds of bytes ends the unit, and nothing more", () => {
  const long = new Array<number>(400).fill(0xff);
  const line = Uint8Array.from([...unit([COPY, ADVANCE_PC, ...long, 1]), ...unit([COPY, ...END])]);
  assert.deepEqual(
    rowsOf(line).map(({ isEnd }) => isEnd),
    [false, false, true],
  );
});
