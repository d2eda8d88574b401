// A vertical axis of addresses, the highest at the top, on which empty stretches are folded.
//
// The address space has four billion bytes, of which a few pages are interesting, so the axis is to
// scale only where something is. It is cut at every boundary of every box:
//
//      a piece that holds content      pixelsPerPage for each page, folded above longestContent
//      a piece of anything else        the same up to longestGap pages, folded above
//
// Invariants
//   - y falls as the address rises; a boundary's y is exact; inside a fold it is interpolated.

const PAGE = 4096;

/** How much room a stretch of addresses gets. */
export interface Scale {
  readonly pixelsPerPage: number;
  /** In pages: longer content is folded to this height. */
  readonly longestContent: number;
  /** In pages: longer gaps are folded to `foldedGap` pixels. */
  readonly longestGap: number;
  readonly foldedGap: number;
}

export interface Extent {
  readonly start: number;
  readonly end: number;
  /** Something is there: drawn to scale. */
  readonly content: boolean;
}

interface Stretch {
  readonly start: number;
  readonly end: number;
  readonly top: number;
  readonly height: number;
  readonly folded: boolean;
}

export class FoldedAxis {
  readonly #stretches: readonly Stretch[];
  readonly height: number;

  constructor(extents: readonly Extent[], scale: Scale) {
    const cuts = [...new Set(extents.flatMap(({ start, end }) => [start, end]))];
    cuts.sort((a, b) => b - a);
    const stretches: Stretch[] = [];
    let top = 0;
    for (const [index, end] of cuts.entries()) {
      const start = cuts[index + 1];
      if (start === undefined) break;
      const content = extents.some((box) => box.content && box.start <= start && box.end >= end);
      const pages = (end - start) / PAGE;
      const longest = content ? scale.longestContent : scale.longestGap;
      const folded = pages > longest;
      const height = folded ? foldedHeight(content, scale) : pages * scale.pixelsPerPage;
      stretches.push({ start, end, top, height, folded });
      top += height;
    }
    this.#stretches = stretches;
    this.height = top;
  }

  /** Pixels from the top of the axis to `address`. */
  y(address: number): number {
    const stretch = this.#stretches.find(({ start, end }) => address >= start && address <= end);
    if (!stretch) return address > (this.#stretches[0]?.end ?? 0) ? 0 : this.height;
    const share = (stretch.end - address) / (stretch.end - stretch.start);
    return stretch.top + share * stretch.height;
  }

  /** Where the axis is folded: pixels from its top. */
  get folds(): number[] {
    return this.#stretches
      .filter(({ folded }) => folded)
      .map(({ top, height }) => top + height / 2);
  }
}

function foldedHeight(content: boolean, scale: Scale): number {
  return content ? scale.longestContent * scale.pixelsPerPage : scale.foldedGap;
}
