// Modules: sections of a layout that are written to files of their own.

import assert from "node:assert/strict";
import { test } from "node:test";
import { readElf } from "../../../src/link/elf/read";
import type { Layout } from "../../../src/link/layout/layout";
import { elfFile, moduleFiles } from "../../../src/link/output/elf-files";
import { diagnosed } from "../expect-diagnostic";
import { linkFiles, skip, workshop } from "../foreign-objects";

test("a module is an ELF file of its own, linked with the image", { skip }, (t) => {
  const { compile } = workshop(t);
  const source = `
    extern char shared_text_start[], shared_text_size[];
    __attribute__((section(".shared_text"))) int enter(void) { return 7; }
    int _start(void) { return (int)shared_text_start + (int)shared_text_size; }
  `;
  const object = compile("start.c", source);
  const layout: Layout = {
    regions: { kernel: { start: 0x100000 }, top: { end: 0x1_0000_0000 } },
    sections: [
      ".text",
      { name: ".shared_text", region: "top", permissions: "rx", module: "trampoline" },
    ],
  };
  const image = linkFiles([object], layout);
  const kernel = readElf(elfFile(image), "kernel.elf");
  const [bytes] = [...moduleFiles(image).values()];
  assert.deepEqual([...moduleFiles(image).keys()], ["trampoline"]);
  const module = readElf(bytes ?? new Uint8Array(), "trampoline.elf");
  assert.deepEqual(
    kernel.segments.map(({ address }) => address),
    [0x100000],
  );
  assert.deepEqual(
    module.segments.map(({ address, offset }) => [address, offset % 4096]),
    [[0xfffff000, 0]],
  );
  assert.ok(module.symbols.some(({ name, value }) => name === "enter" && value === 0xfffff000));
});

test("a module's whole pages are in its file; where it is loaded has no symbol", { skip }, (t) => {
  const { compile } = workshop(t);
  const source = (extra: string) => `
    ${extra}
    __attribute__((section(".top_data"))) int table[1000] = { 1 };
    char zeros[5000];
    int _start(void) { return table[0] + zeros[0]; }
  `;
  const layout: Layout = {
    regions: { kernel: { start: 0x100000 }, top: { start: 0xf0000000 } },
    sections: [
      ".text",
      { name: ".top_data", region: "top", module: "part" },
      { name: ".bss", region: "top", module: "part" },
    ],
  };
  const image = linkFiles([compile("start.c", source(""))], layout);
  const bytes = moduleFiles(image).get("part") ?? new Uint8Array();
  const { segments } = readElf(bytes, "part.elf");
  assert.deepEqual(
    segments.map(({ fileSize, memorySize, address }) => [fileSize, memorySize, address]),
    [[12288, 12288, 0xf0000000]],
  );
  const offset = segments[0]?.offset ?? 0;
  assert.equal(bytes[offset], 1);
  assert.ok(bytes.subarray(offset + 1, offset + 12288).every((byte) => byte === 0));
  const used = compile("used.c", source("extern char top_data_load[]; char *at = top_data_load;"));
  assert.match(
    diagnosed("LINK004", () => linkFiles([used], { ...layout, orphans: "place" })),
    /top_data_load/,
  );
  const symbols = { at: { of: ".bss", edge: "load" } } as const;
  diagnosed("LAYOUT011", () => linkFiles([used], { ...layout, symbols }));
});
