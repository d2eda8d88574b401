// The library's exports, in Node and bundled for a browser, where Node is not. How they are packed
// is tested in test/cli/package.test.ts.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { elfFile, link, readElf, readInput } from "../../src/index";
import { writeElfObject } from "../../src/link/elf-object-write";
import { nops, objectFile } from "./build-object";

const object = writeElfObject(
  objectFile("start.o", { ".text": { bytes: nops(9), symbols: { _start: 0 } } }),
);

test("an object becomes an ELF file with what the library exports", () => {
  const image = link([readInput(object, "start.o")], { name: "kernel" });
  const { entry, segments } = readElf(elfFile(image), "kernel.elf");
  assert.equal(entry, 0x100000);
  assert.equal(segments.length, 1);
});

test("the same in a browser: nothing of Node is reachable", async () => {
  const { outputFiles, metafile } = await build({
    entryPoints: ["src/index.ts"],
    bundle: true,
    platform: "browser",
    format: "iife",
    globalName: "isthmus",
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  const foreign = Object.keys(metafile.inputs).filter((path) => !path.startsWith("src/"));
  assert.deepEqual(foreign, [], "packages in the bundle");
  // What browsers have besides the language.
  const page = createContext({ TextDecoder, TextEncoder, object });
  runInContext(outputFiles[0]?.text ?? "", page);
  const entry: unknown = runInContext(
    `const image = isthmus.link([isthmus.readInput(object, "start.o")], {});
     isthmus.readElf(isthmus.elfFile(image), "kernel.elf").entry`,
    page,
  );
  assert.equal(entry, 0x100000);
});
