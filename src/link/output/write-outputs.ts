// The files that a link writes: the image, and beside it what is needed to understand it.
//
//   NAME.elf   the image, with DWARF       NAME.map   where everything went
//   NAME.sym   symbols by address          NAME.asm   disassembly with source lines
//   NAME.svg   drawing of the spaces

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LinkedImage } from "../passes/image";
import { drawLayout } from "./draw-layout";
import { elfFile, moduleFiles } from "./elf-files";
import { listingFile } from "./listing-file";
import { mapFile } from "./map-file";
import { symbolFile } from "./symbol-file";

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

/** Writes all files into `directory`, which is made if necessary; returns their paths. */
export function writeOutputs(image: LinkedImage, directory: string): string[] {
  mkdirSync(directory, { recursive: true });
  return [...outputFiles(image)].map(([name, content]) => {
    const path = join(directory, name);
    writeFileSync(path, content);
    return path;
  });
}
