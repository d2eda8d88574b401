// The loops of a function, each with a block that runs once before it: the place for what the loop
// need not compute again.
//
// Invariant: a preheader's only successor is the header, whose other predecessors are in the loop.

import { Dominators, findLoops } from "../ir/dominators";
import { IdMap } from "../ir/id-map";
import type { Block, IrFunction, Value } from "../ir/ir";
import { append, connect, isFree } from "../ir/ir";

export interface LoopNest {
  readonly header: Block;
  readonly blocks: ReadonlySet<Block>;
  /** The same in the order of the function. */
  readonly ordered: readonly Block[];
  readonly preheader: Block;
  /** The blocks that jump back to the header. */
  readonly latches: readonly Block[];
}

/** Words that can wait in registers while the loop works with the others. */
export const REGISTERS = 5;

/** The loops of `fn`, inner before outer, with preheaders made where there were none. */
export function prepareLoops(fn: IrFunction): LoopNest[] {
  const found = findLoops(new Dominators(fn));
  const loops = found.map(({ header, blocks }) => ({ header, blocks: new Set(blocks) }));
  const preheaders = loops.map(({ header, blocks }) => {
    const present = findPreheader(header, blocks);
    if (present) return present;
    const preheader = makePreheader(fn, header, blocks);
    for (const outer of loops) {
      if (outer.blocks !== blocks && outer.blocks.has(header)) outer.blocks.add(preheader);
    }
    return preheader;
  });
  const ranks = new IdMap<Block, number>(fn.blockLimit);
  for (let rank = 0; rank < fn.blocks.length; rank++) ranks.set(fn.blocks[rank]!, rank);
  return loops
    .map(({ header, blocks }, i) => ({
      header,
      blocks,
      ordered: [...blocks].sort((a, b) => ranks.get(a)! - ranks.get(b)!),
      preheader: preheaders[i]!,
      latches: header.predecessors.filter((block) => blocks.has(block)),
    }))
    .reverse();
}

/** Whether `value` is the same in every iteration. */
export function isInvariant(value: Value, { blocks }: LoopNest): boolean {
  return isFree(value) || (value.block !== undefined && !blocks.has(value.block));
}

/** How many words a loop keeps in registers: those that it carries on and those that it reads. */
export function wordsNeeded(loop: LoopNest): number {
  const needed = new Set(loop.header.phis());
  for (const { values } of loop.ordered) {
    for (const { args } of values) {
      for (const operand of args) {
        if (!isFree(operand) && isInvariant(operand, loop)) needed.add(operand);
      }
    }
  }
  return [...needed].filter(({ type }) => type === "i32").length;
}

/** Puts `value` at the end of a block that jumps. */
export function putLast(block: Block, value: Value): void {
  value.block = block;
  block.values.splice(-1, 0, value);
}

function findPreheader(header: Block, blocks: ReadonlySet<Block>): Block | undefined {
  const outside = header.predecessors.filter((block) => !blocks.has(block));
  const [only] = outside;
  return outside.length === 1 && only?.successors.length === 1 ? only : undefined;
}

function makePreheader(fn: IrFunction, header: Block, blocks: ReadonlySet<Block>): Block {
  const preheader = fn.createBlock();
  const { predecessors } = header;
  const position = header.terminator.position;
  const isOutside = predecessors.map((block) => !blocks.has(block));
  for (const phi of header.phis()) {
    const incoming = phi.args.filter((_, i) => isOutside[i]);
    const [only, ...others] = incoming as [Value, ...Value[]];
    const isOne = others.length === 0;
    const merged = isOne ? only : append(preheader, fn.createValue("phi", incoming, phi.position));
    phi.args = [...phi.args.filter((_, i) => !isOutside[i]), merged];
  }
  append(preheader, fn.createValue("jump", [], position));
  preheader.predecessors = predecessors.filter((_, i) => isOutside[i]);
  for (const from of preheader.predecessors) {
    from.successors = from.successors.map((next) => (next === header ? preheader : next));
  }
  header.predecessors = predecessors.filter((_, i) => !isOutside[i]);
  connect(preheader, header);
  fn.blocks.splice(fn.blocks.indexOf(header), 0, preheader);
  return preheader;
}
