// Where everything of a drawing is, in pixels: pure geometry, for a picture and for a page alike.
//
// Each column is a stack of its own, and folds its own emptiness: a box is as high as its label and
// the logarithm of its pages need, a long stretch of nothing as high as the words about it. Such
// stretches are elastic. They take up what is left over, so that every space begins and ends level
// with the others, and the kernel's boxes lie level with their frames where that is possible.
//
// Invariants
//   - y falls as the address rises. The pieces of a column touch, from its top to its bottom.

import { type Box, type Column, wholeLine } from "./columns";
import { type Join, joinsOf } from "./joins";

const PAGE = 4096;
const BOX_HEIGHT = 26;
/** Pixels for each doubling of a box's pages. */
const DOUBLING = 5;
const EMPTY_HEIGHT = 22;
const FOLD_HEIGHT = 38;
/** An empty stretch of so many bytes is folded. */
const LONGEST_EMPTY = 1 << 20;
const SMALL_ELASTICITY = 100;
const MARK_CLEARANCE = 13;

/** A box and its place. */
export interface Piece {
  readonly box: Box;
  readonly y: number;
  readonly height: number;
  /** It stands for more emptiness than it is high. */
  readonly isFold: boolean;
}

export interface PlacedColumn {
  readonly column: Column;
  readonly x: number;
  readonly width: number;
  /** From the highest address down. */
  readonly pieces: readonly Piece[];
}

/** A vertical stretch of the drawing. */
export interface Span {
  readonly top: number;
  readonly bottom: number;
}

/** What joins boxes of a space to their frames, from the left to the right. */
export interface Ribbon {
  readonly fromX: number;
  readonly from: Span;
  readonly toX: number;
  readonly to: Span;
  /** The box of the space; of several, which touch on both sides, the lowest. */
  readonly box: Box;
  /** The frames are at the addresses at which the space shows them. */
  readonly isIdentity: boolean;
}

export interface Placed {
  readonly columns: readonly PlacedColumn[];
  readonly ribbons: readonly Ribbon[];
  readonly top: number;
  readonly bottom: number;
}

export interface Widths {
  readonly left: number;
  /** Of a space; of physical memory, whose boxes have their addresses inside. */
  readonly space: number;
  readonly physical: number;
  readonly gap: number;
  /** Of a page; default: enough for a picture that is looked at by itself. */
  readonly boxHeight?: number;
}

/** What an empty stretch of a column is called in a set of those that are unfolded. */
export function foldKey(columnIndex: number, start: number): string {
  return `${columnIndex}:${start}`;
}

/**
 * Places columns from `top` downward and from `widths.left` to the right.
 *
 * @param unfolded the empty stretches that are as high as their logarithm, by `foldKey`
 */
export function placeColumns(
  columns: readonly Column[],
  widths: Widths,
  top: number,
  unfolded: ReadonlySet<string> = new Set(),
): Placed {
  const { boxHeight = BOX_HEIGHT } = widths;
  const physical = columns.find(({ isPhysical }) => isPhysical);
  const isUnfolded = (column: Column) => {
    const index = columns.indexOf(column);
    return ({ start }: Box) => unfolded.has(foldKey(index, start));
  };
  const frames = physical ? new Stack(physical, isUnfolded(physical), boxHeight) : undefined;
  const stacks = columns.map((column) => {
    if (!physical || !frames) return new Stack(column, isUnfolded(column), boxHeight);
    if (column === physical) return frames;
    // Only of the kernel, which is first, are many addresses those of its frames.
    const wanted = column === columns[0] ? levels(column, physical, frames) : undefined;
    return new Stack(column, isUnfolded(column), boxHeight, wanted);
  });
  const height = Math.max(0, ...stacks.map((stack) => stack.height));
  for (const stack of stacks) if (stack !== frames) stack.stretchTo(height);
  const widthOf = ({ isPhysical }: Column) => (isPhysical ? widths.physical : widths.space);
  const placed = columns.map((column, index) => ({
    column,
    x: columns.slice(0, index).reduce((x, each) => x + widthOf(each) + widths.gap, widths.left),
    width: widthOf(column),
    pieces: stacks[index]?.piecesAbove(top + height) ?? [],
  }));
  return { columns: placed, ribbons: ribbonsOf(placed), top, bottom: top + height };
}

/** Where a mark for an address is, clear of the ends of its box; undefined past the column. */
export function markY({ pieces }: PlacedColumn, address: number): number | undefined {
  const piece = pieces.find(({ box }) => address >= box.start && address < box.end);
  if (!piece) return undefined;
  const { box, y, height } = piece;
  const clear = Math.min(MARK_CLEARANCE, height / 2);
  const exact = (height * (box.end - address)) / (box.end - box.start);
  return y + Math.min(Math.max(exact, clear), height - clear);
}

/** The heights of a column's boxes, from its bottom up. */
class Stack {
  readonly #boxes: readonly Box[];
  readonly #heights: number[] = [];

  /** @param levels how far above the bottom a box should be, for those where it matters */
  constructor(
    column: Column,
    isUnfolded: (box: Box) => boolean,
    boxHeight: number,
    levels: ReadonlyMap<Box, number> = new Map(),
  ) {
    this.#boxes = wholeLine(column);
    for (const [index, box] of this.#boxes.entries()) {
      const missing = (levels.get(box) ?? 0) - this.height;
      const below = this.#boxes[index - 1];
      if (missing > 0 && below && missing <= elasticity(below)) this.#grow(index - 1, missing);
      this.#heights.push(heightOf(box, boxHeight) + (isUnfolded(box) ? unfoldedHeight(box) : 0));
    }
  }

  get height(): number {
    return this.#heights.reduce((sum, height) => sum + height, 0);
  }

  /** How far above the bottom each box begins. */
  get levels(): Map<Box, number> {
    const levels = new Map<Box, number>();
    let level = 0;
    for (const [index, box] of this.#boxes.entries()) {
      levels.set(box, level);
      level += this.#heights[index] ?? 0;
    }
    return levels;
  }

  /** Makes the longest stretch of nothing so much higher that the whole is `height`. */
  stretchTo(height: number): void {
    const size = (box: Box | undefined) => (box && isFold(box) ? box.end - box.start : 0);
    const longest = this.#boxes.reduce(
      (best, box, index) => (size(box) > size(this.#boxes[best]) ? index : best),
      0,
    );
    if (size(this.#boxes[longest]) > 0) this.#grow(longest, height - this.height);
  }

  /** The pieces above `bottom`, from the highest address down. */
  piecesAbove(bottom: number): Piece[] {
    const { levels } = this;
    return this.#boxes
      .map((box, index) => {
        const height = this.#heights[index] ?? 0;
        const y = bottom - (levels.get(box) ?? 0) - height;
        return { box, y, height, isFold: isFold(box) };
      })
      .reverse();
  }

  #grow(index: number, pixels: number): void {
    this.#heights[index] = (this.#heights[index] ?? 0) + pixels;
  }
}

/** By how many pixels a stretch may be higher than it need be. */
function elasticity(box: Box): number {
  if (isFold(box)) return Infinity;
  return box.kind === "empty" ? SMALL_ELASTICITY : 0;
}

function isFold({ kind, start, end }: Box): boolean {
  return kind === "empty" && end - start >= LONGEST_EMPTY;
}

function heightOf(box: Box, boxHeight: number): number {
  if (box.kind === "empty") return isFold(box) ? FOLD_HEIGHT : EMPTY_HEIGHT;
  const pages = Math.max(1, box.bytes / PAGE);
  return boxHeight + DOUBLING * Math.log2(pages);
}

/** What an empty stretch takes besides, so that longer ones can be told from shorter ones. */
function unfoldedHeight({ kind, start, end }: Box): number {
  return kind === "empty" ? 2 * DOUBLING * Math.log2(Math.max(1, (end - start) / PAGE)) : 0;
}

/** How high the first frames of each box are. */
function levels(space: Column, physical: Column, frames: Stack): Map<Box, number> {
  const levelOf = frames.levels;
  const levels = new Map<Box, number>();
  for (const { box, frames: first } of joinsOf(space, physical)) {
    const level = levelOf.get(first);
    if (level !== undefined && !levels.has(box)) levels.set(box, level);
  }
  return levels;
}

/** The ribbons of all spaces, each to the physical memory beside it. */
function ribbonsOf(placed: readonly PlacedColumn[]): Ribbon[] {
  const physical = placed.find(({ column }) => column.isPhysical);
  if (!physical) return [];
  return placed
    .filter((space) => space !== physical)
    .flatMap((space) => joinRibbons(spaceRibbons(space, physical)));
}

function spaceRibbons(space: PlacedColumn, physical: PlacedColumn): Ribbon[] {
  const joins = joinsOf(space.column, physical.column);
  const isLeft = space.x < physical.x;
  return joins.flatMap((join) => {
    const seen = sliceOf(space, join, joins);
    const frames = spanOf(physical, join.frames);
    if (!seen || !frames) return [];
    const { box } = join;
    const isIdentity = box.frames.every(({ start }) => start === box.start);
    const common = { box, isIdentity };
    return isLeft
      ? [{ ...common, fromX: space.x + space.width, from: seen, toX: physical.x, to: frames }]
      : [{ ...common, fromX: physical.x + physical.width, from: frames, toX: space.x, to: seen }];
  });
}

function spanOf({ pieces }: PlacedColumn, box: Box): Span | undefined {
  const piece = pieces.find((each) => each.box === box);
  return piece && { top: piece.y, bottom: piece.y + piece.height };
}

/** The part of a box's side that belongs to one of its joins. */
function sliceOf(space: PlacedColumn, join: Join, joins: readonly Join[]): Span | undefined {
  const span = spanOf(space, join.box);
  if (!span) return undefined;
  const own = joins.filter(({ box }) => box === join.box);
  const height = (span.bottom - span.top) / own.length;
  const bottom = span.bottom - own.indexOf(join) * height;
  return { top: bottom - height, bottom };
}

/** Ribbons that touch on both sides become one. */
function joinRibbons(ribbons: readonly Ribbon[]): Ribbon[] {
  const joined: Ribbon[] = [];
  for (const ribbon of ribbons) {
    const last = joined.at(-1);
    if (last && isOneBand(last, ribbon)) {
      const from = { top: ribbon.from.top, bottom: last.from.bottom };
      const to = { top: ribbon.to.top, bottom: last.to.bottom };
      joined[joined.length - 1] = { ...last, from, to };
    } else joined.push(ribbon);
  }
  return joined;
}

function isOneBand(lower: Ribbon, upper: Ribbon): boolean {
  const touches = (below: Span, above: Span) => Math.abs(below.top - above.bottom) < 0.01;
  const isSameKind = lower.box.shared === upper.box.shared && lower.isIdentity === upper.isIdentity;
  const isPlain = lower.box.shared || lower.isIdentity;
  return isPlain && isSameKind && touches(lower.from, upper.from) && touches(lower.to, upper.to);
}
