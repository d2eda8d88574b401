// Physical memory in a drawing of a machine: which frames belong to what is drawn beside it.
//
//   - What the kernel maps one to one, and the trampoline, are the same boxes here as in its space:
//     the image, the first page tables.
//   - Of the other frames each has one owner: the drawn process and its page tables before the
//     kernel, the kernel before the processes that are not drawn. Frames of one owner that follow
//     each other are a box.
//   - Frames of the kernel and of others are often mixed, a page of each in turn: they are one box.
//     So are the shortest neighbours while there are more boxes than anyone could tell apart.

import { PAGE_SIZE } from "../abi/memory-map";
import { hex } from "../base/align";
import { sizeText } from "../base/size-text";
import type { Box, Column, Extent, Kind, Marker } from "../draw/columns";
import { frameListRange, type ProcessSpace, type Spaces } from "./spaces";
import type { AddressSpace } from "./walk";

const RUNS_MAX = 20;
/** Shorter stretches between frames in use, in bytes, belong to what is around them. */
const GAP_MAX = 64 << 10;
/** All that a process has of something is joined with others last: as if it were so many pages. */
const ALL_WEIGHT = 1 << 20;

/** Whose a frame is. */
interface Owner {
  readonly name: string;
  readonly kind: Kind;
  /** Not of a drawn process: what is mixed with it may be one box. */
  readonly isBackground: boolean;
}

/** What both drawings call it. */
export const LIST_OF_FRAMES = "list of frames";
const LIST: Owner = { name: LIST_OF_FRAMES, kind: "data", isBackground: false };
const HEAP: Owner = { name: "kernel heap", kind: "stack", isBackground: true };
const KERNEL_TABLES: Owner = { name: "kernel page tables", kind: "tables", isBackground: false };
const OTHERS: Owner = { name: "other processes", kind: "mixed", isBackground: true };
const UNMAPPED: Owner = { name: "unmapped", kind: "free", isBackground: true };

/** Frames that follow each other, and their owners with how many each has. */
interface Run extends Extent {
  readonly owners: ReadonlyMap<Owner, number>;
}

/** The process that is drawn, and its column. */
export interface DrawnProcess {
  readonly process: ProcessSpace;
  readonly column: Column;
}

/** Physical memory, for a drawing of the kernel's space and, perhaps, a process's. */
export function physicalColumn(
  spaces: Spaces,
  kernel: Column,
  drawn: DrawnProcess | undefined,
): Column {
  const { size } = spaces.snapshot.memory;
  const own = kernel.boxes.flatMap(framesBox).filter(({ end }) => end <= size);
  const owners = frameOwners(spaces, drawn, (pa) =>
    own.some(({ start, end }) => pa >= start && pa < end),
  );
  const runs = shorten(joinBackground(runsOf(owners, size)));
  const used = Math.max(0, ...[...own, ...runs].map(({ end }) => end));
  const boxes = [...own, ...runs.map(runBox), ...freeBoxes(used, size, spaces.freeFrames)];
  return {
    title: "physical memory",
    subtitle: `${sizeText(size)}, ${sizeText(spaces.freeFrames * PAGE_SIZE)} free`,
    isPhysical: true,
    top: size,
    between: "unmapped",
    boxes: boxes.sort((a, b) => a.start - b.start),
    markers: cr3Markers(spaces, drawn),
  };
}

/** Where the directories are that CR3 names. */
function cr3Markers({ snapshot, kernel }: Spaces, drawn: DrawnProcess | undefined): Marker[] {
  const { cr3 } = snapshot.registers;
  const marker = (space: AddressSpace) => ({
    name: "CR3",
    address: space.cr3,
    isActive: space.cr3 === cr3,
  });
  return [marker(kernel), ...(drawn ? [marker(drawn.process.space)] : [])];
}

/** A box of the kernel's where its frames are, if they lie together and are not the heap's. */
function framesBox(box: Box): Box[] {
  const [frames, more] = box.frames;
  if (!frames || more || !(frames.start === box.start || box.shared)) return [];
  const tip = `${box.label}\n${hex(frames.start)} to ${hex(frames.end)}`;
  return [{ ...box, ...frames, frames: [frames], rights: "", tip }];
}

/** The owner of each frame in use, but for those that are `known`. */
function frameOwners(
  spaces: Spaces,
  drawn: DrawnProcess | undefined,
  isKnown: (pa: number) => boolean,
): Map<number, Owner> {
  const { kernel, processes } = spaces;
  const list = frameListRange(spaces);
  const owners = new Map<number, Owner>();
  const own = ({ start, end }: Extent, owner: Owner) => {
    for (let pa = start; pa < end; pa += PAGE_SIZE) if (!isKnown(pa)) owners.set(pa, owner);
  };
  const page = (pa: number) => ({ start: pa, end: pa + PAGE_SIZE });
  // What comes later has a better claim.
  for (const { space } of processes) {
    for (const { pa, size } of space.mappings) own({ start: pa, end: pa + size }, OTHERS);
  }
  for (const { va, pa, size } of kernel.mappings) {
    own({ start: pa, end: pa + size }, va >= list.start && va < list.end ? LIST : HEAP);
  }
  for (const { pa } of kernel.tables) own(page(pa), KERNEL_TABLES);
  if (!drawn) return owners;
  const { name, space } = drawn.process;
  const tables: Owner = { name: `page tables of ${name}`, kind: "tables", isBackground: false };
  for (const { pa } of space.tables) own(page(pa), tables);
  for (const { label, kind, frames, shared } of drawn.column.boxes) {
    const owner: Owner = { name: `${name} ${label}`, kind, isBackground: false };
    if (!shared) for (const extent of frames) own(extent, owner);
  }
  return owners;
}

/** The frames in use by address, and what is between them, as runs of one owner. */
function runsOf(owners: ReadonlyMap<number, Owner>, size: number): Run[] {
  const runs: Run[] = [];
  for (const [pa, owner] of [...owners].sort(([a], [b]) => a - b)) {
    if (pa >= size) continue;
    const before = runs.at(-1);
    if (before && before.end < pa && pa - before.end <= GAP_MAX) {
      const owned = new Map([[UNMAPPED, (pa - before.end) / PAGE_SIZE]]);
      runs.push({ start: before.end, end: pa, owners: owned });
    }
    const last = runs.at(-1);
    if (last?.end === pa && last.owners.has(owner)) {
      const count = (last.owners.get(owner) ?? 0) + 1;
      runs[runs.length - 1] = { ...last, end: pa + PAGE_SIZE, owners: new Map([[owner, count]]) };
    } else runs.push({ start: pa, end: pa + PAGE_SIZE, owners: new Map([[owner, 1]]) });
  }
  return runs;
}

/** Neighbours that are all background become one, over the frames between them too. */
function joinBackground(runs: readonly Run[]): Run[] {
  const isBackground = ({ owners }: Run) => [...owners.keys()].every((each) => each.isBackground);
  const joined: Run[] = [];
  for (const run of runs) {
    const last = joined.at(-1);
    if (last && isBackground(last) && isBackground(run))
      joined[joined.length - 1] = join(last, run);
    else joined.push(run);
  }
  return joined;
}

/** Joins the two shortest neighbours until there are few enough. */
function shorten(runs: readonly Run[]): Run[] {
  const shortened = [...runs];
  while (shortened.length > RUNS_MAX) {
    const weights = weightsOf(shortened);
    const both = (index: number) => (weights[index] ?? Infinity) + (weights[index + 1] ?? Infinity);
    const best = weights.reduce(
      (least, _, index) => (both(index) < both(least) ? index : least),
      0,
    );
    const [first, second] = shortened.slice(best, best + 2);
    if (!first || !second) break;
    shortened.splice(best, 2, join(first, second));
  }
  return shortened;
}

/** The pages of each run; what is all that a drawn process has of something weighs most. */
function weightsOf(runs: readonly Run[]): number[] {
  const parts = new Map<Owner, number>();
  for (const { owners } of runs) {
    for (const owner of owners.keys()) parts.set(owner, (parts.get(owner) ?? 0) + 1);
  }
  return runs.map(({ start, end, owners }) => {
    const [owner] = owners.keys();
    const isAll = owners.size === 1 && owner && !owner.isBackground && parts.get(owner) === 1;
    return (end - start) / PAGE_SIZE + (isAll ? ALL_WEIGHT : 0);
  });
}

function join(first: Run, second: Run): Run {
  const owners = new Map(first.owners);
  const between = (second.start - first.end) / PAGE_SIZE;
  if (between > 0) owners.set(UNMAPPED, (owners.get(UNMAPPED) ?? 0) + between);
  for (const [owner, count] of second.owners) owners.set(owner, (owners.get(owner) ?? 0) + count);
  return { start: first.start, end: second.end, owners };
}

function runBox({ start, end, owners }: Run): Box {
  const sorted = [...owners].sort(([, a], [, b]) => b - a);
  const named = sorted.filter(([owner]) => owner !== UNMAPPED);
  const [first] = named[0] ?? [UNMAPPED];
  const counted = named.length > 0 ? named : sorted;
  const parts = sorted.map(([{ name }, count]) => `${name}: ${sizeText(count * PAGE_SIZE)}`);
  return {
    start,
    end,
    label: named.length > 1 ? `${first.name}, others` : first.name,
    rights: "",
    bytes: counted.reduce((sum, [, count]) => sum + count * PAGE_SIZE, 0),
    tip: `${hex(start)} to ${hex(end)}\n${parts.join("\n")}`,
    kind: named.length > 1 ? "mixed" : first.kind,
    shared: false,
    frames: [{ start, end }],
  };
}

/** The frames past the last one in use. */
function freeBoxes(start: number, end: number, freeFrames: number): Box[] {
  if (start >= end) return [];
  const [bytes, tip] = [freeFrames * PAGE_SIZE, "frames that nothing maps"];
  const common = { rights: "", bytes, tip, shared: false, frames: [] };
  return [{ start, end, label: "free frames", kind: "free", ...common }];
}
