// What one linear address means in one space: the answer that every view asks for.
//
//   address -> PDPTE -> PDE -> PTE -> frame, with the effective rights; and region, and symbol

import {
  ENTRY_A,
  ENTRY_D,
  ENTRY_G,
  ENTRY_HIDDEN,
  ENTRY_NX_HIGH,
  ENTRY_P,
  ENTRY_PCD,
  ENTRY_PS,
  ENTRY_PWT,
  ENTRY_RW,
  ENTRY_US,
} from "../abi/paging";
import { hex } from "../base/align";
import type { PhysicalMemory } from "../machine/physical-memory";
import { describeAddress } from "./elf-image";
import { type NamedRange, rangeAt } from "./named-range";
import {
  type Entry,
  entryIndex,
  entrySpan,
  pagingFormat,
  readEntry,
  rootTable,
} from "./paging-format";
import { type AddressSpace, findMapping, type Mapping } from "./walk";

export interface ResolvedAddress {
  readonly va: number;
  /** The entries that the processor reads, up to the one that maps the page or is not present. */
  readonly steps: readonly Entry[];
  /** The physical address; undefined if nothing is mapped there. */
  readonly pa: number | undefined;
  readonly mapping: Mapping | undefined;
  /** The region or section that it is in. */
  readonly region: string | undefined;
  /** `name+0x12`, of the file that is there. */
  readonly symbol: string | undefined;
}

/** Resolves `va` in `space`, whose parts have the names `ranges`. */
export function resolve(
  memory: PhysicalMemory,
  space: AddressSpace,
  va: number,
  ranges: readonly NamedRange[],
): ResolvedAddress {
  const mapping = findMapping(space, va);
  const range = rangeAt(ranges, va);
  return {
    va,
    steps: stepsTo(memory, space, va),
    pa: mapping && mapping.pa + (va - mapping.va),
    mapping,
    region: range?.name,
    symbol: range?.image && describeAddress(range.image, va),
  };
}

/** How a space is reached: what `walk` began with. */
export type SpaceRoot = Pick<AddressSpace, "cr3" | "mode">;

/** The physical address of `va`, in a space that need not have been walked. */
export function translate(memory: PhysicalMemory, root: SpaceRoot, va: number): number | undefined {
  const last = stepsTo(memory, root, va).at(-1);
  return last?.leadsTo === "page" ? last.pa + (va % entrySpan(last.level)) : undefined;
}

/** The entries on the way from CR3 to the page of `va`. */
function stepsTo(memory: PhysicalMemory, { cr3, mode }: SpaceRoot, va: number): Entry[] {
  const format = pagingFormat(mode);
  const steps: Entry[] = [];
  let table = rootTable(format, cr3);
  for (const level of format.levels) {
    const entry = readEntry(memory, format, level, table, entryIndex(level, va));
    steps.push(entry);
    if (entry.leadsTo !== "table") break;
    table = entry.pa;
  }
  return steps;
}

const FLAG_NAMES: readonly (readonly [number, string])[] = [
  [ENTRY_P, "P"],
  [ENTRY_RW, "W"],
  [ENTRY_US, "U"],
  [ENTRY_PWT, "PWT"],
  [ENTRY_PCD, "PCD"],
  [ENTRY_A, "A"],
  [ENTRY_D, "D"],
  [ENTRY_PS, "PS"],
  [ENTRY_G, "G"],
  [ENTRY_HIDDEN, "HIDDEN"],
];

/** The flags of an entry by name, `P W U A D`; `-` if there are none. */
export function entryFlags(low: number, high = 0): string {
  const names = FLAG_NAMES.filter(([bit]) => low & bit).map(([, name]) => name);
  if (high & ENTRY_NX_HIGH) names.push("NX");
  return names.join(" ") || "-";
}

/** The steps as lines of text: `PTE at 0x00123ff8 = 0x00104163: P W A D G`. */
export function describeSteps(resolved: ResolvedAddress): string[] {
  return resolved.steps.map(({ level, address, low, high }) => {
    const value = high ? `${hex(high)}_${hex(low).slice(2)}` : hex(low);
    return `${level.entry} at ${hex(address)} = ${value}: ${entryFlags(low, high)}`;
  });
}
