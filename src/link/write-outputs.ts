// The files that a link leaves: the image, and beside it what a person needs to understand it.
//
//   NAME.elf   the image, with DWARF       NAME.map   where everything went
//   NAME.sym   symbols by address          NAME.asm   disassembly with source lines
//   NAME.svg   drawing of the spaces

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { drawLayout } from "./draw-layout";
import { makeDwarf } from "./dwarf";
import { writeElf } from "./elf-write";
import type { LinkedImage } from "./image";
import { listingFile } from "./listing-file";
import { mapFile } from "./map-file";
import { proveMultiboot } from "./prove-multiboot";
import { proveMultiboot2 } from "./prove-multiboot2";
import { symbolFile } from "./symbol-file";

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

/** All files of a link, by name. */
export function outputFiles(image: LinkedImage): Map<string, Uint8Array | string> {
  const { name } = image.layout;
  return new Map<string, Uint8Array | string>([
    [`${name}.elf`, elfFile(image)],
    ...[...moduleFiles(image)].map(([module, bytes]) => [`${module}.elf`, bytes] as const),
    [`${name}.map`, mapFile(image)],
    [`${name}.sym`, symbolFile(image)],
    [`${name}.asm`, listingFile(image)],
    [`${name}.svg`, drawLayout(image)],
  ]);
}

/** Writes all files into `directory`, which is made if need be; returns their paths. */
export function writeOutputs(image: LinkedImage, directory: string): string[] {
  mkdirSync(directory, { recursive: true });
  return [...outputFiles(image)].map(([name, content]) => {
    const path = join(directory, name);
    writeFileSync(path, content);
    return path;
  });
}
