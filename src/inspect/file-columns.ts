// What the files of a kernel promise before anything runs, as columns for a drawing: each address
// space, where code sees it, and physical memory, where the loader puts it. The first space is left
// of physical memory, the others are right of it.
//
//   - With a layout there is a column for each of its spaces; a section is in those that show its
//     region, and shared if there are several. Reserved regions are boxes without content.
//   - Without one there is a column for the kernel; if something is at the top of the address
//     space, a second one for user programs shows that and nothing else.
//   - Where a box ends within a page, the rest of the page is marked as lost. Holes of a page or
//     more in the load image are boxes too.
//
// 64-bit addresses are drawn on a line of 48 bits, the two canonical halves next to each other, so
// that JavaScript's numbers are exact.

import { compare, hex } from "../base/address";
import { ADDRESS_SPACE_END } from "../base/align";
import { type Box, type Column, emptyBox, kindOfRights } from "../draw/columns";
import type { FileSection } from "../link/check/linked-file";
import type { Subject } from "../link/check/subject";
import { unsignedBounds } from "../link/layout/address-space";
import type { ResolvedLayout, ResolvedRegion } from "../link/layout/resolved";

const PAGE = 4096;
const HALF = 1n << 47n;
/** The size of the gap between the canonical halves. */
const HOLE = (1n << 64n) - 2n * HALF;

/** The columns, and how the numbers in them are written. */
export interface FileDrawing {
  readonly columns: readonly Column[];
  addressText(address: number): string;
}

/** The drawing of a kernel, its modules and its layout: what `subject` has of them. */
export function fileColumns(subject: Subject): FileDrawing {
  const line = new AddressLine(subject.file.bits);
  const { layout } = subject;
  const spaces =
    layout && Object.keys(layout.spaces).length > 0 ? declared(subject, layout) : guessed(subject);
  const isSharedAnywhere = (section: FileSection) => spaces.some((each) => each.isShared(section));
  const [first, ...others] = spaces.map(({ title, subtitle, sections, reserved, isShared }) => {
    const at = ({ address }: FileSection) => line.at(address);
    const boxes = sectionBoxes(sections, at, isShared, line, subject);
    const empty = reserved.flatMap((region) => reservedBox(region, boxes, line));
    const all = [...boxes, ...empty].sort((a, b) => a.start - b.start);
    const between = "nothing";
    return { title, subtitle, isPhysical: false, top: line.end, between, boxes: all };
  });
  const physical = physicalColumn(subject, isSharedAnywhere, line);
  const columns = [...(first ? [first] : []), physical, ...others];
  return { columns, addressText: (address) => line.text(address) };
}

/** Addresses as numbers on a line, and back. */
class AddressLine {
  readonly end: number;
  readonly #bits: 32 | 64;

  constructor(bits: 32 | 64) {
    this.#bits = bits;
    this.end = bits === 32 ? ADDRESS_SPACE_END : Number(2n * HALF);
  }

  at(address: bigint): number {
    return Number(this.#bits === 64 && address >= HALF ? address - HOLE : address);
  }

  /** The end of 32 bits is written `4 GiB`: it is not an address. */
  text(address: number): string {
    if (address === this.end) return this.#bits === 32 ? "4 GiB" : "2^64";
    const value = BigInt(Math.round(address));
    return hex(this.#bits === 64 && value >= HALF ? value + HOLE : value);
  }
}

interface SpaceView {
  readonly title: string;
  readonly subtitle: string;
  readonly sections: readonly FileSection[];
  readonly reserved: readonly ResolvedRegion[];
  isShared(section: FileSection): boolean;
}

function declared(subject: Subject, layout: ResolvedLayout): SpaceView[] {
  const spaces = Object.entries(layout.spaces);
  const regionOf = (section: FileSection) => regionAt(section, layout);
  const isShared = (section: FileSection) =>
    spaces.filter(([, { regions }]) => regions.includes(regionOf(section) ?? "")).length > 1;
  return spaces.map(([name, { title, regions }], index) => ({
    title: title ?? `${name} space`,
    subtitle: "where its code sees it",
    sections: subject.sections.filter((section) => {
      const region = regionOf(section);
      // What the layout does not know belongs to the kernel, which comes first.
      return region === undefined ? index === 0 : regions.includes(region);
    }),
    reserved: layout.regions.filter((region) => region.reserved && regions.includes(region.name)),
    isShared,
  }));
}

/** The region that the layout gives a section, or the one that its address lies in. */
function regionAt({ name, address }: FileSection, layout: ResolvedLayout): string | undefined {
  const plan =
    layout.sections.find((section) => section.name === name) ??
    // Our linker splits a section with zeros in it: .data, .data.zero, .data.2000.
    layout.sections.find((section) => name.startsWith(`${section.name}.`));
  if (plan) return plan.region.name;
  return layout.regions.find((region) => {
    const { start, end } = unsignedBounds(region);
    return !region.reserved && address >= start && address < end;
  })?.name;
}

function guessed(subject: Subject): SpaceView[] {
  const { shared, sections } = subject;
  const isShared = (section: FileSection) => shared?.sections.includes(section) ?? false;
  const kernel = {
    title: shared ? "kernel space" : "linear addresses",
    subtitle: "where its code sees it",
    sections,
    reserved: [],
    isShared,
  };
  if (!shared) return [kernel];
  const user = {
    title: "user space",
    subtitle: "inferred: what is at the top",
    sections: shared.sections,
    reserved: [],
    isShared,
  };
  return [kernel, user];
}

function physicalColumn(
  subject: Subject,
  isShared: (section: FileSection) => boolean,
  line: AddressLine,
): Column {
  const loaded = subject.sections.filter((s) => subject.loadAddressOf(s) !== undefined);
  const at = (section: FileSection) => line.at(subject.loadAddressOf(section) ?? 0n);
  const boxes = sectionBoxes(loaded, at, isShared, line, subject);
  const modules = subject.modules.length > 0 ? ", modules where there is room" : "";
  return {
    title: "physical memory",
    isPhysical: true,
    subtitle: `where the loader puts it${modules}`,
    top: Math.max(0, ...boxes.map(({ end }) => end)),
    between: "nothing loaded",
    boxes: withHoles(boxes),
  };
}

/** Consecutive parts of one section, from which our linker has cut out the zeros. */
interface Piece {
  readonly section: FileSection;
  readonly start: number;
  readonly size: number;
}

function joinParts(sorted: readonly FileSection[], at: (section: FileSection) => number): Piece[] {
  const pieces: Piece[] = [];
  for (const section of sorted) {
    const last = pieces.at(-1);
    const start = at(section);
    const size = Number(section.size);
    if (last && isPartOf(section, last.section) && start - (last.start + last.size) < PAGE) {
      pieces[pieces.length - 1] = { ...last, size: start + size - last.start };
    } else pieces.push({ section, start, size });
  }
  return pieces;
}

function isPartOf({ name, write, execute }: FileSection, first: FileSection): boolean {
  const isPart = name.startsWith(`${first.name}.`) && PART.test(name.slice(first.name.length));
  return isPart && write === first.write && execute === first.execute;
}

/** `.zero`, `.2000`, `.2000.zero`. */
const PART = /^(\.[0-9a-f]+)?(\.zero)?$/;

/** A section's box reaches to the end of its last page, unless the next one begins there. */
function sectionBoxes(
  sections: readonly FileSection[],
  at: (section: FileSection) => number,
  isShared: (section: FileSection) => boolean,
  line: AddressLine,
  subject: Subject,
): Box[] {
  const sorted = [...sections].sort((a, b) => at(a) - at(b) || compare(a.size, b.size));
  const pieces = joinParts(sorted, at);
  return pieces.map(({ section, start, size }, index) => {
    const used = Math.min(start + size, line.end);
    const next = pieces[index + 1]?.start;
    const pageEnd = Math.min(Math.ceil(used / PAGE) * PAGE, line.end);
    const end = next === undefined ? pageEnd : Math.min(pageEnd, Math.max(next, used));
    const rights = `r${section.write ? "w" : "-"}${section.execute ? "x" : "-"}`;
    const load = subject.loadAddressOf(section);
    const frames = load === undefined ? [] : [framesAt(line.at(load), size)];
    return {
      start,
      end,
      used,
      label: section.name,
      rights,
      bytes: size,
      tip: tipOf(section, BigInt(size), rights, subject),
      kind: kindOfRights(section.write, section.execute),
      shared: isShared(section),
      frames,
    };
  });
}

function framesAt(start: number, size: number) {
  return { start, end: start + size };
}

function tipOf(section: FileSection, size: bigint, rights: string, subject: Subject): string {
  const { name, address } = section;
  const load = subject.loadAddressOf(section);
  const module = subject.modules.find(({ sections }) => sections.includes(section));
  const from = module ? `in ${module.file.name}` : "not loaded";
  return [
    `${name} ${rights}`,
    `VMA ${hex(address)} to ${hex(address + size)}`,
    load === undefined ? from : `LMA ${hex(load)} to ${hex(load + size)}`,
  ].join("\n");
}

/** Adds the holes of a page or more between two boxes. */
function withHoles(boxes: readonly Box[]): Box[] {
  return boxes.flatMap((box, index) => {
    const start = Math.max(0, ...boxes.slice(0, index).map(({ end }) => end));
    if (index === 0 || box.start - start < PAGE) return [box];
    return [emptyBox(start, box.start, "hole"), box];
  });
}

/** A region that stays free; one with a single bound is the room up to its neighbour. */
function reservedBox(region: ResolvedRegion, boxes: readonly Box[], line: AddressLine): Box[] {
  const { title, limited } = region;
  const bounds = unsignedBounds(region);
  const [lowest, end] = [line.at(bounds.start), line.at(bounds.end)];
  const below = boxes.map((box) => box.end).filter((other) => other < end);
  const start = limited ? lowest : Math.max(lowest, ...below);
  return start < end ? [emptyBox(start, end, title)] : [];
}
