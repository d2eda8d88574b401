// The entry point of a kernel, by its linked and by its physical address.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Layout } from "../../../src/link/layout/layout";
import { link } from "../../../src/link/link";
import { elfFile } from "../../../src/link/output/elf-files";
import { nops, objectFile } from "../build-object";
import { diagnosed } from "../expect-diagnostic";
import { header, layout, tinyKernel } from "../tiny-kernel";
import { run, scratch, unlessInstalled } from "../tools";

const higher: Layout = {
  name: "k",
  boot: "multiboot",
  regions: { low: { start: 0x100000 }, high: { start: 0xc0100000 } },
  sections: [
    { name: ".text", region: "high", load: "low", inputs: [".boot", ".text"] },
    { name: ".data", region: "high", load: "low" },
  ],
};

/** A kernel that begins at `offset` of its code. */
function kernel(offset: number) {
  return objectFile("k.o", {
    ".boot": { bytes: [...header, ...nops(20)], align: 4, symbols: { _start: { offset } } },
    ".data": { bytes: [1, 2, 3, 4], symbols: { word: 0 } },
  });
}

test("a kernel that is loaded elsewhere is entered at its linked address", () => {
  const { entry, warnings } = link([kernel(12)], higher);
  assert.deepEqual([entry, warnings], [0xc010000c, []]);
});

test("grub-file accepts such a kernel", { skip: unlessInstalled("grub-file") }, (t) => {
  const path = scratch(t)("kernel.elf", elfFile(link([kernel(12)], higher)));
  run("grub-file", "--is-x86-multiboot", path);
});

test("a physical entry point is linked, with a warning that GRUB refuses it", () => {
  const { entry, warnings } = link([kernel(0x4000000c)], higher);
  assert.equal(entry, 0x0010000c);
  assert.deepEqual(
    warnings.map(({ code, remedy }) => [code, remedy]),
    [["LINK022", "Name the linked address with `entry`: loaders turn VMA into LMA."]],
  );
  assert.match(warnings[0]?.message ?? "", /GRUB refuses/);
});

test("an entry point that is not code, or nowhere, is refused", () => {
  const idt = { ...layout, entry: "idt", beforePaging: { roots: [] } };
  assert.match(
    diagnosed("LINK022", () => link([tinyKernel()], idt)),
    /"idt" \(0x[0-9a-f]+\) is not code/,
  );
  assert.match(
    diagnosed("LINK022", () => link([kernel(0x12345678)], higher)),
    /lies in no segment/,
  );
  // The physical address of data.
  diagnosed("LINK022", () => link([kernel(0x40001000)], higher));
});
