// What the passes do with objects: names, dropping, matching, placing, relocating.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Layout } from "../../src/link/layout/layout";
import { link } from "../../src/link/link";
import { writeElf } from "../../src/link/output/write-elf";
import { addressOf, sectionAt } from "../../src/link/passes/image";
import { nops, objectFile } from "./build-object";
import { diagnosed } from "./expect-diagnostic";

const flat: Layout = {
  name: "flat",
  regions: { low: { start: 0x100000 } },
  sections: [{ name: ".text" }, { name: ".rodata" }, { name: ".data" }, { name: ".bss" }],
};

const topText = { name: ".top.text", region: "top", load: "low", keep: true } as const;
const topData = { name: ".top.data", region: "top", load: "low", keep: true } as const;
const parked: Layout = {
  ...flat,
  regions: { low: { start: 0x100000 }, top: { end: 0x1_0000_0000 } },
  sections: [{ name: ".text" }, topText, topData],
};

const start = { ".text": { bytes: nops(4), symbols: { _start: 0 } } };

test("sections of an end-anchored region end at 4 GiB, whatever their size", () => {
  for (const size of [1, 100, 4095, 4096, 4097, 12000]) {
    const image = link(
      [objectFile("a.o", { ...start, ".top.text": { bytes: nops(size) } })],
      parked,
    );
    const section = image.sections.find(({ name }) => name === ".top.text");
    assert.equal(section?.end, 0x1_0000_0000);
    assert.equal(section?.address, 0x1_0000_0000 - Math.ceil(size / 4096) * 4096);
  }
});

test("end-anchored sections lie in the layout's order, the last one at the end", () => {
  const object = objectFile("a.o", {
    ...start,
    ".top.text": { bytes: nops(5000), symbols: { code: 0 } },
    ".top.data": { bytes: nops(10), symbols: { word: 2 } },
  });
  const image = link([object], parked);
  assert.equal(addressOf(image, "code"), 0xffffd000);
  assert.equal(addressOf(image, "word"), 0xfffff002);
});

test("a section that loads elsewhere takes its place in the order of the load region", () => {
  const layout: Layout = { ...parked, sections: [{ name: ".text" }, topText, { name: ".data" }] };
  const object = objectFile("a.o", {
    ...start,
    ".top.text": { bytes: nops(5000) },
    ".data": { bytes: [1], symbols: { datum: 0 } },
  });
  const image = link([object], { ...layout, keep: ["datum"] });
  assert.deepEqual(
    image.segments.map(({ address, loadAddress }) => [address, loadAddress]),
    [
      [0x100000, 0x100000],
      [0xffffe000, 0x101000],
      [0x103000, 0x103000],
    ],
  );
});

test("the layout's symbols: start, end, size and load; an end at 4 GiB is 0", () => {
  const image = link([objectFile("a.o", { ...start, ".top.text": { bytes: nops(5) } })], parked);
  const value = (name: string) => addressOf(image, name);
  assert.equal(value("text_start"), 0x100000);
  assert.equal(value("text_end"), 0x100004);
  assert.equal(value("text_size"), 4);
  assert.equal(value("top_text_start"), 0xfffff000);
  assert.equal(value("top_text_load"), 0x101000);
  assert.equal(value("top_text_size"), 0x1000);
  assert.equal(value("top_text_end"), 0);
  assert.equal(value("low_end"), 0x102000);
  assert.equal(value("top_size"), 0x1000);
});

test("a layout may name edges as an existing kernel does", () => {
  const symbols = {
    _shared_start_virtual: { of: ".top.text", edge: "start" },
    _shared_start_physical: { of: ".top.text", edge: "load" },
    _shared_end_physical: { of: ".top.text", edge: "loadEnd" },
    _link_end: { of: "low", edge: "end" },
  } as const;
  const object = objectFile("a.o", { ...start, ".top.text": { bytes: nops(5) } });
  const image = link([object], { ...parked, symbols });
  assert.deepEqual(
    Object.keys(symbols).map((name) => addressOf(image, name)),
    [0xfffff000, 0x101000, 0x102000, 0x102000],
  );
});

test("a gigabyte of zeros needs no gigabyte here; a gigabyte of content is refused", () => {
  const zeros = objectFile("a.o", {
    ...start,
    ".bss": { zeros: 2 ** 30, symbols: { zeros: 0 } },
  });
  const image = link([zeros], { ...flat, keep: ["zeros"] });
  assert.ok(writeElf(image).length < 8192);
  const far = objectFile("a.o", {
    ...start,
    ".data": { bytes: [1], address: 0x200000 },
    ".data#2": { bytes: [1], address: 0x60000000 },
  });
  diagnosed("LINK023", () => link([far], flat));
});

test("S + A and S + A - P, in the widths of the psABI", () => {
  const bytes = new Uint8Array(16).fill(0x90);
  const object = objectFile("a.o", {
    ".text": {
      bytes,
      symbols: { _start: 0, here: 4 },
      refs: [
        { at: 0, to: "here", addend: 3 },
        { at: 4, to: "_start", kind: "relative", addend: -4 },
        { at: 8, to: "text_size", kind: "absolute", width: 2, addend: -1 },
        { at: 10, to: "here", kind: "relative", width: 2, addend: -2 },
        { at: 12, to: "text_size", kind: "absolute", width: 1 },
        { at: 13, to: "_start", kind: "relative", width: 1, addend: -1 },
      ],
    },
  });
  const { bytes: patched } = link([object], flat).sections[0] ?? { bytes: new Uint8Array() };
  const view = new DataView(patched.buffer);
  assert.equal(view.getUint32(0, true), 0x100007);
  assert.equal(view.getInt32(4, true), -8);
  assert.equal(view.getUint16(8, true), 15);
  assert.equal(view.getInt16(10, true), -8);
  assert.equal(view.getUint8(12), 16);
  assert.equal(view.getInt8(13), -14);
});

test("a result that does not fit its field is an error with symbol, place and value", () => {
  const lines = [{ offset: 0, file: "boot.asm.ts", line: 7, column: 2 }];
  const refs = [{ at: 2, to: "_start", kind: "absolute" as const, width: 2 as const }];
  const object = objectFile("a.o", {
    ".text": { bytes: nops(8), symbols: { _start: 0 }, refs, lines },
  });
  const text = diagnosed("LINK016", () => link([object], flat));
  assert.match(text, /boot\.asm\.ts:7:2: error.*R_386_16 to "_start" \(0x00100000\)/);
  assert.match(text, /\.text\+0x2 of a\.o: 0x100000 does not fit/);
});

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

test("an undefined symbol that only dropped code refers to is no error", () => {
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

test("two strong definitions are an error; a strong one replaces a weak one", () => {
  const strong = objectFile("b.o", { ".text": { bytes: nops(2), symbols: { f: 1 } } });
  const other = objectFile("c.o", { ".text": { bytes: nops(2), symbols: { f: 0 } } });
  const text = diagnosed("LINK002", () => link([objectFile("a.o", start), strong, other], flat));
  assert.match(text, /"f" is defined twice: in b\.o and in c\.o/);

  const weak = objectFile("w.o", {
    ".text": { bytes: nops(8), symbols: { f: { offset: 4, binding: "weak" } } },
  });
  for (const order of [
    [weak, strong],
    [strong, weak],
  ]) {
    const user = objectFile("a.o", {
      ".text": { bytes: nops(4), symbols: { _start: 0 }, refs: [{ at: 0, to: "f" }] },
    });
    const image = link([user, ...order], { ...flat, keep: ["f"] });
    const used = new DataView(image.sections[0]?.bytes.buffer as ArrayBuffer).getUint32(0, true);
    const f = image.symbols.find(({ name, binding }) => name === "f" && binding === "global");
    assert.equal(used, f?.address);
  }
});

test("a local symbol is seen by its own object only", () => {
  const spec = (value: number) => ({
    ".text": {
      bytes: nops(4),
      symbols: {
        [value === 1 ? "_start" : "other"]: 0,
        mine: { offset: value, binding: "local" as const },
      },
      refs: [{ at: 0, to: "mine" }],
    },
  });
  const image = link([objectFile("a.o", spec(1)), objectFile("b.o", spec(2))], {
    ...flat,
    keep: ["other"],
  });
  const view = new DataView(image.sections[0]?.bytes.buffer as ArrayBuffer);
  assert.equal(view.getUint32(0, true), 0x100001);
  assert.equal(view.getUint32(4, true), 0x100006);
});

test("an object that defines a layout symbol is refused", () => {
  const object = objectFile("a.o", { ".text": { bytes: nops(4), symbols: { text_start: 0 } } });
  const text = diagnosed("LINK003", () => link([objectFile("s.o", start), object], flat));
  assert.match(text, /a\.o defines "text_start"/);
});

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

test("fixed sections keep their addresses; loose data follows; zeros come last", () => {
  const layout: Layout = {
    ...flat,
    keep: ["*"],
    sections: [
      { name: ".text" },
      { name: ".data", address: 0x200000, inputs: [{ sections: "*", fixed: true }, ".data*"] },
      { name: ".bss", align: 16 },
    ],
  };
  const object = objectFile("a.o", {
    ...start,
    ".data.loose": { bytes: [7], align: 4, symbols: { loose: 0 } },
    ".bss.loose": { zeros: 8, align: 8, symbols: { zeros: 0 } },
    ".bss": { zeros: 0x30, address: 0x200010, symbols: { fixedZeros: 0 } },
    ".data": { bytes: nops(16), address: 0x200000, symbols: { fixed: 0 } },
  });
  const image = link([object], layout);
  assert.equal(addressOf(image, "fixed"), 0x200000);
  assert.equal(addressOf(image, "fixedZeros"), 0x200010);
  assert.equal(addressOf(image, "loose"), 0x200040);
  assert.equal(addressOf(image, "zeros"), 0x200050);
});

test("fixed sections that overlap are an error that names both", () => {
  const object = objectFile("a.o", {
    ...start,
    ".data": { bytes: nops(16), address: 0x200000 },
    ".data#2": { bytes: nops(16), address: 0x20000f },
  });
  const text = diagnosed("LINK007", () => link([object], flat));
  assert.match(text, /must lie at 0x0020000f, but \.data of a\.o reaches to 0x00200010/);
});

test("whole pages of zeros within data are left to the loader", () => {
  const bytes = new Uint8Array(5 * 4096);
  bytes[100] = 1;
  bytes[4 * 4096 + 7] = 2;
  const object = objectFile("a.o", { ...start, ".data": { bytes, address: 0x200000 } });
  const image = link([object], flat);
  const data = image.segments.filter(({ permissions }) => permissions === "rw");
  assert.deepEqual(
    data.map((segment) => [segment.address, segment.fileSize, segment.memorySize]),
    [
      [0x200000, 101, 4 * 4096],
      [0x204000, 8, 4096],
    ],
  );
});

test("a section that outgrows its region, its end or its size is an error with the numbers", () => {
  const big = { ...start, ".top.text": { bytes: nops(0x3001) } };
  const small: Layout = {
    ...parked,
    regions: { ...parked.regions, top: { start: 0xffffd000, end: 0x1_0000_0000, anchor: "end" } },
  };
  assert.match(
    diagnosed("LINK010", () => link([objectFile("a.o", big)], small)),
    /\.top\.text begins at 0xffffc000, 4096 bytes below region "top"/,
  );

  const text = (fields: object): Layout => ({ ...flat, sections: [{ name: ".text", ...fields }] });
  const code = objectFile("a.o", { ".text": { bytes: nops(5000), symbols: { _start: 0 } } });
  assert.match(
    diagnosed("LINK010", () => link([code], text({ end: 0x101000 }))),
    /\.text \(5000 bytes from 0x00100000\) reaches 904 bytes beyond the `end`/,
  );
  assert.match(
    diagnosed("LINK011", () => link([code], text({ maxSize: 4096 }))),
    /has 5000 bytes; the layout allows 4096/,
  );
});

test("an address that what lies before it already reached is an error", () => {
  const layout: Layout = {
    ...flat,
    sections: [{ name: ".text" }, { name: ".data", address: 0x101000 }],
  };
  const object = objectFile("a.o", {
    ".text": { bytes: nops(5000), symbols: { _start: 0 } },
    ".data": { bytes: [1], symbols: { datum: 0 } },
  });
  const text = diagnosed("LINK009", () => link([object], { ...layout, keep: ["datum"] }));
  assert.match(
    text,
    /\.data must begin at 0x00101000, but what lies before it reaches to 0x00101388/,
  );
});

test("two permissions never share a page", () => {
  const sections = [{ name: ".text" }, { name: ".data", align: 16 }];
  const object = objectFile("a.o", { ...start, ".data": { bytes: [1], symbols: { datum: 0 } } });
  const text = diagnosed("LINK014", () => link([object], { ...flat, sections, keep: ["datum"] }));
  assert.match(text, /\.text \(rx\) and \.data \(rw\) share the page at 0x00100000/);
});

test("a region that grows into its neighbour in a space is an error", () => {
  const layout: Layout = {
    ...flat,
    regions: {
      low: { start: 0x100000 },
      guard: { start: 0x101000, end: 0x102000, reserved: true },
    },
    spaces: { kernel: { regions: ["low", "guard"] } },
  };
  const object = objectFile("a.o", { ".text": { bytes: nops(5000), symbols: { _start: 0 } } });
  assert.match(
    diagnosed("LINK015", () => link([object], layout)),
    /region "low" grew to 0x00101388, into region "guard" from 0x00101000/,
  );
});

test("a missing entry point is an error with the nearest name", () => {
  const object = objectFile("a.o", { ".text": { bytes: nops(4), symbols: { start: 0 } } });
  const text = diagnosed("LINK006", () => link([object], flat));
  assert.match(text, /"_start" as the entry point[\s\S]*Did you mean "start"\?/);
});

test("a section is aligned as its best aligned input; a fixed address must allow it", () => {
  const object = objectFile("a.o", {
    ...start,
    ".data": { bytes: [1], align: 64, symbols: { datum: 0 } },
  });
  const sections = [{ name: ".text" }, { name: ".data", align: 4, permissions: "rx" as const }];
  const image = link([object], { ...flat, keep: ["datum"], sections });
  assert.equal(addressOf(image, "datum"), 0x100040);
  const text = diagnosed("LINK008", () =>
    link([object], {
      ...flat,
      keep: ["datum"],
      sections: [{ name: ".text" }, { name: ".data", address: 0x200010 }],
    }),
  );
  assert.match(text, /\.data of a\.o wants an alignment of 64[\s\S]*0x00200010/);
});

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

test("the same input gives the same bytes", () => {
  const objects = () => [
    objectFile("a.o", { ...start, ".top.text": { bytes: nops(9), symbols: { t: 0 } } }),
    objectFile("b.o", { ".text.b": { bytes: nops(90), symbols: { b: 0 } } }),
  ];
  const layout = { ...parked, keep: ["b"] };
  assert.deepEqual(writeElf(link(objects(), layout)), writeElf(link(objects(), layout)));
});
