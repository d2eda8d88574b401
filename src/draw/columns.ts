// What a drawing of address spaces shows, before it is a picture or text: columns of boxes.
//
//      kernel space            physical memory             user space
//    | .trampoline  |====\                             /====| .trampoline  |
//    |   nothing    |     \==== | .trampoline |=======/     |    stack     |
//    |    heap      |---------- |   frames    |             |   nothing    |
//    |   .text      |---------- |   .text     |   ----------|    .text     |
//
// Both spaces end in the same frames, so physical memory stands between them. A box of a space says
// which frames it shows, and is joined to the boxes of physical memory that have them.
//
// The makers of columns: the linker for a layout (src/link/output/draw-layout.ts), the inspector
// for a file and for a machine (src/inspect/file-columns.ts, space-columns.ts).
//
// Invariants
//   - The boxes of a column do not overlap. Ranges are half-open.
//   - At most one column is of physical memory. It is the second one, or the only one.

import { sizeText } from "../base/size-text";

/** What is in a box; `empty`: nothing, on purpose or because there is room. */
export type Kind = "code" | "readOnly" | "data" | "stack" | "tables" | "mixed" | "free" | "empty";

/** Each kind in words, in the order of a legend. */
export const KIND_NAMES: readonly (readonly [Kind, string])[] = [
  ["code", "code"],
  ["readOnly", "read only"],
  ["data", "data"],
  ["stack", "stack, heap"],
  ["tables", "page tables"],
  ["mixed", "mixed"],
  ["free", "free frames"],
];

/** The kind of memory with these permissions. */
export function kindOfRights(isWritable: boolean, isExecutable: boolean): Kind {
  if (isWritable) return isExecutable ? "mixed" : "data";
  return isExecutable ? "code" : "readOnly";
}

export interface Extent {
  readonly start: number;
  readonly end: number;
}

export interface Box extends Extent {
  /** Where its content ends, if that is before `end`: the rest of the page is wasted. */
  readonly used?: number;
  readonly label: string;
  /** The rights, `rw-`; empty where there are none. */
  readonly rights: string;
  /** How many bytes are there; an open range is larger than what it holds. */
  readonly bytes: number;
  /** What a pointer that rests on it is told. */
  readonly tip: string;
  readonly kind: Kind;
  /** The same frames are in several spaces. */
  readonly shared: boolean;
  /** The physical addresses that it shows, ascending; of physical memory its own. */
  readonly frames: readonly Extent[];
}

/** A register that points into a column. */
export interface Marker {
  readonly name: string;
  readonly address: number;
  /** Whether the address means this place now: in a space, that its CR3 is loaded. */
  readonly isActive: boolean;
}

export interface Column {
  readonly title: string;
  readonly subtitle: string;
  readonly isPhysical: boolean;
  /** Ascending. */
  readonly boxes: readonly Box[];
  /** Where the line of addresses ends; it begins at 0. */
  readonly top: number;
  /** What is between the boxes, in a word. */
  readonly between: string;
  /** Of a space of a machine: whether its CR3 is loaded. */
  readonly isLoaded?: boolean;
  readonly markers?: readonly Marker[];
}

/** A box without content that fills a stretch of addresses. */
export function emptyBox(start: number, end: number, label: string): Box {
  const [bytes, tip] = [end - start, `${label}\n${sizeText(end - start)}`];
  return { start, end, label, rights: "", bytes, tip, kind: "empty", shared: false, frames: [] };
}

/** `rw-  4 KiB`; without rights only the size. */
export function noteOf({ rights, bytes }: Box): string {
  return rights ? `${rights}  ${sizeText(bytes)}` : sizeText(bytes);
}

/** The boxes of a column with what is between them, ascending: its line without holes. */
export function wholeLine({ boxes, top, between }: Column): Box[] {
  const line: Box[] = [];
  const fill = (to: number) => {
    const from = line.at(-1)?.end ?? 0;
    if (from < to) line.push(emptyBox(from, to, between));
  };
  for (const box of boxes) {
    fill(box.start);
    line.push(box);
  }
  fill(top);
  return line;
}

/** Ascending extents with those joined that touch. */
export function joinExtents(extents: readonly Extent[]): Extent[] {
  const joined: { start: number; end: number }[] = [];
  for (const { start, end } of [...extents].sort((a, b) => a.start - b.start)) {
    const last = joined.at(-1);
    if (last && start <= last.end) last.end = Math.max(last.end, end);
    else joined.push({ start, end });
  }
  return joined;
}
