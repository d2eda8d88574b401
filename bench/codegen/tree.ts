// A balanced search tree (Andersson's AA tree) of memory areas: insertion, lookup, a walk in order.

import { mix, nextRandom } from "./random";

const COUNT: u32 = 2048;

@unmanaged
class Area {
  left: Area | null = null;
  right: Area | null = null;
  level: u32 = 0;
  start: u32 = 0;
  end: u32 = 0;
}

function skew(node: Area): Area {
  const left = node.left;
  if (!left || left.level !== node.level) return node;
  node.left = left.right;
  left.right = node;
  return left;
}

function split(node: Area): Area {
  const right = node.right;
  if (!right) return node;
  const outer = right.right;
  if (!outer || outer.level !== node.level) return node;
  node.right = right.left;
  right.left = node;
  right.level++;
  return right;
}

function insert(node: Area | null, added: Area): Area {
  if (!node) return added;
  if (added.start < node.start) node.left = insert(node.left, added);
  else node.right = insert(node.right, added);
  return split(skew(node));
}

/** The area that `address` lies in. */
function find(root: Area | null, address: u32): Area | null {
  let node = root;
  while (node) {
    if (address < node.start) node = node.left;
    else if (address >= node.end) node = node.right;
    else return node;
  }
  return null;
}

/** A checksum of all areas in order. */
function walk(node: Area | null, before: u32): u32 {
  if (!node) return before;
  let checksum = walk(node.left, before);
  checksum = mix(checksum, node.start + node.level);
  return walk(node.right, checksum);
}

export function run(arena: usize, rounds: u32): u32 {
  let random: u32 = 1234;
  let checksum: u32 = 0;
  for (let round: u32 = 0; round < rounds; round++) {
    let root: Area | null = null;
    for (let i: u32 = 0; i < COUNT; i++) {
      random = nextRandom(random);
      const area = changetype<Area>(arena + i * offsetof<Area>());
      area.left = area.right = null;
      area.level = 1;
      area.start = ((i * 1103515245 + round) & (COUNT - 1)) << 14;
      area.end = area.start + (random & 0x3fff);
      root = insert(root, area);
    }
    for (let i: u32 = 0; i < COUNT; i++) {
      random = nextRandom(random);
      const found = find(root, random & ((COUNT - 1) << 14));
      checksum = mix(checksum, found ? found.end : 0);
    }
    checksum = walk(root, checksum);
  }
  return checksum;
}
