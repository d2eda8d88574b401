// A box of a space's column, unfolded: a box for each of its pages.

import { hex } from "../base/align";
import type { Box, Column } from "../draw/columns";
import { foldKey } from "../draw/place-columns";
import { type AddressSpace, type Mapping, rightsText } from "./walk";

/** More pages than these would not fit; the rest stays one box. */
const PAGES_MAX = 12;

/** The column with boxes for the pages of those that `unfolded` names by `foldKey`. */
export function unfoldBoxes(
  column: Column,
  index: number,
  space: AddressSpace,
  unfolded: ReadonlySet<string>,
): Column {
  const boxes = column.boxes.flatMap((box) => {
    if (box.kind === "empty" || !unfolded.has(foldKey(index, box.start))) return [box];
    return pagesOf(box, space);
  });
  return { ...column, boxes };
}

function pagesOf(box: Box, { mappings }: AddressSpace): Box[] {
  const inside = mappings.filter(({ va }) => va >= box.start && va < box.end);
  const shown = inside.length > PAGES_MAX ? inside.slice(0, PAGES_MAX - 1) : inside;
  const rest = inside.slice(shown.length);
  const pages = shown.map((mapping) => boxOf(box, [mapping]));
  return rest.length > 0 ? [...pages, boxOf(box, rest)] : pages;
}

function boxOf(box: Box, mappings: readonly Mapping[]): Box {
  const [first] = mappings;
  const last = mappings.at(-1);
  if (!first || !last) return box;
  const end = last.va + last.size;
  const rights = rightsText(first).slice(1, 4);
  const bytes = mappings.reduce((sum, { size }) => sum + size, 0);
  const count = mappings.length;
  return {
    start: first.va,
    end,
    label:
      count === 1
        ? `${box.label.split(",")[0]} +${(first.va - box.start).toString(16)}`
        : `${count} pages more`,
    rights: count === 1 ? rights : box.rights,
    bytes,
    tip: `${box.label}\n${hex(first.va)} to ${hex(end)}`,
    kind: box.kind,
    shared: box.shared,
    frames: mappings.map(({ pa, size }) => ({ start: pa, end: pa + size })),
  };
}
