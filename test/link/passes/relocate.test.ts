// Relocations: what they compute, and results that do not fit.

import assert from "node:assert/strict";
import { test } from "node:test";
import { readElfObject } from "../../../src/link/input/elf-object";
import type { Layout } from "../../../src/link/layout/layout";
import { link } from "../../../src/link/link";
import { writeElfObject } from "../../../src/link/output/write-elf-object";
import { addressOf } from "../../../src/link/passes/image";
import { nops, objectFile } from "../build-object";
import { diagnosed } from "../expect-diagnostic";
import { flat } from "../small-layouts";

test("S + A and S + A - P, in the widths of the psABI", () => {
  const bytes = new Uint8Array(16).fill(0x90);
  const object = objectFile("a.o", {
    ".text": {
      bytes,
      symbols: { _start: 0, here: 4 },
      refs: [
        { at: 0, to: "here", addend: 3 },
        { at: 4, to: "_start", kind: "relative", addend: -4 },
        { at: 8, to: "text_size", kind: "absolute", width: 2, addend: -1 },
        { at: 10, to: "here", kind: "relative", width: 2, addend: -2 },
        { at: 12, to: "text_size", kind: "absolute", width: 1 },
        { at: 13, to: "_start", kind: "relative", width: 1, addend: -1 },
      ],
    },
  });
  const { bytes: patched } = link([object], flat).sections[0] ?? { bytes: new Uint8Array() };
  const view = new DataView(patched.buffer);
  assert.equal(view.getUint32(0, true), 0x100007);
  assert.equal(view.getInt32(4, true), -8);
  assert.equal(view.getUint16(8, true), 15);
  assert.equal(view.getInt16(10, true), -8);
  assert.equal(view.getUint8(12), 16);
  assert.equal(view.getInt8(13), -14);
});

test("a result that does not fit its field is an error with symbol, place and value", () => {
  const lines = [{ offset: 0, file: "boot.asm.ts", line: 7, column: 2 }];
  const refs = [{ at: 2, to: "_start", kind: "absolute" as const, width: 2 as const }];
  const object = objectFile("a.o", {
    ".text": { bytes: nops(8), symbols: { _start: 0 }, refs, lines },
  });
  const text = diagnosed("LINK016", () => link([object], flat));
  assert.match(text, /boot\.asm\.ts:7:2: error.*R_386_16 to "_start" \(0x00100000\)/);
  assert.match(text, /\.text\+0x2 of a\.o: 0x100000 does not fit/);
});

test("a symbol may lie outside its section, and its address wraps", () => {
  const higher: Layout = {
    regions: { high: { start: 0xc0100000 } },
    sections: [{ name: ".text" }, { name: ".data" }],
  };
  const object = objectFile("a.o", {
    ".text": {
      bytes: nops(24),
      symbols: { entry: 12, _start: { offset: 0x4000000c }, narrow: { offset: 0x3ff00010 } },
      refs: [
        { at: 0, to: "_start", addend: 4 },
        { at: 4, to: "below" },
        { at: 8, to: "_start", kind: "relative", addend: -4 },
        { at: 12, to: "narrow", width: 2, addend: -24 },
      ],
    },
    ".data": { bytes: nops(4), symbols: { below: { offset: 0xfffffff0 } } },
  });
  const image = link([readElfObject(writeElfObject(object), "a.o")], higher);
  assert.equal(image.entry, 0x0010000c);
  assert.equal(addressOf(image, "below"), 0xc0100ff0);
  const view = new DataView(image.sections[0]?.bytes.buffer ?? new ArrayBuffer(0));
  assert.equal(view.getUint32(0, true), 0x00100010);
  assert.equal(view.getUint32(4, true), 0xc0100ff0);
  assert.equal(view.getUint32(8, true), (0x0010000c - 4 - 0xc0100008) >>> 0);
  assert.equal(view.getInt16(12, true), -8);
});
