// What a drawing of a machine shows, before it is text or SVG: a column of boxes for the kernel's
// space, for one process's, and for physical memory.
//
//   - Pages that are mapped are boxes with content: one for each region that touches them, or for
//     each run of pages where a region is sparse.
//   - What is not mapped is a box only where its emptiness means something: guards, windows, room.
//   - Boxes of pages that kernel and user share, and the frames behind them, have the same `twin`.

import { GUARD_END, PAGE_SIZE, USER_END } from "../abi/memory-map";
import { ADDRESS_SPACE_END, alignDown, alignUp, hex } from "../base/align";
import type { Box, Column } from "../draw/columns";
import { HATCH_FILL, PALETTE } from "../draw/svg";
import type { ElfImage } from "./elf-image";
import { processTitle, sharedPages } from "./laws-of-paging";
import { kernelRegions, userRegions as plainUserRegions, type Region } from "./region";
import type { ProcessSpace, Spaces } from "./spaces";
import { type AddressSpace, type Mapping, mappedBytes, rightsText } from "./walk";

/** Unmapped stretches of at least this many bytes are named: there is room. */
const ROOM_MIN = 16 << 20;
/** Pages of one region that are this far apart, in bytes, are drawn as two boxes. */
const CLUSTER_GAP = 1 << 20;

/** `4 KiB`, `1.5 MiB`, `3.98 GiB`. */
export function sizeText(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${Number(value.toFixed(value < 10 ? 2 : 1))} ${units[unit]}`;
}

/** Physical memory, the kernel's space and that of `process`, in this order. */
export function spaceColumns(
  spaces: Spaces,
  process: ProcessSpace | undefined,
  image: ElfImage,
  program: ElfImage | undefined,
): Column[] {
  const shared = new Map(sharedPages(spaces).map(({ va, pa }) => [va, pa]));
  const regions = splitHeap(joinSections(kernelRegions(image), image), spaces.kernel);
  const boxes = withRoom(spaceBoxes(spaces.kernel, regions, shared), "room for the heap");
  const top = ADDRESS_SPACE_END;
  const columns = [
    physicalColumn(spaces, boxes, shared),
    { title: "kernel space", subtitle: subtitle(spaces.kernel), top, boxes },
  ];
  if (process) {
    const userRegions = namedUserRegions(process.space, image, program);
    const userBoxes = spaceBoxes(process.space, userRegions, shared);
    columns.push({
      title: processTitle(process),
      subtitle: subtitle(process.space),
      top,
      boxes: withRoom(userBoxes, "room for heap and mmap"),
    });
  }
  return columns;
}

function subtitle(space: AddressSpace): string {
  return `CR3 ${hex(space.cr3)}, ${sizeText(mappedBytes(space))} mapped`;
}

function spaceBoxes(
  space: AddressSpace,
  regions: readonly Region[],
  shared: ReadonlyMap<number, number>,
): Box[] {
  return regions.flatMap((region) => {
    const inside = space.mappings.filter(({ va }) => va >= region.va && va < region.end);
    const gap = region.name === "page tables" ? region.end - region.va : CLUSTER_GAP;
    const boxes = clusters(inside, gap).map((cluster) => mappedBox(region, cluster, shared));
    return boxes.length > 0 ? boxes : emptyBoxes(region);
  });
}

/** Adds a box for each large stretch between two others. */
function withRoom(boxes: readonly Box[], label: string): Box[] {
  const sorted = [...boxes].sort((a, b) => a.start - b.start);
  return sorted.flatMap((box, index) => {
    const start = sorted[index - 1]?.end ?? box.start;
    if (box.start - start < ROOM_MIN) return [box];
    const note = sizeText(box.start - start);
    const tip = `unmapped\n${hex(start)} to ${hex(box.start)}`;
    const common = { content: false, shared: false, twin: undefined, fill: PALETTE.paper };
    return [{ start, end: box.start, label, note, tip, ...common }, box];
  });
}

function clusters(mappings: readonly Mapping[], gap: number): [Mapping, ...Mapping[]][] {
  const result: [Mapping, ...Mapping[]][] = [];
  for (const mapping of mappings) {
    const cluster = result.at(-1);
    const last = cluster?.at(-1);
    if (cluster && last && mapping.va - (last.va + last.size) < gap) cluster.push(mapping);
    else result.push([mapping]);
  }
  return result;
}

function mappedBox(
  region: Region,
  cluster: readonly [Mapping, ...Mapping[]],
  shared: ReadonlyMap<number, number>,
): Box {
  const [first] = cluster;
  const last = cluster.at(-1) ?? first;
  const end = Math.min(last.va + last.size, region.end);
  const bytes = cluster.reduce((total, { size }) => total + size, 0);
  const rights = [...new Set(cluster.map((mapping) => rightsText(mapping).slice(1, 4)))];
  const frame = shared.get(first.va);
  const where = cluster.length === 1 ? `frame ${hex(first.pa)}` : `${cluster.length} pages`;
  return {
    start: first.va,
    end,
    label: region.name,
    note: `${rights.length === 1 ? rights[0] : "mixed"}  ${sizeText(bytes)}`,
    tip: `${region.name}\n${hex(first.va)} to ${hex(end)}\n${rights.join(", ")}, ${where}`,
    fill: fillOf(rights),
    content: true,
    shared: frame !== undefined,
    // What is identity mapped has its place in physical memory as its twin.
    twin: frame ?? (isIdentity(cluster) ? first.pa : undefined),
  };
}

function isIdentity(mappings: readonly Mapping[]): boolean {
  return mappings.every(({ va, pa }) => va === pa);
}

/** What may be written is data here: where the processor has no NX, all may be executed. */
function fillOf(rights: readonly string[]): string {
  if (rights.length !== 1) return PALETTE.mixed;
  if (rights[0]?.includes("w")) return PALETTE.data;
  return rights[0]?.includes("x") ? PALETTE.code : PALETTE.readOnly;
}

/** Regions whose emptiness is meant. */
function emptyBoxes({ name, va, end }: Region): Box[] {
  const isGuard = name === "guard" || name === "page 0";
  if (!isGuard && name !== "windows") return [];
  return [
    {
      start: va,
      end,
      label: isGuard ? `${name}, unmapped` : `${name}, closed`,
      note: "",
      tip: `${name}\n${hex(va)} to ${hex(end)}`,
      fill: isGuard ? HATCH_FILL : PALETTE.gap,
      content: false,
      shared: false,
      twin: undefined,
    },
  ];
}

/** Sections that follow each other with equal rights become one region: `.data, .bss`. */
function joinSections(regions: readonly Region[], image: ElfImage): Region[] {
  const rights = new Map(
    image.sections.map((each) => [each.name, `${each.write} ${each.execute}`]),
  );
  const result: Region[] = [];
  let previous: string | undefined;
  for (const region of regions) {
    const own = region.va < GUARD_END ? rights.get(region.name) : undefined;
    const last = result.at(-1);
    if (own !== undefined && own === previous && last?.end === region.va) {
      result[result.length - 1] = {
        ...last,
        name: joinNames(last.name, region.name),
        end: region.end,
      };
    } else result.push(region);
    previous = own;
  }
  return result;
}

/** `.data` and `.data.2000` are `.data`; `.data` and `.bss` are `.data, .bss`. */
function joinNames(names: string, name: string): string {
  const stem = (each: string) => /^\.[^.]+/.exec(each)?.[0] ?? each;
  const stems = new Set([...names.split(", "), name].map(stem));
  return [...stems].join(", ");
}

/** What lies behind the kernel's image: the list of frames, identity mapped, and the heap. */
function splitHeap(regions: readonly Region[], space: AddressSpace): Region[] {
  return regions.flatMap((region) => {
    if (region.name !== "frame list and heap") return [region];
    const isHeap = ({ va, pa }: Mapping) => va >= region.va && va < region.end && va !== pa;
    const heap = space.mappings.find(isHeap)?.va ?? region.end;
    return [
      { name: "list of frames", va: region.va, end: heap },
      { name: "heap, stacks", va: heap, end: region.end },
    ];
  });
}

/** The regions of a user's space, named by the program's file and by position. */
function namedUserRegions(
  space: AddressSpace,
  image: ElfImage,
  program: ElfImage | undefined,
): Region[] {
  const userMappings = space.mappings.filter(({ va }) => va < USER_END);
  const lowest = clusters(userMappings, CLUSTER_GAP).at(-1)?.[0].va;
  return plainUserRegions(image).flatMap((region) => {
    if (region.name !== "user") return [region];
    const parts: Region[] = [];
    let at = region.va;
    const add = (name: string, end: number) => {
      if (end > at) parts.push({ name, va: at, end });
      at = Math.max(at, end);
    };
    for (const { name, va, size } of program?.sections ?? []) {
      add("heap", alignDown(va, PAGE_SIZE));
      add(name, alignUp(va + size, PAGE_SIZE));
    }
    add("heap", lowest ?? region.end);
    add("stack", region.end);
    return parts;
  });
}

/**
 * Physical memory: what the kernel maps one to one, as there; the frames of the trampoline; and all
 * other frames in use, of heap, tables and users, which lie among each other.
 */
function physicalColumn(
  spaces: Spaces,
  kernelBoxes: readonly Box[],
  shared: ReadonlyMap<number, number>,
): Column {
  const identity = kernelBoxes.filter(({ content, twin, start }) => content && twin === start);
  const trampoline = kernelBoxes
    .filter((box) => box.shared)
    .map((box) => moved(box, shared.get(box.start) ?? 0));
  const { size } = spaces.snapshot.memory;
  return {
    title: "physical memory",
    subtitle: `${sizeText(size)}, ${sizeText(spaces.freeFrames * PAGE_SIZE)} free`,
    top: size,
    boxes: [...identity, ...trampoline, ...otherFrames(spaces, [...identity, ...trampoline], size)],
  };
}

/** The same box at the place of its frames. */
function moved(box: Box, pa: number): Box {
  return { ...box, start: pa, end: pa + (box.end - box.start) };
}

/** The frames besides `known`: a box from the first to the last that is mapped; and the rest. */
function otherFrames(spaces: Spaces, known: readonly Box[], size: number): Box[] {
  const all = [spaces.kernel, ...spaces.processes.map(({ space }) => space)];
  const isKnown = (pa: number) => known.some(({ start, end }) => pa >= start && pa < end);
  const frames = new Set<number>();
  for (const { mappings, tables } of all) {
    for (const { pa } of [...mappings, ...tables]) {
      if (pa < size && !isKnown(pa)) frames.add(pa);
    }
  }
  if (frames.size === 0) return [];
  const start = Math.min(...frames);
  const end = Math.max(...frames) + PAGE_SIZE;
  const common = { content: true, shared: false, twin: undefined };
  const used = sizeText(frames.size * PAGE_SIZE);
  return [
    {
      ...common,
      start,
      end,
      label: "frames in use",
      note: used,
      tip: `kernel heap, page tables, users' pages\n${used} between ${hex(start)} and ${hex(end)}`,
      fill: PALETTE.mixed,
    },
    {
      ...common,
      start: end,
      end: size,
      label: "free frames",
      note: sizeText(spaces.freeFrames * PAGE_SIZE),
      tip: "frames that nothing maps",
      fill: PALETTE.free,
    },
  ];
}
