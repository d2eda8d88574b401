import assert from "node:assert/strict";
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { HANG_MS } from "../hang-guard";
import { NativePrograms, nativeMissing } from "./native-program";

const programs = new NativePrograms();

/** The shell at a terminal of its own, which script(1) makes. */
class Terminal {
  private readonly child: ChildProcessWithoutNullStreams;
  private output = "";

  constructor(folder: string) {
    const shell = `env -i PATH=${folder} ${folder}/shell`;
    const command = `stty cols 40; exec ${shell}`;
    this.child = spawn("script", ["-qec", command, "/dev/null"]);
    this.child.stdout.on("data", (bytes: Buffer) => {
      this.output += bytes.toString();
    });
  }

  /**
   * Types a line and waits for what it prints and for the next prompt: the keys of another line
   * mean something else as long as a program has the terminal.
   */
  async run(keys: string, expected: string): Promise<string> {
    return (await this.type(keys, expected)) + (await this.type("", "$ "));
  }

  /** Types keys, waits for `expected`, and returns what was shown since the last call. */
  async type(keys: string, expected: string): Promise<string> {
    this.child.stdin.write(keys);
    const deadline = Date.now() + HANG_MS;
    while (Date.now() < deadline) {
      const at = this.output.indexOf(expected);
      if (at >= 0) {
        const shown = this.output.slice(0, at + expected.length);
        this.output = this.output.slice(at + expected.length);
        return shown;
      }
      await sleep(20);
    }
    throw new Error(`no ${JSON.stringify(expected)} in ${JSON.stringify(this.output)}`);
  }

  async status(): Promise<number | null> {
    if (this.child.exitCode !== null) return this.child.exitCode;
    return new Promise((resolve) => this.child.once("exit", resolve));
  }

  close(): void {
    this.child.kill("SIGKILL");
  }
}

function missing(): string | false {
  if (spawnSync("script", ["--version"]).status !== 0) return "script(1) is not installed";
  return nativeMissing();
}

describe("the shell at a terminal", { skip: missing() }, () => {
  let terminal: Terminal;
  before(async () => {
    await programs.build("shell", "echo", "hello", "cat");
    terminal = new Terminal(programs.folder);
    await terminal.type("", "$ ");
    await terminal.type("cd /\r", "\r/$ ");
  });
  after(() => {
    terminal.close();
    programs.remove();
  });

  it("edits a line with cursor keys, erase keys and control keys", async () => {
    await terminal.run("echo bcX\x7f\x1b[D\x1b[Da\x1b[C\x1b[C\x1b[3~d\r", "\nabcd\r\n");
    await terminal.run("cho x\x01e\x05y\r", "\nxy\r\n");
    await terminal.run("junk\x15echo one two\x17three\r", "\none three\r\n");
    await terminal.run("echo keep lose\x1bb\x0b\r", "\nkeep\r\n");
    await terminal.run("echo é☃𝄞\x1b[D\x7f!\r", "\né!𝄞\r\n");
  });

  it("recalls earlier lines", async () => {
    await terminal.run("echo first\r", "\nfirst\r\n");
    await terminal.run("echo second\r", "\nsecond\r\n");
    await terminal.run("\x1b[A\x1b[A\r", "\nfirst\r\n");
    await terminal.run("\x10\x10\x0e\x7f3\r", "\nfirs3\r\n");
  });

  it("completes programs, commands and files", async () => {
    await terminal.type("hel\t", "hel");
    await terminal.type("\t", "hello  help");
    await terminal.type("l\t", "hello ");
    await terminal.run("\x15echo /dev/nul\t.\r", "\n/dev/null .\r\n");
  });

  it("scrolls a line that is wider than the terminal", async () => {
    const long = "0123456789".repeat(6);
    const shown = await terminal.run(`echo ${long}\r`, `\n${long}\r\n`);
    for (const line of shown.split(/[\r\n]/)) {
      assert.ok(line.includes(long) || line.length < 60, JSON.stringify(line));
    }
  });

  it("forgets a line on ^C, and lets ^C end a program", async () => {
    await terminal.type("echo nothing\x03", "/ [130]$ ");
    await terminal.type("cat\r", "cat\x1b[K\r\n");
    await terminal.type("text\r", "text\r\ntext\r\n");
    await terminal.type("\x03", "/ [130]$ ");
    await terminal.run("echo alive\r", "\nalive\r\n");
  });

  it("ends on ^D", async () => {
    await terminal.type("\x04", "\n");
    assert.equal(await terminal.status(), 0);
  });
});
