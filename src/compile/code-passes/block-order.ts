// Block placement: the order of a function's blocks in memory.
//
// Blocks follow each other so that the likeliest successor comes next, both arms of a branch stand
// before the block where they meet, loops stay together, and blocks that end in a trap come last.
// Then loops are rotated: a block that may leave the loop moves to its end, so that an iteration
// takes one jump and not two.
//
//   header: test, leave?          jmp header
//   body                    ->    body
//   jmp header                    header: test, again?
//
// Allocation follows this order too: intervals are short when loops are contiguous.

import type { MachineBlock, MachineFunction, MachineLoop } from "../code/code";

/** Frequencies below this mark code that is not expected to run. */
const COLD = 0.01;

/** Orders the blocks of `fn`; the entry stays first. */
export function orderBlocks(fn: MachineFunction): void {
  fn.blocks = rotateLoops(new Placement(fn.blocks).run());
}

class Placement {
  readonly #blocks: readonly MachineBlock[];
  readonly #order: MachineBlock[] = [];
  readonly #placed = new Set<MachineBlock>();

  /** Predecessors of each block that must be placed before it. */
  readonly #waiting = new Map<MachineBlock, number>();

  /** Blocks that wait for nothing; the latest to become so is the last. */
  #ready: MachineBlock[] = [];

  /** Blocks of each loop that are not placed yet, cold ones left out. */
  readonly #open = new Map<MachineLoop, number>();

  constructor(blocks: readonly MachineBlock[]) {
    this.#blocks = blocks;
    for (const block of blocks) {
      this.#waiting.set(block, block.predecessors.filter((from) => counts(from, block)).length);
      if (!isCold(block)) for (const loop of block.loops) this.#countOpen(loop, 1);
    }
  }

  run(): MachineBlock[] {
    const [entry] = this.#blocks;
    this.#ready = this.#blocks.filter((block) => block === entry || isCold(block)).reverse();
    let next = this.#ready.pop();
    while (next) {
      this.#place(next);
      next = this.#next(next) ?? this.#leftOver();
    }
    return this.#order;
  }

  /**
   * The first block that is not placed, where all that are left wait for each other: a loop whose
   * test was repeated may have its entry elsewhere than its header.
   */
  #leftOver(): MachineBlock | undefined {
    const found = this.#blocks.find((block) => !this.#placed.has(block));
    this.#ready = this.#ready.filter((block) => block !== found);
    return found;
  }

  #countOpen(loop: MachineLoop, by: number): void {
    this.#open.set(loop, (this.#open.get(loop) ?? 0) + by);
  }

  #place(block: MachineBlock): void {
    this.#order.push(block);
    this.#placed.add(block);
    if (!isCold(block)) for (const loop of block.loops) this.#countOpen(loop, -1);
    // The first successor is what a branch is about: it becomes ready last and is tried first.
    for (const successor of [...block.successors].reverse()) {
      if (!counts(block, successor)) continue;
      const left = this.#waiting.get(successor)! - 1;
      this.#waiting.set(successor, left);
      const isReady = left === 0 && !isCold(successor) && !this.#placed.has(successor);
      if (isReady) this.#ready.push(successor);
    }
  }

  /** The best ready block that does not leave an unfinished loop. */
  #next(last: MachineBlock): MachineBlock | undefined {
    const unfinished = last.loops.filter((loop) => this.#open.get(loop)! > 0).at(-1);
    let best = -1;
    for (let i = this.#ready.length - 1; i >= 0; i--) {
      const block = this.#ready[i]!;
      if (unfinished && !block.loops.includes(unfinished)) continue;
      if (best < 0 || this.#score(block, last) > this.#score(this.#ready[best]!, last)) best = i;
    }
    return best < 0 ? undefined : this.#ready.splice(best, 1)[0];
  }

  #score(block: MachineBlock, last: MachineBlock): number {
    const follows = last.successors.includes(block) ? 1 : 0;
    return isCold(block) ? -1 : block.loops.length * 2 + follows;
  }
}

/** Whether a block is not expected to run. */
export function isCold(block: MachineBlock): boolean {
  return block.frequency < COLD;
}

/** Whether `to` must stand after `from`: not over back edges, nor for code that hardly runs. */
function counts(from: MachineBlock, to: MachineBlock): boolean {
  const isBack = from.loops.some((loop) => loop.header === to);
  return !isBack && !isCold(from) && !isCold(to);
}

/** Moves a block that may leave the loop to the loop's end, where that saves a jump. */
function rotateLoops(order: MachineBlock[]): MachineBlock[] {
  const positions = new Map(order.map((block, position) => [block, position]));
  const blocksOf = new Map<MachineLoop, MachineBlock[]>();
  for (const block of order) {
    for (const loop of block.loops) {
      const blocks = blocksOf.get(loop);
      if (blocks === undefined) blocksOf.set(loop, [block]);
      else blocks.push(block);
    }
  }
  const loops = [...blocksOf.keys()].sort((a, b) => b.depth - a.depth);
  for (const loop of loops) {
    const places = blocksOf.get(loop)!.map((block) => positions.get(block)!);
    const first = places.reduce((least, place) => Math.min(least, place));
    const rotated = rotate(order, loop, first);
    for (const [i, block] of rotated.entries()) {
      order[first + i] = block;
      positions.set(block, first + i);
    }
  }
  return order;
}

/** The blocks of a loop from `first` on in their new order; none: it stays as it is. */
function rotate(order: readonly MachineBlock[], loop: MachineLoop, first: number): MachineBlock[] {
  const isInside = (block: MachineBlock | undefined) => block?.loops.includes(loop) === true;
  let last = first;
  while (isInside(order[last + 1])) last++;
  const bottom = order[last]!;
  const jumpsBack = bottom.successors.length === 1 && bottom.successors[0] === order[first];
  if (first === 0 || last === first || !jumpsBack || order[first] !== loop.header) return [];
  const mayLeave = (block: MachineBlock) =>
    block.loops.at(-1) === loop &&
    block.successors.length === 2 &&
    block.successors.some((successor) => !isInside(successor) && !isCold(successor));
  const blocks = order.slice(first, last + 1);
  const leaving = blocks.findIndex((block) => block !== bottom && mayLeave(block));
  return leaving < 0 ? [] : [...blocks.slice(leaving + 1), ...blocks.slice(0, leaving + 1)];
}
