// Records the hash of everything that a build reads, at the time it is read: a file that is edited
// while the compiler works must not count as built.

import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { type Hashes, hashFiles, hashOf } from "./content-hash";
import { importClosure } from "./import-closure";
import { INSTALLATION } from "./installation";

/** What is imported from this package, `isthmus/src/abi/x86`, as the front end asks for it. */
const OWN = "~lib/isthmus/";

export class SourceLog {
  readonly #root: string;
  readonly #hashes: Record<string, string> = {};

  constructor(root: string) {
    this.#root = root;
  }

  /** Hashes of all that was read, by path relative to the root. */
  get hashes(): Hashes {
    return this.#hashes;
  }

  /** The text of a source file; undefined if there is none. For the AssemblyScript front end. */
  readonly read = (path: string): string | undefined => {
    const file = this.#fileOf(path);
    let text: string;
    try {
      text = readFileSync(join(this.#root, file), "utf8");
    } catch {
      return undefined;
    }
    this.#hashes[file] = hashOf(text);
    return text;
  };

  /** Relative to the root. */
  #fileOf(path: string): string {
    if (!path.startsWith(OWN)) return path;
    const file = join(INSTALLATION, path.slice(OWN.length));
    return relative(this.#root, file).replaceAll("\\", "/");
  }

  /** Notes modules that are about to be imported, with all that they import. */
  noteModules(paths: readonly string[]): void {
    Object.assign(this.#hashes, hashFiles(this.#root, importClosure(this.#root, paths)));
  }
}
