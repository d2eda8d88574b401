import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { folderEntries } from "../../src/cli/folder-entries";
import { readArchive, writeArchive } from "../../src/machine/initramfs";

describe("the entries of a folder", () => {
  it("keep the execute bit and symbolic links", () => {
    const folder = mkdtempSync(join(tmpdir(), "isthmus-root-"));
    try {
      mkdirSync(join(folder, "bin"));
      writeFileSync(join(folder, "bin", "tool"), "#!\n");
      chmodSync(join(folder, "bin", "tool"), 0o700);
      writeFileSync(join(folder, "plain"), "text");
      chmodSync(join(folder, "plain"), 0o600);
      symlinkSync("tool", join(folder, "bin", "alias"));
      symlinkSync("bin", join(folder, "programs"));
      symlinkSync("/nowhere", join(folder, "dangling"));
      const entries = readArchive(writeArchive(folderEntries(folder)));
      assert.deepEqual(
        entries.map(({ name, kind, mode, data }) => [name, kind, mode, `${Buffer.from(data)}`]),
        [
          ["bin", "directory", 0o755, ""],
          ["bin/alias", "link", 0o777, "tool"],
          ["bin/tool", "file", 0o755, "#!\n"],
          ["dangling", "link", 0o777, "/nowhere"],
          ["plain", "file", 0o644, "text"],
          ["programs", "link", 0o777, "bin"],
        ],
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("are none if there is no folder", () => {
    assert.deepEqual(folderEntries(join(tmpdir(), "isthmus-no-such-folder")), []);
  });
});
