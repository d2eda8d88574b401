// What looks at a machine, and v86 itself, run in a page too: nothing of Node is reachable there.

import assert from "node:assert/strict";
import { it } from "node:test";
import { build } from "esbuild";

const FOR_PAGES = [
  "src/draw/draw-svg.ts",
  "src/draw/draw-text.ts",
  "src/inspect/audit-machine.ts",
  "src/inspect/audit-report.ts",
  "src/inspect/booted-files.ts",
  "src/inspect/call-trace-text.ts",
  "src/inspect/call-trace.ts",
  "src/inspect/file-columns.ts",
  "src/inspect/space-columns.ts",
  "src/machine/command-line.ts",
  "src/machine/v86-patch.ts",
  "src/machine/v86.ts",
];

it("the audit, the drawings and v86 need nothing of Node", async () => {
  const { metafile, outputFiles } = await build({
    entryPoints: FOR_PAGES,
    bundle: true,
    platform: "browser",
    format: "esm",
    outdir: "page",
    write: false,
    metafile: true,
    logLevel: "silent",
    external: ["v86"],
  });
  assert.equal(outputFiles.length, FOR_PAGES.length);
  for (const { path, text } of outputFiles) {
    assert.doesNotMatch(text, /\bBuffer\b|\bprocess\.(env|std|platform|argv)/, path);
  }
  const foreign = Object.keys(metafile.inputs).filter((path) => !path.startsWith("src/"));
  assert.deepEqual(foreign, [], "packages in the bundle");
});
