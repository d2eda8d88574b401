// Columns of address spaces as SVG, in the style of the linker's drawings.

import { type Column, drawColumns } from "../draw/columns";

/** Denser than the drawing of a layout, as a running machine has more to show. */
const SCALE = { pixelsPerPage: 18, longestContent: 3, longestGap: 1, foldedGap: 44 };

/**
 * The drawing as SVG text.
 *
 * @param addressText how addresses are written; default: eight digits
 */
export function drawSvg(
  title: string,
  summary: string,
  columns: readonly Column[],
  addressText?: (address: number) => string,
): string {
  const description = `${title}: ${summary}`;
  return drawColumns({
    title,
    summary,
    description,
    columns,
    scale: SCALE,
    sameAddress: "one to one",
    ...(addressText && { addressText }),
  });
}
