// Where output sections go, and what the layout forbids them.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Layout } from "../../../src/link/layout/layout";
import { link } from "../../../src/link/link";
import { writeElf } from "../../../src/link/output/write-elf";
import { addressOf } from "../../../src/link/passes/image";
import { userLayout } from "../../../user/layout";
import { nops, objectFile } from "../build-object";
import { diagnosed } from "../expect-diagnostic";
import { flat, parked, start } from "../small-layouts";

const topText = { name: ".top.text", region: "top", load: "low", keep: true } as const;

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

test("a section that loads elsewhere takes its turn in the load region", () => {
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

test("an address that an earlier section already reaches past is an error", () => {
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
    /\.data must begin at 0x00101000, but what is before it reaches to 0x00101388/,
  );
});

test("two permissions share a page only if the layout says so", () => {
  const sections = [{ name: ".text" }, { name: ".data", align: 16 }];
  const object = objectFile("a.o", { ...start, ".data": { bytes: [1], symbols: { datum: 0 } } });
  const text = diagnosed("LINK014", () => link([object], { ...flat, sections, keep: ["datum"] }));
  assert.match(text, /\.text \(rx\) and \.data \(rw\) share the page at 0x00100000/);
  assert.match(text, /say `sharesPage: true` of it/);
  const shared = [{ name: ".text" }, { name: ".data", align: 16, sharesPage: true }];
  const image = link([object], { ...flat, sections: shared, keep: ["datum"] });
  assert.equal(addressOf(image, "datum"), 0x100010);
  const closed = [{ name: "trampoline", sections: [".data"] }];
  assert.match(
    diagnosed("LINK014", () => link([object], { ...flat, sections: shared, closed })),
    /one is in a closed group/,
  );
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

test("text that grows into the data of a user program is refused", () => {
  const big = objectFile("big.o", {
    ".text": { bytes: nops(0x100000), symbols: { _start: 0 } },
    ".data": { bytes: [1], address: 0x100000 },
  });
  assert.match(
    diagnosed("LINK009", () => link([big], userLayout())),
    /\.data must begin at 0x00100000, but what is before it reaches to 0x00101000/,
  );
});

const higher: Layout = {
  regions: { low: { start: 0x100000 }, high: { load: "low", offset: 0xc0000000 } },
  sections: [
    { name: ".boot", region: "low", permissions: "rx" },
    { name: ".text", region: "high" },
    { name: ".data", region: "high" },
  ],
};

test("a region with an offset takes its turn in the region below, at the offset", () => {
  const object = objectFile("a.o", {
    ".boot": { bytes: nops(5000), symbols: { _start: 0 } },
    ".text": { bytes: nops(9), align: 8192, symbols: { high: 0 } },
    ".data": { bytes: [1, 2], symbols: { word: 0 } },
  });
  const image = link([object], higher);
  assert.deepEqual(
    image.segments.map(({ address, loadAddress }) => [address, loadAddress]),
    [
      [0x100000, 0x100000],
      [0xc0102000, 0x102000],
      [0xc0103000, 0x103000],
    ],
  );
  assert.deepEqual(
    ["high_start", "high_end", "high_size", "low_end", "text_load"].map((name) =>
      addressOf(image, name),
    ),
    [0xc0100000, 0xc0103002, 0x3002, 0x103002, 0x102000],
  );
});

test("an address within a region with an offset must be free below", () => {
  const at = (address: number): Layout => ({
    ...higher,
    sections: [".boot", ".text"].map((name) => ({
      name,
      permissions: "rx",
      ...(name === ".boot" ? { region: "low" } : { region: "high", address }),
    })),
  });
  const object = objectFile("a.o", {
    ".boot": { bytes: nops(5000), symbols: { _start: 0 } },
    ".text": { bytes: nops(9) },
  });
  assert.equal(link([object], at(0xc0108000)).sections[1]?.loadAddress, 0x108000);
  assert.match(
    diagnosed("LINK009", () => link([object], at(0xc0101000))),
    /\.text must begin at 0xc0101000, but what is before it reaches to 0xc0101388/,
  );
});

test("orphans may go to a region with an offset", () => {
  const object = objectFile("a.o", {
    ".boot": { bytes: nops(4), symbols: { _start: 0 } },
    ".text": { bytes: nops(9) },
    ".initdata": { bytes: [1], symbols: { orphan: 0 } },
  });
  const image = link([object], { ...higher, orphans: "place" });
  assert.equal(addressOf(image, "orphan"), 0xc0102000);
});
