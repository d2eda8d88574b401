// examples/cpp-kernel, built by its own build.sh in three ways, and booted in each machine.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { readLayout } from "../../src/cli/layout-file";
import { check } from "../../src/link/check/check";
import { resolveLayout } from "../../src/link/resolve-layout";
import { MACHINE_NAMES } from "../../src/machine/machine";
import { openMachine } from "../../src/machine/open-machine";
import { unlessInstalled } from "../link/tools";
import { skipReason } from "../machine/installed";

const EXAMPLE = "examples/cpp-kernel";
const LINKERS = { isthmus: "g++", bfd: "ld.bfd", lld: "ld.lld" } as const;
const OUTPUT = [
  "kernel: paging is off",
  "kernel: the trampoline is at 0xffffe000, loaded at 0x",
  "user: hello from 0x1000",
  "user: the kernel's memory is not mine",
];

for (const [linker, program] of Object.entries(LINKERS)) {
  const skip = unlessInstalled("g++") || unlessInstalled(program);
  describe(`the C++ kernel, linked by ${linker}`, { skip }, () => {
    const directory = mkdtempSync(join(tmpdir(), "isthmus-cpp-"));
    const kernel = join(directory, "kernel.elf");

    before(() => {
      const env = { ...process.env, ISTHMUS: `${process.execPath} ${join("bin", "isthmus.js")}` };
      execFileSync(join(EXAMPLE, "build.sh"), [linker, directory], { env, stdio: "pipe" });
    });
    after(() => rmSync(directory, { recursive: true }));

    it("has no mistake, and a trampoline that is closed", async () => {
      const layout = await readLayout(join(EXAMPLE, "isthmus.layout.json"));
      assert.ok(layout);
      for (const input of [{}, { layout: resolveLayout(layout) }]) {
        const { findings, shared } = check(readFileSync(kernel), "kernel.elf", input);
        assert.deepEqual(findings, []);
        assert.deepEqual(shared?.part.sections[0]?.name, ".shared_text");
        assert.equal(shared.part.slack, 0n);
        assert.deepEqual(shared.proof.leaving, []);
        assert.deepEqual(shared.proof.unproven, []);
      }
    });

    for (const name of MACHINE_NAMES) {
      it(`runs its user program in ${name}`, { skip: skipReason(name) }, async () => {
        const options = { kernel: readFileSync(kernel), commandLine: "", memoryMiB: 16 };
        const machine = openMachine(name, options);
        try {
          await machine.start();
          assert.deepEqual(await machine.ended, { kind: "exit", status: 0 });
          const lines = machine.serial.text().split(/\r?\n/);
          for (const [index, text] of OUTPUT.entries()) {
            assert.ok(lines[index]?.startsWith(text), lines[index]);
          }
        } finally {
          await machine.close();
        }
      });
    }
  });
}
