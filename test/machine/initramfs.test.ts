// The initramfs: what is written is read back, by us and by cpio, and damage is reported.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, it } from "node:test";
import { fileEntry, readArchive, writeArchive } from "../../src/machine/initramfs";

const FILES = [
  fileEntry("bin/hello", Buffer.from([1, 2, 3]), 0o755),
  fileEntry("etc/motd", Buffer.from("Welcome.\n")),
  fileEntry("etc/empty", new Uint8Array()),
];

describe("initramfs", () => {
  it("reads back what it wrote, with the directories that files need before them", () => {
    const entries = readArchive(writeArchive(FILES));
    assert.deepEqual(
      entries.map(({ name, kind, mode }) => [name, kind, mode]),
      [
        ["bin", "directory", 0o755],
        ["bin/hello", "file", 0o755],
        ["etc", "directory", 0o755],
        ["etc/motd", "file", 0o644],
        ["etc/empty", "file", 0o644],
      ],
    );
    assert.equal(Buffer.from(entries[3]?.data ?? []).toString(), "Welcome.\n");
    assert.deepEqual([...(entries[1]?.data ?? [])], [1, 2, 3]);
  });

  it("is a pure function of its input", () => {
    assert.deepEqual(writeArchive(FILES), writeArchive(FILES));
  });

  it("is an archive that cpio lists", (context) => {
    let listed: string;
    try {
      listed = execFileSync("cpio", ["-it", "--quiet"], {
        input: writeArchive(FILES),
        encoding: "utf8",
      });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      context.skip("cpio not installed");
      return;
    }
    assert.equal(listed, "bin\nbin/hello\netc\netc/motd\netc/empty\n");
  });

  it("names the offset at which an archive is damaged", () => {
    const archive = Buffer.from(writeArchive(FILES));
    assert.throws(() => readArchive(archive.subarray(0, 40)), {
      code: "MACH002",
      message: /offset 0/,
    });
    const second = archive.indexOf("070701", 6);
    archive[second] = 0x58;
    assert.throws(() => readArchive(archive), {
      code: "MACH002",
      message: new RegExp(`offset ${second}`),
    });
  });
});
