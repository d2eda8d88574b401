// What a drawing of a machine shows, before it is text or SVG: a column of boxes for the kernel's
// space, for physical memory, and for one process's space.
//
//   - Pages that are mapped are boxes with content: one for each range that touches them, or for
//     each run of pages where a range is sparse.
//   - What is not mapped is named where that means something: guards, windows, room.
//   - What a box is called a kind of is the intent, by the section of the file that is there. Its
//     rights are the tables', which say less on a machine without NX.

import { GUARD_END, PAGE_TABLES, WINDOWS } from "../abi/memory-map";
import { ADDRESS_SPACE_END, hex } from "../base/align";
import { sizeText } from "../base/size-text";
import {
  type Box,
  type Column,
  emptyBox,
  joinExtents,
  type Kind,
  kindOfRights,
  type Marker,
} from "../draw/columns";
import type { BootedFiles } from "./booted-files";
import type { ElfImage } from "./elf-image";
import { kernelRanges, type NamedRange, userRanges } from "./named-range";
import { LIST_OF_FRAMES, physicalColumn } from "./physical-column";
import { sharedPages } from "./shared-pages";
import { frameListRange, type ProcessSpace, processTitle, type Spaces } from "./spaces";
import { type AddressSpace, type Mapping, mappedBytes, rightsText } from "./walk";

/** Unmapped stretches of at least this many bytes are drawn as room. */
const ROOM_MIN = 16 << 20;
/** Pages of one range that are this far apart, in bytes, are drawn as two boxes. */
const CLUSTER_GAP = 1 << 20;
const FIRST_TABLES = "first page tables";

/** The kernel's space, physical memory, and the space of `process`, in this order. */
export function spaceColumns(
  spaces: Spaces,
  process: ProcessSpace | undefined,
  files: BootedFiles,
): Column[] {
  const shared = new Set(sharedPages(spaces).map(({ va }) => va));
  const ranges = splitFrameList(joinSections(kernelRanges(files), files.image), spaces);
  const boxes = withRoom(spaceBoxes(spaces.kernel, ranges, shared), "for the heap");
  const kernel = spaceColumn("kernel space", spaces.kernel, boxes, spaces);
  if (!process) return [kernel, physicalColumn(spaces, kernel, undefined)];
  const userBoxes = spaceBoxes(process.space, userRanges(files, process, spaces), shared);
  const room = withRoom(userBoxes, "for heap and mmap");
  const user = spaceColumn(processTitle(process), process.space, room, spaces);
  return [kernel, physicalColumn(spaces, kernel, { process, column: user }), user];
}

function spaceColumn(
  title: string,
  space: AddressSpace,
  boxes: readonly Box[],
  { snapshot }: Spaces,
): Column {
  const { cr3 } = snapshot.registers;
  const isLoaded = cr3 === space.cr3;
  return {
    title,
    subtitle: `CR3 ${hex(space.cr3)}, ${sizeText(mappedBytes(space))} mapped`,
    isPhysical: false,
    top: ADDRESS_SPACE_END,
    between: "nothing",
    boxes: [...boxes].sort((a, b) => a.start - b.start),
    isLoaded,
    markers: registerMarkers(snapshot.registers, isLoaded),
  };
}

/** EIP and ESP: the same numbers in every space, of which they mean one. */
function registerMarkers({ eip, esp }: { eip: number; esp: number }, isActive: boolean): Marker[] {
  return [
    { name: "EIP", address: eip, isActive },
    { name: "ESP", address: esp, isActive },
  ];
}

function spaceBoxes(
  space: AddressSpace,
  ranges: readonly NamedRange[],
  shared: ReadonlySet<number>,
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
    return box.start - start < ROOM_MIN ? [box] : [emptyBox(start, box.start, label), box];
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
  shared: ReadonlySet<number>,
): Box {
  const [first] = cluster;
  const last = cluster.at(-1) ?? first;
  const end = Math.min(last.va + last.size, range.end);
  const bytes = cluster.reduce((total, { size }) => total + size, 0);
  const rights = [...new Set(cluster.map((mapping) => rightsText(mapping).slice(1, 4)))];
  const where = cluster.length === 1 ? `frame ${hex(first.pa)}` : `${cluster.length} pages`;
  return {
    start: first.va,
    end,
    label: range.name,
    rights: commonRights(rights),
    bytes,
    tip: `${range.name}\n${hex(first.va)} to ${hex(end)}\n${rights.join(", ")}, ${where}`,
    kind: kindOf(range, rights),
    shared: shared.has(first.va),
    frames: joinExtents(cluster.map(({ pa, size }) => ({ start: pa, end: pa + size }))),
  };
}

/** What all pages of a box may: a star where some may and others may not. */
function commonRights(rights: readonly string[]): string {
  const [first = "", ...others] = rights;
  return [...first]
    .map((right, i) => (others.every((each) => each[i] === right) ? right : "*"))
    .join("");
}

/** By the sections of the file that is there, else by the range's place, else by its rights. */
function kindOf({ name, va, end, image }: NamedRange, rights: readonly string[]): Kind {
  const section = image?.sections.find((each) => each.va < end && each.va + each.size > va);
  if (section) return kindOfRights(section.write, section.execute);
  if (va === PAGE_TABLES || name === FIRST_TABLES) return "tables";
  if (/\b(stack|heap)/.test(name)) return "stack";
  if (rights.length !== 1) return "mixed";
  return rights[0]?.includes("w") ? "data" : kindOfRights(false, rights[0]?.includes("x") ?? false);
}

/** Ranges that are empty on purpose: page 0, the guard below the trampoline, the windows. */
function emptyBoxes({ name, va, end }: NamedRange): Box[] {
  const isGuard = va === 0 || end === GUARD_END;
  if (!isGuard && va !== WINDOWS) return [];
  return [emptyBox(va, end, isGuard ? `${name}, never mapped` : `${name}, closed`)];
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

/** After the image come the page tables of the boot, the list of frames, and the heap. */
function splitFrameList(ranges: readonly NamedRange[], spaces: Spaces): NamedRange[] {
  const imageEnd = Math.max(...ranges.filter(isOfImage).map(({ end }) => end));
  const { start, end } = frameListRange(spaces);
  return ranges.flatMap((range) => {
    if (range.va !== imageEnd || start < imageEnd) return [range];
    return [
      { ...range, name: FIRST_TABLES, end: start },
      { ...range, name: LIST_OF_FRAMES, va: start, end },
      { ...range, va: end },
    ].filter(({ va, end }) => va < end);
  });
}

function isOfImage({ image, va }: NamedRange): boolean {
  return image !== undefined && va < GUARD_END;
}
