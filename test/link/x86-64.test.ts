// What the linker says and writes for x86-64, on objects of a few bytes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { PT_NOTE, SHT_NOTE } from "../../src/abi/elf";
import { readElf } from "../../src/link/elf/read";
import type { Layout } from "../../src/link/layout/layout";
import { parseLayout } from "../../src/link/layout/parse";
import { resolveLayout } from "../../src/link/layout/resolve";
import { link } from "../../src/link/link";
import { drawLayout } from "../../src/link/output/draw-layout";
import { elfFile } from "../../src/link/output/elf-files";
import { mapFile } from "../../src/link/output/map-file";
import { symbolFile } from "../../src/link/output/symbol-file";
import { addressOf } from "../../src/link/passes/image";
import type { ObjectFile } from "../../src/object/object";
import { objectFile, type SectionSpec } from "./build-object";
import { diagnosed } from "./expect-diagnostic";

const UPPER = 0xffffffff80000000;

function object64(name: string, specs: Record<string, SectionSpec>): ObjectFile {
  return { ...objectFile(name, specs), machine: "x86-64" };
}

const START: SectionSpec = { bytes: [0xf4, 0xeb, 0xfd], symbols: { _start: 0 } };

test("objects of two machines are refused, each by its name", () => {
  const other: ObjectFile = { ...objectFile("b.o", { ".data": { bytes: [1] } }), machine: "i386" };
  const mixed = diagnosed("LINK031", () => link([object64("a.o", { ".text": START }), other], {}));
  assert.match(mixed, /b\.o is for i386, but the link is for x86-64, as a\.o is/);
  assert.match(mixed, /-m64/);
  const said = diagnosed("LINK031", () => link([other], { machine: "x86-64", entry: "x" }));
  assert.match(said, /as the layout says/);
});

test("a file that is only data suits both machines", () => {
  const data = objectFile("b.bin", { ".data": { bytes: [7], symbols: { data: 0 } } });
  const image = link([data, object64("a.o", { ".text": START })], {});
  assert.equal(image.layout.machine, "x86-64");
});

test("the end of the address space is 0, and addresses of the upper half are negative", () => {
  const layout: Layout = {
    regions: { kernel: { start: UPPER }, tramp: { end: 2 ** 64 } },
    sections: [".text", { name: ".top", region: "tramp", load: "kernel" }],
  };
  const top: SectionSpec = {
    bytes: [0, 0, 0, 0, 0, 0, 0, 0],
    refs: [{ at: 0, to: "top_start", width: 8 }],
  };
  const image = link([object64("a.o", { ".text": START, ".top": top })], layout);
  assert.equal(image.entry, -0x80000000);
  assert.equal(addressOf(image, "top_start"), -0x1000);
  assert.equal(addressOf(image, "top_end"), 0);
  const elf = elfFile(image);
  const file = readElf(elf, "k.elf");
  assert.equal(file.entry, -0x80000000);
  const [, segment] = file.segments;
  const quad = new DataView(elf.buffer, elf.byteOffset).getBigUint64(segment?.offset ?? 0, true);
  assert.equal(quad, 0xfffffffffffff000n);
  assert.equal(segment?.loadAddress, -0x80000000 + 0x1000);
  assert.match(mapFile(image), /^fffffffffffff000 ffffffff80001000 +4096 \.top/m);
  assert.match(symbolFile(image), /^ffffffff80000000 0000000000000000 T _start$/m);
});

test("an address that does not fit is an error with symbol, place and remedy", () => {
  const high: SectionSpec = { bytes: [1], symbols: { far: 0 } };
  const refs = (kind: "absolute" | "relative" | "signed") => ({
    bytes: [0xb8, 0, 0, 0, 0],
    symbols: { _start: 0 },
    refs: [{ at: 1, to: "far", kind }],
  });
  const layout = (start: number): Layout => ({
    regions: { low: { start: 0x100000 }, high: { start } },
    sections: [".text", { name: ".data", region: "high", load: "low" }],
  });
  const at = (kind: "absolute" | "relative" | "signed", start: number) => () =>
    link([object64("a.o", { ".text": refs(kind), ".data": high })], layout(start));
  assert.match(
    diagnosed("LINK016", at("absolute", UPPER)),
    /R_X86_64_32 to "far" \(0xffffffff80000000\) at \.text\+0x1 of a\.o: -0x80000000 does not/,
  );
  assert.match(diagnosed("LINK016", at("absolute", UPPER)), /-mcmodel=kernel/);
  assert.match(diagnosed("LINK016", at("relative", 2 ** 40)), /R_X86_64_PC32 to "far"/);
  assert.match(diagnosed("LINK016", at("signed", 0x80000000)), /R_X86_64_32S to "far"/);
  assert.equal(at("signed", UPPER)().warnings.length, 0);
  assert.equal(at("absolute", 0xfffff000)().warnings.length, 0);
});

test("notes have a program header of their own", () => {
  const object = object64("a.o", { ".text": START, ".note.Xen": { bytes: [4, 0, 0, 0] } });
  const sections = object.sections.map((section) =>
    section.name === ".note.Xen" ? { ...section, note: true as const } : section,
  );
  const layout: Layout = { sections: [".text", { name: ".note.Xen", permissions: "r" }] };
  const elf = readElf(elfFile(link([{ ...object, sections }], layout)), "k.elf");
  const note = elf.segments.find(({ type }) => type === PT_NOTE);
  const section = elf.sections.find(({ type }) => type === SHT_NOTE);
  assert.equal(note?.fileSize, 4);
  assert.equal(note?.address, 0x101000);
  assert.equal(note?.offset, section?.offset);
});

test("layouts say addresses of the upper half in several ways", () => {
  const start = (text: unknown) => {
    const parsed = parseLayout({ machine: "x86-64", regions: { k: { start: text } } }, "l.json");
    return resolveLayout(parsed).regions[0];
  };
  for (const form of [UPPER, "0xffffffff80000000", "-2 GiB", "-0x8000_0000", -(2 ** 31)]) {
    assert.deepEqual([start(form)?.start, start(form)?.end], [-(2 ** 31), 0], String(form));
  }
  assert.equal(start("64 TiB")?.start, 2 ** 46);
  assert.equal(start("0xfffffffffffff123")?.start, -0xedd);
  assert.match(
    diagnosed(["LAYOUT002", "LAYOUT003"], () => start(2 ** 50)),
    /not a canonical address of 48 bits\n.*below 0x800000000000/,
  );
  diagnosed("LAYOUT013", () => start("2 GB"));
});

test("32-bit layouts refuse what only x86-64 has", () => {
  const regions = { kernel: { start: UPPER } };
  assert.match(
    diagnosed(["LAYOUT002", "LAYOUT003"], () => resolveLayout({ regions })),
    /not a 32-bit address/,
  );
  const sections = [{ name: ".names", content: "symbols" as const }];
  diagnosed("LAYOUT016", () => resolveLayout({ machine: "x86-64", sections }));
});

test("the drawing has the upper half above the lower one", () => {
  const layout: Layout = {
    regions: { kernel: { start: 0x100000 }, tramp: { end: 2 ** 64 } },
    sections: [".text", { name: ".top", region: "tramp", load: "kernel" }],
    spaces: { kernel: { regions: ["kernel", "tramp"] } },
  };
  const svg = drawLayout(
    link([object64("a.o", { ".text": START, ".top": { bytes: [1] } })], layout),
  );
  const y = (tip: string) => {
    const found = new RegExp(`y="([0-9.]+)"[^>]*><title>${tip}`).exec(svg);
    return Number(found?.[1] ?? assert.fail(tip));
  };
  assert.ok(y("\\.top rw") < y("\\.text rx"));
  assert.match(svg, />2\^64</);
  assert.match(svg, />0xfffffffffffff000</);
});
