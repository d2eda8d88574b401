// The library: `import { link, readElf, check } from "isthmus"`.
//
// Everything that is reachable from here works on bytes and values, needs no file system, and runs
// in a browser as in Node (test/link/library.test.ts bundles it to be sure). What can go wrong with
// an input is thrown as a Diagnostic, or as Diagnostics, which has several in `list`.
//
//      const kernel = readInput(bytesOfKernelO, "kernel.o");
//      const image = link([kernel], { regions: { kernel: { start: 0x100000 } } });
//      const elf = elfFile(image);          // the ELF file, as bytes
//      const { findings } = check(elf, "kernel.elf");

export { Diagnostic, Diagnostics, formatDiagnostic, type Place } from "./base/diagnostic";
export { type CheckInput, type CheckReport, check } from "./link/check/check";
export { drawLayout } from "./link/draw-layout";
export { elfFile, moduleFiles } from "./link/elf-files";
export { writeElfObject } from "./link/elf-object-write";
export {
  type ElfFile,
  type ElfSection,
  type ElfSegment,
  type ElfSymbol,
  readElf,
} from "./link/elf-read";
export { addressOf, type LinkedImage, sectionAt } from "./link/image";
export type { Archive } from "./link/input/archive";
export { type LinkInput, readInput } from "./link/input/read-input";
export type * from "./link/layout";
export { type LinkOptions, link } from "./link/link";
export { mapFile } from "./link/map-file";
export { parseLayout } from "./link/parse-layout";
export { type ResolvedLayout, resolveLayout } from "./link/resolve-layout";
export { DIALECTS, type Dialect, writeLinkerScript } from "./link/script/linker-script";
export { symbolFile } from "./link/symbol-file";
export type { ObjectFile } from "./object/object";
