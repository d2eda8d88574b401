// Guesses how often each block runs, from the graph alone (static branch prediction): register
// allocation keeps in registers what many runs need.
//
//   - A loop runs eight times for each time that it is entered.
//   - Both ways of a branch within a loop are as likely, but two words are rather not equal; the
//     way out of a loop takes nothing from the way on.
//   - What follows from this for blocks is believed only where they are rare: a block that has less
//     than a tenth of its loop's runs runs so often, any other each time. An inner loop runs as
//     often as it is entered.
//   - What ends in a trap, or begins where a call throws, is never expected to run.
//
// So what a loop does rarely, inner loops included, does not take registers from what it does each
// time, and a mistaken guess about two ways of the same weight does no harm.

import { type Loop, reversePostorder } from "../ir/dominators";
import { IdMap } from "../ir/id-map";
import type { Block, IrFunction } from "../ir/ir";

const TRAP_FREQUENCY = 0.001;
const ITERATIONS = 8;
const MAX_DEPTH = 6;
/** A block with a smaller share of its loop's runs is rare; none is guessed to have less than: */
const RARE = 0.1;
const LEAST_SHARE = 0.02;
/** How likely two words are equal when a branch asks. */
const EQUAL = 0.45;

/** How often each block runs for each run of the function; the blocks' depths are known. */
export function guessFrequencies(fn: IrFunction, loops: readonly Loop[]): IdMap<Block, number> {
  const frequencies = new IdMap<Block, number>(fn.blockLimit);
  const cold = new IdMap<Block, boolean>(fn.blockLimit);
  for (let i = fn.blocks.length - 1; i >= 0; i--) {
    const block = fn.blocks[i]!;
    cold.set(block, leadsToTrap(block, cold));
  }
  const isCold = (block: Block) => cold.get(block) === true;
  const around = innermostLoops(fn, loops);
  const shares = new Shares(fn, loops, around, isCold).compute();
  for (const block of fn.blocks) {
    const runs = ITERATIONS ** Math.min(block.depth, MAX_DEPTH);
    const own = shares.get(block) ?? 1;
    const entered = shares.get(around.get(block)?.header ?? block) ?? 1;
    const share = Math.max(own < RARE ? own : entered, LEAST_SHARE);
    frequencies.set(block, isCold(block) ? TRAP_FREQUENCY : rounded(runs * share));
  }
  if (fn.blocks.some(isLanding)) coolLandings(fn, loops, frequencies);
  return frequencies;
}

/** Whether a block, or all that comes after it, ends in a trap; later blocks are known. */
function leadsToTrap(block: Block, cold: IdMap<Block, boolean>): boolean {
  if (block.terminator.op === "unreachable" || isLanding(block)) return true;
  const { successors } = block;
  return (
    successors.length > 0 &&
    successors.every((next) => next.depth >= block.depth && cold.get(next) === true)
  );
}

/** Whether control gets to a block only when a call throws. */
function isLanding(block: Block): boolean {
  const { predecessors } = block;
  return (
    predecessors.length > 0 &&
    predecessors.every(
      ({ terminator, successors }) => terminator.op === "may_throw" && successors[1] === block,
    )
  );
}

/** What only code leads to that hardly runs hardly runs itself, loops included. */
function coolLandings(
  fn: IrFunction,
  loops: readonly Loop[],
  frequencies: IdMap<Block, number>,
): void {
  const isCold = (block: Block) => frequencies.get(block)! <= TRAP_FREQUENCY;
  const byHeader = new Map(loops.map((loop) => [loop.header, loop]));
  for (const block of fn.blocks) {
    const loop = byHeader.get(block);
    const entries = block.predecessors.filter((from) => !loop?.blocks.has(from));
    if (entries.length > 0 && entries.every(isCold)) frequencies.set(block, TRAP_FREQUENCY);
  }
}

/** The innermost loop around each block that is in one. */
function innermostLoops({ blockLimit }: IrFunction, loops: readonly Loop[]): IdMap<Block, Loop> {
  const around = new IdMap<Block, Loop>(blockLimit);
  for (const loop of loops) for (const block of loop.blocks) around.set(block, loop);
  return around;
}

/** Which part of the runs of the outermost loop around a block, as if none ran twice, is its. */
class Shares {
  readonly #fn: IrFunction;
  readonly #isCold: (block: Block) => boolean;
  readonly #byHeader = new Map<Block, Loop>();

  readonly #around: IdMap<Block, Loop>;
  readonly #shares: IdMap<Block, number>;

  constructor(
    fn: IrFunction,
    loops: readonly Loop[],
    around: IdMap<Block, Loop>,
    isCold: (block: Block) => boolean,
  ) {
    this.#fn = fn;
    this.#isCold = isCold;
    this.#around = around;
    this.#shares = new IdMap(fn.blockLimit);
    for (const loop of loops) this.#byHeader.set(loop.header, loop);
  }

  compute(): IdMap<Block, number> {
    for (const block of reversePostorder(this.#fn)) {
      const own = this.#byHeader.get(block);
      const isWhole = block.depth === 0 || (block.depth === 1 && own !== undefined);
      if (isWhole) this.#shares.set(block, 1);
      const share = this.#shares.get(block) ?? 0;
      if (own) this.#give(block, this.#exits(own), share);
      const loop = this.#around.get(block);
      const isOn = (next: Block) => !this.#isCold(next) && (!loop || loop.blocks.has(next));
      const on = block.successors.filter(isOn);
      const likely = on.length === 2 ? likelihood(block) : undefined;
      if (likely === undefined) this.#give(block, on, share);
      else {
        this.#give(block, [on[0]!], share * likely);
        this.#give(block, [on[1]!], share * (1 - likely));
      }
    }
    return this.#shares;
  }

  /** Divides the share of `from` among blocks that come after it; back edges give nothing. */
  #give(from: Block, blocks: readonly Block[], share: number): void {
    for (const block of blocks) {
      if (this.#byHeader.get(block)?.blocks.has(from)) continue;
      this.#shares.set(block, (this.#shares.get(block) ?? 0) + share / blocks.length);
    }
  }

  #exits({ blocks }: Loop): Block[] {
    const exits = new Set<Block>();
    for (const block of blocks) {
      for (const next of block.successors) {
        if (!blocks.has(next) && !this.#isCold(next)) exits.add(next);
      }
    }
    return [...exits];
  }
}

/** How likely a branch takes its first way; undefined: as likely as not. */
function likelihood({ terminator }: Block): number | undefined {
  if (terminator.op !== "branch") return undefined;
  const { op } = terminator.args[0]!;
  return op === "eq" ? EQUAL : op === "ne" ? 1 - EQUAL : undefined;
}

/** To what dumps can show. */
function rounded(frequency: number): number {
  return Math.round(frequency * 1000) / 1000;
}
