// The bars at the edges of a drawing: the first and the last space, at true scale.
//
// What is mapped is drawn at its place, at least so high that it is seen: of four billion bytes a
// kernel uses less than a pixel.

import type { Placed, PlacedColumn } from "./place-columns";
import type { Svg } from "./svg";

const WIDTH = 18;
const LEAST_MARK = 2.5;

/** The pixels that a bar takes of an edge. */
export const SCALE_ROOM = WIDTH + 14;

/** Draws the bars between two edges, which are x coordinates. */
export function drawTrueScale(
  placed: Placed,
  edges: { readonly left: number; readonly right: number },
  svg: Svg,
): void {
  const spaces = placed.columns.filter(({ column }) => !column.isPhysical);
  const [first] = spaces;
  const last = spaces.at(-1);
  if (first) drawBar(first, edges.left, false, placed, svg);
  if (last && last !== first) drawBar(last, edges.right - WIDTH, true, placed, svg);
}

function drawBar(
  { column }: PlacedColumn,
  x: number,
  isRight: boolean,
  { top, bottom }: Placed,
  svg: Svg,
): void {
  const height = bottom - top;
  svg.rect(x, top, WIDTH, height, { class: "rule" });
  for (const box of column.boxes) {
    if (box.kind === "empty") continue;
    const size = Math.max(LEAST_MARK, (height * (box.end - box.start)) / column.top);
    const end = bottom - (height * box.end) / column.top;
    const y = Math.min(end, bottom - size);
    const kind = box.shared ? "sharedMark" : box.kind;
    svg.rect(x, y, WIDTH, size, { class: kind }, box.tip);
  }
  const style = { size: 10.5, class: "faint", anchor: isRight ? "end" : "start" } as const;
  svg.text(isRight ? x + WIDTH : x, bottom + 16, "true scale", style);
}
