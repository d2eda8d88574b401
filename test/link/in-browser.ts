// The library without Node: bundled for browsers, and run in a context that has only what browsers
// have.

import { createContext, runInContext } from "node:vm";
import { type BuildOptions, type BuildResult, build } from "esbuild";
import { writeElfObject } from "../../src/link/output/write-elf-object";
import { nops, objectFile } from "./build-object";

/** An object that links without a layout: the library's entry is then at 1 MiB. */
export const START_OBJECT: Uint8Array = writeElfObject(
  objectFile("start.o", { ".text": { bytes: nops(9), symbols: { _start: 0 } } }),
);

const FOR_BROWSERS = {
  bundle: true,
  platform: "browser",
  format: "iife",
  globalName: "isthmus",
  write: false,
  metafile: true,
  logLevel: "silent",
} as const satisfies BuildOptions;

/** Bundles what is exported by `source`, as esbuild names its input. */
export function bundleForBrowsers(
  source: Pick<BuildOptions, "entryPoints" | "stdin">,
): Promise<BuildResult<typeof FOR_BROWSERS>> {
  return build({ ...source, ...FOR_BROWSERS });
}

/** The entry of what a bundle in a page links from `START_OBJECT`. */
export function linkInPage({ outputFiles }: BuildResult<typeof FOR_BROWSERS>): unknown {
  // What browsers have besides the language.
  const page = createContext({ TextDecoder, TextEncoder, object: START_OBJECT });
  runInContext(outputFiles[0]?.text ?? "", page);
  return runInContext(
    `const image = isthmus.link([isthmus.readInput(object, "start.o")], {});
     isthmus.readElf(isthmus.elfFile(image), "kernel.elf").entry`,
    page,
  );
}
