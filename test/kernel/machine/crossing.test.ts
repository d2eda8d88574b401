// The way between the two spaces, interrupted at each of its instructions.
//
// `crossing` (user/crossing.ts) puts a known value into every register, executes int 0x80, and
// compares. The tests walk from its int 0x80 to the next instruction of user mode with GDB's remote
// protocol, and make something happen at instruction 0, 1, 2, … of that way.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { INFO_NMIS } from "../../../src/abi/kernel-info";
import { loadAddress } from "../../../src/inspect/elf-image";
import type { GdbRemote } from "../../../src/machine/gdb-remote";
import type { QemuMachine } from "../../../src/machine/qemu";
import { skipReason } from "../../machine/installed";
import { addressOf, programImage, withDebugger } from "../booted-kernel";

const skip = skipReason("qemu");
const WALK_LIMIT = 1000;
const PIT_MODE_PORT = 0x43;
const PIT_CHANNEL_0 = 0x40;
const PIT_MODE_0 = 0x30;
const PIT_MODE_3 = 0x36;
const COUNT_OF_10_MS = 11932;

/** Runs to the int 0x80 of `crossing`: the instruction is the next to be executed. */
async function runToCall(gdb: GdbRemote, address: number): Promise<void> {
  await gdb.setBreakpoint(address);
  await gdb.continue();
  await gdb.clearBreakpoint(address);
}

/** Steps from int 0x80 to user mode: EIP before each instruction that the kernel executed. */
async function walkThroughKernel(gdb: GdbRemote): Promise<number[]> {
  const way: number[] = [];
  for (;;) {
    await gdb.step();
    const { eip = 0, cs = 0 } = await gdb.registers();
    if ((cs & 3) !== 0) return way;
    way.push(eip);
    assert.ok(way.length < WALK_LIMIT, "the system call does not come to an end");
  }
}

async function atCall(machine: QemuMachine): Promise<{ gdb: GdbRemote; address: number }> {
  const address = addressOf(programImage("crossing"), "crossing_int80");
  const gdb = machine.gdb();
  await machine.stop();
  await runToCall(gdb, address);
  return { gdb, address };
}

describe("the crossing", { skip }, () => {
  it("takes at most 150 instructions for a null system call", async () => {
    await withDebugger({ program: ["crossing", "100000"], memoryMiB: 16 }, async (machine) => {
      const { gdb } = await atCall(machine);
      const way = await walkThroughKernel(gdb);
      // The int itself counts, too.
      assert.ok(way.length + 1 <= 150, `${way.length + 1} instructions`);
    });
  });

  it("gives every register back when an NMI comes at any of its instructions", async () => {
    const program = ["crossing", "100000"];
    await withDebugger({ program, memoryMiB: 16 }, async (machine, built) => {
      const { gdb, address } = await atCall(machine);
      const way = await walkThroughKernel(gdb);
      for (let instruction = 0; instruction <= way.length; instruction++) {
        await runToCall(gdb, address);
        for (let steps = 0; steps < instruction; steps++) await gdb.step();
        await machine.injectNmi();
        await runToCall(gdb, address);
      }
      const nmis = await machine.inspect(({ memory }) => {
        const record = loadAddress(built.kernel, addressOf(built.kernel, "kernel_info")) ?? 0;
        return memory.word(record + INFO_NMIS);
      });
      assert.equal(nmis, way.length + 1);
      assert.doesNotMatch(machine.serial.text(), /other registers/);
    });
  });

  it("gives every register back when the timer fires at any of its instructions", async () => {
    const program = ["crossing", "100000"];
    await withDebugger({ program, memoryMiB: 16 }, async (machine) => {
      const { gdb, address } = await atCall(machine);
      const way = await walkThroughKernel(gdb);
      for (let instruction = 0; instruction <= way.length; instruction++) {
        await runToCall(gdb, address);
        for (let steps = 0; steps < instruction; steps++) await gdb.step();
        await fireTimer(machine);
        assert.match(await machine.monitor("info pic"), /pic0: irr=[0-9a-f][13579bdf]/);
        await runToCall(gdb, address);
      }
      assert.doesNotMatch(machine.serial.text(), /other registers/);
    });
  });

  it("turns a fault at its iret into a fault of the user's", async () => {
    const program = ["crossing", "100000"];
    await withDebugger({ program, memoryMiB: 16 }, async (machine, built) => {
      const { gdb } = await atCall(machine);
      const iret = addressOf(built.kernel, "exit_iret");
      await runToCall(gdb, iret);
      const { esp = 0 } = await gdb.registers();
      // The frame says EIP, CS, …: no code has selector 0x7b.
      await gdb.writeMemory(esp + 4, Uint8Array.of(0x7b, 0, 0, 0));
      void gdb.continue().catch(() => {});
      assert.deepEqual(await machine.ended, { kind: "exit", status: 128 + 11 });
      assert.match(machine.serial.text(), /crossing/);
    });
  });

  it("ends in a report, not in a reset, when the kernel's stack is gone", async () => {
    const program = ["crossing", "100000"];
    await withDebugger({ program, memoryMiB: 16 }, async (machine, built) => {
      const { gdb } = await atCall(machine);
      await runToCall(gdb, addressOf(built.kernel, "enterSystemCall"));
      await gdb.writeRegister("esp", 0xe0000000);
      void gdb.continue().catch(() => {});
      assert.deepEqual(await machine.ended, { kind: "panic", text: "trap: double fault" });
      assert.match(machine.serial.text(), /kernel\/trap\/trap\.ts:\d+/);
    });
  });
});

/**
 * Raises the timer's line at this very instruction: loading a count in mode 0 makes the output of
 * channel 0 low, loading one in mode 3 makes it high.
 */
async function fireTimer(machine: QemuMachine): Promise<void> {
  const [low, high] = [COUNT_OF_10_MS & 0xff, COUNT_OF_10_MS >> 8];
  for (const mode of [PIT_MODE_0, PIT_MODE_3]) {
    await machine.monitor(`o/b ${PIT_MODE_PORT} ${mode}`);
    await machine.monitor(`o/b ${PIT_CHANNEL_0} ${low}`);
    await machine.monitor(`o/b ${PIT_CHANNEL_0} ${high}`);
  }
}
