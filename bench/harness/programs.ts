// The programs of the code benchmark: NAME.ts and NAME.c of bench/codegen/ are twins.
//
// Both export `run(arena, rounds)`: the algorithm `rounds` times on memory at `arena`, and a
// checksum of everything it computed. The C is written as a kernel's is; the TypeScript is the same
// algorithm, step by step, with `load`, `store` and unmanaged classes.

export interface BenchProgram {
  readonly name: string;
  /** Rounds whose instructions are counted: some millions of instructions. */
  readonly rounds: number;
  /** Computes with floating-point numbers: built with SSE2, and for the user target. */
  readonly floats?: boolean;
}

export const BENCH_PROGRAMS: readonly BenchProgram[] = [
  { name: "memcpy", rounds: 40 },
  { name: "page-walk", rounds: 10 },
  { name: "bitmap", rounds: 4 },
  { name: "crc32", rounds: 8 },
  { name: "sha256", rounds: 10 },
  { name: "quicksort", rounds: 2 },
  { name: "merge-sort", rounds: 3 },
  { name: "hash-table", rounds: 4 },
  { name: "string-search", rounds: 3 },
  { name: "time64", rounds: 20 },
  { name: "slab", rounds: 6 },
  { name: "ring-buffer", rounds: 10 },
  { name: "path-lookup", rounds: 24 },
  { name: "interpreter", rounds: 3 },
  { name: "format", rounds: 8 },
  { name: "lz", rounds: 3 },
  { name: "tree", rounds: 4 },
  { name: "matrix", rounds: 2, floats: true },
  { name: "fft", rounds: 12, floats: true },
];
