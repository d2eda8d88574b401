// The registers that point into a space or a frame, as triangles at the side of its column.
//
// A filled one means what it says. A hollow one is the same number in a space that is not loaded:
// what the register would mean there.

import { markY, type PlacedColumn } from "./place-columns";
import { pathData, type Svg } from "./svg";

const SIZE = 11.5;
/** Markers that are closer are one, with both names. */
const DISTANCE = 13;

/** Draws the markers of a column; `isRight`: at its right side. */
export function drawMarkers(placed: PlacedColumn, isRight: boolean, svg: Svg): void {
  const edge = isRight ? placed.x + placed.width : placed.x;
  for (const { y, names, isActive } of placeMarkers(placed)) {
    drawMarker(edge, y, isRight ? 1 : -1, names.join(", "), isActive, svg);
  }
}

interface PlacedMarker {
  readonly y: number;
  readonly names: readonly string[];
  readonly isActive: boolean;
}

function placeMarkers(column: PlacedColumn): PlacedMarker[] {
  const placed: PlacedMarker[] = [];
  for (const { name, address, isActive } of column.column.markers ?? []) {
    const y = markY(column, address);
    if (y === undefined) continue;
    const near = placed.findIndex((each) => Math.abs(each.y - y) < DISTANCE);
    const other = placed[near];
    if (other?.isActive === isActive) {
      placed[near] = { ...other, names: [...other.names, name] };
    } else placed.push({ y, names: [name], isActive });
  }
  return placed;
}

function drawMarker(
  edge: number,
  y: number,
  outward: number,
  names: string,
  isActive: boolean,
  svg: Svg,
): void {
  const [tip, base] = [edge + 2 * outward, edge + 15 * outward];
  const triangle = pathData("M", tip, y, "L", base, y - 7, "L", base, y + 7, "Z");
  svg.path(triangle, { class: isActive ? "accent" : "hollow" });
  const anchor = outward > 0 ? "start" : "end";
  svg.text(base + 4 * outward, y + 4, names, {
    size: SIZE,
    anchor,
    class: `${isActive ? "accent" : "faint"} halo`,
    bold: isActive,
  });
}
