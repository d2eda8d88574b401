// The regions of a space, in ascending order: an array of addresses of their records.
//
// A look-up is a binary search; most faults are in the region of the one before, which is asked
// first. Neighbours are neighbours in the array.
//
// Invariants
//   - Regions do not overlap.
//   - What a change will need is reserved before it begins, so insert() does not fail.

import { allocate, free } from "./heap";
import { Region } from "./region";

const FIRST_CAPACITY: u32 = 16;
/** As Linux's vm.max_map_count. */
export const MOST_REGIONS: u32 = 65530;

@unmanaged
export class RegionList {
  count: u32 = 0;
  private capacity: u32 = 0;
  private items: usize = 0;
  /** The region that was found last. */
  private recent: Region | null = null;

  at(index: u32): Region {
    return changetype<Region>(load<usize>(this.items + (index << 2)));
  }

  /** The region that `address` lies in, or null. */
  find(address: usize): Region | null {
    const recent = this.recent;
    if (recent && recent.contains(address)) return recent;
    const index = this.firstEndingAfter(address);
    if (index === this.count || !this.at(index).contains(address)) return null;
    this.recent = this.at(index);
    return this.recent;
  }

  /** The index of the first region that ends after `address`; `count`: none does. */
  firstEndingAfter(address: usize): u32 {
    "inline";
    let low: u32 = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.at(middle).end <= address) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Makes room for `more` regions. False: out of memory, or there would be too many. */
  reserve(more: u32): bool {
    const needed = this.count + more;
    if (needed <= this.capacity) return true;
    if (needed > MOST_REGIONS) return false;
    const capacity = max(needed, max(this.capacity << 1, FIRST_CAPACITY));
    const items = allocate(capacity << 2);
    if (items === 0) return false;
    memory.copy(items, this.items, this.count << 2);
    free(this.items);
    this.items = items;
    this.capacity = capacity;
    return true;
  }

  /** Puts `region` before the one of `index`; there is room for it. */
  insert(index: u32, region: Region): void {
    const place = this.items + (index << 2);
    memory.copy(place + 4, place, (this.count - index) << 2);
    store<usize>(place, changetype<usize>(region));
    this.count++;
  }

  /** Puts `region` where its addresses belong; there is room for it. */
  add(region: Region): void {
    this.insert(this.firstEndingAfter(region.start), region);
  }

  /** Takes out and frees `count` regions from `index` on. */
  remove(index: u32, count: u32): void {
    this.recent = null;
    for (let i: u32 = 0; i < count; i++) this.at(index + i).release();
    const place = this.items + (index << 2);
    memory.copy(place, place + (count << 2), (this.count - index - count) << 2);
    this.count -= count;
  }

  /**
   * From the region of `index` on, makes one of neighbours that say the same, as far as the first
   * of two ends by `end`. What comes after them moves once, however many are joined.
   */
  join(index: u32, end: usize): void {
    let next = index + 1;
    let kept = index;
    for (; next < this.count; next++) {
      const region = this.at(kept);
      if (region.end > end) break;
      const other = this.at(next);
      if (region.continuesWith(other)) {
        region.end = other.end;
        this.recent = null;
        other.release();
      } else store<usize>(this.items + (++kept << 2), changetype<usize>(other));
    }
    const gone = next - kept - 1;
    if (gone === 0) return;
    const place = this.items + ((kept + 1) << 2);
    memory.copy(place, place + (gone << 2), (this.count - next) << 2);
    this.count -= gone;
  }

  /** Frees all regions, and the list. */
  release(): void {
    this.remove(0, this.count);
    free(this.items);
    free(changetype<usize>(this));
  }
}

/** A list without regions, or null when out of memory. */
export function createRegionList(): RegionList | null {
  return changetype<RegionList | null>(allocate(offsetof<RegionList>()));
}
