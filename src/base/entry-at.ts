// The search that tables of ascending offsets have in common: lines of code, functions, symbols.

/** The last of `entries`, which ascend, that begins at or before `offset`. */
export function entryAt<Entry extends { readonly offset: number }>(
  entries: readonly Entry[],
  offset: number,
): Entry | undefined {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((entries[middle]?.offset ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return entries[low - 1];
}
