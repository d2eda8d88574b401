// A hash table with chains: insertion, lookup and removal of numbered records.

import { mix, nextRandom } from "./random";

const BUCKETS: u32 = 1024;
const NODES: u32 = 2048;

@unmanaged
class Node {
  next: Node | null = null;
  key: u32 = 0;
  value: u32 = 0;
}

@unmanaged
class Table {
  free: Node | null = null;
  count: u32 = 0;
  // The buckets follow, then the nodes.

  /** The address of the bucket for `key`. */
  @inline bucketOf(key: u32): usize {
    const bucket = (key * 0x9e3779b1) >> 22;
    return changetype<usize>(this) + offsetof<Table>() + (bucket << 2);
  }
}

function clear(table: Table): void {
  table.count = 0;
  table.free = null;
  const buckets = changetype<usize>(table) + offsetof<Table>();
  for (let i: u32 = 0; i < BUCKETS; i++) store<u32>(buckets + (i << 2), 0);
  const nodes = buckets + (BUCKETS << 2);
  for (let i: u32 = 0; i < NODES; i++) {
    const node = changetype<Node>(nodes + i * offsetof<Node>());
    node.next = table.free;
    table.free = node;
  }
}

function find(table: Table, key: u32): Node | null {
  let node = load<Node | null>(table.bucketOf(key));
  while (node && node.key !== key) node = node.next;
  return node;
}

/** Sets the value of a key; returns 0 if the table is full. */
function insert(table: Table, key: u32, value: u32): u32 {
  let node = find(table, key);
  if (node) {
    node.value = value;
    return 1;
  }
  node = table.free;
  if (!node) return 0;
  table.free = node.next;
  const bucket = table.bucketOf(key);
  node.next = load<Node | null>(bucket);
  node.key = key;
  node.value = value;
  store<Node>(bucket, node);
  table.count++;
  return 1;
}

function removeKey(table: Table, key: u32): u32 {
  let link = table.bucketOf(key);
  let node = load<Node | null>(link);
  while (node) {
    if (node.key === key) {
      store<Node | null>(link, node.next);
      node.next = table.free;
      table.free = node;
      table.count--;
      return 1;
    }
    link = changetype<usize>(node) + offsetof<Node>("next");
    node = load<Node | null>(link);
  }
  return 0;
}

export function run(arena: usize, rounds: u32): u32 {
  const table = changetype<Table>(arena);
  let random: u32 = 2463534242;
  let checksum: u32 = 0;
  clear(table);
  for (let round: u32 = 0; round < rounds; round++) {
    for (let i: u32 = 0; i < 20000; i++) {
      random = nextRandom(random);
      const key = (random >> 8) & 4095;
      switch (random & 3) {
        case 0:
          checksum = mix(checksum, insert(table, key, random));
          break;
        case 1:
          checksum = mix(checksum, removeKey(table, key));
          break;
        default: {
          const node = find(table, key);
          checksum = mix(checksum, node ? node.value : key);
        }
      }
    }
    checksum = mix(checksum, table.count);
  }
  return checksum;
}
