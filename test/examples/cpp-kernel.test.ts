// examples/cpp-kernel, built by its own build.sh with four linkers and with the trampoline in a
// module, and booted in each machine.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { readLayout } from "../../src/cli/layout-file";
import { check } from "../../src/link/check/check";
import { resolveLayout } from "../../src/link/layout/resolve";
import { MACHINE_NAMES } from "../../src/machine/machine";
import { isSerious } from "../link/check/make-kernel";
import { unlessInstalled } from "../link/tools";
import { firmwareSkipReason, skipReason } from "../machine/installed";
import { runKernel } from "./run-kernel";

const EXAMPLE = "examples/cpp-kernel";
/** The words that build.sh takes, and the program that each needs besides g++. */
const LINKERS = {
  isthmus: "g++",
  bfd: "ld.bfd",
  gold: "ld.gold",
  lld: "ld.lld",
  module: "g++",
} as const;
const OUTPUT = [
  "kernel: paging is off",
  "kernel: the trampoline is at 0xffffe000, loaded at 0x",
  "user: hello from 0x1000",
  "user: the kernel's memory is not mine",
];

/** The line as OUTPUT has it, which does not say where the linker has the trampoline loaded. */
function withoutAddress(line: string): string {
  return line.trimStart().replace(/(loaded at 0x).*/, "$1");
}

for (const [linker, program] of Object.entries(LINKERS)) {
  const skip = unlessInstalled("g++") || unlessInstalled(program);
  const withModule = linker === "module";
  const how = withModule ? "with its trampoline in a module" : `linked by ${linker}`;
  describe(`the C++ kernel, ${how}`, { skip }, () => {
    const directory = mkdtempSync(join(tmpdir(), "isthmus-cpp-"));
    const kernel = join(directory, "kernel.elf");
    const trampoline = join(directory, "trampoline.elf");
    const layoutFile = withModule
      ? join(directory, "module.layout.json")
      : join(EXAMPLE, "isthmus.layout.json");

    before(() => {
      const env = { ...process.env, ISTHMUS: `${process.execPath} ${join("bin", "isthmus.js")}` };
      execFileSync(join(EXAMPLE, "build.sh"), [linker, directory], { env, stdio: "pipe" });
    });
    after(() => rmSync(directory, { recursive: true }));

    it("has no mistakes, and a closed trampoline", async () => {
      const layout = await readLayout(layoutFile);
      assert.ok(layout);
      const modules = withModule
        ? [{ bytes: readFileSync(trampoline), name: "trampoline.elf" }]
        : [];
      for (const input of [{ modules }, { modules, layout: resolveLayout(layout) }]) {
        const { findings, shared } = check(readFileSync(kernel), "kernel.elf", input);
        assert.deepEqual(findings.filter(isSerious), []);
        assert.deepEqual(shared?.part.sections[0]?.name, ".shared_text");
        assert.equal(shared.part.slack, 0n);
        assert.deepEqual(shared.proof.leaving, []);
        assert.deepEqual(shared.proof.unproven, []);
      }
    });

    for (const name of MACHINE_NAMES) {
      it(`runs its user program in ${name}`, { skip: skipReason(name) }, async () => {
        const module = withModule ? { initramfs: readFileSync(trampoline) } : {};
        const { ending, lines } = await runKernel(name, {
          kernel: readFileSync(kernel),
          ...module,
        });
        assert.deepEqual(ending, { kind: "exit", status: 0 });
        for (const [index, text] of OUTPUT.entries()) {
          assert.ok(lines[index]?.startsWith(text), lines[index]);
        }
      });
    }

    for (const firmware of ["uefi32", "uefi64"] as const) {
      const skipped = linker === "isthmus" ? firmwareSkipReason(firmware) : "one linker is enough";
      it(`runs on a PC with ${firmware}, and keeps nothing of it`, { skip: skipped }, async () => {
        const files = { kernel: readFileSync(kernel) };
        const qemu = { firmware };
        const { ending, lines, registers } = await runKernel("grub", files, {
          qemu,
          memoryMiB: 64,
        });
        assert.deepEqual(ending, { kind: "exit", status: 0 });
        assert.deepEqual(lines.slice(-OUTPUT.length - 1, -1).map(withoutAddress), OUTPUT);
        assert.deepEqual([registers.cr0, registers.cr4], [0x80010031, 0]);
      });
    }

    it("says that its module is missing", { skip: !withModule }, async () => {
      const { ending, lines } = await runKernel("v86", { kernel: readFileSync(kernel) });
      assert.deepEqual(ending, { kind: "exit", status: 2 });
      assert.equal(lines[1], "there is no module");
    });
  });
}
