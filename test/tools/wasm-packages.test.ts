// tools/wasm-packages.ts with a folder of packages: a module that never gets through its start
// function, twice, and one that is damaged.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { cannotRun } from "../compile/native/native";
import { newFolder } from "../guest/host-folder";

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** (start $endless) (func $endless (export "go") (loop $again (br $again))) */
const ENDLESS = [
  ...[...HEADER, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0],
  ...[7, 6, 1, 2, 0x67, 0x6f, 0, 0, 8, 1, 0],
  ...[10, 9, 1, 7, 0, 3, 0x40, 0x0c, 0, 0x0b, 0x0b],
];

/** Processor time that is enough to compile it. */
const SECONDS = "8";

function addPackage(root: string, name: string, module: readonly number[]): void {
  const folder = join(root, "node_modules", name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name, version: "1.2.3" }));
  writeFileSync(join(folder, "module.wasm"), new Uint8Array(module));
}

describe("a folder of packages with WebAssembly", { skip: cannotRun() }, () => {
  it("has a row for each module, also for one that does not end", () => {
    const root = newFolder();
    addPackage(root, "endless", ENDLESS);
    addPackage(root, "damaged", [...HEADER, 1]);
    const tool = ["--import", "./bin/loader.js", "tools/wasm-packages.ts", root, "--cpu", SECONDS];
    addPackage(root, "enduring", ENDLESS);
    const { stdout, status } = spawnSync(process.execPath, tool, { encoding: "utf8" });
    const [damaged, noObject, , endless, object, , calls, enduring, same, sum] = stdout.split("\n");
    assert.equal(damaged, "damaged 1.2.3  node_modules/damaged/module.wasm  9 bytes");
    assert.match(noObject!, /^ {2}object WASM001: /);
    assert.equal(endless, "endless 1.2.3  node_modules/endless/module.wasm  40 bytes");
    assert.equal(object, "  object ok");
    assert.equal(calls, `  calls  not in ${SECONDS} s of processor time`);
    assert.equal(enduring, "enduring 1.2.3  node_modules/enduring/module.wasm  40 bytes");
    assert.equal(same, "  the same as node_modules/endless/module.wasm");
    assert.match(sum!, /^2 modules: 1 compile as objects, /);
    assert.equal(status, 0);
  });
});
