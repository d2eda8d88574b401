// What a folder needs to be a guest's /: places to mount on, and users with names. Whatever the
// folder has itself stays as it is.

import { bytesOfText } from "./byte-path";
import { ownDirectory, ownFile, type Tree } from "./tree";

const STICKY_FOR_ALL = 0o1777;
const NOBODY = 65534;

/** Adds to the tree what is missing. */
export function completeSystem(tree: Tree): void {
  for (const path of ["dev", "proc"]) addMissing(tree, path, () => ownDirectory(path));
  addMissing(tree, "tmp", () => ownDirectory("tmp", STICKY_FOR_ALL));
  addMissing(tree, "etc/passwd", () => ownFile("etc/passwd", users(homeOf(tree))));
  addMissing(tree, "etc/group", () => ownFile("etc/group", text(GROUPS)));
}

function addMissing(tree: Tree, path: string, make: () => ReturnType<typeof ownFile>): void {
  const found = tree.resolve(path);
  if (!("missing" in found)) return;
  // A link that leads nowhere is the folder's own affair.
  if (tree.get(path) === undefined && found.missing === path) tree.add(make());
}

const GROUPS = `root:x:0:
tty:x:5:
users:x:100:
nogroup:x:${NOBODY}:
`;

function users(home: string): Uint8Array {
  return text(`root:x:0:0:root:${home}:/bin/sh
nobody:x:${NOBODY}:${NOBODY}:nobody:/:/bin/false
`);
}

/** The superuser's home: as /etc/passwd says, or /root if there is one. */
function homeOf(tree: Tree): string {
  const found = tree.resolve("root");
  return "file" in found && found.file.kind === "directory" ? "/root" : "/";
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

const SEARCHED = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

export interface Surroundings {
  /** The kind of terminal outside, if there is one. */
  readonly terminal: string | undefined;
  /** `A=B` each, and `A` alone for a variable as it is outside: what the user asks for. */
  readonly asked: readonly string[];
  readonly outside: Readonly<Record<string, string | undefined>>;
}

/** The environment of the program, as byte strings `A=B`: the usual, and what is asked for. */
export function environmentOf(tree: Tree, { terminal, asked, outside }: Surroundings): string[] {
  const variables = new Map([
    ["PATH", SEARCHED.join(":")],
    ["HOME", homeOf(tree)],
    ["USER", "root"],
    ["LOGNAME", "root"],
    ["TERM", terminal ?? "linux"],
    ["LANG", "C.UTF-8"],
  ]);
  for (const each of asked) {
    const sign = each.indexOf("=");
    const name = sign < 0 ? each : each.slice(0, sign);
    const value = sign < 0 ? outside[name] : each.slice(sign + 1);
    if (value === undefined) variables.delete(name);
    else variables.set(name, value);
  }
  return [...variables].map(([name, value]) => bytesOfText(`${name}=${value}`));
}

/** Where programs without a slash in their names are looked for. */
export function searchPath(environment: readonly string[]): string[] {
  const path = environment.find((each) => each.startsWith("PATH="));
  return (path ?? "").slice("PATH=".length).split(":");
}
