// Draws address spaces as columns of boxes on one axis (folded-axis.ts), so that what has the same
// address lies at the same height in every column.
//
//    physical            kernel                user
//   |         |      |  trampoline |===|  trampoline |     shared: the same pages at the same place
//   |         |    /-|             |   |             |
//   |  image  |---/  |             |   |             |     boxes with the same `twin` are joined
//   |         |      |    image    |   |   program   |     by a band from column to column
//
// What a box means is up to its maker: the linker draws a layout (src/link/output/draw-layout.ts),
// the inspector a machine (src/inspect/draw-svg.ts).

import { ADDRESS_SPACE_END, hex } from "../base/align";
import { FoldedAxis, type Scale } from "./folded-axis";
import { HATCH_FILL, PALETTE, pathData, Svg } from "./svg";

const MARGIN = 24;
const TOP = 92;
const COLUMN = 190;
/** Between a column and the addresses of the next; enough for addresses of eight digits too. */
const BAND = 76;
const SMALLEST_LABEL = 11;
const LABEL_CLEAR_OF_FOLD = 36;
const SMALLEST_UNUSED = 2;

/** What the fills and strokes of boxes mean. */
const LEGEND: readonly (readonly [fill: string, stroke: string, meaning: string])[] = [
  [PALETTE.code, PALETTE.faint, "code, r-x"],
  [PALETTE.readOnly, PALETTE.faint, "read only, r--"],
  [PALETTE.data, PALETTE.faint, "data, rw-"],
  [PALETTE.sharedPaper, PALETTE.shared, "shared, or loaded elsewhere"],
  [HATCH_FILL, PALETTE.rule, "never mapped"],
];

export interface Box {
  readonly start: number;
  readonly end: number;
  /** Where its content ends, if that is before `end`: the rest of the page is wasted. */
  readonly used?: number;
  readonly label: string;
  /** A few words at the right: rights and size. */
  readonly note: string;
  readonly tip: string;
  readonly fill: string;
  /** Something is there: drawn to scale, its label in a fixed-width font. */
  readonly content: boolean;
  readonly shared: boolean;
  /** The same thing in another column has the same twin; undefined: it has none. */
  readonly twin: unknown;
}

export interface Column {
  readonly title: string;
  readonly subtitle: string;
  readonly boxes: readonly Box[];
  /** How far up the column is drawn. */
  readonly top: number;
}

export interface Drawing {
  readonly title: string;
  readonly summary: string;
  /** The text that a screen reader reads out. */
  readonly description: string;
  readonly columns: readonly Column[];
  readonly scale: Scale;
  /** What a level band means where pages are not shared: `VMA = LMA`. */
  readonly sameAddress: string;
  /** How addresses are written; default: eight digits. */
  readonly addressText?: (address: number) => string;
}

type PlacedColumn = Column & { readonly x: number };

/** The drawing as SVG text. */
export function drawColumns(drawing: Drawing): string {
  const addressText = drawing.addressText ?? plainText;
  const addressRoom = roomForAddresses(drawing.columns, addressText);
  const gap = BAND + addressRoom;
  const columns = drawing.columns.map((column, index) => ({
    ...column,
    x: MARGIN + addressRoom + index * (COLUMN + gap),
  }));
  const boxes = columns.flatMap((column) => column.boxes);
  const axis = new FoldedAxis(boxes, drawing.scale);
  const left = MARGIN + addressRoom;
  const width = left + columns.length * COLUMN + (columns.length - 1) * gap + MARGIN;
  const svg = new Svg(width, TOP + axis.height + 76, drawing.description);
  svg.text(MARGIN, 30, drawing.title, { size: 17, bold: true });
  svg.text(MARGIN, 48, drawing.summary, { size: 11, fill: PALETTE.faint });
  drawBands(columns, drawing.sameAddress, axis, svg);
  for (const column of columns) drawColumn(column, axis, addressText, svg);
  drawFolds(axis, width, svg);
  drawLegend(drawing, TOP + axis.height + 34, svg);
  return svg.toString();
}

/** Pixels for the longest address, and for what a band says beside it. */
function roomForAddresses(columns: readonly Column[], text: (address: number) => string): number {
  const lengths = columns.flatMap(({ boxes }) => boxes.map(({ start }) => text(start).length));
  return Math.max(BAND, 20 + 6 * Math.max(0, ...lengths));
}

function plainText(address: number): string {
  return address === ADDRESS_SPACE_END ? "4 GiB" : hex(address);
}

function drawColumn(
  column: PlacedColumn,
  axis: FoldedAxis,
  addressText: (address: number) => string,
  svg: Svg,
): void {
  const { x, title, subtitle, boxes } = column;
  svg.text(x, TOP - 22, title, { size: 13, bold: true });
  svg.text(x, TOP - 8, subtitle, { size: 10, fill: PALETTE.faint });
  const top = axis.y(column.top);
  const frame = { fill: PALETTE.free, stroke: PALETTE.rule };
  svg.rect(x, TOP + top, COLUMN, axis.height - top, frame);
  for (const box of boxes) drawBox(box, x, axis, svg);
  drawAddresses(column, axis, addressText, svg);
}

function drawBox(box: Box, x: number, axis: FoldedAxis, svg: Svg): void {
  const top = TOP + axis.y(box.end);
  const height = axis.y(box.start) - axis.y(box.end);
  const stroke = box.shared ? PALETTE.shared : box.content ? PALETTE.faint : PALETTE.rule;
  const style = { fill: box.fill, stroke, "stroke-width": box.shared ? 1.5 : 0.75 };
  svg.rect(x, top, COLUMN, height, style, box.tip);
  drawUnused(box, x, axis, svg);
  if (height < SMALLEST_LABEL) return;
  // In a box with a fold in its middle, the label stays clear of the zigzag.
  const middle = height > LABEL_CLEAR_OF_FOLD ? top + 14 : top + height / 2 + 4;
  const fill = box.content ? PALETTE.ink : PALETTE.faint;
  svg.text(x + 8, middle, box.label, { size: 11, fill, mono: box.content });
  svg.text(x + COLUMN - 8, middle, box.note, { size: 10, anchor: "end", fill: PALETTE.faint });
}

/** The rest of a last page, paler. */
function drawUnused({ used, end }: Box, x: number, axis: FoldedAxis, svg: Svg): void {
  const top = TOP + axis.y(end);
  const height = used === undefined ? 0 : axis.y(used) - axis.y(end);
  if (height < SMALLEST_UNUSED) return;
  const style = { fill: PALETTE.paper, "fill-opacity": 0.7, "pointer-events": "none" };
  svg.rect(x + 1, top + 1, COLUMN - 2, height - 1, style);
}

/** The boundaries of the column's boxes, as many as fit. */
function drawAddresses(
  column: PlacedColumn,
  axis: FoldedAxis,
  addressText: (address: number) => string,
  svg: Svg,
): void {
  const content = new Set(
    column.boxes.filter((box) => box.content).flatMap(({ start, end }) => [start, end]),
  );
  const others = new Set(column.boxes.flatMap(({ start, end }) => [start, end]));
  const taken: number[] = [];
  for (const address of [...content, ...others]) {
    const y = TOP + axis.y(address);
    if (taken.some((other) => Math.abs(other - y) < SMALLEST_LABEL)) continue;
    taken.push(y);
    const label = addressText(address);
    const style = { size: 9.5, anchor: "end", fill: PALETTE.faint, mono: true } as const;
    svg.line(column.x - 4, y, column.x, y, { stroke: PALETTE.faint, "stroke-width": 0.75 });
    svg.text(column.x - 7, y + 3.2, label, style);
  }
}

/** From each load image to where it is seen, and between the columns that share pages. */
function drawBands(
  columns: readonly PlacedColumn[],
  sameAddress: string,
  axis: FoldedAxis,
  svg: Svg,
): void {
  for (const [index, right] of columns.entries()) {
    const left = columns[index - 1];
    if (!left) continue;
    for (const box of right.boxes) {
      const twin = left.boxes.find((other) => other.twin !== undefined && other.twin === box.twin);
      if (!twin) continue;
      const moved = twin.start !== box.start;
      const fill = moved || box.shared ? PALETTE.sharedPaper : PALETTE.gap;
      drawBand(left.x + COLUMN, twin, right.x, box, fill, axis, svg);
    }
    labelBands(left, right, sameAddress, axis, svg);
  }
}

/** Labels a level band, once for each pair of columns. */
function labelBands(
  left: PlacedColumn,
  right: PlacedColumn,
  sameAddress: string,
  axis: FoldedAxis,
  svg: Svg,
): void {
  const level = right.boxes.filter((box) =>
    left.boxes.some((other) => other.twin === box.twin && other.start === box.start),
  );
  const sections = level.filter((box) => box.twin !== undefined);
  const [first] = sections;
  if (!first) return;
  const y = (axis.y(Math.max(...sections.map((box) => box.end))) + axis.y(first.start)) / 2;
  const label = first.shared ? "the same pages" : sameAddress;
  const fill = first.shared ? PALETTE.shared : PALETTE.faint;
  svg.text(left.x + COLUMN + 8, TOP + y + 3, label, { size: 9.5, fill });
}

function drawBand(
  fromX: number,
  from: Box,
  toX: number,
  to: Box,
  fill: string,
  axis: FoldedAxis,
  svg: Svg,
): void {
  const y = (address: number) => TOP + axis.y(address);
  const half = (fromX + toX) / 2;
  const curve = (x: number, start: number, end: number, toward: number) =>
    ["C", half, start, half, end, x, toward] as const;
  const path = pathData(
    "M",
    fromX,
    y(from.end),
    ...curve(toX, y(from.end), y(to.end), y(to.end)),
    "L",
    toX,
    y(to.start),
    ...curve(fromX, y(to.start), y(from.start), y(from.start)),
    "Z",
  );
  svg.path(path, { fill, stroke: "none", "fill-opacity": 0.65 });
}

/** A torn strip across the drawing wherever the axis is folded. */
function drawFolds(axis: FoldedAxis, width: number, svg: Svg): void {
  const tooth = 7;
  for (const fold of axis.folds) {
    const y = TOP + fold;
    const points = Array.from({ length: Math.ceil(width / tooth) + 1 }, (_, index) => ({
      x: index * tooth,
      y: y + (index % 2 === 0 ? -3 : 3),
    }));
    const zigzag = (shift: number) =>
      points.flatMap(({ x, y: py }, index) => [index === 0 ? "M" : "L", x, py + shift]);
    svg.path(pathData(...zigzag(0)), { stroke: PALETTE.paper, "stroke-width": 6 });
    for (const shift of [-3, 3]) {
      svg.path(pathData(...zigzag(shift)), { stroke: PALETTE.rule, "stroke-width": 0.75 });
    }
  }
}

function drawLegend({ columns, scale }: Drawing, y: number, svg: Svg): void {
  let x = MARGIN;
  for (const [fill, stroke, meaning] of LEGEND) {
    svg.rect(x, y - 10, 14, 12, { fill, stroke, "stroke-width": 0.75 });
    svg.text(x + 20, y, meaning, { size: 11, fill: PALETTE.faint });
    x += 42 + meaning.length * 6.2;
  }
  const height = `One page is ${scale.pixelsPerPage} pixels high`;
  const folds = "torn strips leave out what adds nothing new";
  const isMarked = columns.some(({ boxes }) => boxes.some(({ used, end }) => (used ?? end) < end));
  const pale = isMarked ? "; what is pale is the unused end of a page" : "";
  svg.text(MARGIN, y + 20, `${height}; ${folds}${pale}.`, { size: 10, fill: PALETTE.faint });
}
