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
  markY,
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
/** Of the titles of columns above the boxes; what is above these is the title of the drawing. */
const TITLES = 48;
const ROOMY = { space: 240, physical: 300, gap: 124 };
const COMPACT = { space: 206, physical: 262, gap: 50, boxHeight: 22 };
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
  /** For a page that a reader goes through: see `PageDrawing`. */
  readonly page?: PageDrawing;
}

/**
 * A drawing as a part of a page. It has no title and no legend, because the page has them, and
 * narrower columns. Columns are list boxes, and boxes their options: a group with the attributes
 * `data-column`, `data-start` and `data-end`.
 */
export interface PageDrawing {
  /** The empty stretches that are not folded, as `foldKey` names them. */
  readonly unfolded: ReadonlySet<string>;
}

/** The drawing as SVG text. */
export function drawSvg(drawing: Drawing): string {
  if (drawing.page) return drawForPage(drawing, drawing.page);
  const { title, summary, columns, theme = "auto" } = drawing;
  const addressText = drawing.addressText ?? plainText;
  const side = Math.max(ADDRESS_ROOM, ...columns.map((each) => addressRoom(each, addressText)));
  const left = MARGIN + SCALE_ROOM + side;
  const placed = placeColumns(columns, { left, ...ROOMY }, TOP);
  const width = rightOf(placed) + side + SCALE_ROOM + MARGIN;
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

function drawForPage(drawing: Drawing, { unfolded }: PageDrawing): string {
  const { title, summary, columns, theme = "auto", addressText = plainText } = drawing;
  const left = SCALE_ROOM + ADDRESS_ROOM;
  const placed = placeColumns(columns, { left, ...COMPACT }, TITLES, unfolded);
  const width = rightOf(placed) + ADDRESS_ROOM + SCALE_ROOM;
  const svg = new Svg(
    width,
    placed.bottom + MARGIN,
    `${title}: ${summary}`,
    styleSheet(theme),
    "group",
  );
  for (const ribbon of placed.ribbons) drawRibbon(ribbon, svg);
  for (const column of placed.columns) drawColumn(column, placed, addressText, svg, true);
  drawTrueScale(placed, { left: 0, right: width }, svg);
  return svg.toString();
}

function rightOf({ columns }: Placed): number {
  return Math.max(...columns.map(({ x, width }) => x + width));
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
  isForPage = false,
): void {
  const { column, x } = placed;
  svg.text(x, all.top - 30, column.title, { size: 14.5, bold: true });
  // A page has less room: the name of the space's CR3 is enough.
  const about = isForPage ? column.subtitle.replace(/^(CR3 \S+), .*/, "$1") : column.subtitle;
  const subtitle = column.isLoaded ? `${about} ◀ loaded` : about;
  svg.text(x, all.top - 12, subtitle, { size: 11, class: column.isLoaded ? "accent" : "faint" });
  if (isForPage) drawList(placed, all, addressText, svg);
  else for (const piece of placed.pieces) drawPiece(piece, placed, addressText, svg);
  const marked = isForPage ? markedLevels(placed) : [];
  if (column.isPhysical) drawNoMemory(placed, all.top, svg);
  else drawAddresses(placed, isOnTheRight(placed, all), addressText, svg, marked);
  drawMarkers(placed, isOnTheRight(placed, all), svg);
}

/** The boxes of a column as the options of a list box, from the highest address down. */
function drawList(
  placed: PlacedColumn,
  { columns }: Placed,
  addressText: (address: number) => string,
  svg: Svg,
): void {
  const { column, pieces } = placed;
  const index = columns.indexOf(placed);
  svg.group({ role: "listbox", "aria-label": column.title, "data-list": index }, () => {
    for (const piece of pieces) {
      const { box, isFold } = piece;
      const place = { "data-column": index, "data-start": box.start, "data-end": box.end };
      const attributes = {
        class: isFold ? "piece fold" : "piece",
        role: "option",
        tabindex: -1,
        "aria-selected": "false",
        ...place,
      };
      svg.group(attributes, () => drawPiece(piece, placed, addressText, svg, true));
    }
  });
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
  isForPage = false,
): void {
  if (piece.isFold) drawFold(piece, placed, svg);
  else drawBox(piece, placed, addressText, svg, isForPage);
}

function drawBox(
  { box, y, height }: Piece,
  { column, x, width }: PlacedColumn,
  addressText: (address: number) => string,
  svg: Svg,
  isForPage: boolean,
): void {
  const isEmpty = box.kind === "empty";
  const used = box.used ?? box.end;
  const share = (used - box.start) / (box.end - box.start);
  const filled = height * share;
  const place = isForPage
    ? {}
    : { "data-start": addressText(box.start), "data-end": addressText(box.end) };
  const tip = isForPage ? undefined : box.tip;
  svg.rect(x, y, width, height, { class: isEmpty ? "nothing" : "paper", ...place }, tip);
  if (!isEmpty) {
    const quiet = { "pointer-events": "none" };
    svg.rect(x, y + height - filled, width, filled, { class: `${box.kind} tint`, ...quiet });
    svg.rect(x, y, STRIP, height, { class: box.kind, ...quiet });
    svg.rect(x, y, width, height, { class: box.shared ? "same" : "rule", ...quiet });
  }
  const baseline = y + Math.min(height / 2, 14) + 4;
  const label = { size: LABEL_SIZE, mono: !isEmpty, class: isEmpty ? "faint" : "ink" };
  const plainNote = column.isPhysical && !isEmpty ? physicalNote(box, addressText) : noteOf(box);
  const note = isForPage ? shortNote(plainNote) : plainNote;
  const room = width - 2 * STRIP - 16 - textWidth(note, NOTE_SIZE);
  svg.text(x + STRIP + 8, baseline, shortened(box.label, room, !isEmpty), label);
  const style = { size: NOTE_SIZE, anchor: "end", class: "faint" } as const;
  svg.text(x + width - 8, baseline, note, style);
}

/** `r-x 4K` for `r-x  4 KiB`: columns of pages are narrower. */
function shortNote(note: string): string {
  return note.replace(/ {2,}/g, " ").replace(/ ([KMGT])iB/g, "$1");
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

/** Where the names of registers are, which leave no room for addresses. */
function markedLevels(placed: PlacedColumn): number[] {
  const levels = placed.column.markers?.map(({ address }) => markY(placed, address)) ?? [];
  return levels.filter((level) => level !== undefined);
}

/** The boundaries of the boxes of a column, as many as fit. */
function drawAddresses(
  { column, pieces, x, width }: PlacedColumn,
  isRight: boolean,
  addressText: (address: number) => string,
  svg: Svg,
  marked: readonly number[],
): void {
  const edge = isRight ? x + width : x;
  const outward = isRight ? 1 : -1;
  const taken = [...marked];
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
