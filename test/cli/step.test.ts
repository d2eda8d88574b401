// `isthmus step`: one system call, instruction by instruction.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { CallTrace } from "../../src/inspect/call-trace";
import { skipReason } from "../machine/installed";
import { isthmus } from "./isthmus";

async function traced(...words: string[]): Promise<CallTrace> {
  const { status, stdout, stderr } = await isthmus(["step", "--json", ...words]);
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as CallTrace;
}

describe("isthmus step", () => {
  it("shows instructions, source lines, registers and both loads of CR3", async () => {
    const { status, stdout, stderr } = await isthmus(["step"]);
    assert.equal(status, 0, stderr);
    const lines = stdout.split("\n");
    assert.equal(lines[0], "getppid by crossing (pid 1) on v86");
    const find = (pattern: RegExp) => {
      const index = lines.findIndex((line) => pattern.test(line));
      assert.notEqual(index, -1, `${pattern} is not in ${stdout}`);
      return index;
    };
    const places = [
      find(/^ {2}; user\/crossing\.asm\.ts:\d+$/),
      find(/^ {2}user {4}[0-9a-f]{8} {2}int {4}0x80 .*cs=0008 ss=0010$/),
      find(/^system_call_entry:$/),
      find(/^ {2}; kernel\/machine\/i686\/trampoline\.asm\.ts:\d+$/),
      find(/^ {2}user {4}ffff[0-9a-f]{4} {2}mov {4}cr3,eax +cr3=[0-9a-f]{8}$/),
      find(/^ {2}------ {2}CR3 = [0-9a-f]{8}: the kernel's space$/),
      find(/^ {2}; kernel\/trap\/trap\.ts:\d+$/),
      find(/^ {2}kernel {2}ffff[0-9a-f]{4} {2}mov {4}cr3,eax +cr3=[0-9a-f]{8}$/),
      find(/^ {2}------ {2}CR3 = [0-9a-f]{8}: the program's space$/),
      find(/^ {2}user {4}ffff[0-9a-f]{4} {2}iret .*cs=001b ss=0023$/),
      find(/^\d+ instructions, 2 changes of CR3, result 0; back in the program$/),
    ];
    assert.deepEqual(
      places,
      [...places].sort((a, b) => a - b),
    );
  });

  it("names every instruction and its source line", async () => {
    const { steps } = await traced();
    for (const { address, text, symbol, place } of steps) {
      assert.ok(text && symbol && place?.line, `nothing is known of ${address.toString(16)}`);
    }
    const line = (name: string) => steps.find(({ symbol }) => symbol === name)?.place?.file;
    assert.equal(line("system_call_entry"), "kernel/machine/i686/trampoline.asm.ts");
    assert.equal(line("kernel/trap/trap/enterSystemCall"), "kernel/trap/trap.ts");
  });

  it("is the same trace on QEMU, address by address", { skip: skipReason("qemu") }, async () => {
    const [v86, qemu] = [await traced(), await traced("--machine", "qemu")];
    const addresses = ({ steps }: CallTrace) => steps.map(({ address, space }) => [space, address]);
    assert.deepEqual(addresses(v86), addresses(qemu));
    assert.deepEqual(v86.result, qemu.result);
  });

  it("takes the first call of a name, and as many instructions as asked for", async () => {
    const trace = await traced("--call", "getpid", "--count", "20", "--", "hello");
    assert.deepEqual(trace.call, { number: 20, name: "getpid" });
    assert.deepEqual(trace.process, { pid: 1, name: "hello" });
    assert.equal(trace.steps.length, 20);
    assert.equal(trace.end, "count");
    assert.equal(trace.result, undefined);
  });

  it("follows a call of a process that another one forked", async () => {
    const trace = await traced("--call", "exit_group", "--count", "100000", "--", "churn", "1");
    assert.notEqual(trace.process.pid, 1);
    assert.equal(trace.process.name, "churn");
    assert.equal(trace.end, "other process");
  });

  it("says why a call does not come back", async () => {
    const sleeping = await traced("--call", "nanosleep", "--count", "100000", "--", "sleep", "1");
    assert.equal(sleeping.end, "waits");
    const ending = await traced("--call", "exit_group", "--count", "100000", "--", "true");
    assert.equal(ending.end, "ended");
  });

  it("has status 1 if no such call is made", async () => {
    const { status, stdout, stderr } = await isthmus(["step", "--call", "fork", "--", "hello"]);
    assert.equal(status, 1);
    assert.equal(stdout, "");
    assert.match(stderr, /error\[CLI010\]: no process made the call fork/);
  });

  it("refuses names that it does not know, with the nearest one", async () => {
    const { status, stderr } = await isthmus(["step", "--call", "getpidd"]);
    assert.equal(status, 2);
    assert.match(stderr, /error\[CLI001\]: --call is getpidd.*\n.*Did you mean getpid\?/);
  });

  it("refuses a kernel that does not name its way out", async () => {
    const kernel = "build/user/hello.elf";
    const { status, stderr } = await isthmus(["step", "--kernel", kernel]);
    assert.equal(status, 2);
    assert.match(stderr, /error\[INSP005\]: build\/user\/hello\.elf has no symbol exit_iret/);
  });
});
