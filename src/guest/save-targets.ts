// Where changes go: what --save names, beside the parts of the tree.
//
// A folder that was brought in takes back what was changed in it. Any other that is new or empty
// gets all of the guest's files.

import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import { Diagnostic } from "../base/diagnostic";
import { canExportTo } from "./export-tree";
import type { Tree, TreePart } from "./tree";

export interface SaveTargets {
  /** Parts that are saved in place. */
  readonly parts: ReadonlySet<TreePart>;
  /** The folder for all files, if one was named. */
  readonly whole: string | undefined;
}

/** @throws Diagnostic GUEST007 if something can be neither */
export function saveTargets({ parts }: Tree, folders: readonly string[]): SaveTargets {
  const saved = new Set<TreePart>();
  let whole: string | undefined;
  for (const folder of folders) {
    const part = parts.find(({ path }) => path === realPath(folder));
    if (part !== undefined) saved.add(part);
    else if (whole !== undefined || !canExportTo(folder)) throw cannotBeTarget(folder, parts);
    else whole = folder;
  }
  return { parts: saved, whole };
}

/** The part that a path of the guest belongs to: the innermost one. */
export function partOf({ parts }: Tree, path: string): TreePart | undefined {
  const around = parts.filter(({ guest }) => {
    return guest === "" || path === guest || path.startsWith(`${guest}/`);
  });
  return around.sort((a, b) => b.guest.length - a.guest.length)[0];
}

function realPath(folder: string): string | undefined {
  try {
    return realpathSync(resolve(folder));
  } catch {
    return undefined;
  }
}

function cannotBeTarget(folder: string, parts: readonly TreePart[]): Diagnostic {
  const brought = parts.map(({ host }) => host).join(" or ");
  return new Diagnostic(
    "GUEST007",
    `--save ${folder} is neither a folder that was brought in nor a new one`,
    `Name ${brought} to change it, or one folder that is not there yet for all of the files`,
  );
}
