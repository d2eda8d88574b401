// The tree of files that a guest gets: read from folders of the host, and completed by us.
//
// Invariants
//   - Every path is a byte path (byte-path.ts), and is there once; a directory comes before what is
//     in it.
//   - Contents stay on the host's disk until they are packed; only sizes are known before.

import { joinPath, parentOf } from "./byte-path";

export type FileKind = "file" | "directory" | "link" | "fifo";

/** A file of the host, as it was when the folder was read. */
export interface HostFile {
  /** A byte path, absolute. */
  readonly path: string;
  readonly size: number;
  /** Milliseconds; with size and inode it tells whether the file is still the same. */
  readonly modifiedMs: number;
  readonly inode: number;
}

export interface TreeFile {
  readonly path: string;
  readonly kind: FileKind;
  /** Permission bits. */
  readonly mode: number;
  readonly owner: number;
  readonly group: number;
  /** Seconds since 1970. */
  readonly modified: number;
  /** Of a symbolic link: where it leads, as bytes. Otherwise "". */
  readonly target: string;
  /** Names of one file have the same, and it is not "" if there are several. */
  readonly identity: string;
  /** Where it comes from; absent: we made it. */
  readonly host?: HostFile;
  /** The contents, if they do not come from the host. */
  readonly bytes?: Uint8Array;
}

/** What was not taken along, and why: the end of the sentence "… is left out, because". */
export interface LeftOut {
  /** Its path in the guest, for people. */
  readonly what: string;
  readonly reason: string;
}

/** A folder or file of the host that is a part of the tree. */
export interface TreePart {
  /** As the user named it. */
  readonly host: string;
  /** Absolute, with no symbolic link in it. */
  readonly path: string;
  /** The path in the tree. */
  readonly guest: string;
}

const MODE_DIRECTORY = 0o755;
/** As many as Linux follows in one path. */
const LINKS_MAX = 40;

/** How many bytes the file's contents have. */
export function contentSize(file: TreeFile): number {
  if (file.kind === "link") return file.target.length;
  if (file.kind !== "file") return 0;
  return file.bytes?.length ?? file.host?.size ?? 0;
}

/** A file that we make. */
export function ownFile(path: string, bytes: Uint8Array, mode = 0o644): TreeFile {
  return { ...OURS, path, kind: "file", mode, bytes };
}

export function ownDirectory(path: string, mode = MODE_DIRECTORY): TreeFile {
  return { ...OURS, path, kind: "directory", mode };
}

const OURS = { owner: 0, group: 0, modified: 0, target: "", identity: "" } as const;

/** How a path came out: the file, or how far it got. */
export type Resolved =
  | { readonly file: TreeFile }
  /** `path` is not there. */
  | { readonly missing: string }
  /** `path` is not a directory, and something in it was named. */
  | { readonly notDirectory: string }
  | { readonly loop: string };

export class Tree {
  readonly #files = new Map<string, TreeFile>();
  readonly leftOut: LeftOut[] = [];
  readonly parts: TreePart[] = [];

  get(path: string): TreeFile | undefined {
    return this.#files.get(path);
  }

  /** Directories before what is in them. */
  files(): IterableIterator<TreeFile> {
    return this.#files.values();
  }

  get count(): number {
    return this.#files.size;
  }

  /** Adds a file, and the directories on its way that are missing. */
  add(file: TreeFile): void {
    const parent = parentOf(file.path);
    if (file.path !== "" && !this.#files.has(parent)) this.add(ownDirectory(parent));
    this.#files.set(file.path, file);
  }

  /** Removes a file and, of a directory, all that is in it. */
  remove(path: string): void {
    this.#files.delete(path);
    const prefix = `${path}/`;
    for (const each of this.#files.keys()) {
      if (path === "" || each.startsWith(prefix)) this.#files.delete(each);
    }
  }

  /** Follows a path as the kernel would: symbolic links on the way, and at its end, lead on. */
  resolve(path: string): Resolved {
    let rest = path.split("/").filter((name) => name !== "" && name !== ".");
    let at = "";
    let links = 0;
    while (rest.length > 0) {
      const [name = "", ...after] = rest;
      rest = after;
      if (name === "..") {
        at = parentOf(at);
        continue;
      }
      const next = joinPath(at, name);
      const file = this.#files.get(next);
      if (file === undefined) return { missing: [next, ...rest].join("/") };
      if (file.kind === "link") {
        if (++links > LINKS_MAX) return { loop: path };
        if (file.target.startsWith("/")) at = "";
        rest = [...file.target.split("/").filter((each) => each !== "" && each !== "."), ...rest];
      } else if (file.kind !== "directory" && rest.length > 0) return { notDirectory: next };
      else at = next;
    }
    const file = this.#files.get(at);
    return file === undefined ? { missing: at } : { file };
  }
}
