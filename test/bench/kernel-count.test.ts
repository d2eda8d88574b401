// The benchmark's count of the null call, beside those made in other ways: by single steps, and by
// the profile; and of a kernel that has become slower.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { requireTool } from "../../bench/harness/require-tool";
import { countRows } from "../../bench/kernel/count";
import { PROGRAM, profileRow } from "../../bench/kernel/profile";
import { ROWS } from "../../bench/kernel/rows";
import { type Figures, failureOf, gatedRows } from "../../bench/kernel/table";
import type { ElfImage } from "../../src/inspect/elf-image";
import { readElf } from "../../src/link/elf/read";
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

const COMMAND_LINE = encodeCommandLine(["quiet"], ["/init"]);
const NULL_CALL = ROWS.filter(({ id }) => id === "getppid");

/** The kernel with one instruction more for each system call, a jump on the way to TypeScript. */
function slowedKernel(file: Uint8Array, image: ElfImage): Uint8Array {
  const slowed = Uint8Array.from(file);
  const { segments } = readElf(file, image.name);
  const words = new DataView(slowed.buffer, slowed.byteOffset);
  const handler = addressOf(image, "enterSystemCall");
  const entry = addressOf(image, "system_call_entry");
  const offsetOf = (address: number) => {
    const segment = segments.find((each) => {
      return address >= each.address && address < each.address + each.fileSize;
    });
    assert.ok(segment, `no segment has ${address.toString(16)}`);
    return segment.offset + address - segment.address;
  };
  const target = (at: number) => (at + 5 + words.getInt32(offsetOf(at) + 1, true)) >>> 0;
  let call = entry;
  while (slowed[offsetOf(call)] !== 0xe8 || target(call) !== handler) call += 1;
  assert.ok(call < entry + 200);
  // In place of code that only a panic would run.
  const jump = addressOf(image, "panic");
  for (const [at, opcode, to] of [
    [call, 0xe8, jump],
    [jump, 0xe9, handler],
  ] as const) {
    slowed[offsetOf(at)] = opcode;
    words.setInt32(offsetOf(at) + 1, to - (at + 5), true);
  }
  return slowed;
}

test("one instruction more for each crossing fails the gate", {
  skip: missingTools(),
}, async () => {
  const { kernel, kernelFile } = await build();
  const folder = mkdtempSync(join(tmpdir(), "isthmus-slowed-"));
  try {
    const path = join(folder, "kernel.elf");
    writeFileSync(path, slowedKernel(kernelFile, kernel));
    const counts = countRows(path, COMMAND_LINE, NULL_CALL);
    const figures = JSON.parse(readFileSync("bench/figures.json", "utf8")) as Figures;
    const stored = figures.rows.getppid?.ours ?? 0;
    assert.equal(counts.get("getppid"), stored + 1);
    const [row] = gatedRows(NULL_CALL, counts, undefined, figures);
    assert.ok(row);
    assert.match(failureOf(row, true) ?? "", /is more than/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a profile's figures add up to the row's", { skip: missingTools() }, async () => {
  const { kernelFile } = await build();
  const [row] = NULL_CALL;
  assert.ok(row);
  const lines = await profileRow(kernelFile, COMMAND_LINE, row);
  const sum = lines.reduce((total, { instructions }) => total + instructions, 0);
  // Of the program it has the load of EAX, which the figure leaves out, and the int.
  assert.equal(sum - 1, countRows("build/kernel.elf", COMMAND_LINE, NULL_CALL).get("getppid"));
  const lineOf = (name: string) => lines.find(({ symbol }) => symbol === name);
  assert.equal(lineOf(PROGRAM)?.instructions, 2);
  assert.equal(lineOf("kernel/syscall/process/getppid")?.entries, 1);
});

test("the benchmark counts as single steps do, and twice the same", {
  skip: missingTools(),
}, async () => {
  await build();
  const [first, second] = [0, 1].map(() => countRows("build/kernel.elf", COMMAND_LINE));
  assert.deepEqual(first, second);
  assert.equal(first?.get("getppid"), await stepThroughCall());
});
