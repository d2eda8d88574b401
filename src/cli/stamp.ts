// Decides by content what is up to date: a stamp is a small JSON file among the outputs that
// records the hashes of everything that an output was made from. File times mean nothing.
//
//   key       hash of what is not a source of the project: the toolchain itself, and the options
//   inputs    path relative to the project's root -> hash of its content
//   outputs   path relative to the folder of outputs -> hash of what was written
//   value     what was computed besides files; absent if nothing was
//
// Nothing in a stamp depends on where root and outputs are, so both can be moved and copied: a
// package has its outputs from the machine that packed it. A stamp that cannot be read counts as
// none: the output is made again.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Hashes, hashFile, hashFiles } from "./content-hash";
import type { Project } from "./project";

export interface Stamp {
  readonly key: string;
  readonly inputs: Hashes;
  readonly outputs: Hashes;
  readonly value?: unknown;
}

function stampPath({ output }: Project, name: string): string {
  return join(output, ".stamps", `${name.replace("/", "-")}.json`);
}

/** The stamps of a project as its files are now; each file is read once. */
export class Stamps {
  readonly #project: Project;
  readonly #hashes = new Map<string, string>();

  constructor(project: Project) {
    this.#project = project;
  }

  /** The stamp of that name, if its outputs are still what its inputs make. */
  current(name: string, key: string): Stamp | undefined {
    const { root, output } = this.#project;
    const stamp = readStamp(stampPath(this.#project, name));
    if (stamp?.key !== key) return undefined;
    const isCurrent = this.#agrees(root, stamp.inputs) && this.#agrees(output, stamp.outputs);
    return isCurrent ? stamp : undefined;
  }

  #agrees(folder: string, hashes: Hashes): boolean {
    return Object.entries(hashes).every(([path, hash]) => this.#hash(join(folder, path)) === hash);
  }

  #hash(path: string): string {
    const known = this.#hashes.get(path);
    if (known !== undefined) return known;
    const hash = hashFile(path);
    this.#hashes.set(path, hash);
    return hash;
  }
}

/** What a stamp records; `outputs` are paths relative to the folder of outputs. */
export interface StampContent extends Omit<Stamp, "outputs"> {
  readonly outputs: readonly string[];
}

export function writeStamp(project: Project, name: string, content: StampContent): Stamp {
  const { key, inputs, outputs, value } = content;
  const made = { key, inputs, outputs: hashFiles(project.output, outputs) };
  const stamp: Stamp = value === undefined ? made : { ...made, value };
  const path = stampPath(project, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(stamp, undefined, 1)}\n`);
  return stamp;
}

function readStamp(path: string): Stamp | undefined {
  try {
    const stamp = JSON.parse(readFileSync(path, "utf8")) as Partial<Stamp>;
    const { key, inputs, outputs } = stamp;
    return key && inputs && outputs ? { ...stamp, key, inputs, outputs } : undefined;
  } catch {
    return undefined;
  }
}
