// Columns of address spaces as text, from the highest address down.
//
//   kernel space                        physical memory               hello (pid 2)
//   CR3 0x00149000                      64 MiB, 62.1 MiB free         CR3 0x001bcfe0 <- loaded
//   c=fffff000 .trampoline.data rw- 4K  d 0021a000 hello heap    64K  c=fffff000 .trampoline.data …
//            ⋮ 3.98 GiB nothing         c=00128000 .trampoline.data   d 00101000 heap …
//
// Each column is a list of its own, and folds its own emptiness; what has the same letter is the
// same frames. As many columns as fit are side by side, and the rest is below.

import { hex } from "../base/align";
import { roomText, sizeText } from "../base/size-text";
import { type Box, type Column, wholeLine } from "./columns";
import { joinGroups } from "./joins";

/** Letter and sign before an address. */
const TAG = 2;
const RIGHTS = 4;
const SIZE = 6;
const BETWEEN = 2;
const LABEL_MIN = 14;
const LABEL_MAX = 26;
/** Unnamed stretches of nothing, and named ones as long as this, are folded. */
const LONGEST_EMPTY = 1 << 20;

/** Sizes are short here: `4K`, `3.98G`. */
const UNITS = / ([KMGT])iB/g;
const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** What the signs of a drawing mean. */
export const LEGEND = "a b …  the same frames   =  in several spaces   ⋮  nothing";
const MARKER_LEGEND = "<EIP  points here   (EIP)  would, were this space loaded";

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
  const groups = joinGroups(columns);
  const lists = columns.map((column) => new List(column, groups, addressText));
  const lines = abreast(lists, width).flatMap((row, index) => [
    ...(index > 0 ? [""] : []),
    ...sideBySide(row, width),
  ]);
  const hasMarkers = columns.some(({ markers = [] }) => markers.length > 0);
  return [...lines, "", LEGEND, ...(hasMarkers ? [MARKER_LEGEND] : [])];
}

/** Puts as many lists as fit into each row. */
function abreast(lists: readonly List[], width: number): List[][] {
  const rows: List[][] = [];
  for (const list of lists) {
    const row = rows.at(-1);
    if (row && widthOf([...row, list], LABEL_MIN) <= width) row.push(list);
    else rows.push([list]);
  }
  return rows;
}

function widthOf(lists: readonly List[], label: number): number {
  const widths = lists.map((list) => list.width(label));
  return widths.reduce((sum, each) => sum + each, BETWEEN * (lists.length - 1));
}

function sideBySide(lists: readonly List[], width: number): string[] {
  const longest = Math.max(...lists.map((list) => list.longestLabel));
  const most = Math.min(LABEL_MAX, longest);
  const fits = (label: number) => widthOf(lists, label) <= width;
  const label = Array.from({ length: most }, (_, index) => most - index).find(fits) ?? LABEL_MIN;
  const height = Math.max(...lists.map((list) => list.height));
  const drawn = lists.map((list) => [...list.heading, ...list.lines(label, height)]);
  return Array.from({ length: height + 2 }, (_, index) => {
    const cells = drawn.map((lines, which) => {
      const size = lists[which]?.width(label) ?? 0;
      return (lines[index] ?? "").slice(0, size).padEnd(size);
    });
    return cells.join(" ".repeat(BETWEEN)).trimEnd();
  });
}

/** A column as a list of lines. */
class List {
  readonly #column: Column;
  readonly #groups: ReadonlyMap<Box, number>;
  readonly #addressText: (address: number) => string;
  /** From the highest address down. */
  readonly #boxes: readonly Box[];
  readonly #addressWidth: number;

  constructor(
    column: Column,
    groups: ReadonlyMap<Box, number>,
    addressText: (address: number) => string,
  ) {
    this.#column = column;
    this.#groups = groups;
    this.#addressText = addressText;
    this.#boxes = wholeLine(column).reverse();
    this.#addressWidth = Math.max(...this.#boxes.map(({ start }) => this.#address(start).length));
  }

  get height(): number {
    return this.#boxes.length;
  }

  get longestLabel(): number {
    return Math.max(...this.#boxes.map((box) => box.label.length + this.#marks(box).length));
  }

  get heading(): string[] {
    const { title, subtitle, isLoaded } = this.#column;
    return [title, isLoaded ? `${subtitle} <- loaded` : subtitle];
  }

  width(label: number): number {
    const rights = this.#column.isPhysical ? 0 : RIGHTS;
    return TAG + this.#addressWidth + 1 + label + rights + SIZE;
  }

  /** The lines, as many as `height`: what is missing is more nothing, or above physical memory. */
  lines(label: number, height: number): string[] {
    const missing = height - this.#boxes.length;
    const above = this.#column.isPhysical ? missing : 0;
    const longest = this.#longestFold();
    const lines = this.#boxes.flatMap((box, index) => {
      const more = index === longest ? missing - above : 0;
      return [this.#line(box, label), ...Array.from({ length: more }, () => this.#foldLine(""))];
    });
    return [...Array.from({ length: above }, () => ""), ...lines];
  }

  /** All are hexadecimal, and room is scarce. */
  #address(address: number): string {
    return this.#addressText(address).replace(/^0x/, "");
  }

  #longestFold(): number {
    const size = (index: number) => {
      const box = this.#boxes[index];
      return box && isFold(box) ? box.bytes : 0;
    };
    return this.#boxes.reduce((best, _, index) => (size(index) > size(best) ? index : best), 0);
  }

  #line(box: Box, label: number): string {
    if (isFold(box))
      return this.#foldLine(`${roomText(box.bytes).replace(UNITS, "$1")} ${box.label}`);
    const group = this.#groups.get(box);
    const letter = group === undefined ? " " : (LETTERS[group] ?? "*");
    const tag = `${letter}${box.shared ? "=" : " "}`;
    const address = this.#address(box.start).padEnd(this.#addressWidth);
    const marks = this.#marks(box);
    const name = shortened(box.label, label - marks.length) + marks;
    const rights = this.#column.isPhysical ? "" : box.rights.slice(0, RIGHTS).padStart(RIGHTS);
    return `${tag}${address} ${name.padEnd(label)}${rights}${shortSize(box.bytes).padStart(SIZE)}`;
  }

  #foldLine(words: string): string {
    return `${" ".repeat(TAG + this.#addressWidth - 1)}⋮ ${words}`;
  }

  /** The registers that point into a box. */
  #marks({ start, end }: Box): string {
    const here = (this.#column.markers ?? []).filter(
      ({ address }) => address >= start && address < end,
    );
    return here.map(({ name, isActive }) => (isActive ? ` <${name}` : ` (${name})`)).join("");
  }
}

function shortened(label: string, length: number): string {
  return label.length <= length ? label : `${label.slice(0, Math.max(0, length - 1))}…`;
}

function isFold({ kind, bytes }: Box): boolean {
  return kind === "empty" && bytes >= LONGEST_EMPTY;
}

/** `4K`, `62.1M`. */
function shortSize(bytes: number): string {
  return sizeText(bytes).replace(UNITS, "$1").replace(" ", "");
}
