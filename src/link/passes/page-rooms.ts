// Partly used pages, in order, and which of them is the first with room for something. What
// alignment leaves free between two things in a page is a room like the rest of a page, and comes
// after the pages that there are by then.
//
// A tournament tree over the free bytes of the pages finds it without looking at all of them:
//
//             [ 900 ]                    each node has the larger number of its two children
//         [ 40 ]      [ 900 ]            first page with room for 100: left is too small,
//      [ 40 ][ 16 ] [ 900 ][ 4000 ]      so right, then left
//
// Invariants
//   - Rooms are apart from each other, and `used <= end` in each.

import { alignUp } from "../../base/align";

interface Room {
  used: number;
  readonly end: number;
}

/**
 * Pages to try that alignment leaves without room, before the search gives up and begins a new
 * page.
 */
const PATIENCE = 64;

export class PageRooms {
  readonly #pages: Room[] = [];
  #end: number | undefined;
  /** Node 1 is the root, the children of n are 2n and 2n + 1; leaves are `width` on. */
  #tree = new Float64Array(2);
  #width = 1;

  /** Where the last page ends; undefined without pages. */
  get end(): number | undefined {
    return this.#end;
  }

  /** Adds a page (or several as one) of which everything below `used` is taken. */
  push(used: number, end: number): void {
    this.#end = Math.max(end, this.#end ?? end);
    this.#add(used, end);
  }

  #add(used: number, end: number): void {
    if (this.#pages.length === this.#width) this.#grow();
    this.#pages.push({ used, end });
    this.#update(this.#pages.length - 1);
  }

  /** Takes room in the first page that has it; returns its start, or undefined. */
  take(size: number, align: number): number | undefined {
    let index = this.#firstWith(size, 0);
    for (let tries = 0; index >= 0 && tries < PATIENCE; tries++) {
      const page = this.#pages[index];
      const start = page && alignUp(page.used, align);
      if (page && start !== undefined && start + size <= page.end) {
        const { used } = page;
        page.used = start + size;
        this.#update(index);
        if (start > used) this.#add(used, start);
        return start;
      }
      index = this.#firstWith(size, index + 1);
    }
    return undefined;
  }

  /** The first page from `from` on with `size` free bytes; -1 if there is none. */
  #firstWith(size: number, from: number): number {
    let node = from + this.#width;
    if (from >= this.#pages.length) return -1;
    while (!this.#fits(node, size)) {
      // Up to the first ancestor that is a left child, and over to its sibling.
      while (node % 2 === 1) node >>= 1;
      if (node === 0) return -1;
      node += 1;
    }
    while (node < this.#width) node = this.#fits(2 * node, size) ? 2 * node : 2 * node + 1;
    const index = node - this.#width;
    return index < this.#pages.length ? index : -1;
  }

  #fits(node: number, size: number): boolean {
    return (this.#tree[node] ?? -1) >= size;
  }

  #update(index: number): void {
    const page = this.#pages[index];
    if (!page) return;
    let node = index + this.#width;
    this.#tree[node] = page.end - page.used;
    for (node >>= 1; node >= 1; node >>= 1) {
      this.#tree[node] = Math.max(this.#tree[2 * node] ?? -1, this.#tree[2 * node + 1] ?? -1);
    }
  }

  #grow(): void {
    this.#width *= 2;
    this.#tree = new Float64Array(2 * this.#width).fill(-1);
    for (const [index, { used, end }] of this.#pages.entries()) {
      this.#tree[index + this.#width] = end - used;
    }
    for (let node = this.#width - 1; node >= 1; node--) {
      this.#tree[node] = Math.max(this.#tree[2 * node] ?? -1, this.#tree[2 * node + 1] ?? -1);
    }
  }
}
