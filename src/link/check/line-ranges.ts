// The source lines of a linked file: stretches of addresses, each with file and line.

import { type LineRow, type LineSections, readLineRows } from "../input/line-rows";

/** From `start` up to, not including, `end`, code comes from this line. */
export interface LineRange {
  readonly start: bigint;
  readonly end: bigint;
  readonly file: string;
  readonly line: number;
}

/** The ranges of all units, ascending by `start`. */
export function readLineRanges(sections: LineSections): LineRange[] {
  const ranges: LineRange[] = [];
  let last: LineRow | undefined;
  readLineRows(sections, (row) => {
    if (last && !last.isEnd && last.sequence === row.sequence && row.address > last.address) {
      ranges.push({ start: last.address, end: row.address, file: last.file, line: last.line });
    }
    last = row;
  });
  return ranges.sort((a, b) => (a.start < b.start ? -1 : Number(a.start > b.start)));
}

/** The range that covers `address`. */
export function lineRangeAt(ranges: readonly LineRange[], address: bigint): LineRange | undefined {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ranges[middle]?.start ?? 0n) <= address) low = middle + 1;
    else high = middle;
  }
  const range = ranges[low - 1];
  return range && address < range.end ? range : undefined;
}
