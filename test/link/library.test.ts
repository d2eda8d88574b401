// The library's exports, in Node and bundled for a browser, where Node is not. How they are packed
// is tested in test/cli/package.test.ts.

import assert from "node:assert/strict";
import { test } from "node:test";
import { elfFile, link, readElf, readInput } from "../../src/index";
import { bundleForBrowsers, linkInPage, START_OBJECT } from "./in-browser";

test("an object becomes an ELF file with what the library exports", () => {
  const image = link([readInput(START_OBJECT, "start.o")], { name: "kernel" });
  const { entry, segments } = readElf(elfFile(image), "kernel.elf");
  assert.equal(entry, 0x100000);
  assert.equal(segments.length, 1);
});

test("the same in a browser: nothing of Node is reachable", async () => {
  const bundle = await bundleForBrowsers({ entryPoints: ["src/index.ts"] });
  const foreign = Object.keys(bundle.metafile.inputs).filter((path) => !path.startsWith("src/"));
  assert.deepEqual(foreign, [], "packages in the bundle");
  assert.equal(linkInPage(bundle), 0x100000);
});
