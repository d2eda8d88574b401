// What a program has written reaches us, although it is gone and we still write to it.

import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { startGuarded } from "../../src/machine/child-process";
import { makeScratchFolder, removeScratchFolder } from "../../src/machine/scratch-folder";

/** Says `d`, and the rest when it is told to by a file; then it hears nothing more. */
const SCRIPT = `
printf d
while [ ! -e "$1/go" ]; do :; done
printf 'one\\n'
exec 0<&-
: > "$1/gone"
exit 33
`;

test("a write that fails loses nothing of what is still to be read", async () => {
  const folder = makeScratchFolder();
  try {
    const child = startGuarded("/bin/sh", ["-c", SCRIPT, "sh", folder]);
    let text = "";
    child.output.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (text !== "d") return;
      writeFileSync(join(folder, "go"), "");
      while (!existsSync(join(folder, "gone")));
      child.input.write("x");
    });
    const { status } = await child.exited;
    assert.equal(text, "done\n");
    assert.equal(status, 33);
  } finally {
    removeScratchFolder(folder);
  }
});

test("a program reads its input, and ends with it", async () => {
  const child = startGuarded("/bin/cat", []);
  let text = "";
  child.output.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  child.input.end("to and fro\n");
  assert.deepEqual(await child.exited, { status: 0, errors: "" });
  assert.equal(text, "to and fro\n");
});
