// Names for stretches of an address space, as people speak of them.
//
// For the kernel's own space the names come from the ELF file's sections and from
// src/abi/memory-map.ts. What lies between is told by position. In a user's space the kernel keeps
// no names, so there the words follow from place and rights.

import {
  GUARD_END,
  KERNEL,
  PAGE_SIZE,
  PAGE_TABLES,
  PAGE_TABLES_END,
  USER_END,
  WINDOW_END,
  WINDOWS,
} from "../abi/memory-map";
import { ADDRESS_SPACE_END, alignDown, alignUp } from "../base/align";
import type { ElfImage } from "./elf-image";

/** A named stretch, half-open; `end` may be 2^32. */
export interface Region {
  readonly name: string;
  readonly va: number;
  readonly end: number;
}

/** Regions of the kernel's space, ascending, without overlaps; `image` is the kernel's file. */
export function kernelRegions(image: ElfImage | undefined): Region[] {
  const sections = (image?.sections ?? []).map((section) => ({
    name: section.name,
    va: alignDown(section.va, PAGE_SIZE),
    end: alignUp(section.va + section.size, PAGE_SIZE),
  }));
  const low = sections.filter(({ va }) => va < PAGE_TABLES);
  const imageEnd = Math.max(KERNEL, ...low.map(({ end }) => end));
  return [
    { name: "page 0", va: 0, end: PAGE_SIZE },
    { name: "low memory", va: PAGE_SIZE, end: KERNEL },
    ...withoutOverlaps(low),
    { name: "frame list and heap", va: imageEnd, end: PAGE_TABLES },
    { name: "page tables", va: PAGE_TABLES, end: PAGE_TABLES_END },
    { name: "kernel stacks and heap", va: PAGE_TABLES_END, end: WINDOWS },
    { name: "windows", va: WINDOWS, end: WINDOW_END },
    { name: "guard", va: WINDOW_END, end: GUARD_END },
    ...trampolineRegions(sections),
  ];
}

/** Regions of a user's space. */
export function userRegions(image: ElfImage | undefined): Region[] {
  const sections = (image?.sections ?? []).map(({ name, va, size }) => ({
    name,
    va,
    end: va + size,
  }));
  return [
    { name: "page 0", va: 0, end: PAGE_SIZE },
    { name: "user", va: PAGE_SIZE, end: USER_END },
    { name: "guard", va: USER_END, end: GUARD_END },
    ...trampolineRegions(sections),
  ];
}

function trampolineRegions(sections: readonly Region[]): Region[] {
  const pages = sections
    .filter(({ va }) => va >= GUARD_END)
    .map(({ name, va, end }) => ({
      name,
      va: alignDown(va, PAGE_SIZE),
      end: alignUp(end, PAGE_SIZE),
    }));
  if (pages.length === 0) return [{ name: "trampoline", va: GUARD_END, end: ADDRESS_SPACE_END }];
  return withoutOverlaps(pages);
}

/** Sections that share a page: the later one begins where the earlier one ends. */
function withoutOverlaps(regions: readonly Region[]): Region[] {
  const result: Region[] = [];
  for (const region of regions) {
    const va = Math.max(region.va, result.at(-1)?.end ?? 0);
    if (va < region.end) result.push({ ...region, va });
  }
  return result;
}

/** The name of the region that contains `va`. */
export function regionName(regions: readonly Region[], va: number): string | undefined {
  return regions.find((region) => va >= region.va && va < region.end)?.name;
}
