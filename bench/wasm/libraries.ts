// Libraries that `npm run bench:wasm` measures, from sources outside this folder: which files of
// each, and how clang compiles them for either machine.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** A program of bench/wasm/library/ and the library that it is about. */
export interface Library {
  readonly name: string;
  /** Its program, which prints what came of it. */
  readonly program: string;
  /** A file that is in the folder of its sources. */
  readonly mark: string;
  /** What is compiled of that folder: these files, or all but these. */
  readonly files: { readonly only: readonly string[] } | { readonly allBut: readonly string[] };
  readonly isCxx?: boolean;
  readonly options: readonly string[];
  /** What WebAssembly takes besides, and what the native program does. */
  readonly wasm?: readonly string[];
  readonly native?: readonly string[];
}

const ZLIB = ["adler32", "crc32", "deflate", "trees", "inftrees", "inffast", "inflate", "zutil"];
const BZIP2 = ["blocksort", "huffman", "crctable", "randtable", "compress", "decompress", "bzlib"];

export const LIBRARIES: readonly Library[] = [
  {
    name: "zlib",
    program: "zlib.c",
    mark: "deflate.c",
    files: { only: ZLIB.map((each) => `${each}.c`) },
    options: ["-DZ_SOLO"],
  },
  {
    name: "bzip2",
    program: "bzip2.c",
    mark: "blocksort.c",
    files: { only: BZIP2.map((each) => `${each}.c`) },
    options: ["-DBZ_NO_STDIO"],
  },
  {
    name: "lua",
    program: "lua.cc",
    mark: "lvm.c",
    files: { allBut: ["lua.c", "luac.c"] },
    isCxx: true,
    options: [],
    // Its errors are exceptions; WASI has neither setjmp nor names of temporary files.
    wasm: [
      ...["-fwasm-exceptions", "-nostdlib++", "-DL_tmpnam=20"],
      ...["-D_WASI_EMULATED_SIGNAL", "-D_WASI_EMULATED_PROCESS_CLOCKS"],
      ...["-lwasi-emulated-signal", "-lwasi-emulated-process-clocks", "-lc++abi"],
    ],
  },
  {
    name: "sqlite",
    program: "sqlite.c",
    mark: "sqlite3.c",
    files: { only: ["sqlite3.c"] },
    options: [
      ...["OS_OTHER=1", "THREADSAFE=0", "TEMP_STORE=3", "OMIT_LOAD_EXTENSION", "OMIT_WAL"].map(
        (each) => `-DSQLITE_${each}`,
      ),
    ],
    native: ["-lm"],
  },
];

/** How deep below the folder of sources a library is looked for. */
const DEPTH = 4;

/** The folder below `top` with the library's sources; undefined: it is not there. */
export function sourcesOf(
  library: Pick<Library, "mark">,
  top: string,
  depth = DEPTH,
): string | undefined {
  const { mark } = library;
  if (existsSync(join(top, mark))) return top;
  if (depth === 0) return undefined;
  for (const entry of readdirSync(top, { withFileTypes: true })) {
    const found = entry.isDirectory() && sourcesOf(library, join(top, entry.name), depth - 1);
    if (found) return found;
  }
  return undefined;
}

/** The files to compile, of the library in `folder`. */
export function filesOf({ files }: Library, folder: string): string[] {
  const names =
    "only" in files
      ? files.only
      : readdirSync(folder).filter((name) => name.endsWith(".c") && !files.allBut.includes(name));
  return names.map((name) => join(folder, name));
}
