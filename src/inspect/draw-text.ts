// Columns of address spaces as text, from the highest address down.
//
//   address     kernel space                           hello (pid 2)
//   0xfffff000  .trampoline.data       rw-  4 KiB  ==  .trampoline.data       rw-  4 KiB
//   0xffffc000  guard, unmapped                        guard, unmapped
//      ⋮
//
// A line stands for the addresses between two boundaries of any column; the number in front is the
// lower one. Where no column has anything, dots stand for the gap. Columns that do not fit side by
// side are drawn one below the other.

import { hex } from "../base/align";
import type { Box, Column } from "../draw/columns";

const LABEL = 26;
const NOTE = 14;
const CELL = LABEL + NOTE;

/** What the signs of a drawing mean. */
export const LEGEND = "== the same pages at the same address   | goes on   ⋮ nothing";

/**
 * The lines of the drawing.
 *
 * @param addressText how addresses are written
 * @param width how many columns of text there are
 */
export function drawText(
  columns: readonly Column[],
  addressText: (address: number) => string = hex,
  width = Infinity,
): string[] {
  const lines = drawSideBySide(columns, addressText);
  if (columns.length < 2 || lines.every((each) => each.length <= width)) return lines;
  return columns.flatMap((column, index) => [
    ...(index > 0 ? [""] : []),
    ...drawSideBySide([column, echo(column, columns)], addressText),
  ]);
}

/** A column that shows nothing but which boxes of `column` other columns have at the same place. */
function echo(column: Column, columns: readonly Column[]): Column {
  const others = columns.filter((each) => each !== column).flatMap(({ boxes }) => boxes);
  const isSame = (a: Box, b: Box) => a.twin === b.twin && a.start === b.start && a.end === b.end;
  const boxes = column.boxes
    .filter((box) => box.twin !== undefined && others.some((other) => isSame(box, other)))
    .map((box) => ({ ...box, label: "", note: "" }));
  return { title: "", subtitle: "", boxes, top: column.top };
}

function drawSideBySide(
  columns: readonly Column[],
  addressText: (address: number) => string,
): string[] {
  const cuts = boundaries(columns);
  const width = Math.max(0, ...cuts.slice(1).map((address) => addressText(address).length));
  const lines = [heading(columns, width), subheading(columns, width)];
  let wasEmpty = false;
  for (const [index, start] of cuts.entries()) {
    const end = cuts[index - 1];
    if (end === undefined) continue;
    const boxes = columns.map((column) => boxAt(column, start, end));
    if (boxes.every((box) => box === undefined)) {
      if (!wasEmpty) lines.push("   ⋮");
      wasEmpty = true;
      continue;
    }
    wasEmpty = false;
    lines.push(line(addressText(start).padEnd(width), boxes, end));
  }
  return lines.map((each) => each.trimEnd());
}

/** Every start and end of a box, from the highest down. */
function boundaries(columns: readonly Column[]): number[] {
  const all = columns.flatMap(({ boxes }) => boxes.flatMap(({ start, end }) => [start, end]));
  return [...new Set(all)].sort((a, b) => b - a);
}

function boxAt({ boxes }: Column, start: number, end: number): Box | undefined {
  return boxes.find((box) => box.start <= start && box.end >= end);
}

function heading(columns: readonly Column[], width: number): string {
  const titles = columns.map(({ title }) => title.padEnd(CELL));
  return `${"address".padEnd(width + 2)}${titles.join("    ")}`;
}

function subheading(columns: readonly Column[], width: number): string {
  const titles = columns.map(({ subtitle }) => subtitle.slice(0, CELL).padEnd(CELL));
  return `${"".padEnd(width + 2)}${titles.join("    ")}`;
}

function line(start: string, boxes: readonly (Box | undefined)[], end: number): string {
  const cells = boxes.map((box) => cell(box, end));
  const text = cells.reduce((left, right, index) => {
    const [before, box] = [boxes[index - 1], boxes[index]];
    const isSame = box?.twin !== undefined && box.twin === before?.twin && box.end === end;
    return `${left} ${isSame ? "==" : "  "} ${right}`;
  });
  return `${start}  ${text}`;
}

/** A box is named on the topmost of its lines; on the others it is only continued. */
function cell(box: Box | undefined, end: number): string {
  if (!box) return "".padEnd(CELL);
  if (box.end > end) return " |".padEnd(CELL);
  return box.label.slice(0, LABEL - 1).padEnd(LABEL) + box.note.padEnd(NOTE);
}
