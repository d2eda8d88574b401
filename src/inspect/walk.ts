// Walks page tables in physical memory, as the processor would, and lists every mapping.
//
//   PAE        CR3 -> PDPT, 4 entries of 8 bytes -> directory, 512 -> table, 512 -> page
//   32-bit     CR3 -> directory, 1024 entries of 4 bytes -> table, 1024 -> page
//   A directory entry with PS maps a large page itself: 2 MiB, or 4 MiB without PAE.
//
// A mapping's rights are the effective ones: U and W only if every level grants them, NX if any
// level sets it and EFER.NXE makes it count. What the processor would refuse or could not reach (a
// table outside RAM, a reserved bit) is not skipped silently: it is listed under `defects`.
// See Intel SDM vol. 3A, 4.3 (32-bit) and 4.4 (PAE).

import {
  CR0_PG,
  CR0_WP,
  CR4_PAE,
  CR4_PSE,
  EFER_NXE,
  ENTRIES_PER_TABLE,
  ENTRY_FRAME,
  ENTRY_G,
  ENTRY_NX_HIGH,
  ENTRY_P,
  ENTRY_PS,
  ENTRY_RW,
  ENTRY_SIZE,
  ENTRY_US,
  PDPT_ENTRIES,
} from "../abi/paging";
import { hex } from "../base/align";
import type { Registers } from "../machine/machine";
import type { PhysicalMemory } from "../machine/physical-memory";

const PAGE = 0x1000;
const LARGE_PAE = 0x20_0000;
const LARGE_32 = 0x40_0000;
const DIRECTORY_SPAN_PAE = 0x4000_0000;
/**
 * R/W, U/S and bits 6 to 8 are reserved in an entry of the PDPT. Bit 5 is, too, but QEMU's emulated
 * processor sets it as if it were the accessed bit of the levels below. SDM vol. 3A, table 4-8.
 */
const PDPTE_RESERVED = 0x1c6;

/** How the processor reads the tables. */
export interface PagingMode {
  readonly enabled: boolean;
  readonly pae: boolean;
  /** 4 MiB pages without PAE; with PAE large pages need no switch. */
  readonly pse: boolean;
  readonly nx: boolean;
  readonly writeProtect: boolean;
}

/** One page, of 4 KiB, 2 MiB or 4 MiB, as one address space sees it. */
export interface Mapping {
  readonly va: number;
  readonly pa: number;
  readonly size: number;
  readonly user: boolean;
  readonly writable: boolean;
  readonly executable: boolean;
  readonly global: boolean;
  /** Physical address of the entry that maps it, and that entry's low word. */
  readonly entryAddress: number;
  readonly entry: number;
}

/** A frame that is read as a table. */
export interface TableFrame {
  readonly pa: number;
  readonly level: "PDPT" | "directory" | "table";
  /** The first address that it is responsible for. */
  readonly va: number;
}

export interface AddressSpace {
  readonly cr3: number;
  readonly mode: PagingMode;
  /** Ascending by address. */
  readonly mappings: readonly Mapping[];
  readonly tables: readonly TableFrame[];
  /** Sentences about entries that no processor would follow. */
  readonly defects: readonly string[];
}

/** The mode that a processor's control registers say. */
export function pagingMode(registers: Pick<Registers, "cr0" | "cr4" | "efer">): PagingMode {
  return {
    enabled: (registers.cr0 & CR0_PG) !== 0,
    pae: (registers.cr4 & CR4_PAE) !== 0,
    pse: (registers.cr4 & CR4_PSE) !== 0,
    nx: registers.efer !== undefined && (registers.efer & EFER_NXE) !== 0,
    writeProtect: (registers.cr0 & CR0_WP) !== 0,
  };
}

/** Lists all that the directory at `cr3` maps. */
export function walk(memory: PhysicalMemory, cr3: number, mode: PagingMode): AddressSpace {
  const walker = new Walker(memory, mode);
  if (mode.pae) walker.pointerTable((cr3 & ~31) >>> 0);
  else walker.directory32((cr3 & ENTRY_FRAME) >>> 0);
  return { cr3, mode, ...walker };
}

/** What the levels above a mapping grant. */
interface Rights {
  readonly user: boolean;
  readonly writable: boolean;
  readonly executable: boolean;
}

const ALL_RIGHTS: Rights = { user: true, writable: true, executable: true };

class Walker {
  readonly mappings: Mapping[] = [];
  readonly tables: TableFrame[] = [];
  readonly defects: string[] = [];
  readonly #memory: PhysicalMemory;
  readonly #mode: PagingMode;

  constructor(memory: PhysicalMemory, mode: PagingMode) {
    this.#memory = memory;
    this.#mode = mode;
  }

  pointerTable(pa: number): void {
    if (!this.#enter({ pa: (pa & ENTRY_FRAME) >>> 0, level: "PDPT", va: 0 })) return;
    for (let index = 0; index < PDPT_ENTRIES; index++) {
      const address = pa + index * ENTRY_SIZE;
      const low = this.#memory.word(address) ?? 0;
      const high = this.#memory.word(address + 4) ?? 0;
      if (!(low & ENTRY_P)) continue;
      if (low & PDPTE_RESERVED || high) {
        this.defects.push(`PDPT entry ${index} at ${hex(address)} has reserved bits set`);
      }
      this.#directoryPae((low & ENTRY_FRAME) >>> 0, index * DIRECTORY_SPAN_PAE);
    }
  }

  #directoryPae(pa: number, va: number): void {
    if (!this.#enter({ pa, level: "directory", va })) return;
    for (let index = 0; index < ENTRIES_PER_TABLE; index++) {
      const address = pa + index * ENTRY_SIZE;
      const low = this.#memory.word(address) ?? 0;
      if (!(low & ENTRY_P)) continue;
      const high = this.#highWord(address);
      const start = va + index * LARGE_PAE;
      const rights = this.#narrow(ALL_RIGHTS, low, high);
      if (low & ENTRY_PS) {
        const frame = (low & ~(LARGE_PAE - 1)) >>> 0;
        this.#map(start, frame, LARGE_PAE, rights, address, low);
      } else this.#tablePae((low & ENTRY_FRAME) >>> 0, start, rights);
    }
  }

  #tablePae(pa: number, va: number, above: Rights): void {
    if (!this.#enter({ pa, level: "table", va })) return;
    for (let index = 0; index < ENTRIES_PER_TABLE; index++) {
      const address = pa + index * ENTRY_SIZE;
      const low = this.#memory.word(address) ?? 0;
      if (!(low & ENTRY_P)) continue;
      const rights = this.#narrow(above, low, this.#highWord(address));
      this.#map(va + index * PAGE, (low & ENTRY_FRAME) >>> 0, PAGE, rights, address, low);
    }
  }

  directory32(pa: number): void {
    if (!this.#enter({ pa, level: "directory", va: 0 })) return;
    for (let index = 0; index < 1024; index++) {
      const address = pa + index * 4;
      const entry = this.#memory.word(address) ?? 0;
      if (!(entry & ENTRY_P)) continue;
      const start = index * LARGE_32;
      const rights = this.#narrow(ALL_RIGHTS, entry, 0);
      if (entry & ENTRY_PS && this.#mode.pse) {
        const frame = (entry & ~(LARGE_32 - 1)) >>> 0;
        this.#map(start, frame, LARGE_32, rights, address, entry);
      } else this.#table32((entry & ENTRY_FRAME) >>> 0, start, rights);
    }
  }

  #table32(pa: number, va: number, above: Rights): void {
    if (!this.#enter({ pa, level: "table", va })) return;
    for (let index = 0; index < 1024; index++) {
      const address = pa + index * 4;
      const entry = this.#memory.word(address) ?? 0;
      if (!(entry & ENTRY_P)) continue;
      const rights = this.#narrow(above, entry, 0);
      this.#map(va + index * PAGE, (entry & ENTRY_FRAME) >>> 0, PAGE, rights, address, entry);
    }
  }

  /** Notes a table; false if it lies outside RAM and cannot be read. */
  #enter(table: TableFrame): boolean {
    if (this.#memory.slice(table.pa, PAGE) === undefined) {
      const what = `the ${table.level} for ${hex(table.va)}`;
      this.defects.push(`${what} would be at ${hex(table.pa)}, outside RAM`);
      return false;
    }
    this.tables.push(table);
    return true;
  }

  #highWord(address: number): number {
    const high = this.#memory.word(address + 4) ?? 0;
    const isNx = (high & ENTRY_NX_HIGH) !== 0;
    if (high & ~ENTRY_NX_HIGH) {
      this.defects.push(`the entry at ${hex(address)} names a frame above 4 GiB`);
    } else if (isNx && !this.#mode.nx) {
      this.defects.push(`the entry at ${hex(address)} has NX set, but EFER.NXE is off`);
    }
    return high;
  }

  #narrow(above: Rights, low: number, high: number): Rights {
    return {
      user: above.user && (low & ENTRY_US) !== 0,
      writable: above.writable && (low & ENTRY_RW) !== 0,
      executable: above.executable && !(this.#mode.nx && high & ENTRY_NX_HIGH),
    };
  }

  #map(va: number, pa: number, size: number, rights: Rights, address: number, low: number): void {
    const global = (low & ENTRY_G) !== 0;
    this.mappings.push({ va, pa, size, ...rights, global, entryAddress: address, entry: low });
  }
}

/** Neighbours with the same rights, as one range. */
export interface Range {
  readonly va: number;
  /** The first address behind it, up to 2^32. */
  readonly end: number;
  /** The frame of the first page; the others follow it in physical memory too if `linear`. */
  readonly pa: number;
  readonly linear: boolean;
  readonly user: boolean;
  readonly writable: boolean;
  readonly executable: boolean;
  readonly global: boolean;
}

/**
 * Merges neighbouring mappings with equal rights into ranges, for display. `boundaries` are
 * addresses at which a new range begins in any case.
 */
export function mergeRanges(
  mappings: readonly Mapping[],
  boundaries: ReadonlySet<number> = new Set(),
): Range[] {
  const ranges: { -readonly [K in keyof Range]: Range[K] }[] = [];
  for (const mapping of mappings) {
    const { va, pa, size, user, writable, executable, global } = mapping;
    const last = ranges.at(-1);
    if (
      last &&
      last.end === va &&
      !boundaries.has(va) &&
      rightsText(last) === rightsText(mapping)
    ) {
      last.linear &&= pa === last.pa + (va - last.va);
      last.end = va + size;
    } else {
      ranges.push({ va, end: va + size, pa, linear: true, user, writable, executable, global });
    }
  }
  return ranges;
}

/** `urwxg`, with `-` for each right that is missing; what is mapped is always readable. */
export function rightsText(
  rights: Pick<Mapping, "user" | "writable" | "executable" | "global">,
): string {
  const letter = (granted: boolean, name: string) => (granted ? name : "-");
  const { user, writable, executable, global } = rights;
  return [
    letter(user, "u"),
    "r",
    letter(writable, "w"),
    letter(executable, "x"),
    letter(global, "g"),
  ].join("");
}

/** How many bytes a space maps. */
export function mappedBytes(space: AddressSpace): number {
  return space.mappings.reduce((total, mapping) => total + mapping.size, 0);
}

/** The mapping that covers `va`, by binary search. */
export function findMapping(space: AddressSpace, va: number): Mapping | undefined {
  let low = 0;
  let high = space.mappings.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const mapping = space.mappings[middle];
    if (mapping === undefined) return undefined;
    if (va < mapping.va) high = middle;
    else if (va >= mapping.va + mapping.size) low = middle + 1;
    else return mapping;
  }
  return undefined;
}

/** The word at linear address `va` (which must not cross a page); undefined if unmapped. */
export function readLinear(
  memory: PhysicalMemory,
  space: AddressSpace,
  va: number,
): number | undefined {
  const mapping = findMapping(space, va);
  return mapping && memory.word(mapping.pa + (va - mapping.va));
}
