// A folder of the host as entries of an initramfs: user/root.
//
// What can be executed stays executable, and a symbolic link stays one, wherever it leads. Nothing
// else of a file's mode is kept: it depends on the umask of whoever made the clone.

import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { type ArchiveEntry, fileEntry, linkEntry } from "../machine/initramfs";

const ANY_EXECUTE = 0o111;

/** Files and links in `folder` and in the folders in it, by name; none if there is no folder. */
export function folderEntries(folder: string): ArchiveEntry[] {
  return existsSync(folder) ? entriesIn(folder, "") : [];
}

function entriesIn(folder: string, prefix: string): ArchiveEntry[] {
  const found = readdirSync(folder, { withFileTypes: true });
  return found
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((each) => {
      const path = join(folder, each.name);
      const name = prefix + each.name;
      if (each.isDirectory()) return entriesIn(path, `${name}/`);
      if (each.isSymbolicLink()) return [linkEntry(name, readlinkSync(path).replaceAll("\\", "/"))];
      if (!each.isFile()) return [];
      const mode = (statSync(path).mode & ANY_EXECUTE) !== 0 ? 0o755 : 0o644;
      return [fileEntry(name, readFileSync(path), mode)];
    });
}
