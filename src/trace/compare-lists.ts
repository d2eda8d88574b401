// Two lists side by side: what is the same, what is different, what only one of them has.
//
// Where the two part, the nearest place is sought where they meet again. That takes time in
// proportion to their length, which a longest common subsequence would not, and finds what a reader
// would: a call more here, two fewer there.

export interface Row<Item> {
  readonly kind: "same" | "different" | "left" | "right";
  readonly left?: Item;
  readonly right?: Item;
}

/** How far a meeting place is sought. */
const REACH = 64;

/**
 * @param matches whether two items belong side by side
 * @param isSame whether items that do are the same
 */
export function compareLists<Item>(
  left: readonly Item[],
  right: readonly Item[],
  matches: (left: Item, right: Item) => boolean,
  isSame: (left: Item, right: Item) => boolean,
): Row<Item>[] {
  const rows: Row<Item>[] = [];
  let [at, other] = [0, 0];
  while (at < left.length || other < right.length) {
    const [skipped, skippedRight] = distance(left, right, at, other, matches);
    for (let i = 0; i < skipped; i++) rows.push({ kind: "left", left: left[at++] as Item });
    for (let i = 0; i < skippedRight; i++) {
      rows.push({ kind: "right", right: right[other++] as Item });
    }
    if (at === left.length || other === right.length) continue;
    const pair = { left: left[at++] as Item, right: right[other++] as Item };
    rows.push({ kind: isSame(pair.left, pair.right) ? "same" : "different", ...pair });
  }
  return rows;
}

/** How many items of each to pass before two match; all that are left, if one list has ended. */
function distance<Item>(
  left: readonly Item[],
  right: readonly Item[],
  at: number,
  other: number,
  matches: (left: Item, right: Item) => boolean,
): [number, number] {
  if (at === left.length || other === right.length) return [left.length - at, right.length - other];
  for (let sum = 0; sum <= REACH; sum++) {
    for (let skipped = 0; skipped <= sum; skipped++) {
      const [one, two] = [left[at + skipped], right[other + sum - skipped]];
      if (one !== undefined && two !== undefined && matches(one, two)) {
        return [skipped, sum - skipped];
      }
    }
  }
  return [0, 0];
}
