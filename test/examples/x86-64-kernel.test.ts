// examples/x86-64-kernel, built by its own build.sh with three linkers, and booted by QEMU's PVH
// loader and by GRUB.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { readLayout } from "../../src/cli/layout-file";
import { fileColumns } from "../../src/inspect/file-columns";
import { check } from "../../src/link/check/check";
import { readLinkedElf } from "../../src/link/check/linked-file";
import { Subject } from "../../src/link/check/subject";
import { resolveLayout } from "../../src/link/layout/resolve";
import { unlessInstalled } from "../link/tools";
import { skipReason } from "../machine/installed";
import { runKernel } from "./run-kernel";

const EXAMPLE = "examples/x86-64-kernel";
const LINKERS = { isthmus: "g++", bfd: "ld.bfd", lld: "ld.lld" } as const;
const BOTH = ["qemu", "grub"] as const;
const OUTPUT = [
  "kernel: long mode",
  "kernel: both PML4s have entry 0, each its own, and share entry 511 alone",
  "kernel: the trampoline is at 0xffffffffffffe000, loaded at 0x00000000001",
  "user: hello from 0x1000 in ring 3",
  "user: my stack ends at 128 TiB",
  "user: the kernel's memory is not mine",
  "kernel: the program faulted at 0x0000000000100000, where my code is",
];

async function layoutOf(file: string) {
  return resolveLayout((await readLayout(file)) ?? assert.fail(`no layout in ${file}`));
}

for (const [linker, program] of Object.entries(LINKERS)) {
  const skip = unlessInstalled("g++") || unlessInstalled(program);
  describe(`the x86-64 kernel, linked by ${linker}`, { skip }, () => {
    const directory = mkdtempSync(join(tmpdir(), "isthmus-x86-64-"));
    const kernel = join(directory, "kernel.elf");
    const layoutFile = join(EXAMPLE, "isthmus.layout.json");

    before(() => {
      const env = { ...process.env, ISTHMUS: `${process.execPath} ${join("bin", "isthmus.js")}` };
      execFileSync(join(EXAMPLE, "build.sh"), [linker, directory], { env, stdio: "pipe" });
    });
    after(() => rmSync(directory, { recursive: true }));

    it("has no mistake but a note on its start-up tables, and a closed trampoline", async () => {
      for (const input of [{}, { layout: await layoutOf(layoutFile) }]) {
        const { findings, shared } = check(readFileSync(kernel), "kernel.elf", input);
        // boot.S shows the first GiB writable until kernel.cpp has built its tables.
        const facts = findings.map(({ code, severity }) => `${severity} ${code}`);
        assert.deepEqual(facts, ["note LAY037"]);
        assert.equal(shared?.part.sections[0]?.name, ".shared_text");
        assert.deepEqual(shared.proof.leaving, []);
        assert.deepEqual(shared.proof.unproven, []);
      }
    });

    it("is drawn with its trampoline in both spaces", async () => {
      const file = readLinkedElf(readFileSync(kernel), "kernel.elf");
      const subject = new Subject(file, { layout: await layoutOf(layoutFile) });
      const { columns, addressText } = fileColumns(subject);
      const [kernels, , users] = columns;
      for (const column of [kernels, users]) {
        const box = column?.boxes.find(({ label }) => label === ".shared_text");
        assert.equal(box?.shared, true);
        assert.equal(addressText?.(box.start), "0xffffffffffffe000");
      }
      assert.ok(!users?.boxes.some(({ label }) => label === ".text"));
    });

    // GRUB takes seconds, and reads the same program headers.
    for (const name of linker === "isthmus" ? BOTH : BOTH.slice(0, 1)) {
      it(`runs its user program in ${name}`, { skip: skipReason(name) }, async () => {
        const files = { kernel: readFileSync(kernel) };
        const { ending, lines } = await runKernel(name, files, {
          qemu: { program: "qemu-system-x86_64" },
        });
        assert.deepEqual(ending, { kind: "exit", status: 0 });
        for (const [index, text] of OUTPUT.entries()) {
          assert.ok(lines[index]?.startsWith(text), lines[index]);
        }
      });
    }
  });
}
