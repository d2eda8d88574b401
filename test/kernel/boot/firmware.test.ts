// The kernel on PCs with UEFI, 32-bit and 64-bit: GRUB boots it there, and so does an application
// of our own; its keyboard works, the laws hold, and ACPI's tables switch the machine off: only one
// of the two has a debug console, where the kernel tells its status.

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { layout } from "../../../kernel/layout";
import { INFO_OFFSET } from "../../../src/abi/kernel-info";
import { KERNEL } from "../../../src/abi/memory-map";
import {
  MULTIBOOT2_RELOCATABLE_SIZE,
  MULTIBOOT2_RELOCATABLE_TAG,
} from "../../../src/abi/multiboot";
import { audit } from "../../../src/inspect/audit";
import { unchecked } from "../../../src/inspect/judgement";
import { findSpaces } from "../../../src/inspect/spaces";
import { readLinear } from "../../../src/inspect/walk";
import { resolveLayout } from "../../../src/link/layout/resolve";
import { encodeCommandLine } from "../../../src/machine/command-line";
import type { Snapshot } from "../../../src/machine/machine";
import { openMachine } from "../../../src/machine/open-machine";
import { QemuMachine } from "../../../src/machine/qemu";
import { isthmus } from "../../cli/isthmus";
import { HANG_MS } from "../../hang-guard";
import { firmwareSkipReason, skipReason } from "../../machine/installed";
import { HALT, tinyKernel } from "../../machine/tiny-kernel";
import { addressOf, build } from "../booted-kernel";

const MIB = 1 << 20;
/** The lowest address in a relocatable tag, and its last word. */
const [LEAST, PREFER_HIGH] = [32 * MIB, 2];

/** How QEMU calls keys that have a name of their own. */
const KEYS: Readonly<Record<string, string>> = { " ": "spc", "-": "minus" };

/** Types a line, each key once the shell has shown the one before. */
async function type(machine: QemuMachine, line: string): Promise<void> {
  for (const [index, key] of [...line].entries()) {
    await machine.monitor(`sendkey ${KEYS[key] ?? key} 1`);
    await machine.serial.waitFor(`$ ${line.slice(0, index + 1)}`, HANG_MS);
  }
  await machine.monitor("sendkey ret 1");
}

/** What the screen shows, as far as the last row that is not empty. */
async function screenText(machine: QemuMachine): Promise<string[]> {
  const rows = await machine.screen();
  return rows.slice(0, rows.findLastIndex((row) => row !== "") + 1);
}

/**
 * Waits until the kernel has nothing to do, and returns the laws that are broken then. What it has
 * written is on the screen by now: that follows the serial line only at the end of a burst.
 */
async function brokenLawsAtRest(machine: QemuMachine) {
  const { kernel } = await build();
  const files = { image: kernel, layout: resolveLayout(layout), programs: new Map() };
  const userPointers = unchecked("not judged from one moment");
  const look = (snapshot: Snapshot) => {
    const spaces = findSpaces(snapshot, kernel);
    assert.equal(spaces.processes.length, 1);
    const laws = audit({ spaces, files, userPointers, ending: undefined });
    return laws.filter(({ verdict }) => verdict === "broken");
  };
  return machine.inspectWhen(({ halted }) => halted, look, HANG_MS);
}

async function bootOptions() {
  const { kernelFile, initramfs } = await build();
  const commandLine = encodeCommandLine(["quiet"]);
  return { kernel: kernelFile, initramfs, commandLine, memoryMiB: 128 };
}

/** A kernel that asks to be put elsewhere than where it is linked, as high as can be. */
function preferringHigh(file: Uint8Array): Uint8Array {
  const changed = Buffer.from(file);
  const least = Buffer.alloc(8);
  least.writeUInt32LE(MULTIBOOT2_RELOCATABLE_SIZE);
  least.writeUInt32LE(KERNEL, 4);
  const tag = changed.indexOf(least) - 4;
  assert.equal(changed.readUInt16LE(tag), MULTIBOOT2_RELOCATABLE_TAG);
  changed.writeUInt32LE(LEAST, tag + 8);
  changed.writeUInt32LE(PREFER_HIGH, tag + 20);
  return changed;
}

/** How far the machine's loader has moved the image. */
async function imageOffset(machine: QemuMachine): Promise<number> {
  const { kernel } = await build();
  return machine.inspect((snapshot) => {
    const space = findSpaces(snapshot, kernel).kernel;
    return readLinear(snapshot.memory, space, addressOf(kernel, "kernel_info") + INFO_OFFSET) ?? -1;
  });
}

for (const firmware of ["uefi32", "uefi64"] as const) {
  describe(`a PC with ${firmware}`, { skip: firmwareSkipReason(firmware) }, () => {
    for (const name of ["grub", "qemu"] as const) {
      const by = name === "grub" ? "GRUB" : "an application of our own";
      it(`boots by ${by} to a shell that the keyboard reaches, and keeps the laws`, async () => {
        const debugConsole = name === "grub";
        const qemu = { firmware, debugConsole };
        const options = await bootOptions();
        const isHigh = (name === "grub") === (firmware === "uefi64");
        const kernel = isHigh ? preferringHigh(options.kernel) : options.kernel;
        const machine = openMachine(name, { ...options, kernel }, qemu) as QemuMachine;
        try {
          await machine.start();
          await machine.serial.waitFor("$ ", HANG_MS);
          const offset = await imageOffset(machine);
          assert.ok(isHigh ? offset >= LEAST - MIB : offset === 0, `the image is at ${offset}`);
          await type(machine, "echo hi");
          await machine.serial.waitFor("\r\nhi\r\n\r/$ ", HANG_MS);
          // The keys came by the APIC: every line of the PICs is masked.
          assert.match(await machine.monitor("info pic"), /pic0: .*imr=ff/);
          assert.deepEqual(await brokenLawsAtRest(machine), []);
          assert.deepEqual((await screenText(machine)).slice(-3), ["/$ echo hi", "hi", "/$"]);
          if (firmware === "uefi32" && name === "qemu") {
            await type(machine, "poweroff --reboot");
            assert.equal((await machine.ended).kind, "crash");
            // By the register: what comes after it takes the IDT away.
            assert.notEqual((await machine.registers()).idtr.limit, 0);
            return;
          }
          await type(machine, "exit 3");
          const ending = debugConsole ? { kind: "exit", status: 3 } : { kind: "off" };
          assert.deepEqual(await machine.ended, ending);
        } finally {
          await machine.close();
        }
      });
    }
  });
}

describe("a run with UEFI", { skip: firmwareSkipReason("uefi64") }, () => {
  it("shows the text of its screen of pixels, and uses 3 GiB on the board pc", async () => {
    const line = ["--machine", "qemu", "--firmware", "uefi64", "--board", "pc", "--memory", "3072"];
    const program = ["--screen", "-", "--", "shell", "-c", "free; echo é ─┐"];
    const { status, stdout } = await isthmus(["run", ...line, ...program]);
    assert.equal(status, 0);
    const lines = stdout.split(/\r?\n/);
    // Once from the serial line, and once from the screen.
    assert.deepEqual(lines.slice(-5, -1), lines.slice(-9, -5));
    assert.equal(lines.at(-2), "é ─┐");
    const [, total = ""] = /^KiB +(\d+)/.exec(lines.at(-4) ?? "") ?? [];
    assert.ok(Number(total) > 3000 * 1024, stdout);
  });
});

describe("a PC of 64 GiB with UEFI", { skip: firmwareSkipReason("uefi64") }, () => {
  it("has all of it that PAE reaches, though the firmware leaves 7 MiB at 1 MiB", async () => {
    const line = ["--machine", "qemu", "--firmware", "uefi64", "--memory", "65536", "--", "free"];
    const { status, stdout } = await isthmus(["run", ...line]);
    assert.equal(status, 0);
    const [, total = "", free = ""] = /KiB +(\d+) +\d+ +(\d+)/.exec(stdout) ?? [];
    // q35 has 2 GiB of it below 4 GiB, so the last 2 GiB are above 64.
    assert.ok(Number(total) > (62 * 1024 - 100) * 1024, stdout);
    const taken = (Number(total) - Number(free)) / 1024;
    assert.ok(taken > 124 && taken < 136, `${taken} MiB`);
  });
});

describe("a PC of the board pc with UEFI", { skip: firmwareSkipReason("uefi64") }, () => {
  /** Boots to the end that a program brings about, without a debug console. */
  async function ends(program: readonly string[], see: (machine: QemuMachine) => Promise<void>) {
    const commandLine = encodeCommandLine(["quiet"], program);
    const qemu = { firmware: "uefi64", board: "pc", debugConsole: false } as const;
    const options = { ...(await bootOptions()), commandLine };
    const machine = openMachine("qemu", options, qemu) as QemuMachine;
    try {
      await machine.start();
      await see(machine);
    } finally {
      await machine.close();
    }
  }

  it("is switched off by its tables, which name other ports than SeaBIOS's", async () => {
    await ends(["true"], async (machine) => {
      assert.deepEqual(await machine.ended, { kind: "off" }, machine.serial.text());
    });
  });

  it("is reset by the keyboard's controller, as its tables name no register", async () => {
    await ends(["poweroff", "--reboot"], async (machine) => {
      assert.equal((await machine.ended).kind, "crash", machine.serial.text());
      // What comes after the controller takes the IDT away.
      assert.notEqual((await machine.registers()).idtr.limit, 0);
    });
  });
});

describe("a PC with BIOS", { skip: skipReason("grub") }, () => {
  it("boots by GRUB to wherever the kernel asks to be put", async () => {
    const options = { ...(await bootOptions()), grubCommand: "multiboot2" as const };
    const kernel = preferringHigh(options.kernel);
    const machine = openMachine("grub", { ...options, kernel }) as QemuMachine;
    try {
      await machine.start();
      await machine.serial.waitFor("$ ", HANG_MS);
      const offset = await imageOffset(machine);
      assert.ok(offset >= LEAST - MIB, `the image is at ${offset}`);
      assert.deepEqual(await brokenLawsAtRest(machine), []);
    } finally {
      await machine.close();
    }
  });
});

describe("the disk image", { skip: skipReason("grub") }, () => {
  it("boots by BIOS, too", async () => {
    const folder = mkdtempSync(join(tmpdir(), "isthmus-image-"));
    const path = join(folder, "disk.img");
    const bootDisk = async () => ["-drive", `file=${path},format=raw,if=ide`];
    const machine = new QemuMachine("qemu", await bootOptions(), {}, bootDisk);
    try {
      const line = ["image", "-o", path, "--json", "--verbose", "--noapic", "--", "hello"];
      const { status, stdout } = await isthmus(line);
      assert.equal(status, 0);
      assert.deepEqual(JSON.parse(stdout), {
        path,
        bytes: statSync(path).size,
        boots: ["uefi32", "uefi64", "bios"],
      });
      await machine.start();
      assert.deepEqual(await machine.ended, { kind: "exit", status: 0 });
      assert.match(machine.serial.text(), /by the PICs: the command line says so/);
      assert.match(machine.serial.text(), /Hello from TypeScript/);
    } finally {
      await machine.close();
      rmSync(folder, { recursive: true });
    }
  });

  it("is not made of a kernel that does not speak Multiboot 2", async () => {
    const folder = mkdtempSync(join(tmpdir(), "isthmus-image-"));
    const kernel = join(folder, "kernel.elf");
    writeFileSync(kernel, tinyKernel(HALT));
    const { status, stderr } = await isthmus(["image", "--kernel", kernel], { directory: folder });
    assert.equal(status, 2);
    assert.match(stderr, /IMG001.*no Multiboot 2 header/);
    assert.deepEqual(readdirSync(folder), ["kernel.elf"]);
    rmSync(folder, { recursive: true });
  });
});
