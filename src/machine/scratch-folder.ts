// The folder of a running machine: sockets, memory, boot images. The machine removes it when it is
// closed, or this process when it ends before that. A process that is killed cannot, so the next
// one that makes such a folder removes those of the dead: each has its owner's identity in a file.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Diagnostic } from "../base/diagnostic";
import { systemReason } from "../base/system-error";
import { hasEnded, ownIdentity } from "./process-identity";

const PREFIX = "isthmus-machine-";
const OWNER = "owner";

/** The folders of machines that have not been closed yet. */
const open = new Set<string>();

/**
 * Makes a folder for one machine.
 *
 * @throws Diagnostic MACH008 if there is no place for it
 */
export function makeScratchFolder(parent = tmpdir()): string {
  try {
    const folder = mkdtempSync(join(parent, PREFIX));
    if (open.size === 0) process.once("exit", removeOpen);
    open.add(folder);
    writeFileSync(join(folder, OWNER), ownIdentity());
    removeLeftovers(parent);
    return folder;
  } catch (error) {
    const reason = systemReason(error);
    if (reason === undefined) throw error;
    const text = `no folder for the machine can be made in ${parent}: ${reason}`;
    throw new Diagnostic("MACH008", text, "Set TMPDIR to a folder that has room for it.");
  }
}

/** Removes a folder that `makeScratchFolder` made. */
export function removeScratchFolder(folder: string): void {
  open.delete(folder);
  if (open.size === 0) process.removeListener("exit", removeOpen);
  rmSync(folder, { recursive: true, force: true });
}

function removeOpen(): void {
  for (const folder of [...open]) {
    try {
      removeScratchFolder(folder);
    } catch {
      // Its machine, which ends with this process, still writes there: the next process removes it.
    }
  }
}

/** Removes the folders of processes that have certainly ended. */
function removeLeftovers(parent: string): void {
  for (const name of readdirSync(parent)) {
    if (!name.startsWith(PREFIX)) continue;
    const folder = join(parent, name);
    try {
      if (!hasEnded(readFileSync(join(folder, OWNER), "utf8"))) continue;
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // Another user's, or it has just gone.
    }
  }
}
