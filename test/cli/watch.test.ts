// `--watch`: the work is done again when a file has changed, and a mistake does not end it.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { INSTALLATION } from "../../src/cli/project";
import { HANG_MS } from "../hang-guard";
import { START_OBJECT } from "../link/in-browser";

const folder = mkdtempSync(join(tmpdir(), "isthmus-watch-"));
after(() => rmSync(folder, { recursive: true }));

/** `isthmus` with these words, running until the test ends it. */
class Watching {
  readonly #child: ChildProcess;
  #output = "";

  constructor(...words: string[]) {
    const command = join(INSTALLATION, "bin", "isthmus.js");
    const environment = { ...process.env, NO_COLOR: "1" };
    this.#child = spawn(process.execPath, [command, ...words], { cwd: folder, env: environment });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        this.#output += chunk.toString("utf8");
      });
    }
  }

  /** What it prints up to the end of its next round. */
  async round(): Promise<string> {
    const deadline = Date.now() + HANG_MS;
    while (!/ends\n/.test(this.#output)) {
      assert.ok(Date.now() < deadline && this.#child.exitCode === null, this.#output);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const text = this.#output;
    this.#output = "";
    return text;
  }

  async end(): Promise<void> {
    const closed = new Promise((resolve) => this.#child.once("close", resolve));
    this.#child.kill("SIGINT");
    await closed;
  }
}

function write(name: string, content: string | Uint8Array): void {
  writeFileSync(join(folder, name), content);
}

const layoutAt = (start: number) => JSON.stringify({ regions: { kernel: { start } } });

describe("--watch", () => {
  it("links again when the layout or an object changes, and goes on after a mistake", async () => {
    write("start.o", START_OBJECT);
    write("isthmus.layout.json", layoutAt(0x100000));
    const watching = new Watching("link", "start.o", "-o", "kernel.elf", "--watch");
    try {
      assert.match(
        await watching.round(),
        /kernel\.elf\nisthmus: watching start\.o, isthmus\.layout/,
      );
      const before = readFileSync(join(folder, "kernel.elf"));
      write("isthmus.layout.json", layoutAt(0x200000));
      await watching.round();
      assert.ok(!readFileSync(join(folder, "kernel.elf")).equals(before));
      write("start.o", "nonsense");
      assert.match(await watching.round(), /error\[[A-Z]+\d+\][\s\S]*exit status 2; watching/);
      write("start.o", START_OBJECT);
      assert.match(await watching.round(), /kernel\.elf\nisthmus: watching/);
    } finally {
      await watching.end();
    }
  });

  it("checks again when the kernel changes", async () => {
    write("other.elf", readFileSync(join(folder, "kernel.elf")));
    const watching = new Watching("check", "other.elf", "--watch");
    try {
      assert.match(await watching.round(), /refuses\n[\s\S]*watching other\.elf/);
      write("other.elf", "nonsense");
      assert.match(await watching.round(), /other\.elf.*\n[\s\S]*exit status 2/);
    } finally {
      await watching.end();
    }
  });
});
