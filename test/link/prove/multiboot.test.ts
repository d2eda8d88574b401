// The proof that a Multiboot loader finds the kernel.

import assert from "node:assert/strict";
import { test } from "node:test";
import { MULTIBOOT_HEADER_MAGIC } from "../../../src/abi/multiboot";
import type { Layout } from "../../../src/link/layout/layout";
import { link } from "../../../src/link/link";
import { elfFile } from "../../../src/link/output/elf-files";
import { nops, objectFile } from "../build-object";
import { diagnosed } from "../expect-diagnostic";
import { header, layout, tinyKernel } from "../tiny-kernel";
import { run, scratch, unlessInstalled } from "../tools";

test("Multiboot header and program headers lie in the first 8 KiB, however much follows", () => {
  const big = tinyKernel({ ".text.big": { bytes: nops(200000), symbols: { big: 0 } } });
  const bytes = elfFile(link([big], { ...layout, keep: ["big"] }));
  const view = new DataView(bytes.buffer);
  const at = Array.from({ length: 2048 }, (_, index) => index * 4).find(
    (offset) => view.getUint32(offset, true) === MULTIBOOT_HEADER_MAGIC,
  );
  assert.ok(at !== undefined && at % 4 === 0 && at <= 8192 - 12);
});

test("a kernel without a Multiboot header is refused", () => {
  const object = objectFile("k.o", { ".boot": { bytes: nops(4), symbols: { _start: 0 } } });
  diagnosed("LINK020", () => link([object], layout));
  const late = objectFile("k.o", {
    ".boot": { bytes: [...nops(2), ...header, ...nops(2)], symbols: { _start: 0 } },
  });
  diagnosed("LINK020", () => link([late], layout));
});

test("a Multiboot header that is in the file but not loaded is refused", () => {
  const object = objectFile("k.o", {
    ".boot": { bytes: nops(16), symbols: { _start: 0 } },
    ".unloaded": { bytes: header, alloc: false },
  });
  const small: Layout = {
    regions: { kernel: { start: 0x100000 } },
    sections: [
      { name: ".boot", permissions: "rx" },
      { name: ".unloaded", allocate: false },
    ],
    fileAlign: 4,
    boot: "multiboot",
  };
  diagnosed("LINK020", () => link([object], small));
  link([object], { ...small, boot: "none" });
});

test("grub-file accepts the kernel", { skip: unlessInstalled("grub-file") }, (t) => {
  const path = scratch(t)("kernel.elf", elfFile(link([tinyKernel()], layout)));
  run("grub-file", "--is-x86-multiboot", path);
});
