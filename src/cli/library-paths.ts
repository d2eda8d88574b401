// Where the sources are that a program of AssemblyScript takes from libraries, for debuggers:
//
//   ~lib/isthmus/user/runtime/output.ts   a file of this installation
//   ~lib/string.ts                        asc's own library
//   ~lib/as-bignum/assembly/index.ts      a package in a folder node_modules, here or above

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { INSTALLATION } from "./project";

const LIBRARY = "~lib/";
const OWN = `${LIBRARY}isthmus/`;

/** The file that a source's path means; the path itself if it means none. */
export function libraryPath(source: string): string {
  if (!source.startsWith(LIBRARY)) return source;
  return candidates(source).find((path) => existsSync(path)) ?? source;
}

function candidates(source: string): string[] {
  if (source.startsWith(OWN)) return [join(INSTALLATION, source.slice(OWN.length))];
  const rest = source.slice(LIBRARY.length);
  const own = standardLibrary();
  const packages = foldersFrom(resolve(".")).map((folder) => join(folder, "node_modules", rest));
  return [...(own === undefined ? [] : [join(own, rest)]), ...packages];
}

function standardLibrary(): string | undefined {
  try {
    const { resolve: find } = createRequire(join(INSTALLATION, "package.json"));
    return join(dirname(find("assemblyscript/package.json")), "std", "assembly");
  } catch {
    return undefined;
  }
}

function foldersFrom(folder: string): string[] {
  const above = dirname(folder);
  return above === folder ? [folder] : [folder, ...foldersFrom(above)];
}
