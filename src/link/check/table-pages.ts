// The pages of a kernel as its boot tables show them.

import { compare, PAGE, pageDown } from "../../base/address";
import type { BootTables, ShownPage } from "./boot-tables";
import type { FileSegment } from "./linked-file";
import { endOf, type Subject } from "./subject";

/** A page of a segment that the tables show. */
export interface PageOfSegment {
  readonly address: bigint;
  /** The frame that it is loaded to. */
  readonly frame: bigint;
  readonly shown: ShownPage;
  readonly segment: FileSegment;
}

/** Segments that are linked where they are not loaded, by how far, the lowest first. */
export function groupsByDistance({ loads }: Subject): FileSegment[][] {
  const groups = new Map<bigint, FileSegment[]>();
  for (const segment of [...loads].sort((a, b) => compare(a.address, b.address))) {
    const distance = segment.address - segment.loadAddress;
    if (distance === 0n) continue;
    groups.set(distance, [...(groups.get(distance) ?? []), segment]);
  }
  return [...groups.values()];
}

/** Whether the tables have the page of `segment` at `address` in its frame. */
export function isShown(address: bigint, segment: FileSegment, tables: BootTables): boolean {
  const shown = tables.translate(address);
  return typeof shown === "object" && shown.frame === frameOf(address, segment);
}

/** All pages of segments that are shown at all, ascending by address. */
export function pagesOf(tables: BootTables, { loads }: Subject): PageOfSegment[] {
  const pages: PageOfSegment[] = [];
  for (const segment of [...loads].sort((a, b) => compare(a.address, b.address))) {
    for (let at = pageDown(segment.address); at < endOf(segment); at += PAGE) {
      const shown = tables.translate(at);
      if (typeof shown !== "object") continue;
      pages.push({ address: at, frame: frameOf(at, segment), shown, segment });
    }
  }
  return pages;
}

function frameOf(address: bigint, segment: FileSegment): bigint {
  return pageDown(address - segment.address + segment.loadAddress);
}
