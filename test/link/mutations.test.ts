// The hunt for damaged files that upset the linker or the check, from one seed; other seeds and
// more files: `npm run test:mutations -- COUNT SEED`.

import assert from "node:assert/strict";
import { test } from "node:test";
import { hunt } from "./mutation/hunt";
import { unlessInstalled } from "./tools";

const COUNT = 10_000;
const SEED = 7;

test("damaged files are linked, checked or refused, quickly and with little memory", {
  skip: unlessInstalled("g++") || unlessInstalled("ld"),
}, async () => {
  const { attempts, codes, failures } = await hunt(COUNT, SEED);
  assert.deepEqual(failures, []);
  assert.equal(attempts, COUNT);
  for (const code of ["ELF001", "ELF002", "ELF003", "ARCH002", "LINK004", "LINK006"]) {
    assert.ok(codes.has(code), `nothing was ${code}: ${[...codes].join(" ")}`);
  }
});
