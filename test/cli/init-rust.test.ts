// The kernel of `isthmus init --language rust`, linked by GNU ld as well. That it builds, boots and
// stops under gdb, init.test.ts shows.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { PT_LOAD } from "../../src/abi/elf";
import { readLayout } from "../../src/cli/layout-file";
import { check } from "../../src/link/check/check";
import { readElf } from "../../src/link/elf/read";
import { resolveLayout } from "../../src/link/layout/resolve";
import { isSerious } from "../link/check/make-kernel";
import { rustc, unlessInstalled, unlessRust } from "../link/tools";
import { isthmus } from "./isthmus";

const LAYOUT = "isthmus.layout.json";

/** What is loaded: the address of each segment, and its bytes without zeros at the end. */
function loaded(bytes: Uint8Array): readonly unknown[] {
  const { entry, segments } = readElf(bytes, "kernel.elf");
  const content = segments
    .filter(({ type, memorySize }) => type === PT_LOAD && memorySize > 0)
    .map(({ address, loadAddress, offset, fileSize }) => {
      const hex = Buffer.from(bytes.subarray(offset, offset + fileSize)).toString("hex");
      return [address, loadAddress, hex.replace(/(00)*$/, "")];
    });
  return [entry, ...content];
}

/** The archives of Rust's core library that the kernel's Makefile names. */
function coreLibrary(): string[] {
  const folder = rustc()?.library ?? assert.fail("no core library");
  const isCore = /^lib(core|compiler_builtins)-.*\.rlib$/;
  const names = readdirSync(folder).filter((name) => isCore.test(name));
  return names
    .sort()
    .reverse()
    .map((name) => join(folder, name));
}

const skip = unlessRust() || unlessInstalled("make") || unlessInstalled("ld");

describe("the Rust kernel of isthmus init", { skip }, () => {
  const parent = mkdtempSync(join(tmpdir(), "isthmus-rust-"));
  const folder = join(parent, "kernel");
  const kernel = (file: string) => readFileSync(join(folder, "build", file));

  before(async () => {
    const { status, stderr } = await isthmus(["init", folder, "--language", "rust"]);
    assert.equal(status, 0, stderr);
    const command = `${process.execPath} ${join(process.cwd(), "bin", "isthmus.js")}`;
    const variables = [`RUSTC=${rustc()?.program ?? "rustc"}`, `ISTHMUS=${command}`];
    execFileSync("make", ["build", ...variables], { cwd: folder, stdio: "pipe" });
    const words = ["script", "--layout", LAYOUT, "--linker", "bfd", "-o", "bfd.ld"];
    const script = await isthmus(words, { directory: folder });
    assert.equal(script.status, 0, script.stderr);
    const objects = ["boot", "trampoline", "kernel", "user"].map((name) => `build/${name}.o`);
    const options = ["-m", "elf_i386", "-z", "max-page-size=4096", "--gc-sections"];
    const output = ["-T", "bfd.ld", "-o", "build/bfd.elf"];
    execFileSync("ld", [...options, ...output, ...objects, ...coreLibrary()], { cwd: folder });
  });
  after(() => rmSync(parent, { recursive: true }));

  it("has the same bytes whether we or GNU ld link it", () => {
    assert.deepEqual(loaded(kernel("kernel.elf")), loaded(kernel("bfd.elf")));
  });

  it("has no mistakes, and a closed trampoline, by either linker", async () => {
    const layout = await readLayout(join(folder, LAYOUT));
    assert.ok(layout);
    for (const file of ["kernel.elf", "bfd.elf"]) {
      const { findings, shared } = check(kernel(file), file, { layout: resolveLayout(layout) });
      assert.deepEqual(findings.filter(isSerious), []);
      assert.deepEqual(shared?.proof.leaving, []);
      assert.deepEqual(shared.proof.unproven, []);
    }
  });
});
