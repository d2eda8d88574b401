// The formats of page tables, as data, and the one function that reads an entry.
//
//   format      levels, from CR3 down: the bits of the address that choose an entry   entry
//   two-level   directory 31..22, table 21..12                                        4 bytes
//   PAE         PDPT 31..30, directory 29..21, table 20..12                           8 bytes
//   4-level     PML4 47..39, PDPT 38..30, directory 29..21, table 20..12              8 bytes
//
// Both walkers (walk.ts lists all that is mapped, resolve.ts follows one address) ask
// `pagingFormat` for the levels and `readEntry` for each step, so a new format is one more value
// here. Indices are taken by division, since an address may have more than 32 bits; those of long
// mode are signed numbers, so that the upper half is exact.
// See Intel SDM vol. 3A, 4.3 (32-bit), 4.4 (PAE) and 4.5 (4-level).

import { PAGE_SHIFT } from "../abi/memory-map";
import {
  CR0_PG,
  CR0_WP,
  CR4_PAE,
  CR4_PSE,
  DIRECTORY_SHIFT,
  EFER_LMA,
  EFER_NXE,
  ENTRIES_PER_TABLE,
  ENTRY_FRAME,
  ENTRY_NX_HIGH,
  ENTRY_P,
  ENTRY_PS,
  ENTRY_SIZE,
  PDPT_ENTRIES,
  PDPT_SHIFT,
} from "../abi/paging";
import { hex } from "../base/align";
import type { Registers } from "../machine/machine";
import type { PhysicalMemory } from "../machine/physical-memory";

/** How the processor reads the tables. */
export interface PagingMode {
  readonly enabled: boolean;
  readonly pae: boolean;
  /** Whether there are 4 MiB pages without PAE; with PAE there always are large pages. */
  readonly pse: boolean;
  readonly nx: boolean;
  readonly writeProtect: boolean;
  /** Long mode: four levels. */
  readonly long?: boolean;
}

/** The mode that a processor's control registers select. */
export function pagingMode(registers: Pick<Registers, "cr0" | "cr4" | "efer">): PagingMode {
  const efer = registers.efer ?? 0;
  return {
    ...((efer & EFER_LMA) !== 0 && { long: true }),
    enabled: (registers.cr0 & CR0_PG) !== 0,
    pae: (registers.cr4 & CR4_PAE) !== 0,
    pse: (registers.cr4 & CR4_PSE) !== 0,
    nx: registers.efer !== undefined && (registers.efer & EFER_NXE) !== 0,
    writeProtect: (registers.cr0 & CR0_WP) !== 0,
  };
}

export interface PagingLevel {
  readonly table: "PML4" | "PDPT" | "directory" | "table";
  readonly entry: "PML4E" | "PDPTE" | "PDE" | "PTE";
  /** The lowest bit of the address that chooses an entry, and how many bits do. */
  readonly shift: number;
  readonly bits: number;
  /** Whether PS makes an entry map a large page itself. */
  readonly largePages: boolean;
  /** Whether entries restrict the rights of what is below them. */
  readonly rights: boolean;
  /** Bits of the low word that must be 0. */
  readonly reserved: number;
}

export interface PagingFormat {
  /** From the table that CR3 names to the one whose entries name pages. */
  readonly levels: readonly PagingLevel[];
  /** In bytes. */
  readonly entrySize: number;
  /** The bits of CR3 that are the address of the first table. */
  readonly rootMask: number;
}

/**
 * R/W, U/S and bits 6 to 8 are reserved in an entry of the PDPT. Bit 5 is, too, but QEMU's emulated
 * processor sets it as if it were the accessed bit of the levels below. SDM vol. 3A, table 4-8.
 */
const PDPTE_RESERVED = 0x1c6;

const LEVEL = { largePages: false, rights: true, reserved: 0 };
const TABLE = { ...LEVEL, table: "table", entry: "PTE", shift: PAGE_SHIFT } as const;
const DIRECTORY = { ...LEVEL, table: "directory", entry: "PDE", largePages: true } as const;
const PDPT = { ...LEVEL, table: "PDPT", entry: "PDPTE", rights: false } as const;
const TABLE_BITS = Math.log2(ENTRIES_PER_TABLE);
const PDPT_BITS = Math.log2(PDPT_ENTRIES);

const PAE: PagingFormat = {
  levels: [
    { ...PDPT, shift: PDPT_SHIFT, bits: PDPT_BITS, reserved: PDPTE_RESERVED },
    { ...DIRECTORY, shift: DIRECTORY_SHIFT, bits: TABLE_BITS },
    { ...TABLE, bits: TABLE_BITS },
  ],
  entrySize: ENTRY_SIZE,
  rootMask: ~31,
};

const FOUR_LEVEL: PagingFormat = {
  levels: [
    { ...LEVEL, table: "PML4", entry: "PML4E", shift: 39, bits: TABLE_BITS },
    { ...LEVEL, table: "PDPT", entry: "PDPTE", shift: 30, bits: TABLE_BITS, largePages: true },
    { ...DIRECTORY, shift: DIRECTORY_SHIFT, bits: TABLE_BITS },
    { ...TABLE, bits: TABLE_BITS },
  ],
  entrySize: ENTRY_SIZE,
  rootMask: ENTRY_FRAME,
};

/** The first address past the lower half of long mode's, and the bytes of both. */
const LOWER_HALF = 2 ** 47;
const BOTH_HALVES = 2 ** 48;

const TWO_LEVEL: PagingFormat = {
  levels: [
    { ...DIRECTORY, shift: 22, bits: 10, largePages: false },
    { ...TABLE, bits: 10 },
  ],
  entrySize: 4,
  rootMask: ENTRY_FRAME,
};

const TWO_LEVEL_PSE: PagingFormat = {
  ...TWO_LEVEL,
  levels: TWO_LEVEL.levels.map((level) => ({ ...level, largePages: level.entry === "PDE" })),
};

/** The format that a processor in this mode reads. */
export function pagingFormat(mode: PagingMode): PagingFormat {
  if (mode.long) return FOUR_LEVEL;
  if (mode.pae) return PAE;
  return mode.pse ? TWO_LEVEL_PSE : TWO_LEVEL;
}

/** The physical address of the first table. */
export function rootTable(format: PagingFormat, cr3: number): number {
  return (cr3 & format.rootMask) >>> 0;
}

/** How many entries a table of this level has. */
export function entryCount({ bits }: PagingLevel): number {
  return 2 ** bits;
}

/** How many bytes of the address space one entry of this level covers. */
export function entrySpan({ shift }: PagingLevel): number {
  return 2 ** shift;
}

/** Which entry of a table of this level covers `va`. */
export function entryIndex(level: PagingLevel, va: number): number {
  const count = entryCount(level);
  return ((Math.floor(va / entrySpan(level)) % count) + count) % count;
}

/** The address that entry `index` of a table that begins at `va` begins to cover. */
export function entryStart(format: PagingFormat, level: PagingLevel, va: number, index: number) {
  const start = va + index * entrySpan(level);
  return format === FOUR_LEVEL && start >= LOWER_HALF ? start - BOTH_HALVES : start;
}

/** In the high word of an entry: the frame's bits, and those that no processor has. */
const HIGH_FRAME = 0x000fffff;
const RESERVED_HIGH = 0x7ff00000;

/** An entry as it stands in memory, and what it leads to. */
export interface Entry {
  readonly level: PagingLevel;
  /** The physical address of the entry. */
  readonly address: number;
  readonly low: number;
  /** 0 where entries have 32 bits. */
  readonly high: number;
  readonly leadsTo: "nothing" | "table" | "page";
  /** The frame of that table or page; meaningless if it leads to nothing. */
  readonly pa: number;
}

/** One step: reads entry `index` of the table at `table`; what lies outside RAM reads as 0. */
export function readEntry(
  memory: PhysicalMemory,
  format: PagingFormat,
  level: PagingLevel,
  table: number,
  index: number,
): Entry {
  const address = table + index * format.entrySize;
  const low = memory.word(address) ?? 0;
  const high = format.entrySize > 4 ? (memory.word(address + 4) ?? 0) : 0;
  const isLarge = level.largePages && (low & ENTRY_PS) !== 0;
  const isLast = level === format.levels.at(-1);
  const leadsTo = !(low & ENTRY_P) ? "nothing" : isLarge || isLast ? "page" : "table";
  const mask = isLarge ? ~(entrySpan(level) - 1) : ENTRY_FRAME;
  const pa = ((low & mask) >>> 0) + (high & HIGH_FRAME) * 2 ** 32;
  return { level, address, low, high, leadsTo, pa };
}

/** Why a processor in this mode would refuse the entry; undefined if it would not. */
export function entryDefect(entry: Entry, index: number, mode: PagingMode): string | undefined {
  const { level, address, low, high } = entry;
  if (!level.rights) {
    if (!(low & level.reserved || high)) return undefined;
    return `${level.table} entry ${index} at ${hex(address)} has reserved bits set`;
  }
  if (high & RESERVED_HIGH) return `the entry at ${hex(address)} has reserved bits set`;
  if (!(high & ENTRY_NX_HIGH) || mode.nx) return undefined;
  return `the entry at ${hex(address)} has NX set, but EFER.NXE is off`;
}
