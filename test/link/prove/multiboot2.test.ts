// Multiboot 2 headers: found, complete, and right about where the image may be loaded. GRUB boots
// the result.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { readElfObject } from "../../../src/link/input/elf-object";
import type { Layout } from "../../../src/link/layout/layout";
import { link } from "../../../src/link/link";
import { elfFile } from "../../../src/link/output/elf-files";
import { openMachine } from "../../../src/machine/open-machine";
import { skipReason } from "../../machine/installed";
import { nops, objectFile } from "../build-object";
import { relocatable as anywhere } from "../check/multiboot2-kernel";
import { diagnosed } from "../expect-diagnostic";
import { run, scratch, unlessInstalled } from "../tools";

const layout: Layout = {
  name: "kernel",
  boot: "multiboot2",
  sections: [".text", ".data"],
};

const END = [0, 0, 0, 0, 8, 0, 0, 0];

function word(value: number): number[] {
  return [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);
}

function header(tags: readonly number[], fields: { architecture?: number; length?: number } = {}) {
  const { architecture = 0, length = 16 + tags.length } = fields;
  const magic = 0xe85250d6;
  return [magic, architecture, length, -(magic + architecture + length)].flatMap(word).concat(tags);
}

function relocatable(least: number, most: number, align: number): number[] {
  return [10, 0, 0, 0, ...[24, least, most, align, 1].flatMap(word)];
}

/** A kernel with `code` after its header; `refers`: the code contains its own address. */
function kernel(bytes: readonly number[], refers = false) {
  const size = bytes.length;
  return objectFile("boot.o", {
    ".multiboot2": { bytes, align: 8 },
    ".text": {
      bytes: nops(8),
      symbols: { _start: 0 },
      refs: refers ? [{ at: 4, to: "_start" }] : [],
    },
    ".data": { bytes: [size], symbols: { datum: 0 } },
  });
}

test("a header first in .text is found, by GRUB too", {
  skip: unlessInstalled("grub-file"),
}, (t) => {
  const image = link([kernel(header(END))], layout);
  run("grub-file", "--is-x86-multiboot2", scratch(t)("k.elf", elfFile(image)));
});

test("a missing, foreign, endless or torn header is refused", () => {
  const cases: [readonly number[], string, RegExp][] = [
    [nops(4) as unknown as number[], "LINK020", /no Multiboot 2 header/],
    [header(END, { architecture: 4 }), "LINK025", /architecture 4/],
    [header([]), "LINK025", /no end tag/],
    [header(END, { length: 40000 }), "LINK025", /says that it has 40000 bytes/],
    [header([1, 0, 0, 0, 4, 0, 0, 0, ...END]), "LINK025", /no end tag/],
  ];
  for (const [bytes, code, expected] of cases) {
    const text = diagnosed(code, () => link([kernel([...bytes])], layout));
    assert.match(text, expected);
  }
});

test("a relocatable tag must hold the image and keep pages whole", () => {
  const small = header([...relocatable(0x100000, 0x100fff, 4096), ...END]);
  assert.match(
    diagnosed("LINK026", () => link([kernel(small)], layout)),
    /0x00100000 to 0x00100fff, too little for the image's \d+ bytes/,
  );
  const odd = header([...relocatable(0x100000, 0x1000000, 16), ...END]);
  assert.match(
    diagnosed("LINK026", () => link([kernel(odd)], layout)),
    /alignment of 16/,
  );
});

test("addresses that hold only where the image is linked give a warning", () => {
  const free = header([...relocatable(0x100000, 0x10000000, 4096), ...END]);
  assert.deepEqual(link([kernel(free)], layout).warnings, []);
  const [warning] = link([kernel(free, true)], layout).warnings;
  assert.equal(warning?.code, "LINK027");
  assert.match(warning?.message ?? "", /1 addresses in its code.*first at \.text\+0x4 of boot\.o/);
  const beforePaging = { roots: ["_start"], movable: true };
  assert.deepEqual(link([kernel(free, true)], { ...layout, beforePaging }).warnings, []);
  const pinned = header([...relocatable(0x100000, 0x101fff, 4096), ...END]);
  assert.deepEqual(link([kernel(pinned, true)], layout).warnings, []);
});

// The kernel reports 1 if it runs elsewhere than where it was linked, else 2.
const PLACES = [
  { name: "at 16 MiB or above", assembly: anywhere("0x1000000", "0x2000000", 1), status: 1 },
  { name: "as high as memory reaches", assembly: anywhere("0x100000", "0xffffffff", 2), status: 1 },
  { name: "where it is linked", assembly: anywhere("0x100000", "0x200000", 1), status: 2 },
];

for (const { name, assembly, status } of PLACES) {
  const skip = skipReason("grub") || unlessInstalled("gcc");
  test(`a relocatable image is loaded ${name}, by GRUB`, { skip }, async (t) => {
    const file = scratch(t);
    run("gcc", "-m32", "-c", file("kernel.S", assembly), "-o", file("kernel.o"));
    const object = readElfObject(readFileSync(file("kernel.o")), "kernel.o");
    const sections = [
      { name: ".text", inputs: [{ sections: ".multiboot", keep: true }, ".text"] },
      ".data",
      { name: ".far", permissions: "rw" as const },
    ];
    const kernel = elfFile(link([object], { ...layout, sections }));
    const machine = openMachine("grub", { kernel, commandLine: "", memoryMiB: 64 });
    try {
      await machine.start();
      assert.deepEqual(await machine.ended, { kind: "exit", status });
    } finally {
      await machine.close();
    }
  });
}
