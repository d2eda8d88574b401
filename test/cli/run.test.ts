// `isthmus run` with kernels of a few bytes: exit statuses, input, and how a run ends.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { fileEntry, writeArchive } from "../../src/machine/initramfs";
import { debugLine, ECHO, HALT, out, print, SPIN, tinyKernel } from "../machine/tiny-kernel";
import { type Circumstances, isthmus } from "./isthmus";

const directory = mkdtempSync(join(tmpdir(), "isthmus-test-"));
after(() => rmSync(directory, { recursive: true }));

/** Runs a kernel of these instructions. */
function run(
  code: readonly (readonly number[])[],
  words: readonly string[] = [],
  circumstances: Circumstances = {},
) {
  const file = join(directory, `${Math.random()}.elf`);
  writeFileSync(file, tinyKernel(...code));
  return isthmus(["run", "--kernel", file, "--machine", "v86", ...words], circumstances);
}

describe("isthmus run", () => {
  it("passes output on and exits with the guest's status", async () => {
    const outcome = await run([print("hello\n"), debugLine("exit 7"), out(0xf4, 0), HALT]);
    assert.equal(outcome.status, 7);
    assert.equal(outcome.stdout, "hello\n");
    assert.match(outcome.stderr, /^isthmus: the kernel reported the exit status 7; EIP is 0x0010/m);
  });

  it("exits with 125 when the kernel panics, and says why", async () => {
    const { status, stdout, stderr } = await run([print("x"), debugLine("panic no frames"), HALT]);
    assert.equal(status, 125);
    assert.equal(stdout, "x\n", "the message begins on a line of its own");
    assert.match(stderr, /^isthmus: the kernel panicked: no frames; EIP is 0x0010/m);
  });

  it("exits with 124 when the time is up", async () => {
    const { status, stderr } = await run([print("busy\n"), SPIN], ["--timeout", "1"]);
    assert.equal(status, 124);
    assert.match(stderr, /timed out after 1 s/);
  });

  it("writes what the guest says to the file that --log names, too", async () => {
    const log = join(directory, "serial.log");
    writeFileSync(log, "from the last run, and longer than this one");
    const words = ["--log", log];
    const { stdout } = await run([print("hello\n"), debugLine("exit 0"), HALT], words);
    assert.deepEqual([stdout, readFileSync(log, "utf8")], ["hello\n", "hello\n"]);
  });

  it("says why a log cannot be written: at once, or at the end if the disk is full", async () => {
    const kernel = [print("hello\n"), debugLine("exit 0"), HALT];
    const { status, stdout, stderr } = await run(kernel, ["--log", join(directory, "no", "log")]);
    assert.deepEqual([status, stdout], [2, ""]);
    assert.match(stderr, /CLI007.*log cannot be written/);
    const full = await run(kernel, ["--log", "/dev/full"]);
    assert.deepEqual([full.status, full.stdout], [2, "hello\n"]);
    assert.match(full.stderr, /CLI007.*\/dev\/full cannot be written/);
  });

  it("shows the text of a screen of pixels, for our own kernel", async () => {
    const words = ["--pixels", "24", "--screen", "-"];
    const { status, stdout } = await isthmus(["run", ...words, "--", "shell", "-c", "echo é─┐"]);
    assert.equal(status, 0);
    // Once from the serial line, and once from the screen.
    assert.deepEqual(stdout.trim().split(/\r?\n/), ["é─┐", "é─┐"]);
    const other = await run([HALT], words);
    assert.equal(other.status, 2);
    assert.match(other.stderr, /--pixels is for our own kernel/);
  });

  it("passes input on, and its end as ^D", async () => {
    const echoTwo = [ECHO, ECHO, debugLine("exit 0"), HALT];
    const { status, stdout } = await run(echoTwo, [], { input: "\n" });
    assert.equal(status, 0);
    assert.equal(stdout, "\n\x04");
  });

  it("names the program that was meant, if the one that was named is not there", async () => {
    const archive = join(directory, "programs.cpio");
    const files = ["bin/hello", "bin/cat"].map((name) => fileEntry(name, new Uint8Array(), 0o755));
    writeFileSync(archive, writeArchive(files));
    const missing = [debugLine("exit 127"), HALT];
    const say = async (...words: string[]) =>
      (await run(missing, ["--initramfs", archive, ...words])).stderr;
    assert.match(await say("--", "helo"), /no program helo; did you mean hello\?/);
    assert.match(await say("nonsense"), /no program nonsense; \/bin has hello, cat/);
    assert.doesNotMatch(await say("hello"), /program/, "its own status");
  });

  it("passes the words after -- to a kernel that is not ours as they are", async () => {
    const sendCommandLine = [
      ...[0x66, 0xba, 0xf8, 0x03], // mov dx, 0x3f8
      ...[0x8b, 0x73, 0x10], // mov esi, [ebx + 16]
      ...[0xac, 0xee, 0x84, 0xc0, 0x75, 0xfa], // again: lodsb; out dx, al; test al, al; jnz again
    ];
    const { stdout } = await run(
      [[0xfc], sendCommandLine, debugLine("exit 0"), HALT],
      ["--", "ls", "a b"],
    );
    assert.equal(stdout, "ls a b\0");
  });
});
