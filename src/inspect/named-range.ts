// Names for the parts of an address space, for everything that speaks of an address.
//
// The layout names the regions, and the sections of the kernel's file name what is in them. A
// region with an open end begins where the one below it stops, as the linker sees it. In a user's
// space the program's sections have names, and what is around them is told by position: the kernel
// keeps no names there. A page of it that is the kernel's own, which no law allows, is called what
// it is. Without a layout there are the sections, and the limits of src/abi/memory-map.ts.

import { GUARD_END, PAGE_SIZE, USER, USER_END } from "../abi/memory-map";
import { ADDRESS_SPACE_END, alignDown, alignUp } from "../base/align";
import type { ResolvedLayout, ResolvedRegion } from "../link/layout/resolved";
import type { BootedFiles } from "./booted-files";
import type { ElfImage } from "./elf-image";
import { kernelFrames } from "./shared-pages";
import { everySpace, type ProcessSpace, type Spaces } from "./spaces";
import type { AddressSpace } from "./walk";

/** A named stretch of addresses, half-open; `end` may be 2^32. */
export interface NamedRange {
  readonly name: string;
  readonly va: number;
  readonly end: number;
  /** The file that is loaded there, and has the symbols. */
  readonly image: ElfImage | undefined;
}

const PAGE_ZERO: NamedRange = { name: "page 0", va: 0, end: PAGE_SIZE, image: undefined };

/** The ranges of the kernel's space, ascending, without overlaps. */
export function kernelRanges({ image, layout }: BootedFiles): NamedRange[] {
  const regions = regionsOf(layout, 0);
  if (regions.length === 0) return [PAGE_ZERO, ...sectionRanges(image, 0, ADDRESS_SPACE_END)];
  return [PAGE_ZERO, ...nameRegions(regions, image)];
}

/** The ranges of the space of `process`, one of those of `spaces`, likewise. */
export function userRanges(
  files: BootedFiles,
  process: ProcessSpace,
  spaces: Spaces,
): NamedRange[] {
  const program = files.programs.get(process.name);
  const ranges = [PAGE_ZERO, ...userRegions(files)].flatMap((range) =>
    range.va <= USER && USER < range.end ? programRanges(range, program, process.space) : [range],
  );
  return foreignPages(files, process, spaces).reduce(insertRange, ranges);
}

/** The range that contains `va`. */
export function rangeAt(ranges: readonly NamedRange[], va: number): NamedRange | undefined {
  return ranges.find((range) => va >= range.va && va < range.end);
}

/** The regions of space number `index` of the layout, ascending; none if there is no layout. */
function regionsOf(layout: ResolvedLayout | undefined, index: number): ResolvedRegion[] {
  const space = Object.values(layout?.spaces ?? {})[index];
  const regions = layout?.regions.filter(({ name }) => space?.regions.includes(name)) ?? [];
  // Of two with one end, the reserved one is the room that the other leaves.
  return regions.sort((a, b) => a.end - b.end || Number(a.reserved) - Number(b.reserved));
}

function nameRegions(regions: readonly ResolvedRegion[], image: ElfImage): NamedRange[] {
  const ranges: NamedRange[] = [];
  for (const region of regions) {
    const below = ranges.at(-1)?.end ?? 0;
    if (!region.reserved) ranges.push(...imageRanges(region, image));
    else {
      const va = region.limited ? region.start : Math.max(below, region.start);
      ranges.push({ name: region.title, va, end: region.end, image: undefined });
    }
  }
  return ranges;
}

/** The sections in a region and, under the region's own name, what is between them. */
function imageRanges(region: ResolvedRegion, image: ElfImage): NamedRange[] {
  const { start, title, anchor } = region;
  const end = anchor === "end" ? region.end : usedEnd(region, image);
  const ranges: NamedRange[] = [];
  const fill = (to: number) => {
    const va = ranges.at(-1)?.end ?? start;
    if (va < to) ranges.push({ name: title, va, end: to, image });
  };
  for (const section of sectionRanges(image, start, region.end)) {
    fill(section.va);
    ranges.push(section);
  }
  fill(end);
  return ranges;
}

/** Where the last page of a region ends that the file fills, by its VMA or by its LMA. */
function usedEnd({ start, end }: ResolvedRegion, image: ElfImage): number {
  const ends = image.segments.flatMap(({ va, pa, size }) =>
    [va, pa].filter((at) => at >= start && at < end).map((at) => at + size),
  );
  return alignUp(Math.max(start, ...ends), PAGE_SIZE);
}

/** The pages of the sections between two addresses; a page of two is the first one's. */
function sectionRanges(image: ElfImage, start: number, end: number): NamedRange[] {
  const ranges: NamedRange[] = [];
  for (const section of image.sections) {
    if (section.va < start || section.va >= end) continue;
    const va = Math.max(alignDown(section.va, PAGE_SIZE), ranges.at(-1)?.end ?? 0);
    const sectionEnd = alignUp(section.va + section.size, PAGE_SIZE);
    if (va < sectionEnd) ranges.push({ name: section.name, va, end: sectionEnd, image });
  }
  return ranges;
}

function userRegions({ image, layout }: BootedFiles): NamedRange[] {
  const regions = regionsOf(layout, 1);
  if (regions.length > 0) return nameRegions(regions, image);
  const user = { name: "user program", va: PAGE_SIZE, end: USER_END, image: undefined };
  return [user, ...sectionRanges(image, GUARD_END, ADDRESS_SPACE_END)];
}

/** The room of a program: its sections, the stack at the end, and the heap between them. */
function programRanges(
  room: NamedRange,
  program: ElfImage | undefined,
  space: AddressSpace,
): NamedRange[] {
  const ranges: NamedRange[] = [];
  const add = (name: string, to: number, image: ElfImage | undefined) => {
    const va = ranges.at(-1)?.end ?? room.va;
    if (va < to) ranges.push({ name, va, end: to, image });
  };
  for (const section of program ? sectionRanges(program, room.va, room.end) : []) {
    add("heap", section.va, undefined);
    add(section.name, section.end, program);
  }
  add(program ? "heap" : room.name, stackStart(room, space), undefined);
  add("stack", room.end, undefined);
  return ranges;
}

/** Mapped pages of one stretch are no further apart than this, in bytes. */
const STRETCH_GAP = 1 << 20;

/** The lowest page of the stretch that is mapped at the end of a room; the end if there is none. */
function stackStart({ va, end }: NamedRange, space: AddressSpace): number {
  let lowest = end;
  for (const mapping of [...space.mappings].reverse()) {
    if (mapping.va >= end || mapping.va < va) continue;
    if (lowest - (mapping.va + mapping.size) >= STRETCH_GAP) break;
    lowest = mapping.va;
  }
  return lowest;
}

/** Pages of a program's whose frames are the kernel's, or a page table. */
function foreignPages(files: BootedFiles, { space }: ProcessSpace, spaces: Spaces): NamedRange[] {
  const tables = new Set(everySpace(spaces).flatMap(([, each]) => each.tables.map(({ pa }) => pa)));
  const frames = kernelFrames(spaces.kernel);
  const own = kernelRanges(files);
  return space.mappings.flatMap(({ va, pa, size }) => {
    const kernelVa = frames.get(pa);
    const isTable = tables.has(pa);
    if (va >= GUARD_END || (kernelVa === undefined && !isTable)) return [];
    const there = kernelVa === undefined ? undefined : rangeAt(own, kernelVa)?.name;
    const name = isTable ? "page table" : `kernel's ${there ?? "memory"}`;
    return [{ name, va, end: va + size, image: undefined }];
  });
}

/** The ranges with another one, which takes the place of what was there. */
function insertRange(ranges: readonly NamedRange[], inserted: NamedRange): NamedRange[] {
  const { va, end } = inserted;
  const below = ranges.filter((each) => each.va < va);
  const above = ranges.filter((each) => each.end > end);
  return [
    ...below.map((each) => ({ ...each, end: Math.min(each.end, va) })),
    inserted,
    ...above.map((each) => ({ ...each, va: Math.max(each.va, end) })),
  ];
}
