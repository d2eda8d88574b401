// Objects as ELF files: what is written can be read again.

import assert from "node:assert/strict";
import { test } from "node:test";
import { readElfObject } from "../../../src/link/input/elf-object";
import { writeElfObject } from "../../../src/link/output/write-elf-object";
import type { ObjectFile } from "../../../src/object/object";
import { nops, objectFile } from "../build-object";
import { diagnosed } from "../expect-diagnostic";

test("an object survives being written and read, except for lines and fixed addresses", () => {
  const object = objectFile("a.o", {
    ".text": {
      bytes: nops(40),
      align: 16,
      symbols: { f: 4, local: { offset: 8, binding: "local", size: 3 } },
      refs: [
        { at: 0, to: "f", addend: 0x1234 },
        { at: 4, to: "outside", kind: "relative", addend: -4 },
        { at: 8, to: "local", kind: "absolute", width: 2, addend: -2 },
        { at: 10, to: "local", kind: "relative", width: 2, addend: -2 },
        { at: 12, to: "f", kind: "absolute", width: 1, addend: 5 },
        { at: 13, to: "f", kind: "relative", width: 1, addend: -1 },
      ],
    },
    ".bss": { zeros: 100, align: 32, symbols: { space: { type: "object", binding: "weak" } } },
    ".comment": { bytes: [1, 2, 3], alloc: false },
  });
  const again = readElfObject(writeElfObject(object), "a.o");
  const byName = <T extends { readonly name: string }>(list: readonly T[]) =>
    [...list].sort((a, b) => (a.name < b.name ? -1 : 1));
  const content = again.sections.filter(({ name }) => name !== ".note.GNU-stack");
  assert.deepEqual(content.map(comparable), object.sections.map(comparable));
  assert.deepEqual(byName(again.symbols), byName(object.symbols));
  assert.deepEqual(targets(again), targets(object));
});

/** What must survive; bytes that a relocation patches are ignored. */
function comparable(section: ObjectFile["sections"][number]) {
  const { name, type, flags, align, size, lines } = section;
  const bytes = section.bytes.slice();
  for (const { offset, width } of section.relocations) bytes.fill(0, offset, offset + width);
  const relocations = section.relocations.map((relocation) => ({ ...relocation, symbol: 0 }));
  return { name, type, flags, align, size, lines, bytes, relocations };
}

function targets(object: ObjectFile): (string | undefined)[] {
  return object.sections.flatMap(({ relocations }) =>
    relocations.map(({ symbol }) => object.symbols[symbol]?.name),
  );
}

test("an addend that REL cannot hold is refused", () => {
  const object = objectFile("a.o", {
    ".text": {
      bytes: nops(4),
      symbols: { f: 0 },
      refs: [{ at: 0, to: "f", kind: "absolute", width: 1, addend: 999 }],
    },
  });
  diagnosed("ELF005", () => writeElfObject(object));
});
