// All that is known of one address of one space, or of physical memory: for a person who points at
// it in a drawing.
//
//   0xfffff1b0 of hello (pid 2): .trampoline.data, entry_stack+0x1b0
//   PDPTE[3]  0x001b3fb8  001b2001  P           -> page directory at 0x001b2000     urwx-
//   PDE[511]  0x001b2ff8  001b1027  P W U A     -> page table at 0x001b1000         urwx-
//   PTE[511]  0x001b1ff8  00123163  P W A D G   -> frame 0x00123000                 -rwxg

import { ENTRY_G, ENTRY_NX_HIGH, ENTRY_RW, ENTRY_US } from "../abi/paging";
import { hex } from "../base/align";
import type { BootedFiles } from "./booted-files";
import { kernelRanges, userRanges } from "./named-range";
import { type Entry, entryIndex } from "./paging-format";
import { entryFlags, resolve } from "./resolve";
import { everySpace, type ProcessSpace, processTitle, type Spaces } from "./spaces";
import { type AddressSpace, rightsText } from "./walk";

/** A bit that is set in an entry. */
export interface NamedBit {
  readonly name: string;
  readonly meaning: string;
}

/** An entry of a page table on the way to an address. */
export interface PathStep {
  /** `PDE[511]`. */
  readonly entry: string;
  readonly address: number;
  /** Hexadecimal digits, 8 or 16. */
  readonly value: string;
  readonly bits: readonly NamedBit[];
  /** `urwxg`, as far as the levels up to this one grant it. */
  readonly rights: string;
  readonly leadsTo: string;
}

export interface FrameMapping {
  readonly space: string;
  readonly address: number;
  readonly rights: string;
}

export interface AddressFacts {
  readonly address: number;
  /** `kernel space`, `hello (pid 2)`, `physical memory`. */
  readonly space: string;
  readonly region: string | undefined;
  readonly symbol: string | undefined;
  /** Undefined where nothing is mapped. */
  readonly pa: number | undefined;
  /** `urwxg`; undefined where nothing is mapped. */
  readonly rights: string | undefined;
  /** Of a space. */
  readonly cr3: number | undefined;
  readonly path: readonly PathStep[];
  /** Where its frame is mapped, in whatever space. */
  readonly mappings: readonly FrameMapping[];
}

const MEANINGS: Readonly<Record<string, string>> = {
  P: "present: the entry leads somewhere",
  W: "writable, if every level says so",
  U: "for user mode, if every level says so",
  PWT: "writes go through the cache",
  PCD: "not cached",
  A: "accessed: the processor has used it",
  D: "dirty: the page has been written to",
  PS: "a large page: no table below",
  G: "global: the translation outlives a change of CR3",
  HIDDEN: "of the kernel: the page is there, but hidden from the program",
  NX: "no code may be run from it",
};

/** An address of the kernel's space. */
export function kernelFacts(spaces: Spaces, files: BootedFiles, address: number): AddressFacts {
  return spaceFacts(spaces, spaces.kernel, "kernel space", kernelRanges(files), address);
}

/** An address of a process's space. */
export function processFacts(
  spaces: Spaces,
  files: BootedFiles,
  process: ProcessSpace,
  address: number,
): AddressFacts {
  const ranges = userRanges(files, process, spaces);
  return spaceFacts(spaces, process.space, processTitle(process), ranges, address);
}

/** An address of physical memory. */
export function frameFacts(spaces: Spaces, address: number): AddressFacts {
  return {
    address,
    space: "physical memory",
    region: tableName(spaces, address),
    symbol: undefined,
    pa: address,
    rights: undefined,
    cr3: undefined,
    path: [],
    mappings: mappingsOf(spaces, address),
  };
}

function spaceFacts(
  spaces: Spaces,
  space: AddressSpace,
  title: string,
  ranges: Parameters<typeof resolve>[3],
  address: number,
): AddressFacts {
  const resolved = resolve(spaces.snapshot.memory, space, address, ranges);
  const { steps, mapping, pa, region, symbol } = resolved;
  return {
    address,
    space: title,
    region,
    symbol,
    pa,
    rights: mapping && rightsText(mapping),
    cr3: space.cr3,
    path: pathOf(steps, space, address),
    mappings: pa === undefined ? [] : mappingsOf(spaces, pa),
  };
}

/** The entries with the rights that are left after each. */
function pathOf(steps: readonly Entry[], { mode }: AddressSpace, address: number): PathStep[] {
  let user = true;
  let writable = true;
  let executable = true;
  return steps.map((entry) => {
    const { level, low, high, leadsTo } = entry;
    if (level.rights) {
      user &&= (low & ENTRY_US) !== 0;
      writable &&= (low & ENTRY_RW) !== 0;
      executable &&= !(mode.nx && high & ENTRY_NX_HIGH);
    }
    const global = leadsTo === "page" && (low & ENTRY_G) !== 0;
    const isThere = leadsTo !== "nothing";
    return {
      entry: `${level.entry}[${entryIndex(level, address)}]`,
      address: entry.address,
      value: `${high === 0 ? "" : hex(high).slice(2)}${hex(low).slice(2)}`,
      bits: bitsOf(low, high),
      rights: isThere ? rightsText({ user, writable, executable, global }) : "-----",
      leadsTo: destination(entry),
    };
  });
}

function bitsOf(low: number, high: number): NamedBit[] {
  const flags = entryFlags(low, high);
  if (flags === "-") return [];
  return flags.split(" ").map((name) => ({ name, meaning: MEANINGS[name] ?? "" }));
}

function destination({ level, leadsTo, pa }: Entry): string {
  if (leadsTo === "nothing") return "nothing";
  if (leadsTo === "page") return `frame ${hex(pa)}`;
  return `${level.entry === "PDE" ? "page table" : "page directory"} at ${hex(pa)}`;
}

/** Whether the frame is a page table, and whose. */
function tableName(spaces: Spaces, pa: number): string | undefined {
  for (const [title, { tables }] of everySpace(spaces)) {
    const table = tables.find((each) => pa >= each.pa && pa < each.pa + 4096);
    if (table) return `${table.level} for ${hex(table.va)} of ${title}`;
  }
  return undefined;
}

function mappingsOf(spaces: Spaces, pa: number): FrameMapping[] {
  return everySpace(spaces).flatMap(([title, { mappings }]) =>
    mappings
      .filter((each) => pa >= each.pa && pa < each.pa + each.size)
      .map((each) => ({
        space: title === "kernel" ? "kernel space" : title,
        address: each.va + (pa - each.pa),
        rights: rightsText(each),
      })),
  );
}
