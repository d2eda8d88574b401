// Walks page tables in physical memory, as the processor would, and lists every mapping.
//
// A mapping's rights are the effective ones: U and W only if every level grants them, NX if any
// level sets it and EFER.NXE makes it count. What the processor would refuse or could not reach (a
// table outside RAM, a reserved bit) is not skipped: it is listed under `defects`.

import { PAGE_SIZE } from "../abi/memory-map";
import { ENTRY_G, ENTRY_NX_HIGH, ENTRY_RW, ENTRY_US } from "../abi/paging";
import { hex } from "../base/align";
import type { PhysicalMemory } from "../machine/physical-memory";
import {
  type Entry,
  entryCount,
  entryDefect,
  entrySpan,
  entryStart,
  type PagingFormat,
  type PagingLevel,
  type PagingMode,
  pagingFormat,
  readEntry,
  rootTable,
} from "./paging-format";

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
  readonly level: PagingLevel["table"];
  /** The first address that it covers. */
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

/** Lists all that the directory at `cr3` maps. */
export function walk(memory: PhysicalMemory, cr3: number, mode: PagingMode): AddressSpace {
  const walker = new Walker(memory, mode);
  walker.walkFrom(cr3);
  // The upper half of long mode, whose addresses are negative, is the second half of the PML4.
  if (mode.long) walker.mappings.sort((a, b) => a.va - b.va);
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
  readonly #format: PagingFormat;

  constructor(memory: PhysicalMemory, mode: PagingMode) {
    this.#memory = memory;
    this.#mode = mode;
    this.#format = pagingFormat(mode);
  }

  walkFrom(cr3: number): void {
    this.#table(0, rootTable(this.#format, cr3), 0, ALL_RIGHTS);
  }

  /** Lists what the table at `pa`, of the level that is `depth` below CR3's, maps from `va` on. */
  #table(depth: number, pa: number, va: number, above: Rights): void {
    const level = this.#format.levels[depth];
    if (!level || !this.#enter(level, pa, va)) return;
    for (let index = 0; index < entryCount(level); index++) {
      const entry = readEntry(this.#memory, this.#format, level, pa, index);
      if (entry.leadsTo === "nothing") continue;
      const defect = entryDefect(entry, index, this.#mode);
      if (defect) this.defects.push(defect);
      const start = entryStart(this.#format, level, va, index);
      const rights = level.rights ? this.#narrow(above, entry) : above;
      if (entry.leadsTo === "table") this.#table(depth + 1, entry.pa, start, rights);
      else this.#map(entry, start, rights);
    }
  }

  /** Notes a table; false if it lies outside RAM and cannot be read. */
  #enter(level: PagingLevel, pa: number, va: number): boolean {
    const frame = pa - (pa % PAGE_SIZE);
    if (this.#memory.slice(frame, PAGE_SIZE) === undefined) {
      const what = `the ${level.table} for ${hex(va)}`;
      this.defects.push(`${what} would be at ${hex(pa)}, outside RAM`);
      return false;
    }
    this.tables.push({ pa: frame, level: level.table, va });
    return true;
  }

  #narrow(above: Rights, { low, high }: Entry): Rights {
    return {
      user: above.user && (low & ENTRY_US) !== 0,
      writable: above.writable && (low & ENTRY_RW) !== 0,
      executable: above.executable && !(this.#mode.nx && high & ENTRY_NX_HIGH),
    };
  }

  #map({ level, pa, address, low }: Entry, va: number, rights: Rights): void {
    const size = entrySpan(level);
    const global = (low & ENTRY_G) !== 0;
    this.mappings.push({ va, pa, size, ...rights, global, entryAddress: address, entry: low });
  }
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
