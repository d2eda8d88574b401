// Where a project's sources are and where its outputs go.

import { accessSync, constants, existsSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { type CacheFolder, cacheFolder } from "./cache-folder";
import { INSTALLATION } from "./installation";

export { INSTALLATION };

/** Paths are absolute. */
export interface Project {
  readonly root: string;
  /** Where outputs are written: `build/`, below the root. */
  readonly output: string;
  /** Set if this is the kernel of this installation, below which nothing may be written. */
  readonly installed?: Installed;
}

export interface Installed {
  /** Folders with outputs that can be used as long as they are current. */
  readonly ready: readonly string[];
  /** Where outputs are written. */
  readonly cache: CacheFolder;
  /** The folder that one looked from has no kernel and is in none. */
  readonly isFallback: boolean;
}

/** What a package brings, built when it was packed, in the form of a folder of outputs. */
export const PACKED_OUTPUT = join(INSTALLATION, "dist", "system");

/**
 * The project that contains `directory`: the nearest folder above it with a kernel/main.ts, or else
 * the kernel that came with this installation.
 */
export function findProject(directory: string): Project {
  for (let root = resolve(directory); ; root = dirname(root)) {
    if (existsSync(join(root, "kernel", "main.ts"))) return projectAt(root);
    if (root === dirname(root)) break;
  }
  return installedKernel(true);
}

function projectAt(root: string): Project {
  const isInstallation = relative(root, INSTALLATION) === "";
  if (isInstallation && !isOwnClone()) return installedKernel(false);
  return { root, output: join(root, "build") };
}

/** Whether this is a clone to work in: packages have no tools/, others' are not ours to write. */
function isOwnClone(): boolean {
  if (!existsSync(join(INSTALLATION, "tools", "build-package.js"))) return false;
  try {
    accessSync(INSTALLATION, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function installedKernel(isFallback: boolean): Project {
  const cache = cacheFolder(INSTALLATION);
  const ready = [
    PACKED_OUTPUT,
    join(INSTALLATION, "build"),
    ...(cache.isUsable ? [cache.path] : []),
  ];
  return { root: INSTALLATION, output: cache.path, installed: { ready, cache, isFallback } };
}
