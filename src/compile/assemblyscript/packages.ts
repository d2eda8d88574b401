// Imports by a package's name, as asc finds them: `as-bignum/assembly` is assembly.ts or
// assembly/index.ts of the package as-bignum in a folder node_modules, which may be beside the file
// that imports it or in any folder above.
//
//   ~lib/as-bignum/assembly  imported by src/lib.ts       ~lib/x imported by a file of as-bignum
//     src/node_modules/as-bignum/assembly.ts                node_modules/as-bignum/node_modules/x/…
//     src/node_modules/as-bignum/assembly/index.ts          node_modules/x/index.ts
//     node_modules/as-bignum/assembly.ts                    …
//     …
//
// A file of a package keeps the name `~lib/PACKAGE/…` whatever folder it was found in. Like asc,
// this reads no package.json.

import { dirname, join, relative, resolve } from "node:path";

const LIBRARY = "~lib/";
const PACKAGE_PATH = /^~lib\/((?:@[^/]+\/)?[^/]+)(?:\/(.+))?$/;
const EXTENSION = /\.ts$/;

export interface PackageFile {
  /** What the program calls it: `~lib/as-bignum/assembly/index.ts`. */
  readonly name: string;
  /** Where it is, relative to the root. */
  readonly path: string;
  readonly text: string;
}

/** Finds files of packages for one program. */
export class Packages {
  readonly #root: string;
  readonly #read: (path: string) => string | undefined;

  /** By the name of a file without its extension: the folder of its package. */
  readonly #folders = new Map<string, string>();

  constructor(root: string, read: (path: string) => string | undefined) {
    this.#root = resolve(root);
    this.#read = read;
  }

  /**
   * Finds what is imported as `path`, without an extension.
   *
   * @param importer the file that imports it, without its extension
   */
  find(path: string, importer: string | null): PackageFile | undefined {
    const [, name, rest = "index"] = PACKAGE_PATH.exec(path) ?? [];
    if (name === undefined) return undefined;
    for (const folder of this.#searchedBy(importer ?? "")) {
      const home = join(folder, "node_modules", name);
      for (const inside of [`${rest}.ts`, `${rest}/index.ts`]) {
        const found = this.#file(home, inside, `${LIBRARY}${name}/${inside}`);
        if (found) return found;
      }
    }
    return undefined;
  }

  #file(home: string, inside: string, name: string): PackageFile | undefined {
    const path = relative(this.#root, join(home, inside));
    const text = this.#read(path);
    if (text === undefined) return undefined;
    this.#folders.set(name.replace(EXTENSION, ""), home);
    return { name, path, text };
  }

  /** The folder of the importing file and those above it, then the root and those above that. */
  #searchedBy(importer: string): Set<string> {
    const own = importer.startsWith(LIBRARY) ? this.#folders.get(importer) : dirname(importer);
    return new Set([...upward(resolve(this.#root, own ?? ".")), ...upward(this.#root)]);
  }
}

function upward(folder: string): string[] {
  const above = dirname(folder);
  return above === folder ? [folder] : [folder, ...upward(above)];
}
