// The tree of a folder and of what is bound into it: what `pack` packs and `run --root` brings.

import { realpathSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { Diagnostic } from "../base/diagnostic";
import { bytesOfText } from "./byte-path";
import { finishSave } from "./save-changes";
import { addFolder } from "./scan-folder";
import { Tree } from "./tree";

/**
 * Reads the folder `root`, and puts what `binds` name, `HOST:GUEST` each, over it.
 *
 * @throws Diagnostic GUEST001 if something named is not there, GUEST002 if a bind makes no sense
 */
export function folderTree(root: string, binds: readonly string[]): Tree {
  const tree = new Tree();
  addPart(tree, root, "", true);
  for (const bind of binds) addBind(tree, bind);
  return tree;
}

function addBind(tree: Tree, bind: string): void {
  // The last one: a path of Windows has a colon of its own.
  const colon = bind.lastIndexOf(":/");
  if (colon <= 0) {
    throw new Diagnostic(
      "GUEST002",
      `--bind ${bind} does not say what goes where`,
      "Write --bind HOST:GUEST, with a path that begins with / for GUEST",
    );
  }
  const guest = bytesOfText(bind.slice(colon + 1));
  const found = tree.resolve(guest);
  if ("loop" in found || "notDirectory" in found) {
    throw new Diagnostic(
      "GUEST002",
      `--bind ${bind}: ${bind.slice(colon + 1)} goes through something that is not a folder`,
      "Name a path that can be a folder of the guest",
    );
  }
  const path = "file" in found ? found.file.path : found.missing;
  if (path === "") {
    throw new Diagnostic(
      "GUEST002",
      `--bind ${bind} would replace all of the guest's files`,
      "Name a folder below /, or give the folder with --root",
    );
  }
  tree.remove(path);
  addPart(tree, bind.slice(0, colon), path, false);
}

function addPart(tree: Tree, host: string, guest: string, mustBeFolder: boolean): void {
  const path = realFolder(host, mustBeFolder);
  finishSave({ path, host });
  tree.parts.push({ host, path, guest });
  addFolder(tree, path, guest);
}

/** The folder's own path, with no link at its end. */
function realFolder(host: string, mustBeFolder: boolean): string {
  try {
    const path = realpathSync(resolve(host));
    if (!mustBeFolder || statSync(path).isDirectory()) return path;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isMissing = code === "ENOENT" || code === "ENOTDIR";
    throw new Diagnostic(
      "GUEST001",
      isMissing ? `there is no folder ${host}` : `${host} cannot be read: ${message}`,
      isMissing ? "See which there are: ls" : "See who may read it: ls -ld",
    );
  }
  throw new Diagnostic(
    "GUEST001",
    `${host} is not a folder`,
    "Name the folder that is to be the guest's /",
  );
}
