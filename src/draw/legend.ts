// What the colours, outlines and triangles of a drawing mean, as far as it has them.

import { sizeText } from "../base/size-text";
import { type Column, KIND_NAMES } from "./columns";
import { pathData, type Svg, textWidth } from "./svg";

const SIZE = 11.5;
const SAMPLE = 20;
const STRIP = 7;
const BETWEEN = 20;
const LINE = 22;

interface Entry {
  readonly meaning: string;
  /** Draws a sample whose top left corner is there. */
  draw(x: number, y: number, svg: Svg): void;
}

export class Legend {
  /** As many entries in each line as fit. */
  readonly #lines: readonly (readonly Entry[])[];
  readonly #note: string;

  constructor(columns: readonly Column[], width: number) {
    this.#lines = wrap(entriesFor(columns), width);
    this.#note = noteFor(columns);
  }

  get height(): number {
    return (this.#lines.length + 1) * LINE;
  }

  draw(left: number, top: number, svg: Svg): void {
    for (const [index, line] of this.#lines.entries()) {
      let x = left;
      for (const entry of line) {
        entry.draw(x, top + index * LINE, svg);
        svg.text(x + SAMPLE + 8, top + index * LINE + 11, entry.meaning, { size: SIZE });
        x += widthOf(entry);
      }
    }
    const y = top + this.#lines.length * LINE + 11;
    svg.text(left, y, this.#note, { size: 11, class: "faint" });
  }
}

function widthOf({ meaning }: Entry): number {
  return SAMPLE + 8 + textWidth(meaning, SIZE) + BETWEEN;
}

function wrap(entries: readonly Entry[], width: number): Entry[][] {
  const lines: Entry[][] = [];
  let used = Infinity;
  for (const entry of entries) {
    if (used + widthOf(entry) > width) {
      lines.push([]);
      used = 0;
    }
    lines.at(-1)?.push(entry);
    used += widthOf(entry);
  }
  return lines;
}

function entriesFor(columns: readonly Column[]): Entry[] {
  const used = new Set(columns.flatMap(({ boxes }) => boxes.map(({ kind }) => kind)));
  const kinds = KIND_NAMES.filter(([kind]) => used.has(kind)).map(([kind, meaning]) => ({
    meaning,
    draw: (x: number, y: number, svg: Svg) => {
      svg.rect(x, y, SAMPLE, 14, { class: `${kind} tint` });
      svg.rect(x, y, STRIP, 14, { class: kind });
      svg.rect(x, y, SAMPLE, 14, { class: "rule" });
    },
  }));
  return [...kinds, outline("nothing there", "nothing"), ...shared(columns), ...markers(columns)];
}

function outline(meaning: string, style: string): Entry {
  return { meaning, draw: (x, y, svg) => svg.rect(x, y, SAMPLE, 14, { class: style }) };
}

/** How much the spaces share, by what the first shows of it. */
function shared(columns: readonly Column[]): Entry[] {
  const first = columns.find(({ isPhysical }) => !isPhysical)?.boxes.filter((box) => box.shared);
  const bytes = first?.reduce((sum, box) => sum + box.bytes, 0) ?? 0;
  return bytes > 0
    ? [outline(`the same frames in several spaces: ${sizeText(bytes)}`, "same")]
    : [];
}

function markers(columns: readonly Column[]): Entry[] {
  if (columns.every(({ markers: all = [] }) => all.length === 0)) return [];
  const triangle = (meaning: string, style: string): Entry => ({
    meaning,
    draw: (x, y, svg) => {
      const path = pathData("M", x + 4, y, "L", x + 17, y + 7, "L", x + 4, y + 14, "Z");
      svg.path(path, { class: style });
    },
  });
  return [
    triangle("the register points here", "accent"),
    triangle("it would, were this space loaded", "hollow"),
  ];
}

function noteFor(columns: readonly Column[]): string {
  const boxes = columns.flatMap((column) => column.boxes);
  const isPale = boxes.some(({ used, end }) => (used ?? end) < end);
  const pale = isPale ? " The pale part of a box is the unused end of a page." : "";
  return `Boxes are not to scale; the bars at the edges are.${pale}`;
}
