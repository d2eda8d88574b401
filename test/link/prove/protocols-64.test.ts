// What loaders of 64-bit kernels demand, as far as a link can prove it.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Layout } from "../../../src/link/layout/layout";
import { link } from "../../../src/link/link";
import type { ObjectFile } from "../../../src/object/object";
import { nops, objectFile } from "../build-object";
import { diagnosed } from "../expect-diagnostic";

const UPPER = 0xffffffff80000000;

/** A kernel with a note of PVH, or one of another type, or one that is not marked as a note. */
function kernel(entry: number, type = 18, isNote = true): ObjectFile {
  const words = [4, 4, type].flatMap((value) => [value, 0, 0, 0]);
  const address = [0, 8, 16, 24].map((shift) => (entry >>> shift) & 0xff);
  const bytes = [...words, ..."Xen\0".split("").map((c) => c.charCodeAt(0)), ...address];
  const object = objectFile("boot.o", {
    ".text": { bytes: nops(8), symbols: { _start: 0 } },
    ".note.Xen": { bytes, align: 4 },
  });
  const sections = object.sections.map((section) =>
    section.name === ".note.Xen" && isNote ? { ...section, note: true as const } : section,
  );
  return { ...object, machine: "x86-64", sections };
}

const pvh: Layout = {
  boot: ["pvh"],
  regions: { low: { start: 0x200000 }, high: { load: "low", offset: UPPER } },
  sections: [
    { name: ".note.Xen", region: "high", permissions: "r" },
    { name: ".text", region: "high" },
  ],
};

test("a note of PVH names code where it is loaded", () => {
  assert.equal(link([kernel(0x201000)], pvh).entry, -0x80000000 + 0x201000);
  assert.match(
    diagnosed("LINK033", () => link([kernel(0x200000)], pvh)),
    /PVH, 0x00200000, is not where code is loaded/,
  );
  assert.match(
    diagnosed("LINK033", () => link([kernel(0x201000, 17)], pvh)),
    /there is no note of PVH/,
  );
  diagnosed("LINK033", () => link([kernel(0x201000, 18, false)], pvh));
});

test("what 32-bit loaders load is below 4 GiB", () => {
  const regions = { high: { start: UPPER } };
  assert.match(
    diagnosed(["LINK033", "LINK034"], () => link([kernel(0x201000)], { ...pvh, regions })),
    /section \.note\.Xen is loaded at 0xffffffff80000000, beyond 4 GiB/,
  );
});

test("Limine wants the upper 2 GiB, and not its last byte", () => {
  const at = (start: number): Layout => ({
    boot: "limine",
    regions: { kernel: { start } },
    sections: [".text"],
  });
  assert.equal(link([kernel(0)], at(UPPER)).entry, -0x80000000);
  assert.match(
    diagnosed("LINK035", () => link([kernel(0)], at(0x100000))),
    /section \.text at 0x00100000 is below the upper 2 GiB/,
  );
  const end: Layout = { boot: "limine", regions: { top: { end: 2 ** 64 } }, sections: [".text"] };
  assert.match(
    diagnosed("LINK035", () => link([kernel(0)], end)),
    /ends at 2\^64, which Limine takes for 0/,
  );
  const old: ObjectFile = { ...kernel(0), machine: "i386" };
  diagnosed("LINK035", () => link([old], { boot: "limine", sections: [".text"] }));
});
