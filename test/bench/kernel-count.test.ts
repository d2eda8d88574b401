// The benchmark's count of the null call, beside one made in another way: by single steps.

import assert from "node:assert/strict";
import test from "node:test";
import { requireTool } from "../../bench/harness/require-tool";
import { countRows } from "../../bench/kernel/count";
import { encodeCommandLine } from "../../src/machine/command-line";
import { addressOf, build, programImage, withDebugger } from "../kernel/booted-kernel";

function missingTools(): string | false {
  try {
    requireTool("qemu-system-i386");
    return false;
  } catch (error) {
    if (process.env.CI === "true") throw error;
    return error instanceof Error ? error.message : String(error);
  }
}

/** Instructions from an `int 0x80` of `crossing`, itself included, to the next of user mode. */
function stepThroughCall(): Promise<number> {
  return withDebugger({ program: ["crossing", "1000000"] }, async (machine) => {
    await machine.stop();
    const gdb = machine.gdb();
    await gdb.setBreakpoint(addressOf(programImage("crossing"), "crossing_int80"));
    // The first call may find work that is done once.
    await gdb.continue();
    await gdb.step();
    await gdb.continue();
    for (let count = 1; ; count++) {
      await gdb.step();
      if (((await gdb.registers()).cs ?? 0) & 3) return count;
    }
  });
}

test("the benchmark counts as single steps do, and twice the same", {
  skip: missingTools(),
}, async () => {
  await build();
  const commandLine = encodeCommandLine(["quiet"], ["/init"]);
  const [first, second] = [0, 1].map(() => countRows("build/kernel.elf", commandLine));
  assert.deepEqual(first, second);
  assert.equal(first?.get("getppid"), await stepThroughCall());
});
