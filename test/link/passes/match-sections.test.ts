// Which output section takes an input section.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Layout } from "../../../src/link/layout/layout";
import { link } from "../../../src/link/link";
import { addressOf } from "../../../src/link/passes/image";
import { nops, objectFile } from "../build-object";
import { diagnosed } from "../expect-diagnostic";
import { linkFiles, skip, workshop } from "../foreign-objects";
import { flat, start } from "../small-layouts";

test("a section that no rule takes is an error that names section and object", () => {
  const object = objectFile("a.o", { ...start, ".eh_frame_data": { bytes: [1] } });
  const text = diagnosed("LINK005", () => link([object], flat));
  assert.match(text, /takes section \.eh_frame_data of a\.o/);
});

test("the first rule that matches takes a section, by section and object name", () => {
  const layout: Layout = {
    ...flat,
    keep: ["*"],
    sections: [
      { name: ".first", permissions: "rx", inputs: [{ sections: ".text*", objects: "*/first.o" }] },
      { name: ".text", inputs: [".text", { sections: ".text.*", sort: "name" }] },
    ],
  };
  const first = objectFile("lib/first.o", { ".text.z": { bytes: nops(4), symbols: { z: 0 } } });
  const rest = objectFile("rest.o", {
    ".text.b": { bytes: nops(4), symbols: { b: 0 } },
    ".text.a": { bytes: nops(4), symbols: { a: 0 } },
    ".text": { bytes: nops(4), symbols: { _start: 0 } },
  });
  const image = link([rest, first], layout);
  const order = ["z", "_start", "a", "b"].map((name) => addressOf(image, name));
  assert.deepEqual(order, [0x100000, 0x101000, 0x101004, 0x101008]);
});

test("orphans are an error by default, or go after their like", { skip }, (t) => {
  const { compile } = workshop(t);
  const source = `
    __attribute__((section("descriptors"))) int table = 5;
    __attribute__((section("texts"))) const char text[] = "x";
    __attribute__((section("earliest"))) void early(void) {}
    void _start(void) {}
  `;
  const object = compile("start.c", source);
  diagnosed(["LINK005", "LINK005", "LINK005"], () => linkFiles([object]));
  const image = linkFiles([object], { orphans: "place" });
  const home = (name: string) =>
    image.symbols.find((symbol) => symbol.name === name)?.input?.output?.name;
  assert.deepEqual(["table", "text", "early"].map(home), [".data", ".rodata", ".text"]);
});

test("notes and unwind tables are left out, unless a rule asks for them", { skip }, (t) => {
  const { compile } = workshop(t);
  const object = compile("start.c", "void _start(void) {}", "-fasynchronous-unwind-tables");
  assert.equal(linkFiles([object]).sections.length, 4);
  const kept = linkFiles([object], {
    sections: [".text", ".rodata", { name: ".eh_frame", permissions: "r" }, ".data", ".bss"],
  });
  assert.ok((kept.sections.find(({ name }) => name === ".eh_frame")?.size ?? 0) > 20);
});

test("a section without the flag that loads it is taken by its rule, with a warning", () => {
  const object = objectFile("a.o", {
    ".multiboot": { bytes: [1, 2, 3, 4], alloc: false },
    ".text": { bytes: nops(8), symbols: { _start: 0 }, refs: [{ at: 0, to: "stack_top" }] },
    ".bootstrap_stack": { bytes: nops(64), alloc: false, symbols: { stack_top: 64 } },
    ".comment": { bytes: [5], alloc: false },
    ".debug_info": { bytes: [6], alloc: false },
  });
  const layout: Layout = {
    gcSections: true,
    sections: [".text", { name: ".bss", inputs: [".bss", ".bootstrap_stack", ".*"] }],
  };
  const image = link([object], layout);
  assert.deepEqual([...(image.sections[0]?.bytes.subarray(0, 4) ?? [])], [1, 2, 3, 4]);
  assert.equal(addressOf(image, "stack_top"), 0x101040);
  assert.equal(image.sections[1]?.size, 64);
  assert.deepEqual(
    image.warnings.map(({ message }) => message.split(" of a.o ")),
    [
      ["section .multiboot", 'has no "a" flag: write .section .multiboot, "a"'],
      ["section .bootstrap_stack", 'has no "a" flag: write .section .bootstrap_stack, "aw"'],
    ],
  );
});

test("a rule can have even what tools leave in objects, by its name", () => {
  const object = objectFile("a.o", { ...start, ".comment": { bytes: [5], alloc: false } });
  const rodata = { name: ".rodata", inputs: [".comment"] };
  const image = link([object], { sections: [".text", rodata] });
  assert.deepEqual([...(image.sections[1]?.bytes ?? [])], [5]);
});
