// Names that live sections refer to and that the image does not define.

import assert from "node:assert/strict";
import { test } from "node:test";
import { link } from "../../../src/link/link";
import { nops, objectFile } from "../build-object";
import { diagnosed } from "../expect-diagnostic";
import { linkFiles, skip, workshop } from "../foreign-objects";
import { flat, start } from "../small-layouts";

test("an undefined symbol is named with its user, its line and the nearest name", () => {
  const lines = [{ offset: 0, file: "kernel/main.ts", line: 12, column: 5 }];
  const a = objectFile("a.o", {
    ".text": {
      bytes: nops(8),
      symbols: { _start: 0 },
      refs: [{ at: 4, to: "alocateFrame" }],
      lines,
    },
  });
  const b = objectFile("b.o", { ".text": { bytes: nops(4), symbols: { allocateFrame: 0 } } });
  const text = diagnosed("LINK004", () => link([a, b], flat));
  assert.match(text, /kernel\/main\.ts:12:5: error\[LINK004\]: undefined symbol "alocateFrame"/);
  assert.match(text, /used at \.text\+0x4 of a\.o/);
  assert.match(text, /Did you mean "allocateFrame"\?/);
});

test("an undefined symbol that only dropped code refers to is not an error", () => {
  const object = objectFile("a.o", {
    ...start,
    ".text.unused": { bytes: nops(4), symbols: { unused: 0 }, refs: [{ at: 0, to: "nowhere" }] },
  });
  assert.equal(link([object], { ...flat, gcSections: true }).dropped.length, 1);
});

test("an undefined weak symbol is 0", () => {
  const object = objectFile("a.o", {
    ".text": { bytes: nops(4), symbols: { _start: 0 }, refs: [{ at: 0, to: "maybe", addend: 5 }] },
  });
  const symbols = object.symbols.map((symbol) =>
    symbol.name === "maybe" ? { ...symbol, binding: "weak" as const } : symbol,
  );
  const image = link([{ ...object, symbols }], flat);
  assert.deepEqual([...(image.sections[0]?.bytes ?? [])], [5, 0, 0, 0]);
});

test("a section that the image lacks may not be referred to", { skip }, (t) => {
  const { compile } = workshop(t);
  const source = `
    __attribute__((section(".discarded"))) int gone = 1;
    int _start(void) { return gone; }
  `;
  const object = compile("start.c", source, "-g");
  const text = diagnosed("LINK024", () => linkFiles([object], { discard: [".discarded"] }));
  assert.match(text, /start\.c:3.*refers to "gone" in \.discarded of start\.o/);
});

test("a stack in a section without the flag that loads it is refused with that flag", () => {
  const refs = [{ at: 0, to: "stack_top" }];
  const object = objectFile("a.o", {
    ".text": { bytes: nops(8), symbols: { _start: 0 }, refs },
    ".bootstrap_stack": { bytes: nops(64), alloc: false, symbols: { stack_top: 64 } },
  });
  const text = diagnosed("LINK024", () => link([object], { orphans: "place" }));
  assert.match(text, /has no "a" flag[\s\S]*Write \.section \.bootstrap_stack, "a", or "aw"/);
});

test("an undefined symbol of a file that is linked as it is says how to link that", () => {
  const refs = [{ at: 0, to: "_binary_font_psf_start" }];
  const object = objectFile("a.o", { ".text": { bytes: nops(4), symbols: { _start: 0 }, refs } });
  assert.match(
    diagnosed("LINK004", () => link([object], flat)),
    /Add the file to the link: binary:FILE/,
  );
});
