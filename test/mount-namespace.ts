// Mounts that nobody else sees: the host's Linux as the measure of ours.

import { spawnSync } from "node:child_process";

/** What goes before a command so that it mounts for itself alone. */
export const APART = ["unshare", "--mount"];

/** Why programs cannot mount on the host; false: they can. */
export function mountingMissing(): string | false {
  const isGood = spawnSync("unshare", ["--mount", "true"]).status === 0;
  return isGood ? false : "no right to a namespace of mounts";
}
