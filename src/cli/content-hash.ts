// Hashes of contents, by which builds tell what has changed.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Hashes of files, by path. */
export type Hashes = Readonly<Record<string, string>>;

/** A hash of text or bytes: short enough to read, long enough not to collide. */
export function hashOf(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex").slice(0, 32);
}

/** The hash of a file's content; "" if there is none. */
export function hashFile(path: string): string {
  try {
    return hashOf(readFileSync(path));
  } catch {
    return "";
  }
}

/** Hashes of files by path relative to `root`. */
export function hashFiles(root: string, paths: readonly string[]): Hashes {
  return Object.fromEntries([...paths].sort().map((path) => [path, hashFile(join(root, path))]));
}
