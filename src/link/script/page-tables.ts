// Page tables that show a kernel where it is linked, as entries: what start-up code loads into CR3.
//
//      two-level   directory, tables of 1024 entries of 4 bytes      i386
//      pae         PDPT of 4, directories and tables of 512 of 8     i386, with NX
//      4-level     PML4, PDPTs, directories, tables of 512 of 8      x86-64, with NX
//
// Each page of 4 KiB has the rights of what is on it, supervisor only. Tables name each other, so
// where they lie is left to the linker: an entry is a frame and bits, or another table and bits.
// See Intel SDM vol. 3A, 4.3 to 4.5.

import { hex } from "../../base/address";
import { Diagnostic } from "../../base/diagnostic";

export const PAGINGS = ["two-level", "pae", "4-level"] as const;
export type Paging = (typeof PAGINGS)[number];

/** Bytes that are seen at `start` and lie at the physical address `load`. */
export interface MappedRange {
  /** A section, a region, or what else people would call it. */
  readonly name: string;
  /** Unsigned, of as many bits as the machine's addresses have. */
  readonly start: bigint;
  readonly load: bigint;
  readonly size: bigint;
  readonly write: boolean;
  readonly execute: boolean;
}

/** `value` alone, or plus the physical address of another table. */
export interface TableEntry {
  readonly index: number;
  readonly value: bigint;
  readonly table?: string;
}

export interface PageTable {
  readonly name: string;
  /** The first address that it shows. */
  readonly start: bigint;
  readonly entries: readonly TableEntry[];
}

export interface PageTables {
  readonly paging: Paging;
  readonly entryBytes: 4 | 8;
  /** How many entries each table has; the PDPT of PAE has fewer, but takes a page as well. */
  readonly count: number;
  /** The one that CR3 names comes first. */
  readonly tables: readonly [PageTable, ...PageTable[]];
}

interface Level {
  readonly name: string;
  readonly shift: bigint;
  readonly bits: bigint;
  /** The bits of an entry that names a table of the next level. */
  readonly link: bigint;
}

const PAGE = 4096n;
const PRESENT = 1n;
const WRITABLE = 2n;
const NX = 1n << 63n;
const ANY = PRESENT | WRITABLE;

const LEVELS: Readonly<Record<Paging, readonly [Level, ...Level[]]>> = {
  "two-level": [
    { name: "boot_page_directory", shift: 22n, bits: 10n, link: ANY },
    { name: "boot_page_table", shift: 12n, bits: 10n, link: 0n },
  ],
  pae: [
    { name: "boot_pdpt", shift: 30n, bits: 2n, link: PRESENT },
    { name: "boot_page_directory", shift: 21n, bits: 9n, link: ANY },
    { name: "boot_page_table", shift: 12n, bits: 9n, link: 0n },
  ],
  "4-level": [
    { name: "boot_pml4", shift: 39n, bits: 9n, link: ANY },
    { name: "boot_pdpt", shift: 30n, bits: 9n, link: ANY },
    { name: "boot_page_directory", shift: 21n, bits: 9n, link: ANY },
    { name: "boot_page_table", shift: 12n, bits: 9n, link: 0n },
  ],
};

interface Page {
  readonly frame: bigint;
  readonly name: string;
  readonly write: boolean;
  readonly execute: boolean;
}

/**
 * The tables that show `ranges`. Where two of them meet on a page, it has the rights of both.
 *
 * @param nx whether pages that are not code have NX, in formats that have it
 * @throws Diagnostic TABLES002, TABLES003, TABLES004
 */
export function pageTables(
  ranges: readonly MappedRange[],
  paging: Paging,
  nx: boolean,
): PageTables {
  const pages = new Map<bigint, Page>();
  for (const range of ranges) addPages(range, paging, pages);
  const [root, ...lower] = LEVELS[paging];
  const tables = new Map<string, { table: PageTable; entries: TableEntry[] }>();
  const tableFor = (level: Level, address: bigint) => {
    const start = (address >> (level.shift + level.bits)) << (level.shift + level.bits);
    const name = level === root ? root.name : `${level.name}_${start.toString(16)}`;
    const known = tables.get(name);
    if (known) return known;
    const entries: TableEntry[] = [];
    const added = { table: { name, start, entries }, entries };
    tables.set(name, added);
    return added;
  };
  tableFor(root, 0n);
  const addresses = [...pages.keys()].sort((a, b) => (a < b ? -1 : 1));
  for (const address of addresses) {
    let level: Level = root;
    for (const next of lower) {
      const { table } = tableFor(next, address);
      put(tableFor(level, address).entries, level, address, {
        value: level.link,
        table: table.name,
      });
      level = next;
    }
    const page = pages.get(address);
    if (!page) continue;
    const noExecute = nx && paging !== "two-level" && !page.execute ? NX : 0n;
    const value = page.frame | PRESENT | (page.write ? WRITABLE : 0n) | noExecute;
    put(tableFor(level, address).entries, level, address, { value });
  }
  const all = [...tables.values()].map(({ table }) => table);
  const [first = { name: root.name, start: 0n, entries: [] }, ...rest] = all;
  const entryBytes = paging === "two-level" ? 4 : 8;
  return { paging, entryBytes, count: 4096 / entryBytes, tables: [first, ...rest] };
}

function put(
  entries: TableEntry[],
  { shift, bits }: Level,
  address: bigint,
  entry: Omit<TableEntry, "index">,
): void {
  const index = Number((address >> shift) & ((1n << bits) - 1n));
  // Addresses ascend, so the same index comes again at once or never.
  if (entries.at(-1)?.index !== index) entries.push({ index, ...entry });
}

function addPages(range: MappedRange, paging: Paging, pages: Map<bigint, Page>): void {
  const { name, start, load, size, write, execute } = range;
  if (size === 0n) return;
  if ((start - load) % PAGE !== 0n) {
    throw new Diagnostic(
      "TABLES004",
      `${name} is seen at ${hex(start)} and lies at ${hex(load)}: no page shows that`,
      "Make their distance a multiple of 4096.",
    );
  }
  const limit = 1n << (paging === "4-level" ? 64n : 32n);
  if (start < 0n || start + size > limit || load < 0n || load + size > MEMORY[paging]) {
    throw new Diagnostic(
      "TABLES003",
      `${name} (${hex(start)}, at ${hex(load)}) is beyond what ${paging} tables show`,
      "Choose another format with --paging, or other addresses.",
    );
  }
  const first = start - (start % PAGE);
  for (let address = first; address < start + size; address += PAGE) {
    const frame = address - start + load;
    const before = pages.get(address);
    if (before && before.frame !== frame) {
      throw new Diagnostic(
        "TABLES002",
        `${before.name} and ${name} are both seen at ${hex(address)}, in different frames`,
        "Give one of them other addresses, or take it out of --identity.",
      );
    }
    pages.set(address, {
      frame,
      name: before?.name ?? name,
      write: write || before?.write === true,
      execute: execute || before?.execute === true,
    });
  }
}

/** Past the last physical address. */
const MEMORY: Readonly<Record<Paging, bigint>> = {
  "two-level": 1n << 32n,
  pae: 1n << 36n,
  "4-level": 1n << 52n,
};
