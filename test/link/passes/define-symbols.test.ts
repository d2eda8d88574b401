// The symbols that the linker defines for a layout.

import assert from "node:assert/strict";
import { test } from "node:test";
import { link } from "../../../src/link/link";
import { addressOf } from "../../../src/link/passes/image";
import { nops, objectFile } from "../build-object";
import { parked, start } from "../small-layouts";

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

test("symbols between inputs lie where the rules above them end, and align what follows", () => {
  const image = link(
    [
      objectFile("a.o", {
        ...start,
        ".data": { bytes: [1, 2, 3], symbols: { first: 0 } },
        ".bss": { zeros: 5, symbols: { zeros: 0 } },
      }),
      objectFile("b.o", { ".data": { bytes: [4, 5] }, ".text": { bytes: nops(1) } }),
    ],
    {
      sections: [
        { name: ".text", inputs: [".text", { symbol: "etext" }] },
        {
          name: ".data",
          region: "high",
          load: "kernel",
          inputs: [
            { symbol: "data_begins" },
            ".data",
            { symbol: "edata" },
            { symbol: "bss_begins", align: 64 },
            ".bss",
            ".nothing",
            { symbol: "bss_ends", align: 16 },
          ],
        },
      ],
      regions: { kernel: { start: 0x100000 }, high: { start: 0xc0000000 } },
    },
  );
  const names = ["etext", "data_begins", "edata", "bss_begins", "zeros", "bss_ends", "data_size"];
  assert.deepEqual(
    names.map((name) => addressOf(image, name)),
    [0x100005, 0xc0000000, 0xc0000005, 0xc0000040, 0xc0000040, 0xc0000050, 0x50],
  );
});
