// `isthmus doctor` on computers that have everything, nothing, or something else.

import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { HOST_TOOLS, installCommand, thisSystem } from "../../src/cli/host-tools";
import { isthmus } from "./isthmus";

const folder = mkdtempSync(join(tmpdir(), "isthmus-doctor-"));
after(() => rmSync(folder, { recursive: true }));

/** A program that prints this and does nothing. */
function fake(name: string, output: string, status = 0): void {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\necho '${output}'\nexit ${status}\n`);
  chmodSync(path, 0o755);
}

fake("qemu-system-i386", "QEMU emulator version 9.1.2 (Debian)\nCopyright");
fake("grub-mkrescue", "grub-mkrescue (GRUB) 2.12-1ubuntu7");
fake("gdb", "GNU gdb (Debian 15.1-1) 15.1\nCopyright");
fake("make", "GNU Make 4.4.1");
fake("gcc", "error: 32-bit code is not supported", 1);
fake("clang", "19.1.0");

interface Report {
  readonly ok: boolean;
  readonly tools: readonly { name: string; version: string | null; install: string | null }[];
}

/** What doctor finds where only the programs above are in the PATH. */
async function examine(...words: string[]) {
  const environment = { PATH: folder };
  const { status, stdout } = await isthmus(["doctor", "--json", ...words], { environment });
  return { status, report: JSON.parse(stdout) as Report };
}

describe("isthmus doctor", () => {
  it("finds programs and their versions, and says what brings the others", async () => {
    const { status, report } = await examine();
    assert.equal(status, 0, "nothing but node is demanded");
    const versionOf = (name: string) => report.tools.find((tool) => tool.name === name)?.version;
    assert.deepEqual(
      ["node", "qemu", "grub", "gdb", "make", "clang", "xorriso", "lld"].map(versionOf),
      [process.versions.node, "9.1.2", "2.12", "15.1", "4.4.1", "19.1.0", null, null],
    );
    for (const { name, install } of report.tools) {
      if (name !== "kvm") assert.match(install ?? "", /^\S+ /, name);
    }
  });

  it("does not count a gcc that makes no code for i386", async () => {
    const { report } = await examine("gcc");
    assert.deepEqual(
      report.tools.map(({ name, version }) => [name, version]),
      [["gcc -m32", null]],
    );
  });

  it("fails if what is demanded is missing, and only then", async () => {
    assert.equal((await examine("qemu", "gdb")).status, 0);
    const { status, report } = await examine("qemu", "lld");
    assert.deepEqual([status, report.ok], [1, false]);
  });

  it("prints a line for each, and how to get what is missing", async () => {
    const { stdout } = await isthmus(["doctor", "gdb", "lld"], { environment: { PATH: folder } });
    assert.match(stdout, /^gdb +15\.1 +debug .*\nlld +missing +link by .*\n +\S+ \S*.*lld/);
  });

  it("names a program that it may have been asked for", async () => {
    const { status, stderr } = await isthmus(["doctor", "qemo"]);
    assert.equal(status, 2);
    assert.match(stderr, /CLI001.*no program qemo\n {2}help: Did you mean qemu\?/);
  });
});

describe("the names of packages", () => {
  it("are those of the system", () => {
    const systems = [
      thisSystem("linux", 'ID=ubuntu\nID_LIKE="debian"\n'),
      thisSystem("linux", 'NAME="Rocky"\nID="rocky"\nID_LIKE="rhel centos fedora"\n'),
      thisSystem("linux", "ID=manjaro\nID_LIKE=arch\n"),
      thisSystem("linux", ""),
      thisSystem("darwin", ""),
      thisSystem("win32", ""),
    ];
    assert.deepEqual(systems, ["debian", "fedora", "arch", "debian", "macos", "windows"]);
    const qemu = HOST_TOOLS.find(({ name }) => name === "qemu");
    assert.ok(qemu);
    assert.equal(installCommand(qemu, "fedora"), "dnf install qemu-system-x86");
    assert.equal(installCommand(qemu, "macos"), "brew install qemu");
  });
});
