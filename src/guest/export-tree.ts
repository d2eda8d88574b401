// Writes all files of a guest, as it left them, into a new folder of the host.
//
// The folder is made under another name beside the one that it gets, so it is there whole or not at
// all. What we added to the guest's files and it did not touch is left out.

import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { Diagnostic } from "../base/diagnostic";
import { bytesOfText, guestPath, hostPath } from "./byte-path";
import { attributesOf, setAttributes, writeHostFile } from "./host-file";
import type { ListedFile } from "./report";
import type { LeftOut } from "./tree";
import type { Change, Compared } from "./tree-changes";

/** Whether a whole tree can be written to `path`: it is not there, or an empty folder. */
export function canExportTo(path: string): boolean {
  try {
    return readdirSync(path).length === 0;
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    return isMissing && existsSync(dirname(resolve(path)));
  }
}

/**
 * Writes the tree to `folder`, and returns what could not be written.
 *
 * @throws Diagnostic GUEST006 if it cannot be done; then the folder is as it was
 */
export function exportTree(
  folder: string,
  { tree, packed, report }: Compared,
  changes: readonly Change[],
): LeftOut[] {
  const target = resolve(folder);
  const partial = `${target}.isthmus-save`;
  const byPath = new Map(changes.map((change) => [change.path, change]));
  const isOurs = (path: string) => !byPath.has(path) && tree.get(path)?.host === undefined;
  const files = [...report.after.values()].filter(({ path }) => path === "" || !isOurs(path));
  try {
    rmSync(partial, { recursive: true, force: true });
    const leftOut = writeFiles(partial, files, (path) => {
      return byPath.get(path)?.contents ?? packed.contents.get(path) ?? new Uint8Array();
    });
    if (existsSync(target)) rmdirSync(target);
    renameSync(partial, target);
    return leftOut;
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw new Diagnostic(
      "GUEST006",
      `cannot save to ${folder}: ${(error as Error).message}`,
      "See who may write there and how much room there is: ls -ld, df",
    );
  }
}

function writeFiles(
  folder: string,
  files: readonly ListedFile[],
  contentsOf: (path: string) => Uint8Array,
): LeftOut[] {
  const leftOut: LeftOut[] = [];
  const first = new Map<number, string>();
  const root = bytesOfText(folder);
  const hostOf = (path: string) => (path === "" ? root : `${root}/${path}`);
  for (const file of files) {
    const path = hostOf(file.path);
    const other = first.get(file.inode);
    if (file.kind === "directory") mkdirSync(hostPath(path), { recursive: true, mode: 0o700 });
    else if (file.kind === "other" || file.isTooLarge) {
      const reason = file.isTooLarge ? "it is too large" : "it is a device, a socket or a FIFO";
      leftOut.push({ what: guestPath(file.path), reason });
    } else if (other !== undefined) linkSync(hostPath(other), hostPath(path));
    else {
      writeHostFile(path, file, contentsOf(file.path));
      first.set(file.inode, path);
    }
  }
  for (const file of [...files].reverse()) {
    if (file.kind !== "directory") continue;
    const attributes = { ...attributesOf(file), modified: file.modified };
    setAttributes(hostOf(file.path), attributes, false);
  }
  return leftOut;
}
