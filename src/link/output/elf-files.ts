// The ELF files of a linked image: the image with debug information, and its layout's modules.

import { makeDwarf } from "../dwarf/dwarf";
import type { LinkedImage } from "../passes/image";
import { writeElf } from "./write-elf";

/** The ELF file of `image`, with debug information. */
export function elfFile(image: LinkedImage): Uint8Array {
  return writeElf(image, { extra: makeDwarf(image) });
}

/** The ELF files of the layout's modules, by the module's name. */
export function moduleFiles(image: LinkedImage): Map<string, Uint8Array> {
  const names = image.layout.sections.map(({ module }) => module);
  const modules = [...new Set(names)].filter((name) => name !== undefined);
  return new Map(modules.map((module) => [module, writeElf(image, { module })]));
}
