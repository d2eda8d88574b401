// The kernel under the stock debugger, in QEMU: stops by names of TypeScript, steps by its lines,
// prints its objects, and finds the callers of every moment, across the trampoline.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { INSTALLATION } from "../../src/cli/project";
import { findSpaces, type ProcessSpace } from "../../src/inspect/spaces";
import type { Machine } from "../../src/machine/machine";
import { unlessInstalled } from "../link/tools";
import { skipReason } from "../machine/installed";
import { type Built, build, openKernel } from "./booted-kernel";
import { GdbSession } from "./gdb-session";

/** The process of the running thread: gdb is told the type, which the thread does not know. */
const PROCESS = "(*(Process *) currentOwner)";

/** The number of the line of `file` that contains `text`. */
function lineOf(file: string, text: string): number {
  const lines = readFileSync(join(INSTALLATION, file), "utf8").split("\n");
  const index = lines.findIndex((line) => line.includes(text));
  assert.notEqual(index, -1, `${file} has no line with ${text}`);
  return index + 1;
}

describe("gdb on the kernel", {
  skip: unlessInstalled("gdb") || skipReason("qemu"),
  concurrency: false,
}, () => {
  const directory = mkdtempSync(join(tmpdir(), "isthmus-gdb-"));
  let built: Built;
  let machine: Machine;
  let gdb: GdbSession;

  before(async () => {
    const socket = join(directory, "gdb");
    built = await build();
    const request = { program: ["cat", "/etc/motd"], qemu: { debuggerAt: `unix:${socket}` } };
    machine = openKernel("qemu", built, request);
    await machine.start();
    gdb = new GdbSession(join("build", "kernel.elf"));
    await gdb.ask(`target remote ${socket}`);
  });
  after(async () => {
    await gdb?.close();
    await machine?.close();
    rmSync(directory, { recursive: true });
  });

  /** The processes as the walker of page tables and of `kernel_info` sees them. */
  const processes = (): Promise<readonly ProcessSpace[]> =>
    machine.inspect((snapshot) => findSpaces(snapshot, built.kernel).processes);
  const word = async (expression: string) => Number(await gdb.value(`(u32) (${expression})`));

  it("stops at a kernel function, and shows what it returns", async () => {
    await gdb.ask("break createProcess");
    const stop = await gdb.ask("continue");
    assert.match(stop, /createProcess \(\) at kernel\/process\/process\.ts:\d+\n.*createProcess\(/);
    assert.match(await gdb.ask("backtrace"), /startInit .*\n.*kernelMain .*\n.*_start/);
    assert.match(await gdb.ask("finish"), /Value returned is .*\(struct Process \*\) 0x/);
    assert.equal(await gdb.value("$.pid"), "1");
    await gdb.ask("delete");
  });

  it("prints a process's fields as the kernel has them", async () => {
    await gdb.ask("break read");
    await gdb.ask("continue");
    const current = (await processes()).find((process) => process.current);
    assert(current);
    assert.equal(await gdb.value(`${PROCESS}.pid`), String(current.pid));
    assert.equal(await word(`${PROCESS}.cr3`), current.space.cr3);
    assert.equal(await word(`${PROCESS}.stackTop`), current.stackTop);
    assert.match(await gdb.ask(`x/s &${PROCESS}.name0`), new RegExp(`"${current.name}"`));
    assert.equal(await gdb.value(`${PROCESS}.isStopped`), "false");
    assert.equal(await word(`${PROCESS}.group`), 1);
    assert.equal(await gdb.value("currentThread.state"), "ThreadState.runnable");
    assert.equal(await gdb.value("'kernel/process/process.ts'::processCount"), "1");
    assert.match(await gdb.ask(`print *${PROCESS}.space`), /= \{.* = \d+/);
    assert.match(await gdb.ask("info args"), /^frame = 0x[0-9a-f]+$/);
    assert.equal(await word("frame.eax"), 3, "read's number");
    assert.equal(await word("&frame.ss + 1"), current.stackTop);
  });

  it("shows the way from a system call across the trampoline into the program", async () => {
    const frames = (await gdb.ask("backtrace")).split("\n");
    const names = frames.map((line) => / in (\S+)| +(\S+) \(/.exec(line)?.slice(1).join(""));
    const way = ["read", "systemCall", "enterSystemCall", "system_call_entry"];
    assert.deepEqual(names.slice(0, way.length), way);
    assert.equal(frames.length, way.length + 1, "ends with the program");
    assert.match(frames[4] ?? "", /^#4 +0x0000[1-9a-f]\w{3} in \?\?/);
    const stack = Number((await gdb.ask("frame 4")) && (await word("$esp")));
    assert(stack > 0xffff0000 && stack < 0xffffc000, "the user's own stack pointer");
    await gdb.ask("add-symbol-file build/user/cat.elf");
    assert.match(await gdb.ask("backtrace"), /#4 .* in read \(.*\) at user\/.*\.ts:\d+/);
  });

  it("steps by lines of TypeScript, into functions that were inlined", async () => {
    const line = async () => {
      const answer = await gdb.ask("info line");
      const number = /^Line (\d+) /.exec(answer)?.[1];
      assert(number, `gdb said of the line: ${answer}`);
      return Number(number);
    };
    const file = "kernel/syscall/file.ts";
    const body = lineOf(file, "export function read(frame");
    await gdb.ask("frame 0");
    assert.equal(await line(), body);
    await gdb.ask("next");
    assert.equal(await line(), body + 1);
    await gdb.ask("next");
    assert.equal(await line(), body + 2);
    assert.match(await gdb.ask("info locals"), /^file = 0x[0-9a-f]+$/m);
    assert.equal(await word("frame.ebx"), 3, "the descriptor, in the caller's trap frame");
    // The arguments are loaded before, which counts as the line above.
    let stop = "";
    for (let steps = 0; steps < 3 && !stop.includes(" at "); steps++) stop = await gdb.ask("step");
    assert.match(stop, /read \(.*\) at kernel\/file\/open-file\.ts:/);
    assert.match(await gdb.ask("backtrace 2"), /#0 .*open-file\.ts:.*\n#1 .*read .*file\.ts:/);
    await gdb.ask("delete");
  });

  it("finds the program at every instruction of the trampoline", async () => {
    await gdb.ask("break *&system_call_entry");
    await gdb.ask("continue");
    await gdb.ask("delete");
    assert.match(await gdb.ask("backtrace"), /#1 .*write .*\n(.*\n)*.* main \(.*cat\.ts:\d+$/);
    await gdb.ask("frame 1");
    const program = await word("$eip");
    await gdb.ask("frame 0");
    const isKernel = async () => (await word("$eip")) < 0xffff0000;
    let steps = 0;
    for (; steps < 200 && !(await isKernel()); steps++) {
      await assertCaller(program, "on the way in");
      await gdb.ask("stepi");
    }
    assert(steps > 20, `${steps} instructions on the way in`);
    await gdb.ask("break return_to_user");
    await gdb.ask("continue");
    await gdb.ask("delete");
    for (steps = 0; steps < 200 && (await word("$eip")) > 0xffff0000; steps++) {
      await assertCaller(program, "on the way out");
      await gdb.ask("stepi");
    }
    assert(steps > 15, `${steps} instructions on the way out`);
    assert.equal(await word("$eip"), program);
  });

  async function assertCaller(program: number, when: string): Promise<void> {
    const trace = await gdb.ask("backtrace");
    const caller = /^#1 +0x([0-9a-f]+) in/m.exec(trace)?.[1];
    assert.equal(Number.parseInt(caller ?? "0", 16), program, `${when}:\n${trace}`);
  }
});
