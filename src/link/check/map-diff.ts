// What changed in the layout between two builds of a kernel: sections that appeared, disappeared,
// moved or grew, and the memory wasted between them.

import { compare, hex, pageUp } from "../../base/address";
import type { LinkedFile } from "./linked-file";
import { loadEndOf, Subject } from "./subject";

/** A section as loaders and page tables see it. */
export interface SectionPlace {
  readonly address: bigint;
  readonly loadAddress: bigint | undefined;
  readonly size: bigint;
  /** `r-x`. */
  readonly permissions: string;
}

export interface SectionChange {
  readonly name: string;
  /** Undefined: it is new. */
  readonly before: SectionPlace | undefined;
  /** Undefined: it is gone. */
  readonly after: SectionPlace | undefined;
}

export interface MemoryUse {
  /** Bytes of all sections that are in memory. */
  readonly bytes: bigint;
  /** Physical memory from the first byte to the last. */
  readonly span: bigint;
  /** The part of it that holds nothing: whole pages between segments. */
  readonly gaps: bigint;
  /** What is lost because segments end within a page. */
  readonly rounding: bigint;
}

export interface MapDiff {
  /** Only sections that differ, by the addresses that they have now. */
  readonly changes: readonly SectionChange[];
  readonly same: number;
  readonly before: MemoryUse;
  readonly after: MemoryUse;
}

export function diffMaps(before: LinkedFile, after: LinkedFile): MapDiff {
  const [old, now] = [new Subject(before), new Subject(after)];
  const [oldPlaces, nowPlaces] = [placesOf(old), placesOf(now)];
  const names = [...new Set([...nowPlaces.keys(), ...oldPlaces.keys()])];
  const all = names.map((name) => ({
    name,
    before: oldPlaces.get(name),
    after: nowPlaces.get(name),
  }));
  const changes = all.filter((change) => !isSame(change)).sort(byAddress);
  return {
    changes,
    same: all.length - changes.length,
    before: memoryUse(old),
    after: memoryUse(now),
  };
}

/** Sections of one name are told apart by their order: `.data`, `.data (2)`. */
function placesOf(subject: Subject): Map<string, SectionPlace> {
  const places = new Map<string, SectionPlace>();
  for (const section of subject.sections) {
    let name = section.name;
    for (let count = 2; places.has(name); count++) name = `${section.name} (${count})`;
    places.set(name, {
      address: section.address,
      loadAddress: subject.loadAddressOf(section),
      size: section.size,
      permissions: `r${section.write ? "w" : "-"}${section.execute ? "x" : "-"}`,
    });
  }
  return places;
}

function isSame({ before, after }: SectionChange): boolean {
  if (!before || !after) return false;
  return (
    before.address === after.address &&
    before.loadAddress === after.loadAddress &&
    before.size === after.size &&
    before.permissions === after.permissions
  );
}

function byAddress(a: SectionChange, b: SectionChange): number {
  const addressOf = ({ before, after }: SectionChange) => (after ?? before)?.address ?? 0n;
  return compare(addressOf(a), addressOf(b));
}

/** How much physical memory the image takes, and how much of that is lost. */
export function memoryUse({ loads, sections }: Subject): MemoryUse {
  const sorted = [...loads].sort((a, b) => compare(a.loadAddress, b.loadAddress));
  const start = sorted[0]?.loadAddress ?? 0n;
  let end = start;
  let gaps = 0n;
  for (const segment of sorted) {
    if (segment.loadAddress > pageUp(end)) gaps += segment.loadAddress - pageUp(end);
    if (loadEndOf(segment) > end) end = loadEndOf(segment);
  }
  return {
    bytes: sections.reduce((sum, { size }) => sum + size, 0n),
    span: end - start,
    gaps,
    rounding: loads.reduce((sum, each) => sum + (pageUp(loadEndOf(each)) - loadEndOf(each)), 0n),
  };
}

/** The difference as lines of text, the highest address first, as in drawings. */
export function formatMapDiff({ changes, same, before, after }: MapDiff): string[] {
  const width = Math.max(8, ...changes.map(({ name }) => name.length));
  const use = (name: string, of: keyof MemoryUse) =>
    `${name.padEnd(width + 2)}  ${after[of]} bytes (${signed(after[of] - before[of])})`;
  return [
    ...[...changes].reverse().flatMap((change) => changeLines(change, width)),
    `${same} sections are where they were`,
    "",
    use("content", "bytes"),
    use("span", "span"),
    use("gaps", "gaps"),
    use("rounding", "rounding"),
  ];
}

function changeLines({ name, before, after }: SectionChange, width: number): string[] {
  const title = name.padEnd(width);
  if (!before) return after ? [`+ ${title}  ${placeText(after)}`] : [];
  if (!after) return [`- ${title}  ${placeText(before)}`];
  const parts = [
    before.address === after.address
      ? hex(after.address)
      : `${hex(before.address)} -> ${hex(after.address)}`,
    ...(before.loadAddress === after.loadAddress
      ? []
      : [`LMA ${loadText(before)} -> ${loadText(after)}`]),
    `${after.size} bytes (${signed(after.size - before.size)})`,
    ...(before.permissions === after.permissions
      ? []
      : [`${before.permissions} -> ${after.permissions}`]),
  ];
  return [`  ${title}  ${parts.join(", ")}`];
}

function placeText(place: SectionPlace): string {
  const { address, size, permissions } = place;
  return `${hex(address)}, LMA ${loadText(place)}, ${size} bytes, ${permissions}`;
}

function loadText({ loadAddress }: SectionPlace): string {
  return loadAddress === undefined ? "none" : hex(loadAddress);
}

function signed(value: bigint): string {
  return value > 0n ? `+${value}` : String(value);
}
