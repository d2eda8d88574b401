// The ELF files of a linked image: the image with debug information, and its layout's modules.

import { makeDwarf } from "../dwarf/dwarf";
import type { LinkedImage } from "../passes/image";
import { proveMultiboot } from "../prove/multiboot";
import { proveMultiboot2 } from "../prove/multiboot2";
import { writeElf } from "./write-elf";

/**
 * The ELF file of `image`, with debug information. Throws Diagnostics if the layout asks for a boot
 * protocol that the file does not satisfy.
 */
export function elfFile(image: LinkedImage): Uint8Array {
  const bytes = writeElf(image, { extra: makeDwarf(image) });
  if (image.layout.boot === "multiboot") proveMultiboot(bytes, image);
  if (image.layout.boot === "multiboot2") proveMultiboot2(bytes, image);
  return bytes;
}

/** The ELF files of the layout's modules, by the module's name. */
export function moduleFiles(image: LinkedImage): Map<string, Uint8Array> {
  const names = image.layout.sections.map(({ module }) => module);
  const modules = [...new Set(names)].filter((name) => name !== undefined);
  return new Map(modules.map((module) => [module, writeElf(image, { module })]));
}
