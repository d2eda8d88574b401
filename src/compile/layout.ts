// The order of a function's blocks in memory.
//
// Loops stay together, each block is followed by its likeliest successor where that is free, and
// blocks that end in a trap come last. Then loops are rotated: a header that tests whether to leave
// moves behind the loop's last block, so that an iteration takes one jump and not two.
//
// Allocation follows this order too: intervals are short when loops are contiguous.

import type { MachineBlock, MachineFunction, MachineLoop } from "./machine";

/** Frequencies below this mark code that is not expected to run. */
export const COLD = 0.01;

/** Orders the blocks of `fn`; the entry stays first. */
export function layOut(fn: MachineFunction): void {
  const order = new Placement(fn.blocks).run();
  fn.blocks = rotateLoops(order);
}

class Placement {
  private readonly placed = new Set<MachineBlock>();
  private readonly order: MachineBlock[] = [];
  /** Successors passed over so far, the last first. */
  private readonly pending: MachineBlock[] = [];

  constructor(private readonly blocks: readonly MachineBlock[]) {}

  run(): MachineBlock[] {
    let next = this.blocks[0];
    while (next) {
      this.placed.add(next);
      this.order.push(next);
      next = this.follow(next);
    }
    return this.order;
  }

  private follow(block: MachineBlock): MachineBlock | undefined {
    const open = block.successors.filter((successor) => !this.placed.has(successor));
    const best = open.reduce<MachineBlock | undefined>(
      (found, successor) => (found && this.isBetter(found, successor) ? found : successor),
      undefined,
    );
    for (const successor of open) if (successor !== best) this.pending.push(successor);
    if (best && !this.leavesOpenLoop(block, best)) return best;
    if (best) this.pending.push(best);
    return this.takePending();
  }

  private isBetter(a: MachineBlock, b: MachineBlock): boolean {
    return a.frequency >= b.frequency;
  }

  /** Whether `next` is outside a loop of `block` that still has blocks to place. */
  private leavesOpenLoop(block: MachineBlock, next: MachineBlock): boolean {
    if (next.frequency < COLD) return this.pending.some((other) => !this.placed.has(other));
    const left = block.loops.filter((loop) => !next.loops.includes(loop));
    return left.some((loop) => this.pending.some((other) => this.isOpenIn(other, loop)));
  }

  private isOpenIn(block: MachineBlock, loop: MachineLoop): boolean {
    return !this.placed.has(block) && block.loops.includes(loop) && block.frequency >= COLD;
  }

  /** The pending block in the deepest loop; cold ones only when nothing else is left. */
  private takePending(): MachineBlock | undefined {
    let best = -1;
    for (let i = this.pending.length - 1; i >= 0; i--) {
      const candidate = this.pending[i]!;
      if (this.placed.has(candidate)) {
        this.pending.splice(i, 1);
        if (best > i) best--;
      } else if (best < 0 || this.rank(candidate) > this.rank(this.pending[best]!)) best = i;
    }
    return best < 0 ? undefined : this.pending.splice(best, 1)[0];
  }

  private rank(block: MachineBlock): number {
    return block.frequency < COLD ? -1 : block.loops.length;
  }
}

/** Moves each loop's header behind the loop where that saves a jump per iteration. */
function rotateLoops(order: MachineBlock[]): MachineBlock[] {
  const loops = new Set(order.flatMap((block) => block.loops));
  let result = order;
  for (const loop of loops) result = rotate(result, loop);
  return result;
}

function rotate(order: MachineBlock[], loop: MachineLoop): MachineBlock[] {
  const { header } = loop;
  const first = order.indexOf(header);
  const isInside = (block: MachineBlock | undefined) => block?.loops.includes(loop) === true;
  if (first <= 0 || isInside(order[first - 1])) return order;
  let last = first;
  while (isInside(order[last + 1])) last++;
  const leaves = header.successors.some((successor) => !isInside(successor));
  const [back] = order[last]!.successors;
  const jumpsBack = order[last]!.successors.length === 1 && back === header;
  if (last === first || !leaves || !jumpsBack || header.successors.length !== 2) return order;
  return [
    ...order.slice(0, first),
    ...order.slice(first + 1, last + 1),
    header,
    ...order.slice(last + 1),
  ];
}
