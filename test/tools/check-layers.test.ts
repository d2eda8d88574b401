// The rules of the house: each one names what breaks it, and nothing else.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { checkFile } from "../../tools/check-layers";

function run(...files: readonly string[]) {
  const words = ["--import", "./bin/loader.js", "tools/check-layers.ts", ...files];
  const { status, stdout } = spawnSync(process.execPath, words, { encoding: "utf8" });
  return { status, stdout };
}

/** The rules that are broken, with their lines. */
function broken(path: string, text: string): string[] {
  return checkFile(path, text).map(({ line, rule }) => `${line}: ${rule}`);
}

describe("check-layers", () => {
  it("lets a floor import from its own and from those above, and from Node and packages", () => {
    const text = [
      'import { readFileSync } from "node:fs";',
      'import { V86 } from "v86";',
      'import { hex } from "../base/align";',
      'import { walk } from "./walk";',
    ].join("\n");
    assert.deepEqual(broken("src/inspect/audit.ts", text), []);
  });

  it("forbids an import from a floor below, over several lines and when it is dynamic too", () => {
    const text = 'import {\n  main,\n} from "../cli/main";\nawait import("../machine/v86");\n';
    const found = broken("src/link/link.ts", text);
    assert.equal(found.length, 2);
    assert.match(found[0] ?? "", /^3: src\/link\/ is above src\/cli\//);
    assert.match(found[1] ?? "", /^4: src\/link\/ is above src\/machine\//);
  });

  it("lets the guest import its own sources and the shared facts alone", () => {
    const allowed =
      'import { PAGE_SIZE } from "../../src/abi/memory-map";\nimport { a } from "./a";';
    assert.deepEqual(broken("kernel/memory/heap.ts", allowed), []);
    const host = 'import { hex } from "../../src/base/align";';
    assert.match(broken("kernel/memory/heap.ts", host)[0] ?? "", /runs in the guest/);
    assert.match(broken("user/hello.ts", 'import fs from "node:fs";')[0] ?? "", /no package/);
    assert.match(broken("user/hello.ts", 'import { x } from "../kernel/x";')[0] ?? "", /guest/);
  });

  it("lets layouts and assembly, which run in Node, use the toolchain", () => {
    const text = 'import type { Assembler } from "../../src/x86/assembler";';
    assert.deepEqual(broken("kernel/trampoline/trampoline.asm.ts", text), []);
    assert.deepEqual(broken("kernel/layout.ts", 'import { x } from "../src/link/layout";'), []);
  });

  it("lets the toolchain know a project's types, not its values", () => {
    const type = 'import type { Program } from "../../user/programs";';
    assert.deepEqual(broken("src/cli/build.ts", type), []);
    assert.match(broken("src/cli/build.ts", type.replace(" type", ""))[0] ?? "", /by their path/);
  });

  it("keeps the rooms of the compiler in order", () => {
    const up = 'import { IrFunction } from "../ir/ir";';
    assert.deepEqual(broken("src/compile/select/select.ts", up), []);
    assert.match(broken("src/compile/wasm/wasm.ts", up)[0] ?? "", /comes before/);
    const top = 'import { compileModule } from "../compile";';
    assert.match(broken("src/compile/ir/ir.ts", top)[0] ?? "", /comes before/);
    assert.match(broken("src/compile/attic/x.ts", up)[0] ?? "", /no room/);
    assert.deepEqual(broken("src/compile/compile.ts", 'import { x } from "./emit/emit";'), []);
  });

  it("forbids long lines, names that say nothing, extensions, and floors that are none", () => {
    assert.match(broken("src/base/x.ts", "x".repeat(101))[0] ?? "", /^1: .*100 columns/);
    assert.deepEqual(broken("src/base/x.ts", `// see https://example.org/${"x".repeat(90)}`), []);
    assert.match(broken("src/base/string-utils.ts", "")[0] ?? "", /could mean anything/);
    assert.deepEqual(broken("src/base/commonality.ts", ""), []);
    assert.match(broken("src/base/x.ts", 'import { y } from "./y.ts";')[0] ?? "", /no extension/);
    assert.match(broken("src/extra/x.ts", 'import { y } from "../base/y";')[0] ?? "", /no floor/);
  });

  it("prints file, line and rule, and exits with 1 if anything is broken", (context) => {
    const directory = mkdtempSync(join(tmpdir(), "isthmus-test-"));
    context.after(() => rmSync(directory, { recursive: true }));
    const good = join(directory, "noun.ts");
    const bad = join(directory, "helper.ts");
    for (const file of [good, bad]) writeFileSync(file, "export {};\n");
    assert.deepEqual(run(good), { status: 0, stdout: "" });
    const { status, stdout } = run(good, bad);
    assert.equal(status, 1);
    assert.equal(stdout.trim().split("\n").length, 1);
    assert.ok(stdout.startsWith(`${bad}:1: a file is named after`));
  });
});
