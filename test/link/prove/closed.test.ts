// The proof that the trampoline is closed.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Layout } from "../../../src/link/layout/layout";
import { link } from "../../../src/link/link";
import { nops, objectFile } from "../build-object";
import { diagnosed } from "../expect-diagnostic";

const layout: Layout = {
  name: "k",
  regions: { low: { start: 0x100000 }, top: { end: 0x1_0000_0000 } },
  sections: [
    { name: ".text" },
    { name: ".data" },
    { name: ".top.text", region: "top", load: "low" },
    { name: ".top.data", region: "top", load: "low" },
  ],
  closed: [{ name: "trampoline", sections: [".top.text", ".top.data"], exits: ["enter", "cr3_*"] }],
  beforePaging: { roots: ["_start"], barriers: ["paging_is_on"] },
};

const lines = [{ offset: 0, file: "trampoline.asm.ts", line: 40, column: 3 }];

/** A kernel whose trampoline refers to `names`. */
function kernel(names: readonly string[]) {
  return objectFile("t.o", {
    ".text": { bytes: nops(16), symbols: { _start: 0, enter: 8, secret: 12 } },
    ".data": { bytes: nops(8), symbols: { cr3_word: 0, password: 4 } },
    ".top.text": {
      bytes: nops(names.length * 4),
      symbols: { entry: 0 },
      refs: names.map((to, index) => ({ at: index * 4, to })),
      lines,
    },
    ".top.data": { bytes: nops(4), symbols: { gdt: 0 }, refs: [{ at: 0, to: "entry" }] },
  });
}

test("a trampoline may name itself, its exits and the linker's numbers about it", () => {
  link([kernel(["gdt", "entry", "enter", "cr3_word", "top_text_start", "top_data_load"])], layout);
});

test("a trampoline that names code outside is refused with symbol, object, place and line", () => {
  const text = diagnosed("LINK017", () => link([kernel(["gdt", "secret"])], layout));
  assert.match(text, /^trampoline\.asm\.ts:40:3: error/);
  assert.match(text, /trampoline refers to "secret" in \.text at 0x0010000c/);
  assert.match(text, /at \.top\.text\+0x4 of t\.o/);
});

test("proofs show names of C++ and Rust as programmers write them", () => {
  const panic = "_ZN6kernel5panicEv";
  const spin = "_RNvCs1_6kernel4spin";
  const outside = objectFile("o.o", {
    ".text": { bytes: nops(8), symbols: { [panic]: 0, [spin]: 4 } },
  });
  const codes = ["LINK017", "LINK017"];
  const text = diagnosed(codes, () => link([kernel([panic, spin]), outside], layout));
  assert.match(text, /refers to "kernel::panic\(\)" \(_ZN6kernel5panicEv\) in \.text/);
  assert.match(text, /refers to "kernel::spin" \(_RNvCs1_6kernel4spin\) in \.text/);
});

test("every violation is reported: data, and the linker's symbols of other sections", () => {
  diagnosed(["LINK017", "LINK017"], () => link([kernel(["password", "text_start"])], layout));
});

test("data of the trampoline is held to the same rule", () => {
  const object = objectFile("d.o", {
    ".text": { bytes: nops(4), symbols: { _start: 0 } },
    ".data": { bytes: nops(4), symbols: { table: 0 } },
    ".top.data": { bytes: nops(8), refs: [{ at: 4, to: "table" }] },
  });
  assert.match(
    diagnosed("LINK017", () => link([object], layout)),
    /"table" in \.data at 0x[0-9a-f]+, which is not part of it, at \.top\.data\+0x4 of d\.o/,
  );
});

test("an exit that nothing defines is a warning", () => {
  const closed = [{ name: "trampoline", sections: [".top.text"], exits: ["entr", "gdt"] }];
  const { warnings } = link([kernel([])], { ...layout, closed });
  assert.deepEqual(
    warnings.map(({ code, message }) => [code, /"entr"/.test(message)]),
    [["LINK018", true]],
  );
});
