// The inside of an output section: order, alignment, fixed addresses.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Layout } from "../../../src/link/layout/layout";
import { link } from "../../../src/link/link";
import { addressOf } from "../../../src/link/passes/image";
import { nops, objectFile } from "../build-object";
import { diagnosed } from "../expect-diagnostic";
import { flat, start } from "../small-layouts";

test("fixed sections keep their addresses; loose data follows", () => {
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

test("inputs keep the order of the rules, zeros among them", () => {
  const sections = [{ name: ".text" }, { name: ".data", inputs: [".bss*", ".data*"] }];
  const object = objectFile("a.o", {
    ...start,
    ".data": { bytes: [7], align: 4, symbols: { word: 0 } },
    ".bss": { zeros: 6, symbols: { zeros: 0 } },
  });
  const image = link([object], { ...flat, sections });
  assert.deepEqual(
    ["zeros", "word"].map((name) => addressOf(image, name)),
    [0x101000, 0x101008],
  );
  assert.deepEqual([...(image.sections[1]?.bytes ?? [])], [0, 0, 0, 0, 0, 0, 0, 0, 7]);
});
