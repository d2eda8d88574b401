// Which boxes show the same frames: what a picture joins by ribbons, and a text by letters.

import type { Box, Column, Extent } from "./columns";

/** A box of a space, and one of physical memory that has frames of it. */
export interface Join {
  readonly box: Box;
  readonly frames: Box;
}

/** The joins of a space's column with the column of physical memory, by the space's addresses. */
export function joinsOf(space: Column, physical: Column): Join[] {
  return space.boxes.flatMap((box) =>
    physical.boxes
      .filter((other) => box.frames.some((extent) => overlaps(extent, other.frames)))
      .map((frames) => ({ box, frames })),
  );
}

function overlaps({ start, end }: Extent, others: readonly Extent[]): boolean {
  return others.some((other) => start < other.end && other.start < end);
}

/**
 * Numbers for the boxes of all columns, from 0 in the order of physical memory from the top: boxes
 * have the same number if ribbons lead from one to the other. What is joined to nothing has none.
 */
export function joinGroups(columns: readonly Column[]): Map<Box, number> {
  const physical = columns.find(({ isPhysical }) => isPhysical);
  const spaces = columns.filter(({ isPhysical }) => !isPhysical);
  const joins = physical ? spaces.flatMap((space) => joinsOf(space, physical)) : [];
  const neighbours = new Map<Box, Box[]>();
  for (const { box, frames } of joins) {
    neighbours.set(box, [...(neighbours.get(box) ?? []), frames]);
    neighbours.set(frames, [...(neighbours.get(frames) ?? []), box]);
  }
  const groups = new Map<Box, number>();
  let count = 0;
  for (const frames of [...(physical?.boxes ?? [])].reverse()) {
    if (!neighbours.has(frames) || groups.has(frames)) continue;
    const waiting = [frames];
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      if (groups.has(next)) continue;
      groups.set(next, count);
      waiting.push(...(neighbours.get(next) ?? []));
    }
    count++;
  }
  return groups;
}
