// examples/rust-kernel, built by its own build.sh in two ways, and booted in each machine.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { PT_LOAD } from "../../src/abi/elf";
import { readLayout } from "../../src/cli/layout-file";
import { check } from "../../src/link/check/check";
import { readElf } from "../../src/link/elf/read";
import { resolveLayout } from "../../src/link/layout/resolve";
import { MACHINE_NAMES } from "../../src/machine/machine";
import { isSerious } from "../link/check/make-kernel";
import { rustc, unlessRust } from "../link/tools";
import { skipReason } from "../machine/installed";
import { runKernel } from "./run-kernel";

const EXAMPLE = "examples/rust-kernel";
const OUTPUT = [
  "kernel: paging is off",
  "kernel: the trampoline is at 0xffffe000, loaded at 0x00",
  "user: hello from 0x1000",
  "user: the kernel's memory is not mine",
];

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

describe("the Rust kernel", { skip: unlessRust() }, () => {
  const directory = mkdtempSync(join(tmpdir(), "isthmus-rust-"));
  const kernels = new Map<string, Uint8Array>();

  before(() => {
    for (const linker of ["isthmus", "bfd"]) {
      const isthmus = `${process.execPath} ${join("bin", "isthmus.js")}`;
      const env = { ...process.env, ISTHMUS: isthmus, RUSTC: rustc()?.program ?? "rustc" };
      const out = join(directory, linker);
      execFileSync(join(EXAMPLE, "build.sh"), [linker, out], { env, stdio: "pipe" });
      kernels.set(linker, readFileSync(join(out, "kernel.elf")));
    }
  });
  after(() => rmSync(directory, { recursive: true }));

  const kernel = (linker: string) => kernels.get(linker) ?? assert.fail(`no kernel by ${linker}`);

  it("has the same bytes whether we or GNU ld link it", () => {
    assert.deepEqual(loaded(kernel("isthmus")), loaded(kernel("bfd")));
  });

  it("has no mistakes, and a closed trampoline", async () => {
    const layout = await readLayout(join(EXAMPLE, "isthmus.layout.json"));
    assert.ok(layout);
    for (const linker of ["isthmus", "bfd"]) {
      const input = { layout: resolveLayout(layout) };
      const { findings, shared } = check(kernel(linker), "kernel.elf", input);
      assert.deepEqual(findings.filter(isSerious), []);
      assert.deepEqual(shared?.proof.leaving, []);
      assert.deepEqual(shared.proof.unproven, []);
    }
  });

  for (const name of MACHINE_NAMES) {
    it(`runs its user program in ${name}`, { skip: skipReason(name) }, async () => {
      const { ending, lines } = await runKernel(name, { kernel: kernel("isthmus") });
      assert.deepEqual(ending, { kind: "exit", status: 0 });
      for (const [index, text] of OUTPUT.entries()) {
        assert.ok(lines[index]?.startsWith(text), lines[index]);
      }
    });
  }
});
