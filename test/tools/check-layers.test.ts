// The rules of the house: each one names what breaks it, and nothing else.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { checkFiles } from "../../tools/check-layers";

function run(...files: readonly string[]) {
  const words = ["--import", "./bin/loader.js", "tools/check-layers.ts", ...files];
  const { status, stdout } = spawnSync(process.execPath, words, { encoding: "utf8" });
  return { status, stdout };
}

/** The rules that these files break, with file and line. */
function brokenIn(sources: Readonly<Record<string, string>>): string[] {
  const violations = checkFiles(new Map(Object.entries(sources)));
  return violations.map(({ file, line, rule }) => `${file}:${line}: ${rule}`);
}

/** The rules that one file breaks, with their lines. */
function broken(path: string, text: string): string[] {
  return brokenIn({ [path]: text }).map((each) => each.slice(path.length + 1));
}

describe("check-layers", () => {
  it("lets a floor import from itself, from floors below it, from Node and from packages", () => {
    const text = [
      'import { readFileSync } from "node:fs";',
      'import { V86 } from "v86";',
      'import { hex } from "../base/align";',
      'import { walk } from "./walk";',
    ].join("\n");
    assert.deepEqual(broken("src/inspect/audit.ts", text), []);
  });

  it("fails on an upward arrow, over several lines and when the import is dynamic", () => {
    const text = 'import {\n  main,\n} from "../cli/main";\nawait import("../machine/v86");\n';
    const found = broken("src/link/link.ts", text);
    assert.equal(found.length, 2);
    assert.match(found[0] ?? "", /^3: src\/link\/ is below src\/cli\/: imports go down/);
    assert.match(found[1] ?? "", /^4: src\/link\/ is below src\/machine\//);
    assert.match(found[0] ?? "", /register a function/);
  });

  it("fails on a circle, naming its files in the order of the imports", () => {
    const found = brokenIn({
      "src/base/a.ts": '\nimport type { C } from "./c";',
      "src/base/b.ts": 'export * from "./a";',
      "src/base/c.ts": 'import "./b";',
      "src/base/d.ts": 'import { A } from "./a";',
    });
    assert.equal(found.length, 1);
    assert.ok(
      found[0]?.startsWith(
        "src/base/a.ts:2: imports go in a circle: " +
          "src/base/a.ts -> src/base/c.ts -> src/base/b.ts -> src/base/a.ts; move",
      ),
      found[0],
    );
  });

  it("fails on circles in every folder, one line for each", () => {
    const found = brokenIn({
      "user/a.ts": 'import { b } from "./b";',
      "user/b.ts": 'import { a } from "./a";',
      "test/base/x.ts": 'import { y } from "./y/index";',
      "test/base/y/index.ts": 'import { x } from "../x";',
    });
    assert.deepEqual(
      found.map((each) => each.slice(0, each.indexOf(";"))),
      [
        "test/base/x.ts:1: imports go in a circle: " +
          "test/base/x.ts -> test/base/y/index.ts -> test/base/x.ts",
        "user/a.ts:1: imports go in a circle: user/a.ts -> user/b.ts -> user/a.ts",
      ],
    );
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
    assert.deepEqual(broken("kernel/machine/i686/trampoline.asm.ts", text), []);
    assert.deepEqual(broken("kernel/layout.ts", 'import { x } from "../src/link/layout";'), []);
  });

  it("lets the toolchain know a project's types, not its values", () => {
    const type = 'import type { Program } from "../../user/programs";';
    assert.deepEqual(broken("src/cli/build.ts", type), []);
    assert.match(broken("src/cli/build.ts", type.replace(" type", ""))[0] ?? "", /by their path/);
  });

  it("keeps the rooms of the compiler in order, and knows no others", () => {
    const ir = 'import { IrFunction } from "../ir/ir";';
    assert.deepEqual(broken("src/compile/select/select.ts", ir), []);
    assert.match(
      broken("src/compile/wasm/wasm.ts", ir)[0] ?? "",
      /^1: src\/compile\/wasm\/ is below src\/compile\/ir\//,
    );
    const top = 'import { compileModule } from "../compile";';
    assert.match(broken("src/compile/ir/ir.ts", top)[0] ?? "", /is below src\/compile\/compile:/);
    assert.match(broken("src/compile/attic/x.ts", "")[0] ?? "", /^1: .*not a room/);
    assert.deepEqual(broken("src/compile/compile.ts", 'import { x } from "./emit/emit";'), []);
  });

  it("keeps the rooms of the kernel and of the linker in order", () => {
    const log = 'import { print } from "../log/log";';
    assert.deepEqual(broken("kernel/memory/heap.ts", log), []);
    const up = 'import { current } from "../process/process";';
    assert.match(
      broken("kernel/memory/space.ts", up)[0] ?? "",
      /^1: kernel\/memory\/ is below kernel\/process\/: imports go down/,
    );
    const options = 'import { option } from "../options";';
    assert.match(broken("kernel/trap/trap.ts", options)[0] ?? "", /is below kernel\/options:/);
    assert.match(broken("kernel/debug/log.ts", "")[0] ?? "", /kernel\/debug\/ is not a room/);
    const check = 'import { check } from "../check/check";';
    assert.match(broken("src/link/elf/read.ts", check)[0] ?? "", /is below src\/link\/check\//);
  });

  it("keeps the rooms of user programs in order", () => {
    const runtime = 'import { print } from "../runtime/output";';
    assert.deepEqual(broken("user/shell/main.ts", runtime), []);
    const shell = 'import { words } from "../shell/words";';
    assert.match(broken("user/runtime/output.ts", shell)[0] ?? "", /user\/runtime\/ is below/);
  });

  it("forbids what ships to import tests and tools, and shared facts to import anything", () => {
    const test = 'import { x } from "../../test/cli/isthmus";';
    assert.match(broken("src/cli/main.ts", test)[0] ?? "", /test\/ is not in the package/);
    const base = 'import { hex } from "../base/align";';
    assert.match(broken("src/abi/elf.ts", base)[0] ?? "", /imports nothing from outside/);
  });

  it("forbids long lines, names that say nothing, extensions, and unknown floors", () => {
    assert.match(broken("src/base/x.ts", "x".repeat(101))[0] ?? "", /^1: .*100 columns/);
    assert.deepEqual(broken("src/base/x.ts", `// see https://example.org/${"x".repeat(90)}`), []);
    assert.match(broken("src/base/string-utils.ts", "")[0] ?? "", /could mean anything/);
    assert.deepEqual(broken("src/base/commonality.ts", ""), []);
    assert.match(broken("src/base/x.ts", 'import { y } from "./y.ts";')[0] ?? "", /no extension/);
    assert.match(broken("src/extra/x.ts", "")[0] ?? "", /src\/extra\/ is not a room/);
  });

  it("wants private members as #name, but in AssemblyScript", () => {
    for (const line of ["  private readonly x = 1;", "  constructor(private readonly x: u32) {}"]) {
      assert.match(broken("src/base/x.ts", line)[0] ?? "", /^1: a private member is written #name/);
      assert.deepEqual(broken("kernel/memory/x.ts", line), []);
      assert.deepEqual(broken("src/abi/x.ts", line), []);
    }
    assert.deepEqual(broken("src/base/x.ts", "// private notes\nconst private_ = 1;"), []);
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
