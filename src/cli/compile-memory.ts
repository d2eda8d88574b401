// Where the memory of a WebAssembly module lies in a program, and what grows it.
//
// A module that cannot tell where its memory is has it at PROGRAM_DATA, so that all of it is there,
// address 0 included. A module with machine instructions or symbols knows real addresses: it may
// hand one to a system call, so address n of its memory is address n of the program. The code then
// lies past the memory, and past what the memory can grow to.
//
//   elsewhere   | text |        PROGRAM_DATA | memory | brk: grown |
//   in place    | not mapped | lowest: memory | grown by mmap | text, globals |
//
// Invariants
//   - All bytes from `data.start` to the declared size are mapped, and zero where no segment is.
//   - Nothing else of the program lies there.

import { hex } from "../base/align";
import { Diagnostic } from "../base/diagnostic";
import type { AddressRange } from "../compile/translate/module-data";
import { Op } from "../compile/wasm/opcodes";
import type { WasmModule } from "../compile/wasm/wasm";

/** Where a program's static data begins: far above any text, with room above it for the heap. */
export const PROGRAM_DATA = 0x0800_0000;

/** The lowest address that a program can have: Linux's vm.mmap_min_addr, our kernel's page 1. */
const LOWEST = { linux: 0x1_0000, isthmus: 0x1000 } as const;
/** What is above belongs to the stack and, on some machines, to the kernel. */
const HIGHEST = 0xb000_0000;
/** How far a memory in place can grow if it declares no maximum: 1 GiB. */
const DEFAULT_LIMIT = 0x4000;
const PAGE = 0x1_0000;
const MIB = 0x10_0000;

export interface ProgramMemory {
  /** The range of linear memory that the program has from the start. */
  readonly data: AddressRange;
  /** The address of linear memory. */
  readonly base: number;
  /** How many pages of 64 KiB it has at first, and at most. */
  readonly pages: number;
  readonly limit: number;
  /** Where the code begins, if that depends on the memory. */
  readonly text?: number;
}

/**
 * Finds a place for a module's memory.
 *
 * @param most pages that it may have, if its accesses are checked
 * @throws Diagnostic COMP007 if no program can have it
 */
export function placeMemory(
  module: WasmModule,
  target: "linux" | "isthmus",
  most?: number,
): ProgramMemory {
  const memory = knowsAddresses(module) ? inPlace(module, LOWEST[target]) : elsewhere(module, most);
  const end = memory.base + memory.limit * PAGE;
  if (memory.base + memory.pages * PAGE <= HIGHEST && end <= 2 ** 32) return memory;
  throw unplaceable(
    module,
    `a memory of ${(memory.pages * PAGE) / MIB} MiB leaves no room for the program`,
    "Declare a smaller initial memory and let it grow: --initial-memory=BYTES of wasm-ld.",
  );
}

/**
 * Whether a module may know real addresses, because it has machine instructions or symbols. Other
 * modules cannot tell where their memory is, so it need not be at 0, which Linux never maps.
 */
export function knowsAddresses({ functions }: WasmModule): boolean {
  return functions.some(
    ({ imported }) => imported?.module === "x86" || imported?.module === "symbols",
  );
}

function limitsOf({ memories }: WasmModule): { min: number; max: number | undefined } {
  const { min, max } = memories[0]?.limits ?? { min: 0, max: 0 };
  return { min, max };
}

function elsewhere(module: WasmModule, most = PAGE): ProgramMemory {
  const { min: pages, max = PAGE } = limitsOf(module);
  const base = PROGRAM_DATA;
  const limit = Math.max(pages, Math.min(max, most, PAGE - 1 - base / PAGE));
  return { data: { start: 0, end: pages * PAGE }, base, pages, limit };
}

function inPlace(module: WasmModule, lowest: number): ProgramMemory {
  const { min: pages, max = DEFAULT_LIMIT } = limitsOf(module);
  checkSegments(module, lowest);
  const limit = grows(module) ? Math.max(pages, Math.min(max, HIGHEST / PAGE)) : pages;
  const data = { start: lowest, end: Math.max(lowest, pages * PAGE) };
  return { data, base: 0, pages, limit, text: Math.max(lowest, limit * PAGE) };
}

function grows({ functions }: WasmModule): boolean {
  return functions.some(({ body }) => body?.code.op.includes(Op["memory.grow"]));
}

function checkSegments(module: WasmModule, lowest: number): void {
  for (const { offset, bytes } of module.data) {
    const start = (offset?.a ?? lowest) >>> 0;
    if (start >= lowest || bytes.length === 0) continue;
    throw unplaceable(
      module,
      `the data segment at ${hex(start)} cannot be there: the lowest address of a program is ` +
        hex(lowest),
      `Link the module with --global-base=${lowest} (clang -Wl,--global-base=${lowest}), or ` +
        "without imports from x86 and symbols: then its memory may be anywhere.",
    );
  }
}

function unplaceable({ file }: WasmModule, text: string, remedy: string): Diagnostic {
  return new Diagnostic("COMP007", text, remedy, { file });
}
