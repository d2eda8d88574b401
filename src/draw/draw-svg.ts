// A drawing of address spaces as SVG.
//
//   | |            kernel space           physical memory            hello (pid 2)           | |
//   | | 0xffffd000 +----------+           +-------------+            +-----------+ 0xffffd000| |
//   | |       EIP >|          |===========|             |============|           |< EIP      | |
//   |_|            +----------+           +-------------+            +-----------+           |_|
//   true scale                              the legend                                true scale
//
// Where everything is, place-columns.ts has decided; theme.ts has the colours.

import { ADDRESS_SPACE_END, hex } from "../base/align";
import { roomText, sizeText } from "../base/size-text";
import { type Column, noteOf } from "./columns";
import { drawMarkers } from "./draw-markers";
import { Legend } from "./legend";
import {
  type Piece,
  type Placed,
  type PlacedColumn,
  placeColumns,
  type Ribbon,
} from "./place-columns";
import { pathData, Svg, textWidth } from "./svg";
import { styleSheet, type Theme } from "./theme";
import { drawTrueScale, SCALE_ROOM } from "./true-scale";

const MARGIN = 20;
const TOP = 112;
const SPACE = 240;
const PHYSICAL = 300;
const GAP = 124;
/** For addresses of eight digits, and a marker between them. */
const ADDRESS_ROOM = 84;
const ADDRESS_SIZE = 10;
const LABEL_SIZE = 12;
const NOTE_SIZE = 11;
const STRIP = 7;
/** The least distance of two addresses at the side of a column. */
const ADDRESS_DISTANCE = 11;
const LEGEND_TOP = 44;

export interface Drawing {
  readonly title: string;
  readonly summary: string;
  readonly columns: readonly Column[];
  /** How addresses are written; default: eight digits. */
  readonly addressText?: (address: number) => string;
  readonly theme?: Theme;
}

/** The drawing as SVG text. */
export function drawSvg(drawing: Drawing): string {
  const { title, summary, columns, theme = "auto" } = drawing;
  const addressText = drawing.addressText ?? plainText;
  const side = Math.max(ADDRESS_ROOM, ...columns.map((each) => addressRoom(each, addressText)));
  const left = MARGIN + SCALE_ROOM + side;
  const placed = placeColumns(columns, { left, space: SPACE, physical: PHYSICAL, gap: GAP }, TOP);
  const right = Math.max(...placed.columns.map(({ x, width }) => x + width));
  const width = right + side + SCALE_ROOM + MARGIN;
  const legend = new Legend(columns, width - 2 * MARGIN - SCALE_ROOM);
  const height = placed.bottom + LEGEND_TOP + legend.height + MARGIN;
  const svg = new Svg(width, height, `${title}: ${summary}`, styleSheet(theme));
  svg.text(MARGIN, 36, title, { size: 19, bold: true });
  svg.text(MARGIN, 57, summary, { size: 12.5, class: "faint" });
  for (const ribbon of placed.ribbons) drawRibbon(ribbon, svg);
  for (const column of placed.columns) drawColumn(column, placed, addressText, svg);
  drawTrueScale(placed, { left: MARGIN, right: width - MARGIN }, svg);
  legend.draw(MARGIN, placed.bottom + LEGEND_TOP, svg);
  return svg.toString();
}

function plainText(address: number): string {
  return address === ADDRESS_SPACE_END ? "4 GiB" : hex(address);
}

function addressRoom({ boxes }: Column, text: (address: number) => string): number {
  return Math.max(0, ...boxes.map(({ start }) => 18 + textWidth(text(start), ADDRESS_SIZE, true)));
}

function drawColumn(
  placed: PlacedColumn,
  all: Placed,
  addressText: (address: number) => string,
  svg: Svg,
): void {
  const { column, x, pieces } = placed;
  svg.text(x, TOP - 30, column.title, { size: 14.5, bold: true });
  const subtitle = column.isLoaded ? `${column.subtitle} ◀ loaded` : column.subtitle;
  svg.text(x, TOP - 12, subtitle, { size: 11, class: column.isLoaded ? "accent" : "faint" });
  for (const piece of pieces) drawPiece(piece, placed, addressText, svg);
  if (column.isPhysical) drawNoMemory(placed, all.top, svg);
  else drawAddresses(placed, isOnTheRight(placed, all), addressText, svg);
  drawMarkers(placed, isOnTheRight(placed, all), svg);
}

/** A column right of physical memory has its addresses at its right, where no ribbons end. */
function isOnTheRight({ x }: PlacedColumn, { columns }: Placed): boolean {
  const physical = columns.find(({ column }) => column.isPhysical);
  return physical !== undefined && x > physical.x;
}

function drawPiece(
  piece: Piece,
  placed: PlacedColumn,
  addressText: (address: number) => string,
  svg: Svg,
): void {
  if (piece.isFold) drawFold(piece, placed, svg);
  else drawBox(piece, placed, addressText, svg);
}

function drawBox(
  { box, y, height }: Piece,
  { column, x, width }: PlacedColumn,
  addressText: (address: number) => string,
  svg: Svg,
): void {
  const isEmpty = box.kind === "empty";
  const used = box.used ?? box.end;
  const share = (used - box.start) / (box.end - box.start);
  const filled = height * share;
  const place = { "data-start": addressText(box.start), "data-end": addressText(box.end) };
  svg.rect(x, y, width, height, { class: isEmpty ? "nothing" : "paper", ...place }, box.tip);
  if (!isEmpty) {
    const quiet = { "pointer-events": "none" };
    svg.rect(x, y + height - filled, width, filled, { class: `${box.kind} tint`, ...quiet });
    svg.rect(x, y, STRIP, height, { class: box.kind, ...quiet });
    svg.rect(x, y, width, height, { class: box.shared ? "same" : "rule", ...quiet });
  }
  const baseline = y + Math.min(height / 2, 14) + 4;
  const label = { size: LABEL_SIZE, mono: !isEmpty, class: isEmpty ? "faint" : "ink" };
  const note = column.isPhysical && !isEmpty ? physicalNote(box, addressText) : noteOf(box);
  const room = width - 2 * STRIP - 16 - textWidth(note, NOTE_SIZE);
  svg.text(x + STRIP + 8, baseline, shortened(box.label, room, !isEmpty), label);
  const style = { size: NOTE_SIZE, anchor: "end", class: "faint" } as const;
  svg.text(x + width - 8, baseline, note, style);
}

/** Physical memory has ribbons at both sides, so its addresses are in its boxes. */
function physicalNote({ start, bytes }: Piece["box"], addressText: (address: number) => string) {
  return `${addressText(start)}  ${sizeText(bytes)}`;
}

/** As much of a label as there is room for. */
function shortened(label: string, room: number, isMono: boolean): string {
  const fits = Math.floor(room / textWidth("x", LABEL_SIZE, isMono));
  return label.length <= fits ? label : `${label.slice(0, Math.max(1, fits - 1))}…`;
}

/** A long stretch of nothing: its words between two torn ends. */
function drawFold({ box, y, height }: Piece, { x, width }: PlacedColumn, svg: Svg): void {
  svg.rect(x, y, width, height, { class: "nothing" }, box.tip);
  const words = foldWords(box, width - 52);
  const longest = Math.max(...words.map((line) => textWidth(line, NOTE_SIZE)));
  const pill = Math.min(width - 24, longest + 28);
  const tall = 6 + 14 * words.length;
  const [left, middle] = [x + (width - pill) / 2, y + height / 2];
  const torn = (from: number, to: number) => {
    const [a, b] = [from + (to - from) / 3, from + (2 * (to - from)) / 3];
    return pathData("M", from, middle, "L", a, middle - 5, "L", b, middle + 5, "L", to, middle);
  };
  for (const [from, to] of [
    [x - 8, left],
    [left + pill, x + width + 8],
  ] as const) {
    svg.path(torn(from, to), { class: "rule" });
  }
  svg.rect(left, middle - tall / 2, pill, tall, { class: "paper", rx: 10 });
  svg.rect(left, middle - tall / 2, pill, tall, { class: "rule", rx: 10 }, box.tip);
  for (const [index, line] of words.entries()) {
    const baseline = middle + 4 + 14 * (index - (words.length - 1) / 2);
    svg.text(x + width / 2, baseline, line, { size: NOTE_SIZE, anchor: "middle" });
  }
}

/** What a fold leaves out: one line or, if that is too long, two. */
function foldWords({ bytes, label }: Piece["box"], room: number): string[] {
  const words = `${roomText(bytes)} ${label}`;
  return textWidth(words, NOTE_SIZE) <= room ? [words] : [roomText(bytes), label];
}

/** What is above the highest frame, if there is room to say so. */
function drawNoMemory({ x, width, pieces, column }: PlacedColumn, top: number, svg: Svg): void {
  const first = pieces[0];
  if (!first || first.y - top < 30) return;
  const style = { size: 11.5, class: "faint", anchor: "middle" } as const;
  svg.text(x + width / 2, first.y - 10, `nothing above ${sizeText(column.top)}`, style);
}

/** The boundaries of the boxes of a column, as many as fit. */
function drawAddresses(
  { column, pieces, x, width }: PlacedColumn,
  isRight: boolean,
  addressText: (address: number) => string,
  svg: Svg,
): void {
  const edge = isRight ? x + width : x;
  const outward = isRight ? 1 : -1;
  const taken: number[] = [];
  const label = (address: number, y: number) => {
    if (taken.some((other) => Math.abs(other - y) < ADDRESS_DISTANCE)) return;
    taken.push(y);
    svg.line(edge, y, edge + 5 * outward, y, { class: "rule" });
    const style = { size: ADDRESS_SIZE, class: "faint", mono: true } as const;
    const anchor = isRight ? "start" : "end";
    svg.text(edge + 9 * outward, y + 3.5, addressText(address), { ...style, anchor });
  };
  label(column.top, pieces[0]?.y ?? 0);
  for (const { box, y, height } of pieces) label(box.start, y + height);
}

function drawRibbon({ fromX, from, toX, to, box, isIdentity }: Ribbon, svg: Svg): void {
  const half = (fromX + toX) / 2;
  const path = pathData(
    ...["M", fromX, from.top, "C", half, from.top, half, to.top, toX, to.top],
    ...["L", toX, to.bottom, "C", half, to.bottom, half, from.bottom, fromX, from.bottom, "Z"],
  );
  const kind = box.shared ? "shared" : isIdentity ? "identity" : box.kind;
  svg.path(path, { class: `${kind} band`, "stroke-opacity": 0.6, "stroke-width": 0.75 });
}
