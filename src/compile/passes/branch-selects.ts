// Branches where each iteration of a loop would wait for a selection of the one before (reverse
// if-conversion).
//
//   b1: v1 = phi v0 v5                        b1: v1 = phi v0 v5
//       v2 = load32 v1                            v2 = load32 v1
//       v3 = lt_u v2 v6                           v3 = lt_u v2 v6
//       v4 = add v1 4                   ->        v4 = add v1 4; branch v3 b2 b3
//       v5 = select v3 v7 v4; jump b1         b2: jump b3
//                                             b3: v5 = phi v4 v7; jump b1
//
// A conditional move waits for its condition. If that comes from memory, at an address that the
// same selection chose an iteration ago, the processor can begin nothing ahead, and the loop takes
// as long as its loads. A branch is predicted, and nothing waits.
//
// Even an outcome that cannot be predicted, as in merging, costs no more on average: a wrong guess
// every other time is some eight cycles, and so is the path through the load and the conditional
// move.
//
// Linear: each innermost loop is scanned a few times from its header to its ends.

import { Dominators, findLoops } from "../ir/dominators";
import type { Block, IrFunction, Value } from "../ir/ir";
import { branchInstead, type SplitBlock } from "./branch-instead";

/** Cycles from an address to what the nearest cache has there. */
const LOAD_LATENCY = 5;
const MAX_LATENCY = 0xffff;

/** Branches where that is worth it in `fn`; whether it did anywhere. */
export function branchSelects(fn: IrFunction): boolean {
  if (!fn.blocks.some(({ values }) => values.some(isSelect))) return false;
  const chosen = new Recurrences(fn).find();
  const added = new Map<Block, Block[]>();
  // From the end, so that a split moves only the values up to the next one.
  for (const select of chosen.reverse()) {
    const block = select.block!;
    const { taken, rest } = branchAt(fn, block, select);
    added.set(block, [taken, rest, ...(added.get(block) ?? [])]);
  }
  if (chosen.length === 0) return false;
  fn.blocks = fn.blocks.flatMap((block) => [block, ...(added.get(block) ?? [])]);
  return true;
}

function isSelect({ op, type }: Value): boolean {
  return op === "select" && type === "i32";
}

/** What iterations get from selections of the one before, and how late. */
class Recurrences {
  /** The blocks of innermost loops, each before its successors in the loop. */
  readonly #blocks: readonly Block[];

  /** By id: the number of a block's loop from 1 on, if that has no loop inside. */
  readonly #loopOf: Uint32Array;

  /** By id: 1 for the headers of these loops. */
  readonly #isHeader: Uint8Array;

  /** By id: 1 for selections, and what is computed from them in their iteration. */
  readonly #isChosen: Uint8Array;

  /** By id: 1 for what these phis carry on, and what that is made of. */
  readonly #isNext: Uint8Array;

  /**
   * By id: cycles since what phis of the header carry over from selections was known, and 1; 0: it
   * does not depend on these.
   */
  readonly #latency: Uint16Array;

  constructor(fn: IrFunction) {
    this.#loopOf = new Uint32Array(fn.blockLimit);
    this.#isHeader = new Uint8Array(fn.blockLimit);
    this.#isChosen = new Uint8Array(fn.valueLimit);
    this.#isNext = new Uint8Array(fn.valueLimit);
    this.#latency = new Uint16Array(fn.valueLimit);
    const dominators = new Dominators(fn);
    const loops = findLoops(dominators);
    // Of the loops around a block the innermost comes last.
    for (const [i, { blocks }] of loops.entries()) {
      for (const { id } of blocks) this.#loopOf[id] = i + 1;
    }
    for (const [i, { header, blocks }] of loops.entries()) {
      this.#isHeader[header.id] = 1;
      let isInnermost = true;
      for (const { id } of blocks) isInnermost &&= this.#loopOf[id] === i + 1;
      if (isInnermost) continue;
      for (const { id } of blocks) if (this.#loopOf[id] === i + 1) this.#loopOf[id] = 0;
    }
    this.#blocks = dominators.order.filter(({ id }) => this.#loopOf[id] !== 0);
  }

  /** The selections to branch on instead, one of each condition in a block, in order. */
  find(): Value[] {
    if (!this.#blocks.some(({ values }) => values.some(isSelect))) return [];
    for (const block of this.#blocks) for (const value of block.values) this.#noteChosen(value);
    const hasCarriers = this.#blocks.filter((block) => this.#noteCarriers(block)).length > 0;
    if (!hasCarriers) return [];
    for (const block of this.#blocks) this.#noteLatencies(block);
    return this.#blocks.flatMap((block) => this.#chooseFrom(block));
  }

  #isIn({ block }: Value, loop: number): boolean {
    return block !== undefined && this.#loopOf[block.id] === loop;
  }

  #isHeaderPhi({ op, block }: Value): boolean {
    return op === "phi" && this.#isHeader[block!.id] === 1;
  }

  #noteChosen(value: Value): void {
    if (value.effect !== "none" || this.#isHeaderPhi(value)) return;
    let isChosen = isSelect(value);
    for (const { id } of value.args) isChosen ||= this.#isChosen[id] === 1;
    if (isChosen) this.#isChosen[value.id] = 1;
  }

  /** Finds the phis of a header that carry selections, and their next values; whether any do. */
  #noteCarriers({ id, predecessors, values }: Block): boolean {
    if (this.#isHeader[id] === 0) return false;
    const loop = this.#loopOf[id]!;
    const work: Value[] = [];
    for (const phi of values) {
      if (phi.op !== "phi") break;
      const next = phi.args.filter((_, i) => this.#loopOf[predecessors[i]!.id] === loop);
      if (!next.some((value) => this.#isChosen[value.id] === 1)) continue;
      this.#latency[phi.id] = 1;
      work.push(...next);
    }
    const found = work.length > 0;
    for (let value = work.pop(); value; value = work.pop()) {
      if (this.#isNext[value.id] === 1 || !this.#isIn(value, loop)) continue;
      if (value.effect !== "none" || this.#isHeaderPhi(value)) continue;
      this.#isNext[value.id] = 1;
      work.push(...(value.op === "select" ? value.args.slice(1) : value.args));
    }
    return found;
  }

  #noteLatencies({ id, values }: Block): void {
    const loop = this.#loopOf[id]!;
    for (const value of values) {
      if (this.#isHeaderPhi(value)) continue;
      let known = 0;
      for (const operand of value.args) {
        const latency = this.#latency[operand.id]!;
        if (latency > known && this.#isIn(operand, loop)) known = latency;
      }
      if (known === 0) continue;
      const own = value.effect === "read" ? LOAD_LATENCY : value.op === "phi" ? 0 : 1;
      this.#latency[value.id] = Math.min(known + own, MAX_LATENCY);
    }
  }

  #chooseFrom({ values }: Block): Value[] {
    const conditions = new Set<Value>();
    return values.filter((value) => {
      const [condition] = value.args;
      if (!isSelect(value) || !condition || conditions.has(condition)) return false;
      if (this.#isNext[value.id] === 0 || !this.#waits(value)) return false;
      conditions.add(condition);
      return true;
    });
  }

  /** Whether the condition comes a load later than what it chooses from. */
  #waits({ args }: Value): boolean {
    const [condition, yes, no] = args as [Value, Value, Value];
    const chosen = Math.max(this.#latency[yes.id]!, this.#latency[no.id]!, 1);
    return this.#latency[condition.id]! - chosen >= LOAD_LATENCY;
  }
}

/** Branches at `select`, and at what else its block selects by the condition, where that can be. */
function branchAt(fn: IrFunction, block: Block, select: Value): SplitBlock {
  const first = block.values.lastIndexOf(select);
  const tail = block.values.splice(first);
  const late = new Set(tail);
  const alike: Value[] = [];
  for (const value of tail) {
    if (!isPlain(value) || value.args.some((operand) => late.has(operand))) continue;
    // What uses a selection stays after it; all else that is pure could stand before it.
    if (isSelect(value) && value.args[0] === select.args[0]) alike.push(value);
    else late.delete(value);
  }
  const early = operandsAmong(tail, alike);
  const isMoved = new Set([...early, ...alike]);
  block.values.push(...early, ...alike, ...tail.filter((value) => !isMoved.has(value)));
  return branchInstead(fn, block, first + early.length, first + isMoved.size);
}

/** Whether a value may stand anywhere after its operands. */
function isPlain({ op, facts: { effect, results } }: Value): boolean {
  return effect === "none" && op !== "high" && op !== "result" && results === 1;
}

/** The values of `tail` that `users` need, in order. */
function operandsAmong(tail: readonly Value[], users: readonly Value[]): Value[] {
  const needed = new Set(users.flatMap(({ args }) => args));
  const found: Value[] = [];
  for (const value of [...tail].reverse()) {
    if (!needed.has(value)) continue;
    found.push(value);
    for (const operand of value.args) needed.add(operand);
  }
  return found.reverse();
}
