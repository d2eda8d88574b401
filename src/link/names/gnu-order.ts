// The order in which GNU ld takes symbols when it gives them room: common symbols in COMMON,
// entries in the global offset table. Any order is right; with this one both make the same bytes.
//
// GNU ld walks the buckets of its symbol table, so the order is that of a hash of the names. The
// table has 4051 buckets and grows once it is three quarters full: beyond 3,038 global symbols the
// orders may differ.

const BUCKETS = 4051;

/** Compares two names by their buckets. */
export function byGnuOrder(a: string, b: string): number {
  return bucketOf(a) - bucketOf(b);
}

function bucketOf(name: string): number {
  const bytes = new TextEncoder().encode(name);
  let hash = 0;
  for (const byte of bytes) {
    hash = (hash + byte + (byte << 17)) >>> 0;
    hash = (hash ^ (hash >>> 2)) >>> 0;
  }
  hash = (hash + bytes.length + (bytes.length << 17)) >>> 0;
  hash = (hash ^ (hash >>> 2)) >>> 0;
  return hash % BUCKETS;
}
