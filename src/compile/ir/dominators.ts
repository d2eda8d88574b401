// Which block dominates which, and how deeply each is nested in loops.
//
// Dominators by the algorithm of Cooper, Harvey and Kennedy ("A simple, fast dominance algorithm",
// 2001). wasm's control flow is reducible, so a loop is the set of blocks that reach a back edge
// without passing its header, and a header dominates its loop.

import { IdMap, IdSet } from "./id-map";
import type { Block, IrFunction } from "./ir";

/** The blocks that control can reach, each before its successors except along back edges. */
export function reversePostorder({ entry, blockLimit }: IrFunction): Block[] {
  const seen = new IdSet<Block>(blockLimit);
  const order: Block[] = [];
  // The path to the block at hand, and through which successor it went each time.
  const path: Block[] = [entry];
  const turns: number[] = [0];
  seen.add(entry);
  while (path.length > 0) {
    const top = path.length - 1;
    const successor = path[top]!.successors[turns[top]!++];
    if (!successor) {
      order.push(path.pop()!);
      turns.pop();
    } else if (seen.add(successor)) {
      path.push(successor);
      turns.push(0);
    }
  }
  return order.reverse();
}

/** The dominator tree of a function's reachable blocks. */
export class Dominators {
  readonly #fn: IrFunction;

  /** In reverse postorder. */
  readonly order: readonly Block[];
  readonly #rank: IdMap<Block, number>;

  /** By rank: the rank of the immediate dominator; -1: not known yet. */
  readonly #parent: Int32Array;

  constructor(fn: IrFunction) {
    this.#fn = fn;
    this.order = reversePostorder(fn);
    this.#rank = new IdMap(fn.blockLimit);
    this.#parent = new Int32Array(this.order.length).fill(-1);
    for (let rank = 0; rank < this.order.length; rank++) this.#rank.set(this.order[rank]!, rank);
    this.#compute();
  }

  isReachable(block: Block): boolean {
    return this.#rank.get(block) !== undefined;
  }

  /** The place of a reachable block in `order`. */
  rankOf(block: Block): number {
    const rank = this.#rank.get(block);
    if (rank === undefined) throw new Error(`b${block.id} cannot be reached`);
    return rank;
  }

  /** Whether every path from the entry to `b` passes `a`; a block dominates itself. */
  dominates(a: Block, b: Block): boolean {
    const wanted = this.rankOf(a);
    let rank = this.rankOf(b);
    while (rank > wanted) rank = this.#parent[rank]!;
    return rank === wanted;
  }

  /** The blocks whose immediate dominator each block is. */
  children(): IdMap<Block, Block[]> {
    const children = new IdMap<Block, Block[]>(this.#fn.blockLimit);
    for (let rank = 1; rank < this.order.length; rank++) {
      const parent = this.order[this.#parent[rank]!]!;
      const found = children.get(parent);
      if (found) found.push(this.order[rank]!);
      else children.set(parent, [this.order[rank]!]);
    }
    return children;
  }

  #compute(): void {
    this.#parent[0] = 0;
    for (let changed = true; changed; ) {
      changed = false;
      for (let rank = 1; rank < this.order.length; rank++) {
        const found = this.#immediateDominator(this.order[rank]!);
        if (this.#parent[rank] !== found) changed = true;
        this.#parent[rank] = found;
      }
    }
  }

  #immediateDominator(block: Block): number {
    let found = -1;
    for (const predecessor of block.predecessors) {
      const rank = this.#rank.get(predecessor);
      if (rank === undefined || this.#parent[rank] === -1) continue;
      found = found < 0 ? rank : this.#intersect(found, rank);
    }
    return found;
  }

  #intersect(a: number, b: number): number {
    let left = a;
    let right = b;
    while (left !== right) {
      if (left > right) left = this.#parent[left]!;
      else right = this.#parent[right]!;
    }
    return left;
  }
}

/** A natural loop. */
export interface Loop {
  readonly header: Block;
  readonly blocks: ReadonlySet<Block>;
}

/** The loops of a function, outer before inner where they nest. */
export function findLoops(dominators: Dominators): Loop[] {
  const loops: Loop[] = [];
  for (const header of dominators.order) {
    const ends = header.predecessors.filter(
      (block) => dominators.isReachable(block) && dominators.dominates(header, block),
    );
    if (ends.length > 0) loops.push({ header, blocks: loopBody(header, ends) });
  }
  return loops;
}

function loopBody(header: Block, ends: readonly Block[]): Set<Block> {
  const body = new Set<Block>([header]);
  const work = [...ends];
  for (let block = work.pop(); block; block = work.pop()) {
    if (body.has(block)) continue;
    body.add(block);
    work.push(...block.predecessors);
  }
  return body;
}

/** Sets the loop depth of every block; returns the loops. */
export function setLoopDepths(fn: IrFunction): Loop[] {
  for (const block of fn.blocks) block.depth = 0;
  const loops = findLoops(new Dominators(fn));
  for (const { blocks } of loops) for (const block of blocks) block.depth++;
  return loops;
}
