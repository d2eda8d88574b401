// The kernel elsewhere than where it is linked: hostile programs fail there as they do at offset 0,
// and every law holds, whatever lies at the addresses that the kernel would have had.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { layout } from "../../../kernel/layout";
import { INFO_OFFSET } from "../../../src/abi/kernel-info";
import { PAGE_SIZE } from "../../../src/abi/memory-map";
import { alignUp } from "../../../src/base/align";
import { audit } from "../../../src/inspect/audit";
import { unchecked } from "../../../src/inspect/judgement";
import { everySpace, findSpaces } from "../../../src/inspect/spaces";
import { readLinear } from "../../../src/inspect/walk";
import { resolveLayout } from "../../../src/link/layout/resolve";
import type { Machine, Snapshot } from "../../../src/machine/machine";
import { openMachine } from "../../../src/machine/open-machine";
import { PhysicalMemory } from "../../../src/machine/physical-memory";
import { textOfPixels } from "../../../src/machine/pixel-screen";
import { HANG_MS } from "../../hang-guard";
import { skipReason } from "../../machine/installed";
import { addressOf, build, withMachine } from "../booted-kernel";
import { type Moved, movedKernel, SCREEN_HEIGHT, SCREEN_PITCH } from "./moved-kernel";

const MIB = 1 << 20;
/** Of the screen. */
const ROWS = 25;
/** Of a machine whose memory is larger than both its ends the kernel is told of these alone. */
const ENDS = 32 * MIB;

/** What there is to see of a machine, at whatever instruction it is: both ends of its memory. */
async function look(machine: Machine, memoryMiB: number): Promise<Snapshot> {
  const size = memoryMiB * MIB;
  // Of an array of zeros only what is written takes memory.
  const bytes = new Uint8Array(size);
  const high = Math.max(size - ENDS, Math.min(size, ENDS));
  bytes.set(await machine.readPhysical(0, Math.min(size, ENDS)));
  if (high < size) bytes.set(await machine.readPhysical(high, size - high), high);
  const { name, capabilities } = machine;
  const registers = await machine.registers();
  return { memory: new PhysicalMemory(bytes), registers, machine: name, capabilities };
}

/** Looks at a machine that stands still: no law is broken, and the image is where it was put. */
async function assertLawful(machine: Machine, { base, memoryMiB }: Moved): Promise<void> {
  const { kernel } = await build();
  const snapshot = await look(machine, memoryMiB);
  const spaces = findSpaces(snapshot, kernel);
  const offset = addressOf(kernel, "kernel_info") + INFO_OFFSET;
  assert.equal(readLinear(snapshot.memory, spaces.kernel, offset), base - MIB);
  const files = { image: kernel, layout: resolveLayout(layout), programs: new Map() };
  const userPointers = unchecked("not judged from one moment");
  const laws = audit({ spaces, files, userPointers, ending: undefined });
  assert.deepEqual(
    laws.filter(({ verdict }) => verdict === "broken"),
    [],
  );
  for (const [title, { defects }] of everySpace(spaces)) assert.deepEqual(defects, [], title);
}

async function withMoved(moved: Moved, use: (machine: Machine) => Promise<void>): Promise<void> {
  const machine = openMachine("qemu", movedKernel(await build(), moved));
  try {
    await machine.start();
    await use(machine);
  } finally {
    await machine.close();
  }
}

describe("a kernel that was moved", { skip: skipReason("qemu") }, () => {
  const program = ["abuse"];
  const places: Readonly<Record<string, Moved>> = {
    "to 2 MiB, the record and the initramfs where it would have been": {
      ...{ base: 2 * MIB, record: MIB, memoryMiB: 32, program },
    },
    "to 32 MiB": { base: 32 * MIB, record: 16 * MIB, memoryMiB: 64, program },
    "to just below 2 GiB": {
      ...{ base: 2032 * MIB, record: 2047 * MIB, memoryMiB: 2048, program },
      ram: [
        [1, 32],
        [2016, 2048],
      ],
    },
  };
  for (const [where, moved] of Object.entries(places)) {
    it(`${where}, keeps the laws, and hostile programs fail`, async () => {
      await withMoved(moved, async (machine) => {
        await machine.serial.waitFor("ok ", HANG_MS);
        await machine.stop();
        await assertLawful(machine, moved);
        await machine.resume();
        const ending = await machine.ended;
        assert.deepEqual(ending, { kind: "exit", status: 0 }, machine.serial.text());
        assert.match(machine.serial.text(), / passed, 0 failed/);
        await assertLawful(machine, moved);
      });
    });
  }

  it("boots from a loader that leaves the worst in every register", async () => {
    for (const base of [2 * MIB, 32 * MIB]) {
      const moved = { base, record: 16 * MIB, memoryMiB: 64, program: ["true"], isHostile: true };
      await withMoved(moved, async (machine) => {
        assert.deepEqual(await machine.ended, { kind: "exit", status: 0 }, machine.serial.text());
      });
    }
  });

  it("takes the initramfs out of its way", async () => {
    const { kernel } = await build();
    const record = alignUp(addressOf(kernel, "kernel_end"), PAGE_SIZE) + MIB;
    const moved = { base: 2 * MIB, record, memoryMiB: 16, program: ["hello"] };
    await withMoved(moved, async (machine) => {
      assert.deepEqual(await machine.ended, { kind: "exit", status: 0 }, machine.serial.text());
    });
  });

  it("is not believed to be where it is not", async () => {
    const moved = { base: MIB, record: 8 * MIB, memoryMiB: 16, program: ["true"] };
    for (const says of [3 * MIB, MIB + PAGE_SIZE, 0xffff_ffff]) {
      await withMoved({ ...moved, says }, async (machine) => {
        const text = "multiboot2: the kernel is not where the loader says";
        assert.deepEqual(await machine.ended, { kind: "panic", text });
      });
    }
  });
});

describe("a kernel that has RAM above 4 GiB", { skip: skipReason("qemu") }, () => {
  it("gives it to programs first, and hostile ones fail there, too", async () => {
    const moved = {
      ...{ base: MIB, record: 40 * MIB, memoryMiB: 5120, program: ["abuse"] },
      ram: [
        [1, 64],
        [4096, 4096 + 24],
      ] as const,
      // RAM that the record does not name does as a screen.
      screen: 2 ** 32 + 64 * MIB + 8,
    };
    await withMoved(moved, async (machine) => {
      const { kernel } = await build();
      await machine.serial.waitFor("ok ", HANG_MS);
      await machine.stop();
      const low = await look(machine, 64);
      const { processes } = findSpaces(low, kernel);
      const frames = processes.flatMap(({ space }) =>
        space.mappings.filter(({ user }) => user).map(({ pa }) => pa),
      );
      assert.ok(frames.length > 0);
      assert.ok(frames.every((pa) => pa > 2 ** 32));
      await assertLawful(machine, { ...moved, memoryMiB: 64 });
      await machine.resume();
      const ending = await machine.ended;
      assert.deepEqual(ending, { kind: "exit", status: 0 }, machine.serial.text());
      assert.match(machine.serial.text(), / passed, 0 failed/);
      const screen = await machine.readPhysical(moved.screen, SCREEN_PITCH * SCREEN_HEIGHT);
      const pixels = new DataView(screen.buffer, screen.byteOffset);
      const lines = textOfPixels((x, y) => pixels.getUint32(y * SCREEN_PITCH + 4 * x, true));
      const printed = machine.serial.text().split(/\r?\n/);
      const wrapped = printed.flatMap(
        (line) => line.match(/.{1,80}/g)?.map((row) => row.trimEnd()) ?? [""],
      );
      assert.deepEqual(lines, wrapped.slice(-ROWS));
    });
  });

  it("has its list of frames in whatever holes there are", async () => {
    const memoryMiB = 5120;
    // The list of 5 GiB takes 10 MiB, the first hole has the image, and no room for more than half.
    const holes = [3, 3, 2, 2, 2, 2].map((size, i) => [16 + 4 * i, 16 + 4 * i + size] as const);
    const ram = [[1, 8] as const, ...holes, [4096, 5120] as const];
    const moved = { base: MIB, record: 20 * MIB, memoryMiB, ram, program: ["free"] };
    await withMoved(moved, async (machine) => {
      assert.deepEqual(await machine.ended, { kind: "exit", status: 0 }, machine.serial.text());
      const said = machine.serial.text();
      assert.match(said, /^ +total/, "nothing is lost");
      const [, total = "", free = ""] = /KiB +(\d+) +\d+ +(\d+)/.exec(said) ?? [];
      assert.equal(Number(total), (7 + 14 + 1024) * 1024);
      const taken = (Number(total) - Number(free)) / 1024;
      assert.ok(taken > 10 && taken < 14, `${taken} MiB`);
      await assertLawful(machine, { ...moved, memoryMiB: 64 });
    });
  });

  const sizes = [
    { memoryMiB: 9216, used: 9216, list: 18, warning: /^ +total/ },
    // A GiB of it is where the devices below 4 GiB are, and so beyond what PAE reaches.
    {
      memoryMiB: 65536,
      used: 64512,
      list: 126,
      warning: /^kernel: memory: 1048576 KiB of RAM are/,
    },
  ];
  for (const { memoryMiB, used, list, warning } of sizes) {
    it(`of ${memoryMiB / 1024} GiB uses all, or says what not`, async () => {
      await withMachine("qemu", { program: ["free"], memoryMiB }, async (machine) => {
        assert.deepEqual(await machine.ended, { kind: "exit", status: 0 });
        const said = machine.serial.text();
        assert.match(said, warning);
        const [, total = "", free = ""] = /KiB +(\d+) +\d+ +(\d+)/.exec(said) ?? [];
        assert.ok(Math.abs(Number(total) / 1024 - used) < 1.5, total);
        // The image, a small program, and the list of frames.
        const taken = (Number(total) - Number(free)) / 1024;
        assert.ok(taken > list && taken < list + 8, `${taken} MiB`);
      });
    });
  }
});
