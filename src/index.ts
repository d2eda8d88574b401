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
export {
  type ElfFile,
  type ElfSection,
  type ElfSegment,
  type ElfSymbol,
  readElf,
} from "./link/elf/read";
export type { Archive } from "./link/input/archive";
export { readBinary } from "./link/input/binary-object";
export { type LinkInput, readInput } from "./link/input/read-input";
export type * from "./link/layout/layout";
export { parseLayout } from "./link/layout/parse";
export { resolveLayout } from "./link/layout/resolve";
export type { ResolvedLayout } from "./link/layout/resolved";
export { type LinkOptions, link } from "./link/link";
export { drawLayout } from "./link/output/draw-layout";
export { elfFile, moduleFiles } from "./link/output/elf-files";
export { mapFile } from "./link/output/map-file";
export { symbolFile } from "./link/output/symbol-file";
export { writeElfObject } from "./link/output/write-elf-object";
export { addressOf, type LinkedImage, sectionAt } from "./link/passes/image";
export { DIALECTS, type Dialect, writeLinkerScript } from "./link/script/linker-script";
export type { ObjectFile } from "./object/object";
