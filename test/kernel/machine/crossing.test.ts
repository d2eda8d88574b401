// The way between the two spaces, interrupted at each of its instructions.
//
// `crossing` (user/crossing.ts) puts a known value into every register, executes int 0x80, and
// compares. The tests walk from its int 0x80 to the next instruction of user mode, in v86 and with
// GDB's remote protocol in QEMU, and make something happen at instruction 0, 1, 2, … of that way.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { VECTOR_IRQ } from "../../../src/abi/descriptors";
import { INFO_ENTRIES, INFO_NMIS } from "../../../src/abi/kernel-info";
import { KERNEL } from "../../../src/abi/memory-map";
import { loadAddress } from "../../../src/inspect/elf-image";
import type { Machine, Registers } from "../../../src/machine/machine";
import { openMachine } from "../../../src/machine/open-machine";
import { QemuMachine } from "../../../src/machine/qemu";
import { V86Machine } from "../../../src/machine/v86";
import { skipReason } from "../../machine/installed";
import { movedKernel } from "../boot/moved-kernel";
import { addressOf, type Built, build, programImage, withMachine } from "../booted-kernel";
import { SKIPPED_MS } from "../skipped-period";

const WALK_LIMIT = 1000;
const PIT_MODE_PORT = 0x43;
const PIT_CHANNEL_0 = 0x40;
const PIT_MODE_0 = 0x30;
const PIT_MODE_3 = 0x36;
const COUNT_OF_10_MS = 11932;
const TIMER_LINE = 0;
const [KEYBOARD_COMMAND, KEYBOARD_DATA] = [0x64, 0x60];
const KEYBOARD_VECTOR = VECTOR_IRQ + 1;
/** The next byte that the controller gets comes back as if it were a key's. */
const AS_KEY = 0xd2;
/** A key that nothing waits for: shift is let go. */
const SHIFT_UP = 0xaa;

const MACHINES = ["v86", "qemu"] as const;

function registersOf(machine: Machine): Promise<Registers> {
  return machine.inspect(({ registers }) => registers);
}

/** Runs to the int 0x80 of `crossing`: the instruction is the next to be executed. */
async function runToCall(machine: Machine): Promise<void> {
  const address = addressOf(programImage("crossing"), "crossing_int80");
  for (;;) {
    assert.ok(await machine.runTo(address), "the program has ended");
    // The kernel's space has something else at this address.
    if ((await registersOf(machine)).cpl === 3) return;
  }
}

/** Steps from int 0x80 to user mode: the registers before each instruction of the kernel. */
async function walkThroughKernel(machine: Machine): Promise<Registers[]> {
  const way: Registers[] = [];
  for (;;) {
    await machine.step();
    const registers = await registersOf(machine);
    if (registers.cpl === 3) return way;
    way.push(registers);
    assert.ok(way.length < WALK_LIMIT, "the system call does not come to an end");
  }
}

/** A field of the kernel's record of itself. */
async function infoWord(
  machine: Machine,
  { kernel }: Built,
  field: number,
  imageOffset = 0,
): Promise<number> {
  const record = (loadAddress(kernel, addressOf(kernel, "kernel_info")) ?? 0) + imageOffset;
  return (await machine.inspect(({ memory }) => memory.word(record + field))) ?? 0;
}

/** The words of the entry stack that are not 0, below the six that ways in and out leave there. */
async function wordsLeftBehind(machine: Machine, { kernel }: Built): Promise<number[]> {
  const [bottom = 0, top = 0] = ["entry_stack", "entry_stack_top"].map((name) =>
    loadAddress(kernel, addressOf(kernel, name)),
  );
  return machine.inspect(({ memory }) => {
    const words: number[] = [];
    for (let place = bottom; place < top - 6 * 4; place += 4) words.push(memory.word(place) ?? -1);
    return words.filter((word) => word !== 0);
  });
}

/** Boots `crossing` and hands over the machine, at a call of it. */
function atCall<Result>(
  name: (typeof MACHINES)[number],
  use: (machine: Machine, built: Built) => Promise<Result>,
  words: readonly string[] = [],
  options: readonly string[] = ["quiet"],
): Promise<Result> {
  const program = ["crossing", "100000", ...words];
  const request = { program, options, memoryMiB: 16, qemu: { gdb: true } };
  return withMachine(name, request, async (machine, built) => {
    await machine.stop();
    await runToCall(machine);
    return use(machine, built);
  });
}

const MOVED_BY = 1 << 20;

/** As atCall(), with QEMU, and with the kernel's image MOVED_BY higher than it is linked. */
async function atCallOfMoved<Result>(
  use: (machine: Machine, built: Built) => Promise<Result>,
): Promise<Result> {
  const built = await build();
  const program = ["crossing", "100000"];
  const places = { base: KERNEL + MOVED_BY, record: KERNEL, memoryMiB: 16, program };
  const machine = openMachine("qemu", movedKernel(built, places), { gdb: true });
  try {
    await machine.start();
    await machine.stop();
    await runToCall(machine);
    return await use(machine, built);
  } finally {
    await machine.close();
  }
}

/** Does something at each instruction of the way, from int 0x80 to the one after iret. */
async function atEachInstruction(
  machine: Machine,
  interrupt: () => Promise<void>,
): Promise<number> {
  const way = await walkThroughKernel(machine);
  for (let instruction = 0; instruction <= way.length; instruction++) {
    await runToCall(machine);
    await machine.step(instruction);
    await interrupt();
  }
  await runToCall(machine);
  assert.doesNotMatch(machine.serial.text(), /other registers/);
  return way.length;
}

for (const name of MACHINES) {
  describe(`the crossing on ${name}`, { skip: skipReason(name) }, () => {
    it("takes at most 150 instructions for a null system call", async () => {
      await atCall(name, async (machine) => {
        const way = await walkThroughKernel(machine);
        // The int itself counts, too.
        assert.ok(way.length + 1 <= 150, `${way.length + 1} instructions`);
      });
    });

    it("loads CR3 twice: before ESP on the way in, after it on the way out", async () => {
      await atCall(name, async (machine, built) => {
        const user = await registersOf(machine);
        const [first, ...way] = await walkThroughKernel(machine);
        assert.ok(first);
        const entryStack = addressOf(built.kernel, "entry_stack");
        const isOnEntryStack = ({ esp }: Registers) => esp >>> 12 === entryStack >>> 12;
        const places: string[] = [];
        for (const registers of [first, ...way]) {
          const space = registers.cr3 === user.cr3 ? "user" : "kernel";
          const place = `${space}, ${isOnEntryStack(registers) ? "entry stack" : "thread's stack"}`;
          if (places.at(-1) !== place) places.push(place);
        }
        assert.deepEqual(places, [
          "user, entry stack",
          "kernel, entry stack",
          "kernel, thread's stack",
          "kernel, entry stack",
          "user, entry stack",
        ]);
      });
    });

    it("leaves nothing of an interrupt on the entry stack but the six words", async () => {
      await atCall(name, async (machine, built) => {
        await fireTimer(machine);
        assert.ok(await machine.runTo(addressOf(built.kernel, "enterFromUser")));
        assert.deepEqual(await wordsLeftBehind(machine, built), []);
        await runToCall(machine);
        assert.deepEqual(await wordsLeftBehind(machine, built), []);
      });
    });

    it("gives every register back when an NMI comes at any of its instructions", async () => {
      await atCall(name, async (machine, built) => {
        const length = await atEachInstruction(machine, () => machine.injectNmi());
        assert.equal(await infoWord(machine, built, INFO_NMIS), length + 1);
      });
    });

    it("gives every register back when the timer fires at any of its instructions", async () => {
      const fireAtEach = async (machine: Machine, built: Built) => {
        const before = await infoWord(machine, built, INFO_ENTRIES);
        const length = await atEachInstruction(machine, () => fireTimer(machine));
        const entries = (await infoWord(machine, built, INFO_ENTRIES)) - before;
        assert.ok(entries >= 2 * length, `${entries} entries in ${length} calls`);
      };
      // The APIC's timer cannot be set from outside.
      await atCall(name, fireAtEach, [], ["quiet", "noapic"]);
    });
  });
}

describe("the crossing on v86", () => {
  it("gives every register back when a signal arrives at any of its instructions", async () => {
    await atCall(
      "v86",
      async (machine) => {
        assert.ok(machine instanceof V86Machine);
        const handler = addressOf(programImage("crossing"), "onAlarm");
        const length = await atEachInstruction(machine, async () => {
          machine.skipTime(SKIPPED_MS);
          await fireTimer(machine);
          assert.ok(await machine.runTo(handler), "the program has ended");
        });
        await machine.resume();
        assert.deepEqual(await machine.ended, { kind: "exit", status: 0 });
        const count = `every register came back, after ${length + 1} signals`;
        assert.match(machine.serial.text(), new RegExp(count));
      },
      ["alarm"],
    );
  });
});

describe("the crossing of a kernel that was moved", { skip: skipReason("qemu") }, () => {
  it("gives every register back when an NMI and a key come at any instruction", async () => {
    await atCallOfMoved(async (machine, built) => {
      const before = await infoWord(machine, built, INFO_ENTRIES, MOVED_BY);
      const length = await atEachInstruction(machine, async () => {
        await machine.injectNmi();
        await fireKey(machine);
      });
      assert.equal(await infoWord(machine, built, INFO_NMIS, MOVED_BY), length + 1);
      const entries = (await infoWord(machine, built, INFO_ENTRIES, MOVED_BY)) - before;
      assert.ok(entries >= 2 * length, `${entries} entries in ${length} calls`);
    });
  });
});

describe("the crossing, by either machine", { skip: skipReason("qemu") }, () => {
  it("is one list of addresses, as long as the benchmark says", async () => {
    const walk = (name: (typeof MACHINES)[number]) =>
      // The first call may find work that is done once.
      atCall(name, async (machine) => {
        await machine.step();
        await runToCall(machine);
        return (await walkThroughKernel(machine)).map(({ eip }) => eip);
      });
    const [v86, qemu] = [await walk("v86"), await walk("qemu")];
    assert.deepEqual(v86, qemu);
    const path = new URL("../../../bench/figures.json", import.meta.url);
    const figures = JSON.parse(readFileSync(path, "utf8"));
    assert.equal(v86.length + 1, figures.rows.getppid.ours);
  });
});

describe("the crossing on qemu alone, as v86 has neither fault", {
  skip: skipReason("qemu"),
}, () => {
  it("turns a fault at its iret into a fault of the user's", async () => {
    await atCall("qemu", async (machine, built) => {
      const gdb = gdbOf(machine);
      await machine.runTo(addressOf(built.kernel, "exit_iret"));
      const { esp } = await registersOf(machine);
      // The frame says EIP, CS, …: no code has selector 0x7b.
      await gdb.writeMemory(esp + 4, Uint8Array.of(0x7b, 0, 0, 0));
      assert.ok(await machine.runTo(addressOf(built.kernel, "enterFromUser")));
      assert.deepEqual(await wordsLeftBehind(machine, built), []);
      void gdb.continue().catch(() => {});
      assert.deepEqual(await machine.ended, { kind: "exit", status: 128 + 11 });
      assert.match(machine.serial.text(), /crossing/);
    });
  });

  it("ends in a report, not in a reset, when the kernel's stack is gone", async () => {
    await atCall("qemu", async (machine, built) => {
      const gdb = gdbOf(machine);
      await machine.runTo(addressOf(built.kernel, "enterSystemCall"));
      await gdb.writeRegister("esp", 0xe0000000);
      void gdb.continue().catch(() => {});
      assert.deepEqual(await machine.ended, { kind: "panic", text: "trap: double fault" });
      assert.match(machine.serial.text(), /kernel\/trap\/trap\.ts:\d+/);
    });
  });

  it("ends in a report that tells of the caller, too, when a kernel's stack is full", async () => {
    await atCall("qemu", async (machine, built) => {
      const gdb = gdbOf(machine);
      await machine.runTo(addressOf(built.kernel, "enterSystemCall"));
      const { esp } = await registersOf(machine);
      await gdb.writeRegister("esp", ((esp - 1) & ~8191) + 4);
      void gdb.continue().catch(() => {});
      assert.deepEqual(await machine.ended, { kind: "panic", text: "trap: double fault" });
      assert.match(machine.serial.text(), /called by crossing\[\d+\]\r\n {2}at crossing_int80/);
      assert.doesNotMatch(machine.serial.text(), /panic while panicking/);
    });
  });
});

function gdbOf(machine: Machine) {
  assert.ok(machine instanceof QemuMachine);
  return machine.gdb();
}

/** Has the keyboard interrupt, by the I/O APIC and the processor's, at this very instruction. */
async function fireKey(machine: Machine): Promise<void> {
  assert.ok(machine instanceof QemuMachine);
  await machine.monitor(`o/b ${KEYBOARD_COMMAND} ${AS_KEY}`);
  await machine.monitor(`o/b ${KEYBOARD_DATA} ${SHIFT_UP}`);
  assert.match(await machine.monitor("info lapic"), new RegExp(`IRR.*\\b${KEYBOARD_VECTOR}\\b`));
}

/** Raises the timer's line at this very instruction. */
async function fireTimer(machine: Machine): Promise<void> {
  if (machine instanceof V86Machine) machine.raiseInterrupt(TIMER_LINE);
  else if (machine instanceof QemuMachine) await fireTimerOfQemu(machine);
}

/**
 * Loading a count in mode 0 makes the output of channel 0 low, loading one in mode 3 makes it high.
 */
async function fireTimerOfQemu(machine: QemuMachine): Promise<void> {
  const [low, high] = [COUNT_OF_10_MS & 0xff, COUNT_OF_10_MS >> 8];
  for (const mode of [PIT_MODE_0, PIT_MODE_3]) {
    await machine.monitor(`o/b ${PIT_MODE_PORT} ${mode}`);
    await machine.monitor(`o/b ${PIT_CHANNEL_0} ${low}`);
    await machine.monitor(`o/b ${PIT_CHANNEL_0} ${high}`);
  }
  assert.match(await machine.monitor("info pic"), /pic0: irr=[0-9a-f][13579bdf]/);
}
