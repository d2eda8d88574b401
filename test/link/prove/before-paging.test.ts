// The proof that code before paging refers to nothing that only paging shows.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Layout } from "../../../src/link/layout/layout";
import { link } from "../../../src/link/link";
import { nops, objectFile, type SectionSpec } from "../build-object";
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

/** Boot code that refers to `names`, and a function `setup` of its own section. */
function boot(names: readonly string[], more: Record<string, SectionSpec> = {}) {
  return objectFile("b.o", {
    ".text": {
      bytes: nops(64),
      symbols: { _start: 0, paging_is_on: 32 },
      refs: names.map((to, index) => ({ at: index * 4, to })),
      lines: [{ offset: 0, file: "boot.asm.ts", line: 9, column: 1 }],
    },
    ".data": { bytes: nops(4), symbols: { lowWord: 0, enter: 0, cr3_word: 0 } },
    ".top.text": { bytes: nops(4), symbols: { entry: 0 } },
    ".top.data": { bytes: nops(4), symbols: { gdt: 0 } },
    ...more,
  });
}

test("code before paging may name what is identity mapped, and addresses as numbers", () => {
  link([boot(["lowWord", "paging_is_on", "top_text_load", "top_text_start"])], layout);
});

test("code before paging that names a high address is refused with both addresses", () => {
  const text = diagnosed("LINK019", () => link([boot(["lowWord", "gdt"])], layout));
  assert.match(text, /^boot\.asm\.ts:9:1: error/);
  assert.match(text, /"_start" runs before paging and refers to "gdt" at 0xfffff000/);
  assert.match(text, /\.top\.data, loaded at 0x00103000\), at \.text\+0x4 of b\.o/);
});

test("the walk follows calls, and says how it got there", () => {
  const more = {
    ".text.setup": { bytes: nops(8), symbols: { setup: 0 }, refs: [{ at: 0, to: "fill" }] },
    ".text.fill": { bytes: nops(8), symbols: { fill: 0 }, refs: [{ at: 4, to: "entry" }] },
  };
  const text = diagnosed("LINK019", () => link([boot(["setup"], more)], layout));
  assert.match(text, /"fill" runs before paging \(reached from setup, from _start\)/);
});

test("the walk stops at a barrier, whether it is called or run into", () => {
  const past = Array.from({ length: 9 }, (_, index) => (index === 8 ? "gdt" : "lowWord"));
  link([boot(past)], layout); // the ninth lies at offset 32, past the barrier
  const more = {
    ".text.later": { bytes: nops(8), symbols: { later: 0 }, refs: [{ at: 0, to: "gdt" }] },
  };
  const beforePaging = { roots: ["_start"], barriers: ["paging_is_on", "later"] };
  link([boot(["later"], more)], { ...layout, beforePaging });
});

test("a recursion before paging ends the walk", () => {
  const more = {
    ".text.a": { bytes: nops(4), symbols: { a: 0 }, refs: [{ at: 0, to: "b" }] },
    ".text.b": { bytes: nops(4), symbols: { b: 0 }, refs: [{ at: 0, to: "a" }] },
  };
  link([boot(["a"], more)], layout);
});

test("a root that is linked high is refused", () => {
  const beforePaging = { roots: ["_start", "entry"] };
  const text = diagnosed("LINK019", () => link([boot([])], { ...layout, beforePaging }));
  assert.match(text, /"entry" runs before paging \(named by the layout\)/);
});

test("a root that does not exist is an error", () => {
  const beforePaging = { roots: ["_strat"] };
  assert.match(
    diagnosed("LINK006", () => link([boot([])], { ...layout, beforePaging })),
    /"_strat" as code that runs before paging[\s\S]*"_start"/,
  );
});

test("symbols outside their section are numbers; as a root, one is what is loaded there", () => {
  /** The offset of a physical address in a section that is linked at `start`. */
  const physical = (address: number, start: number) => ({ offset: address - start + 2 ** 32 });
  const gdtLoad = physical(0x103000, 0xfffff000);
  const gdt = { ".top.data": { bytes: nops(4), symbols: { gdt: 0, gdtLoad } } };
  link([boot(["gdtLoad"], gdt)], layout);
  const low = physical(0x102001, 0xffffe000);
  const entry = { ".top.text": { bytes: nops(4), symbols: { entry: 0, low } } };
  const text = diagnosed("LINK019", () => {
    link([boot([], entry)], { ...layout, beforePaging: { roots: ["low"] } });
  });
  assert.match(text, /"low" runs before paging .* but is linked at 0xffffe000/);
});

test("an address that is made physical by its addend may be named", () => {
  const refs = (addend: number) => ({
    ".text": {
      bytes: nops(64),
      symbols: { _start: 0, paging_is_on: 32 },
      refs: [{ at: 0, to: "gdt", addend }],
    },
  });
  link([boot([], refs(0x103000 - 0xfffff000 + 2))], layout);
  diagnosed("LINK019", () => link([boot([], refs(2))], layout));
  diagnosed("LINK019", () => link([boot([], refs(0x105000 - 0xfffff000))], layout));
});
