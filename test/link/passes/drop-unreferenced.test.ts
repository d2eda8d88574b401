// What the image leaves out because nothing refers to it, and what it must have.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Layout } from "../../../src/link/layout/layout";
import { link } from "../../../src/link/link";
import { addressOf, sectionAt } from "../../../src/link/passes/image";
import { nops, objectFile } from "../build-object";
import { diagnosed } from "../expect-diagnostic";
import { linkFiles, skip, workshop } from "../foreign-objects";
import { flat } from "../small-layouts";

test("what nothing refers to is dropped; fixed, kept and reachable sections stay", () => {
  const object = objectFile("a.o", {
    ".text": { bytes: nops(8), symbols: { _start: 0 }, refs: [{ at: 0, to: "used" }] },
    ".text.used": { bytes: nops(4), symbols: { used: 0 }, refs: [{ at: 0, to: "deep" }] },
    ".text.deep": { bytes: nops(4), symbols: { deep: 0 } },
    ".text.kept": { bytes: nops(4), symbols: { kept_handler: 0 } },
    ".text.unused": { bytes: nops(4), symbols: { unused: 0 } },
    ".data": { bytes: [1, 2, 3], address: 0x105000 },
  });
  const image = link([object], {
    ...flat,
    gcSections: true,
    keep: ["kept_*"],
    sections: [{ name: ".text" }, { name: ".data" }],
  });
  assert.deepEqual(
    image.dropped.map(({ section }) => section.name),
    [".text.unused"],
  );
  assert.equal(addressOf(image, "unused"), undefined);
  assert.equal(sectionAt(image, 0x105002)?.name, ".data");
});

test("a list of address ranges does not end where code was dropped", () => {
  const object = objectFile("a.o", {
    ".text": { bytes: nops(8), symbols: { _start: 0 } },
    ".text.unused": { bytes: nops(4), symbols: { unused: 0 } },
    ".debug_ranges": { bytes: Array(8).fill(0), alloc: false, refs: [{ at: 4, to: "unused" }] },
    ".debug_info": { bytes: Array(8).fill(0), alloc: false, refs: [{ at: 4, to: "unused" }] },
  });
  const image = link([object], { ...flat, gcSections: true });
  const wordOf = (name: string) => {
    const bytes = image.sections.find((section) => section.name === name)?.bytes;
    assert.ok(bytes, name);
    return new DataView(bytes.buffer).getUint32(4, true);
  };
  assert.deepEqual([".debug_ranges", ".debug_info"].map(wordOf), [1, 0]);
});

test("a missing entry point is an error that names the nearest symbol", () => {
  const object = objectFile("a.o", { ".text": { bytes: nops(4), symbols: { start: 0 } } });
  const text = diagnosed("LINK006", () => link([object], flat));
  assert.match(text, /"_start" as the entry point[\s\S]*Did you mean "start"\?/);
});

test("gc-sections drops what nothing needs, and keeps what is marked", { skip }, (t) => {
  const { compile } = workshop(t);
  const source = `
    int unused(void) { return 1; }
    int used(void) { return 2; }
    __attribute__((constructor)) void construct(void) {}
    __attribute__((retain, used)) int retained = 5;
    void _start(void) { used(); }
  `;
  const object = compile(
    "start.c",
    source,
    "-ffunction-sections",
    "-fdata-sections",
    "-fno-inline",
    "-O0",
  );
  const names = (layout: Layout) =>
    ["unused", "used", "construct", "retained"].filter(
      (name) => addressOf(linkFiles([object], layout), name) !== undefined,
    );
  assert.deepEqual(names({}), ["unused", "used", "construct", "retained"]);
  assert.deepEqual(names({ gcSections: true }), ["used", "construct", "retained"]);
});
