// What one linear address means in one space: the one answer that every view asks for.
//
//   address -> PDPTE -> PDE -> PTE -> frame, with the effective rights; and region, and symbol

import {
  ENTRIES_PER_TABLE,
  ENTRY_A,
  ENTRY_COPY_ON_WRITE,
  ENTRY_D,
  ENTRY_FRAME,
  ENTRY_G,
  ENTRY_NX_HIGH,
  ENTRY_P,
  ENTRY_PCD,
  ENTRY_PS,
  ENTRY_PWT,
  ENTRY_RW,
  ENTRY_SIZE,
  ENTRY_US,
} from "../abi/paging";
import { hex } from "../base/align";
import type { PhysicalMemory } from "../machine/physical-memory";
import { describeAddress, type ElfImage } from "./elf-image";
import { type Region, regionName } from "./region";
import { type AddressSpace, findMapping, type Mapping } from "./walk";

/** An entry on the way from CR3 to the page. */
export interface Step {
  readonly level: "PDPTE" | "PDE" | "PTE";
  /** Physical address of the entry. */
  readonly address: number;
  readonly low: number;
  readonly high: number;
}

export interface ResolvedAddress {
  readonly va: number;
  /** The entries that the processor reads, up to the one that maps the page or is not present. */
  readonly steps: readonly Step[];
  /** The physical address; undefined if nothing is mapped there. */
  readonly pa: number | undefined;
  readonly mapping: Mapping | undefined;
  readonly region: string | undefined;
  /** `name+0x12`, of the file that was given. */
  readonly symbol: string | undefined;
}

/** Names that go with a space. */
export interface SpaceNames {
  readonly regions: readonly Region[];
  readonly image: ElfImage | undefined;
}

/** Resolves `va` in `space`. */
export function resolve(
  memory: PhysicalMemory,
  space: AddressSpace,
  va: number,
  names: SpaceNames,
): ResolvedAddress {
  const mapping = findMapping(space, va);
  return {
    va,
    steps: space.mode.pae ? stepsPae(memory, space.cr3, va) : steps32(memory, space, va),
    pa: mapping && mapping.pa + (va - mapping.va),
    mapping,
    region: regionName(names.regions, va),
    symbol: names.image && describeAddress(names.image, va),
  };
}

function stepsPae(memory: PhysicalMemory, cr3: number, va: number): Step[] {
  const read = (level: Step["level"], address: number): Step => ({
    level,
    address,
    low: memory.word(address) ?? 0,
    high: memory.word(address + 4) ?? 0,
  });
  const frame = (step: Step) => (step.low & ENTRY_FRAME) >>> 0;
  const index = (shift: number) => (va >>> shift) & (ENTRIES_PER_TABLE - 1);
  const pdpte = read("PDPTE", ((cr3 & ~31) >>> 0) + (va >>> 30) * ENTRY_SIZE);
  if (!(pdpte.low & ENTRY_P)) return [pdpte];
  const pde = read("PDE", frame(pdpte) + index(21) * ENTRY_SIZE);
  if (!(pde.low & ENTRY_P) || pde.low & ENTRY_PS) return [pdpte, pde];
  return [pdpte, pde, read("PTE", frame(pde) + index(12) * ENTRY_SIZE)];
}

function steps32(memory: PhysicalMemory, space: AddressSpace, va: number): Step[] {
  const read = (level: Step["level"], address: number): Step => ({
    level,
    address,
    low: memory.word(address) ?? 0,
    high: 0,
  });
  const pde = read("PDE", ((space.cr3 & ENTRY_FRAME) >>> 0) + (va >>> 22) * 4);
  const isLarge = space.mode.pse && pde.low & ENTRY_PS;
  if (!(pde.low & ENTRY_P) || isLarge) return [pde];
  return [pde, read("PTE", ((pde.low & ENTRY_FRAME) >>> 0) + ((va >>> 12) & 1023) * 4)];
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
  [ENTRY_COPY_ON_WRITE, "COW"],
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
    return `${level} at ${hex(address)} = ${value}: ${entryFlags(low, high)}`;
  });
}
