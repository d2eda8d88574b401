// Reads a folder of the host, without the contents of its files, into a tree.
//
// What a guest cannot have is left out and named: devices, sockets, what may not be read, what is
// larger than an archive takes, and other file systems that are mounted in the folder (of a folder
// that was once a chroot, /proc would never end).

import { accessSync, constants, lstatSync, readdirSync, readlinkSync, type Stats } from "node:fs";
import { bytesOfText, guestPath, hostPath, joinPath } from "./byte-path";
import type { FileKind, Tree, TreeFile } from "./tree";

/** An archive has 32 bits for a size. */
const SIZE_MAX = 0xffffffff;
const PERMISSIONS = 0o7777;

/** Adds the host's file or folder `host`, and all that is in it, at `guest`, a byte path. */
export function addFolder(tree: Tree, host: string, guest: string): void {
  const source = bytesOfText(host);
  const stats = lstatSync(hostPath(source));
  new Scan(tree, stats.dev).add(source, guest, stats);
}

class Scan {
  readonly #tree: Tree;
  readonly #device: number;

  constructor(tree: Tree, device: number) {
    this.#tree = tree;
    this.#device = device;
  }

  add(host: string, guest: string, stats: Stats): void {
    const kind = kindOf(stats);
    if (kind === undefined) {
      this.#leaveOut(guest, stats.isSocket() ? "it is a socket" : "it is a device");
      return;
    }
    const problem = kind === "file" ? fileProblem(host, stats) : undefined;
    if (problem !== undefined) {
      this.#leaveOut(guest, problem);
      return;
    }
    this.#tree.add(treeFile(host, guest, kind, stats));
    if (kind === "directory") this.#addContents(host, guest, stats);
  }

  #addContents(host: string, guest: string, stats: Stats): void {
    if (stats.dev !== this.#device) {
      this.#leaveOut(guest, "another file system is mounted there; name it with --bind", true);
      return;
    }
    for (const name of this.#names(host, guest)) {
      const path = `${host}/${name}`;
      const inside = joinPath(guest, name);
      try {
        this.add(path, inside, lstatSync(hostPath(path)));
      } catch (error) {
        this.#leaveOut(inside, reasonOf(error));
      }
    }
  }

  #names(host: string, guest: string): string[] {
    try {
      const names = readdirSync(hostPath(host), { encoding: "buffer" });
      return names.map((name) => name.toString("latin1")).sort();
    } catch (error) {
      this.#leaveOut(guest, reasonOf(error), true);
      return [];
    }
  }

  #leaveOut(path: string, reason: string, isContents = false): void {
    const what = isContents ? `what is in ${guestPath(path)}` : guestPath(path);
    this.#tree.leftOut.push({ what, reason });
  }
}

function kindOf(stats: Stats): FileKind | undefined {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  if (stats.isSymbolicLink()) return "link";
  return stats.isFIFO() ? "fifo" : undefined;
}

function fileProblem(host: string, stats: Stats): string | undefined {
  if (stats.size > SIZE_MAX) return "it is larger than 4 GiB";
  // The superuser may read everything.
  if (process.getuid?.() === 0) return undefined;
  try {
    accessSync(hostPath(host), constants.R_OK);
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

function treeFile(host: string, guest: string, kind: FileKind, stats: Stats): TreeFile {
  const isLink = kind === "link";
  const target = isLink ? readlinkSync(hostPath(host), { encoding: "buffer" }) : undefined;
  return {
    path: guest,
    kind,
    mode: stats.mode & PERMISSIONS,
    owner: stats.uid,
    group: stats.gid,
    modified: Math.min(Math.max(0, Math.floor(stats.mtimeMs / 1000)), SIZE_MAX),
    target: target?.toString("latin1") ?? "",
    identity: kind === "file" && stats.nlink > 1 ? `${stats.dev}:${stats.ino}` : "",
    host: { path: host, size: stats.size, modifiedMs: stats.mtimeMs, inode: stats.ino },
  };
}

/** What an error of the file system means, for people. */
function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "EACCES" || code === "EPERM") return "you may not read it";
  if (code === "ENOENT") return "it went away meanwhile";
  return message;
}
