// Files that are linked as they are.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { readBinary } from "../../../src/link/input/binary-object";
import { readElfObject } from "../../../src/link/input/elf-object";
import { link } from "../../../src/link/link";
import { addressOf } from "../../../src/link/passes/image";
import { objectFile } from "../build-object";
import { flat, start } from "../small-layouts";
import { run, scratch, unlessInstalled } from "../tools";

test("a file's bytes are data between two symbols, and its size is a number", () => {
  const data = { ".data": { bytes: [9], symbols: { word: 0 } } };
  const image = link(
    [objectFile("a.o", { ...start, ...data }), readBinary(Uint8Array.of(1, 2, 3), "fonts/a-b.psf")],
    flat,
  );
  assert.deepEqual([...(image.sections[2]?.bytes ?? [])], [9, 1, 2, 3]);
  assert.deepEqual(
    ["start", "end", "size"].map((edge) => addressOf(image, `_binary_fonts_a_b_psf_${edge}`)),
    [0x101001, 0x101004, 3],
  );
});

test("the object is what GNU ld makes of the file", { skip: unlessInstalled("ld") }, (t) => {
  const file = scratch(t);
  const bytes = Uint8Array.of(5, 6, 7, 8, 9);
  const [path, made] = [file("a b.bin", bytes), file("made.o")];
  run("ld", "-m", "elf_i386", "-r", "-b", "binary", path, "-o", made);
  const theirs = readElfObject(readFileSync(made), "made.o");
  const ours = readBinary(bytes, path);
  const named = ({ symbols }: typeof ours) =>
    symbols
      .filter(({ type, name }) => type !== "section" && name !== "")
      .map(({ name, binding, type, section, absolute, offset }) => {
        const where = section === undefined ? undefined : ".data";
        return { name, binding, type, where, absolute, offset };
      })
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  assert.deepEqual(named(ours), named(theirs));
  const data = theirs.sections.find(({ name }) => name === ".data");
  assert.ok(data);
  assert.deepEqual([...data.bytes], [...bytes]);
  assert.equal(ours.sections[0]?.align, data.align);
  assert.deepEqual(ours.sections[0]?.flags, data.flags);
});
