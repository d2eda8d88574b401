// The linker's Huffman codes, read back by the description in src/abi/symbol-table.ts.

import assert from "node:assert/strict";
import { test } from "node:test";
import { CODE_COUNT, CODE_LENGTHS, CODE_SYMBOLS } from "../../../src/abi/symbol-table";
import { ByteWriter } from "../../../src/base/byte-writer";
import { CodedBytes, PrefixCodes } from "../../../src/link/passes/prefix-codes";

/** What a reader makes of the written codes and bits, and how many bytes the bits take. */
function writtenAndRead(text: CodedBytes): { bytes: number[]; size: number; longest: number } {
  const out = new ByteWriter();
  const codes = new PrefixCodes([text]);
  codes.writeCodes(out);
  const start = out.length;
  codes.write(text, out);
  const view = new DataView(out.finish().slice().buffer);
  let bit = start * 8;
  let longest = 0;
  const next = (number: number): number => {
    const place = view.getUint32(number * 4, true);
    let symbol = place + CODE_SYMBOLS;
    let bits = 0;
    for (let length = 0; length < CODE_LENGTHS; length++) {
      bits = bits * 2 + ((view.getUint8(bit >> 3) >> (bit & 7)) & 1);
      bit += 1;
      longest = Math.max(longest, length + 1);
      const count = view.getUint16(place + length * 2, true);
      if (bits < count) return view.getUint8(symbol + bits);
      bits -= count;
      symbol += count;
    }
    throw new Error("no symbol has these bits");
  };
  return { bytes: text.codes.map(next), size: view.byteLength - start, longest };
}

test("bytes of several codes come back in their order", () => {
  const text = new CodedBytes();
  for (let at = 0; at < 3000; at++) {
    text.byte(at % CODE_COUNT, (at * at) % (3 + 28 * (at % CODE_COUNT)));
  }
  assert.deepEqual(writtenAndRead(text).bytes, text.bytes);
});

test("a code of one symbol has a bit for it, and a code of none takes no bytes of symbols", () => {
  const text = new CodedBytes();
  for (let at = 0; at < 9; at++) text.byte(4, 200);
  assert.deepEqual(writtenAndRead(text), { bytes: text.bytes, size: 2, longest: 1 });
});

test("all 256 bytes, as often as each other, have eight bits", () => {
  const text = new CodedBytes();
  for (let byte = 0; byte < 256; byte++) text.byte(0, byte);
  assert.deepEqual(writtenAndRead(text), { bytes: text.bytes, size: 256, longest: 8 });
});

test("no symbol has more bits than the format allows, however rare it is", () => {
  const text = new CodedBytes();
  // Fibonacci's numbers as counts make the deepest tree: 19 bits, of 20 symbols.
  for (let symbol = 0, [a, b] = [1, 1]; symbol < 20; symbol++, [a, b] = [b, a + b]) {
    for (let use = 0; use < a; use++) text.byte(1, symbol);
  }
  const { bytes, longest } = writtenAndRead(text);
  assert.deepEqual(bytes, text.bytes);
  assert.ok(longest <= CODE_LENGTHS, `${longest} bits`);
});

test("numbers are LEB128, in the code that they are given", () => {
  const text = new CodedBytes();
  text.uleb(2, 300);
  text.sleb(3, -2);
  text.text(4, Uint8Array.of(0x61));
  assert.deepEqual(text.bytes, [0xac, 0x02, 0x7e, 0x61, 0]);
  assert.deepEqual(text.codes, [2, 2, 3, 4, 4]);
});
