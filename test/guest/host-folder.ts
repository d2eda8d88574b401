// Folders of the host for the tests of src/guest, and what is in one afterwards.

import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

/** A new folder, which is removed after the tests of the file. */
export function newFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "isthmus-guest-")));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The folder as lines: `path mode contents`, by name; of links the target, of folders nothing. */
export function describeFolder(folder: string, prefix = ""): string[] {
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      const stats = lstatSync(path);
      const shown = `${prefix}${name}`;
      const mode = (stats.mode & 0o7777).toString(8);
      if (stats.isSymbolicLink()) return [`${shown} -> ${readlinkSync(path)}`];
      if (stats.isDirectory()) return [`${shown}/ ${mode}`, ...describeFolder(path, `${shown}/`)];
      return [`${shown} ${mode} ${readFileSync(path, "latin1")}`];
    });
}
