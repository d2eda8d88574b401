// Work for the collector: trees, cycles and strings that are dropped again and again.

/** So many trees of 1023 nodes, each 64 bytes and more, do not fit in 32 MiB. */
const ROUNDS = 600;

class Tree {
  left: Tree | null = null;
  right: Tree | null = null;
  /** Makes every tree a cycle. */
  parent: Tree | null = null;
  constructor(readonly label: string) {}
}

function grow(depth: i32, parent: Tree | null): Tree {
  const tree = new Tree(depth.toString());
  tree.parent = parent;
  if (depth > 0) {
    tree.left = grow(depth - 1, tree);
    tree.right = grow(depth - 1, tree);
  }
  return tree;
}

function count(tree: Tree | null): i32 {
  return tree ? tree.label.length + count(tree.left) + count(tree.right) : 0;
}

export function garbage(): void {
  const kept: Tree[] = [];
  let sum = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const tree = grow(9, null);
    sum += count(tree);
    if (round % 100 == 0) kept.push(tree);
    let text = "";
    for (let i = 0; i < 200; i++) text += String.fromCharCode(0x61 + (i % 26));
    sum += text.length;
  }
  for (let i = 0; i < kept.length; i++) sum += count(kept[i]);
  console.log(sum.toString());
}
