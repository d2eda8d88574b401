// A kernel in the shape of ours and a user program, both small enough to be read, and the kernel's
// layout for a loader of Multiboot 1, without its proofs about the trampoline.

import { layout as kernelLayout } from "../../kernel/layout";
import { MULTIBOOT_HEADER_MAGIC } from "../../src/abi/multiboot";
import type { Layout } from "../../src/link/layout/layout";
import type { ObjectFile } from "../../src/object/object";
import { nops, objectFile, type SectionSpec } from "./build-object";

function words(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of values.entries()) view.setUint32(index * 4, value, true);
  return bytes;
}

export const header = words(MULTIBOOT_HEADER_MAGIC, 3, -(MULTIBOOT_HEADER_MAGIC + 3));

/** A kernel in the shape of ours, small. */
export function tinyKernel(more: Record<string, SectionSpec> = {}): ObjectFile {
  return objectFile("kernel.o", {
    ".boot": {
      bytes: [...header, ...nops(20)],
      symbols: { multiboot_header: { type: "object" }, _start: 12 },
      refs: [{ at: 16, to: "kernelMain" }],
    },
    ".text.kernelMain": { bytes: nops(100), symbols: { kernelMain: 0 } },
    ".data": { bytes: nops(5000), address: 0x101000 },
    ".trampoline.text": { bytes: nops(300), symbols: { entry: 0 } },
    ".trampoline.rodata": { bytes: nops(2048), symbols: { idt: 0 } },
    ".trampoline.data": { bytes: nops(500), symbols: { gdt: 0 } },
    ...more,
  });
}

export const layout: Layout = {
  ...kernelLayout,
  boot: ["multiboot"],
  closed: [],
  beforePaging: { roots: ["_start"] },
};

export const program = objectFile("hello.o", {
  ".text": { bytes: [...nops(20)], symbols: { _start: 0 }, refs: [{ at: 4, to: "counter" }] },
  ".data.counter": { bytes: [1, 0, 0, 0], align: 4, symbols: { counter: 0 } },
  ".data": { bytes: nops(300), address: 0x100000 },
  ".bss": { zeros: 9000, address: 0x10012c },
});
