// Writes a guest's files into a folder of the host, where a program can run in them by chroot: the
// same tree that a machine gets as an archive.

import { spawnSync } from "node:child_process";
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { bytesOfText, hostPath } from "./byte-path";
import { setAttributes } from "./host-file";
import { readContents } from "./pack-tree";
import type { Tree, TreeFile } from "./tree";

/** Writes the tree into `folder`, which is there and empty; as the superuser, owners as well. */
export function writeTree(tree: Tree, folder: string): void {
  const root = bytesOfText(folder);
  const pathOf = ({ path }: TreeFile) => (path === "" ? root : `${root}/${path}`);
  const firstNames = new Map<string, string>();
  const files = [...tree.files()];
  for (const file of files) {
    const path = pathOf(file);
    const first = firstNames.get(file.identity);
    if (first !== undefined) linkSync(hostPath(first), hostPath(path));
    else if (file.kind === "directory") mkdirSync(hostPath(path), { recursive: true });
    else writeFile(file, path);
    if (file.identity !== "") firstNames.set(file.identity, path);
  }
  // Last, and the deepest first: what is made in a directory changes its time.
  for (const file of files.reverse()) {
    if (file.kind === "directory") setAttributes(pathOf(file), file, false);
  }
}

function writeFile(file: TreeFile, path: string): void {
  if (file.kind === "link") symlinkSync(hostPath(file.target), hostPath(path));
  else if (file.kind === "file") writeFileSync(hostPath(path), readContents(file));
  else spawnSync("mkfifo", ["--", hostPath(path).toString()]);
  setAttributes(path, file, file.kind === "link");
}
