// Where a project's sources are and where its outputs go.

import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** Paths are absolute. */
export interface Project {
  readonly root: string;
  /** `build/`, below the root. */
  readonly output: string;
  /** No folder is the project's: it is the kernel of this installation. */
  readonly isFallback?: boolean;
}

/** The folder of this installation: the toolchain, and a kernel to start with. */
export const INSTALLATION = resolve(dirname(fileURLToPath(import.meta.url)), "..", "..");

/**
 * The project that contains `directory`: the nearest folder above it with a kernel/main.ts, or else
 * the kernel that came with this installation.
 */
export function findProject(directory: string): Project {
  for (let root = resolve(directory); ; root = dirname(root)) {
    if (existsSync(join(root, "kernel", "main.ts"))) return { root, output: join(root, "build") };
    if (root === dirname(root)) break;
  }
  return { root: INSTALLATION, output: join(INSTALLATION, "build"), isFallback: true };
}
