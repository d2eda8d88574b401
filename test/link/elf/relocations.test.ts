// The relocation types of i386: the psABI's numbers, and what they mean to the linker.

import assert from "node:assert/strict";
import { test } from "node:test";
import { I386_RELOCATIONS } from "../../../src/link/elf/relocations";

const PLT32 = 4;

test("each number that is read is written again, but for calls that might leave the image", () => {
  const known = Array.from({ length: 256 }, (_, number) => I386_RELOCATIONS.type(number)).filter(
    (type) => type !== undefined,
  );
  assert.equal(known.length, 13);
  for (const { number, kind, width } of known) {
    const written = I386_RELOCATIONS.typeFor(kind, width);
    if (number === PLT32) assert.equal(written.name, "R_386_PC32");
    else assert.equal(written.number, number);
  }
});

test("the psABI's widths and kinds", () => {
  const facts = (number: number) => {
    const type = I386_RELOCATIONS.type(number);
    return type && [type.name, type.kind, type.width];
  };
  assert.deepEqual(facts(1), ["R_386_32", "absolute", 4]);
  assert.deepEqual(facts(2), ["R_386_PC32", "relative", 4]);
  assert.deepEqual(facts(9), ["R_386_GOTOFF", "got-offset", 4]);
  assert.deepEqual(facts(10), ["R_386_GOTPC", "got-address", 4]);
  assert.deepEqual(facts(17), ["R_386_TLS_LE", "thread", 4]);
  assert.deepEqual(facts(32), ["R_386_TLS_LDO_32", "thread-block", 4]);
  assert.deepEqual(facts(20), ["R_386_16", "absolute", 2]);
  assert.deepEqual(facts(23), ["R_386_PC8", "relative", 1]);
  assert.deepEqual(facts(43), ["R_386_GOT32X", "got-relaxable", 4]);
});

test("types for shared libraries are known by name and refused", () => {
  assert.equal(I386_RELOCATIONS.type(7), undefined);
  assert.equal(I386_RELOCATIONS.refusedName(7), "R_386_JUMP_SLOT");
  assert.equal(I386_RELOCATIONS.refusedName(200), undefined);
});

test("asking for a type that the machine lacks is a bug", () => {
  assert.throws(() => I386_RELOCATIONS.typeFor("got", 1), /no relocation type is got with 1 byte/);
});
