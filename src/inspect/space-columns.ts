// What a drawing of a machine shows, before it is text or SVG: a column of boxes for the kernel's
// space, for one process's, and for physical memory.
//
//   - Pages that are mapped are boxes with content: one for each range that touches them, or for
//     each run of pages where a range is sparse.
//   - What is not mapped is a box only where that means something: guards, windows, room.
//   - Boxes of pages that kernel and user share, and those of their frames, have the same `twin`.

import { GUARD_END, PAGE_SIZE, PAGE_TABLES, WINDOWS } from "../abi/memory-map";
import { ADDRESS_SPACE_END, hex } from "../base/align";
import type { Box, Column } from "../draw/columns";
import { HATCH_FILL, PALETTE } from "../draw/svg";
import type { BootedFiles } from "./booted-files";
import type { ElfImage } from "./elf-image";
import { kernelRanges, type NamedRange, userRanges } from "./named-range";
import { sharedPages } from "./shared-pages";
import { type ProcessSpace, processTitle, type Spaces } from "./spaces";
import { type AddressSpace, type Mapping, mappedBytes, rightsText } from "./walk";

/** Unmapped stretches of at least this many bytes are drawn as room. */
const ROOM_MIN = 16 << 20;
/** Pages of one range that are this far apart, in bytes, are drawn as two boxes. */
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
  files: BootedFiles,
): Column[] {
  const shared = new Map(sharedPages(spaces).map(({ va, pa }) => [va, pa]));
  const ranges = splitFrameList(joinSections(kernelRanges(files), files.image), spaces.kernel);
  const boxes = withRoom(spaceBoxes(spaces.kernel, ranges, shared), "room for the heap");
  const top = ADDRESS_SPACE_END;
  const columns = [
    physicalColumn(spaces, boxes, shared),
    { title: "kernel space", subtitle: subtitle(spaces.kernel), top, boxes },
  ];
  if (process) {
    const userBoxes = spaceBoxes(process.space, userRanges(files, process), shared);
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
  ranges: readonly NamedRange[],
  shared: ReadonlyMap<number, number>,
): Box[] {
  return ranges.flatMap((range) => {
    const inside = space.mappings.filter(({ va }) => va >= range.va && va < range.end);
    const gap = range.va === PAGE_TABLES ? range.end - range.va : CLUSTER_GAP;
    const boxes = clusters(inside, gap).map((cluster) => mappedBox(range, cluster, shared));
    return boxes.length > 0 ? boxes : emptyBoxes(range);
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
  range: NamedRange,
  cluster: readonly [Mapping, ...Mapping[]],
  shared: ReadonlyMap<number, number>,
): Box {
  const [first] = cluster;
  const last = cluster.at(-1) ?? first;
  const end = Math.min(last.va + last.size, range.end);
  const bytes = cluster.reduce((total, { size }) => total + size, 0);
  const rights = [...new Set(cluster.map((mapping) => rightsText(mapping).slice(1, 4)))];
  const frame = shared.get(first.va);
  const where = cluster.length === 1 ? `frame ${hex(first.pa)}` : `${cluster.length} pages`;
  return {
    start: first.va,
    end,
    label: range.name,
    note: `${rights.length === 1 ? rights[0] : "mixed"}  ${sizeText(bytes)}`,
    tip: `${range.name}\n${hex(first.va)} to ${hex(end)}\n${rights.join(", ")}, ${where}`,
    fill: fillOf(rights),
    content: true,
    shared: frame !== undefined,
    // What is identity mapped is joined to the same place in physical memory.
    twin: frame ?? (isIdentity(cluster) ? first.pa : undefined),
  };
}

function isIdentity(mappings: readonly Mapping[]): boolean {
  return mappings.every(({ va, pa }) => va === pa);
}

/** What can be written counts as data: without NX, everything can be executed. */
function fillOf(rights: readonly string[]): string {
  if (rights.length !== 1) return PALETTE.mixed;
  if (rights[0]?.includes("w")) return PALETTE.data;
  return rights[0]?.includes("x") ? PALETTE.code : PALETTE.readOnly;
}

/** Ranges that are empty on purpose: page 0, the guard below the trampoline, the windows. */
function emptyBoxes({ name, va, end }: NamedRange): Box[] {
  const isGuard = va === 0 || end === GUARD_END;
  if (!isGuard && va !== WINDOWS) return [];
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

/** Sections that follow each other with equal rights become one range: `.data, .bss`. */
function joinSections(ranges: readonly NamedRange[], image: ElfImage): NamedRange[] {
  const rights = new Map(
    image.sections.map((each) => [each.name, `${each.write} ${each.execute}`]),
  );
  const result: NamedRange[] = [];
  let previous: string | undefined;
  for (const range of ranges) {
    const own = range.va < GUARD_END ? rights.get(range.name) : undefined;
    const last = result.at(-1);
    if (own !== undefined && own === previous && last?.end === range.va) {
      const name = joinNames(last.name, range.name);
      result[result.length - 1] = { ...last, name, end: range.end };
    } else result.push(range);
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

/** After the image comes the list of frames, which is mapped one to one, and then the heap. */
function splitFrameList(ranges: readonly NamedRange[], space: AddressSpace): NamedRange[] {
  const imageEnd = Math.max(...ranges.filter(isOfImage).map(({ end }) => end));
  return ranges.flatMap((range) => {
    if (range.va !== imageEnd) return [range];
    const isHeap = ({ va, pa }: Mapping) => va >= range.va && va < range.end && va !== pa;
    const heap = space.mappings.find(isHeap)?.va ?? range.end;
    return [
      { ...range, name: "list of frames", end: heap },
      { ...range, va: heap },
    ];
  });
}

function isOfImage({ image, va }: NamedRange): boolean {
  return image !== undefined && va < GUARD_END;
}

/**
 * Physical memory: what the kernel maps one to one, as it is there; the frames of the trampoline;
 * and all other frames in use, where those of heap, tables and users are mixed.
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

/** The same box where its frames are. */
function moved(box: Box, pa: number): Box {
  return { ...box, start: pa, end: pa + (box.end - box.start) };
}

/** The frames besides `known`: one box from the first in use to the last, and one for the rest. */
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
