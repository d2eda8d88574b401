// Decides by content what is up to date: a stamp is a small JSON file beside the outputs that
// records the hashes of everything that an output was made from. File times mean nothing.
//
//   key       hash of what is not a source of the project: the toolchain itself, and the options
//   inputs    path relative to the project's root -> hash of its content
//   outputs   the same for what was written
//
// A stamp that cannot be read counts as none: the output is made again.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { INSTALLATION } from "./project";

export type Hashes = Readonly<Record<string, string>>;

interface Stamp {
  readonly key: string;
  readonly inputs: Hashes;
  readonly outputs: Hashes;
}

/** A hash of text or bytes: short enough to read, long enough not to collide. */
export function hashOf(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex").slice(0, 32);
}

function hashFile(path: string): string | undefined {
  try {
    return hashOf(readFileSync(path));
  } catch {
    return undefined;
  }
}

/** Hashes of files by path relative to `root`; a file that is gone has the hash "". */
export function hashFiles(root: string, paths: readonly string[]): Hashes {
  return Object.fromEntries(
    [...paths].sort().map((path) => [path, hashFile(join(root, path)) ?? ""]),
  );
}

/** Whether the stamp at `path` says that its outputs are still what their inputs make. */
export function isCurrent(path: string, root: string, key: string): boolean {
  const stamp = readStamp(path);
  if (stamp?.key !== key) return false;
  return isUnchanged(root, stamp.inputs) && isUnchanged(root, stamp.outputs);
}

function isUnchanged(root: string, hashes: Hashes): boolean {
  return Object.entries(hashes).every(([path, hash]) => hashFile(join(root, path)) === hash);
}

export function writeStamp(
  path: string,
  root: string,
  key: string,
  inputs: Hashes,
  outputs: readonly string[],
): void {
  const stamp: Stamp = { key, inputs, outputs: hashFiles(root, outputs) };
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(stamp, undefined, 1)}\n`);
}

function readStamp(path: string): Stamp | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const value = JSON.parse(readFileSync(path, "utf8")) as Partial<Stamp>;
    const { key, inputs, outputs } = value;
    return key && inputs && outputs ? { key, inputs, outputs } : undefined;
  } catch {
    return undefined;
  }
}

/** The floors that every output depends on. */
const TOOLCHAIN_FLOORS = ["base", "abi", "draw", "object", "x86", "compile", "link"];

/** A hash of the toolchain's own sources and of the versions of the packages it uses. */
export function toolchainHash(): string {
  const source = join(INSTALLATION, "src");
  const files = TOOLCHAIN_FLOORS.flatMap((floor) =>
    readdirSync(join(source, floor), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => join("src", floor, name)),
  );
  const own = hashFiles(INSTALLATION, [...files, "package.json"]);
  return hashOf(JSON.stringify(own));
}
