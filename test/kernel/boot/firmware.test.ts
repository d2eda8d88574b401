// The kernel on PCs with UEFI, 32-bit and 64-bit: GRUB boots it there, its keyboard works, and the
// laws hold.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { layout } from "../../../kernel/layout";
import { audit } from "../../../src/inspect/audit";
import { unchecked } from "../../../src/inspect/judgement";
import { findSpaces } from "../../../src/inspect/spaces";
import { resolveLayout } from "../../../src/link/layout/resolve";
import { encodeCommandLine } from "../../../src/machine/command-line";
import { bootByGrub } from "../../../src/machine/grub";
import { QemuMachine } from "../../../src/machine/qemu";
import { HANG_MS } from "../../hang-guard";
import { firmwareSkipReason } from "../../machine/installed";
import { build } from "../booted-kernel";

/** Types a line, each key once the shell has shown the one before. */
async function type(machine: QemuMachine, line: string): Promise<void> {
  for (const [index, key] of [...line].entries()) {
    await machine.monitor(`sendkey ${key === " " ? "spc" : key} 1`);
    await machine.serial.waitFor(`$ ${line.slice(0, index + 1)}`, HANG_MS);
  }
  await machine.monitor("sendkey ret 1");
}

/** The laws that are broken at this moment. */
async function brokenLaws(machine: QemuMachine) {
  const { kernel } = await build();
  const files = { image: kernel, layout: resolveLayout(layout), programs: new Map() };
  const userPointers = unchecked("not judged from one moment");
  return machine.inspect((snapshot) => {
    const spaces = findSpaces(snapshot, kernel);
    assert.equal(spaces.processes.length, 1);
    const laws = audit({ spaces, files, userPointers, ending: undefined });
    return laws.filter(({ verdict }) => verdict === "broken");
  });
}

async function bootOptions() {
  const { kernelFile, initramfs } = await build();
  const commandLine = encodeCommandLine(["quiet"]);
  return { kernel: kernelFile, initramfs, commandLine, memoryMiB: 128 };
}

for (const firmware of ["uefi32", "uefi64"] as const) {
  describe(`a PC with ${firmware}`, { skip: firmwareSkipReason(firmware) }, () => {
    it("boots by GRUB to a shell that the keyboard reaches, and keeps the laws", async () => {
      const options = await bootOptions();
      const machine = new QemuMachine("grub", options, { firmware }, bootByGrub);
      try {
        await machine.start();
        await machine.serial.waitFor("$ ", HANG_MS);
        await type(machine, "echo hi");
        await machine.serial.waitFor("\r\nhi\r\n", HANG_MS);
        assert.deepEqual(await brokenLaws(machine), []);
        await type(machine, "exit 3");
        assert.deepEqual(await machine.ended, { kind: "exit", status: 3 });
      } finally {
        await machine.close();
      }
    });
  });
}
