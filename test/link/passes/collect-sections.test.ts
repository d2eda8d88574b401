// Objects that break the object model, and copies that several objects bring.

import assert from "node:assert/strict";
import { test } from "node:test";
import { link } from "../../../src/link/link";
import { elfFile } from "../../../src/link/output/elf-files";
import { nops, objectFile } from "../build-object";
import { diagnosed } from "../expect-diagnostic";
import { linkFiles, skip, workshop } from "../foreign-objects";
import { flat } from "../small-layouts";
import { run } from "../tools";

test("a malformed object is refused, not linked", () => {
  const good = objectFile("a.o", { ".text": { bytes: nops(4), symbols: { _start: 0 } } });
  const [section] = good.sections;
  assert.ok(section);
  const broken = [
    { ...section, size: 9 },
    { ...section, align: 3 },
    {
      ...section,
      relocations: [
        { offset: 2, kind: "absolute" as const, width: 4 as const, symbol: 0, addend: 0 },
      ],
    },
    {
      ...section,
      relocations: [
        { offset: 0, kind: "absolute" as const, width: 4 as const, symbol: 9, addend: 0 },
      ],
    },
  ];
  for (const bad of broken) diagnosed("LINK001", () => link([{ ...good, sections: [bad] }], flat));
});

test("a template in two objects is in the image once, its debug information too", { skip }, (t) => {
  const { compile, file } = workshop(t);
  const header = "template <class T> struct Box { T v; T get() { return v * 3; } };\n";
  const a = compile(
    "a.cpp",
    `${header}int f(Box<int> &); Box<int> b; extern "C" void _start() { b.get(); f(b); }`,
    "-g",
    "-O0",
  );
  const b = compile("b.cpp", `${header}int f(Box<int> &b) { return b.get(); }`, "-g", "-O0");
  const image = linkFiles([a, b]);
  const copies = image.symbols.filter(({ name }) => name === "_ZN3BoxIiE3getEv");
  assert.equal(copies.length, 1);
  const elf = file("k.elf", elfFile(image));
  const text = run("readelf", "--debug-dump=decodedline", elf);
  assert.doesNotMatch(text, /warning|corrupt/i);
});
