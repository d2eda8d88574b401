// Looks paths up in a tree of directories: components, `.`, `..`, names of any length.

import { mix, nextRandom } from "./random";

const INODES: u32 = 1024;
const PATHS: u32 = 256;
const PATH_SIZE: u32 = 64;
const SLASH: u32 = 47;
const DOT: u32 = 46;
const LETTER_A: u32 = 97;
const LETTER_X: u32 = 120;
const NAME_SIZE: u32 = 15;

@unmanaged
class Inode {
  parent: Inode | null = null;
  child: Inode | null = null;
  sibling: Inode | null = null;
  number: u32 = 0;
  length: u8 = 0;
  // NAME_SIZE bytes of its name follow.

  @inline get name(): usize {
    return changetype<usize>(this) + offsetof<Inode>("length") + 1;
  }
}

const INODE_SIZE: usize = offsetof<Inode>("length") + 1 + NAME_SIZE;

function find(directory: Inode, name: usize, length: u32): Inode | null {
  let inode = directory.child;
  while (inode) {
    if (inode.length === length) {
      let i: u32 = 0;
      while (i < length && load<u8>(inode.name + i) === load<u8>(name + i)) i++;
      if (i === length) return inode;
    }
    inode = inode.sibling;
  }
  return null;
}

/** The inode of a path that ends with NUL, from `directory` or, if it begins with /, the root. */
function lookup(root: Inode, directory: Inode, start: usize): Inode | null {
  let path = start;
  let at = load<u8>(path) === SLASH ? root : directory;
  while (true) {
    while (load<u8>(path) === SLASH) path++;
    if (load<u8>(path) === 0) return at;
    const name = path;
    while (load<u8>(path) !== SLASH && load<u8>(path) !== 0) path++;
    const length = path - name;
    if (load<u8>(name) === DOT && length === 1) continue;
    if (load<u8>(name) === DOT && load<u8>(name, 1) === DOT && length === 2) {
      at = at.parent!;
      continue;
    }
    const found = find(at, name, length);
    if (!found) return null;
    at = found;
  }
}

function inodeAt(inodes: usize, index: u32): Inode {
  return changetype<Inode>(inodes + index * INODE_SIZE);
}

function makeTree(inodes: usize): Inode {
  let random: u32 = 6;
  for (let i: u32 = 0; i < INODES; i++) {
    const inode = inodeAt(inodes, i);
    random = nextRandom(random);
    const parent = inodeAt(inodes, i === 0 ? 0 : (i - 1) / 6);
    inode.number = i;
    inode.parent = parent;
    inode.child = null;
    inode.sibling = i === 0 ? null : parent.child;
    if (i !== 0) parent.child = inode;
    inode.length = <u8>(((random >> 8) & 7) + 3);
    for (let j: u32 = 0; j < inode.length; j++) {
      store<u8>(inode.name + j, LETTER_A + ((random >> (j + 9)) & 3));
    }
  }
  return changetype<Inode>(inodes);
}

function append(to: usize, inode: Inode): usize {
  if (inode.parent === inode) return to;
  let at = append(to, inode.parent!);
  store<u8>(at++, SLASH);
  for (let i: u32 = 0; i < inode.length; i++) store<u8>(at++, load<u8>(inode.name + i));
  return at;
}

function makePaths(inodes: usize, paths: usize): void {
  let random: u32 = 60;
  for (let i: u32 = 0; i < PATHS; i++) {
    random = nextRandom(random);
    let at = append(paths + i * PATH_SIZE, inodeAt(inodes, (random >> 8) & (INODES - 1)));
    if ((random & 7) === 0) {
      store<u8>(at++, SLASH);
      store<u8>(at++, DOT);
      store<u8>(at++, DOT);
    }
    if ((random & 56) === 0) store<u8>(at++, LETTER_X);
    store<u8>(at, 0);
  }
}

export function run(arena: usize, rounds: u32): u32 {
  const root = makeTree(arena);
  const paths = arena + INODES * INODE_SIZE;
  let checksum: u32 = 0;
  makePaths(arena, paths);
  for (let round: u32 = 0; round < rounds; round++) {
    for (let i: u32 = 0; i < PATHS; i++) {
      const found = lookup(root, root, paths + i * PATH_SIZE);
      checksum = mix(checksum, found ? found.number : ~0);
    }
  }
  return checksum;
}
