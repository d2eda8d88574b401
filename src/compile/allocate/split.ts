// Splits a live range by blocks: a register where one is free and worth it, memory elsewhere.
//
//      b0: v in esi                 a call, or more values than registers, in b1
//      b0 -> b1: mov [v], esi
//      b1: v in memory
//      b1 -> b2: mov esi, [v]
//      b2: v in esi
//
// For each register the blocks in which it is free for the whole of v's life there are found. Of
// these the set is sought whose gain, uses out of memory less moves on the edges between inside and
// outside, is the greatest: blocks change sides as long as that helps. It is a local optimum, of
// the kind that LLVM's greedy allocator seeks by the same means.
//
// Invariants
//   - A piece is made of whole blocks; where it ends is always an edge.
//   - A store on an edge is left out where memory holds the value already.

import type {
  MachineBlock,
  MachineFunction,
  MachineInstruction,
  MachineOperand,
} from "../code/code";
import { plainInstruction } from "../code/code";
import type { Liveness, Ranges } from "./live";
import { contains, firstEndingAfter } from "./live";
import type { Spiller } from "./spill";

/** What allocation knows of the registers. */
export interface SplitContext {
  /** Registers to try, the best first. */
  readonly candidates: readonly number[];
  isFree(physical: number, ranges: Ranges): boolean;
  /** What using this register costs beyond its moves. */
  priceOf(physical: number): number;
}

export interface Split {
  /** The new register for the part that is in `physical`. */
  readonly piece: number;
  readonly physical: number;
  readonly ranges: Ranges;
  /** What remains of the value's interval. */
  readonly rest: Ranges;
  readonly weight: number;
  readonly restWeight: number;
}

/** The value's life in one block. */
interface Life {
  readonly block: MachineBlock;
  readonly ranges: Ranges;
  /** What its mentions in the block cost if it is in memory. */
  readonly weight: number;
  /** Neighbours over whose edge it is live, with the edges' frequencies. */
  readonly edges: { readonly other: Life; readonly frequency: number }[];
  /** Whether the register that is looked at is free for it, and whether it gets that. */
  isFree: boolean;
  isInside: boolean;
}

interface Region {
  readonly physical: number;
  /** The lives that get the register, in block order. */
  readonly inside: readonly Life[];
  readonly gain: number;
}

const MAX_PASSES = 8;
/** A gain below this is not worth the bytes. */
const MIN_GAIN = 0.05;

interface EdgeMove {
  readonly to: MachineOperand;
  readonly from: MachineOperand;
}

export class Splitter {
  readonly #fn: MachineFunction;
  readonly #liveness: Liveness;
  readonly #spiller: Spiller;

  /** Of each value that was split: its whole interval, and which piece is in which block. */
  readonly #whole = new Map<number, Ranges>();
  readonly #pieces = new Map<number, Map<MachineBlock, number>>();
  readonly #atEnd = new Map<MachineBlock, EdgeMove[]>();
  readonly #atStart = new Map<MachineBlock, EdgeMove[]>();

  constructor(fn: MachineFunction, liveness: Liveness, spiller: Spiller) {
    this.#fn = fn;
    this.#liveness = liveness;
    this.#spiller = spiller;
  }

  /** Splits `value`, whose interval is `ranges`, if that gains anything. */
  split(value: number, ranges: Ranges, context: SplitContext): Split | undefined {
    const lives = this.#livesOf(value, ranges);
    if (lives.length < 2) return undefined;
    let best: Region | undefined;
    for (const physical of context.candidates) {
      const gain = findRegion(lives, physical, context);
      if (gain <= (best?.gain ?? MIN_GAIN)) continue;
      best = { physical, inside: lives.filter(({ isInside }) => isInside), gain };
    }
    if (!best || best.inside.length === lives.length) return undefined;
    return this.#perform(value, ranges, lives, best);
  }

  #perform(value: number, ranges: Ranges, lives: readonly Life[], region: Region): Split {
    const origin = this.#spiller.originOf(value);
    if (!this.#whole.has(origin)) this.#whole.set(origin, ranges);
    const { inside } = region;
    const blocks = new Set(inside.map(({ block }) => block));
    const outside = lives.filter(({ block }) => !blocks.has(block));
    const isInside = (number: number) => blocks.has(this.#liveness.blockOf[number]!);
    const piece = this.#spiller.rename(value, isInside);
    let byBlock = this.#pieces.get(origin);
    if (!byBlock) {
      byBlock = new Map();
      this.#pieces.set(origin, byBlock);
    }
    for (const block of blocks) byBlock.set(block, piece);
    const sum = (some: readonly Life[]) => some.reduce((total, { weight }) => total + weight, 0);
    return {
      piece,
      physical: region.physical,
      ranges: join(inside),
      rest: join(outside),
      weight: sum(inside),
      restWeight: sum(outside),
    };
  }

  #livesOf(value: number, ranges: Ranges): Life[] {
    const lives = new Map<MachineBlock, Life>();
    const counts = new Map<MachineBlock, number>();
    for (const number of this.#spiller.mentionsOf(value)) {
      const block = this.#liveness.blockOf[number]!;
      counts.set(block, (counts.get(block) ?? 0) + 1);
    }
    const unit = this.#spiller.isFetchable(value) ? 0.4 : 0.8;
    for (const block of this.#liveness.blocksWithin(ranges)) {
      const clipped = this.#clip(ranges, block);
      const weight = (counts.get(block) ?? 0) * block.frequency * unit;
      const life = { block, ranges: clipped, weight, edges: [], isFree: false, isInside: false };
      lives.set(block, life);
    }
    for (const life of lives.values()) {
      for (const successor of life.block.successors) {
        const other = lives.get(successor);
        if (!other || !contains(ranges, this.#startOf(successor))) continue;
        const frequency = Math.min(life.block.frequency, successor.frequency);
        life.edges.push({ other, frequency });
        other.edges.push({ other: life, frequency });
      }
    }
    return [...lives.values()];
  }

  #startOf(block: MachineBlock): number {
    return 2 * this.#liveness.spanOf(block).first;
  }

  #clip(ranges: Ranges, block: MachineBlock): Ranges {
    const { first, end } = this.#liveness.spanOf(block);
    const clipped: Ranges = [];
    for (let i = firstEndingAfter(ranges, 2 * first); i < ranges.length; i += 2) {
      const from = Math.max(ranges[i]!, 2 * first);
      const to = Math.min(ranges[i + 1]!, 2 * end);
      if (from >= to) break;
      clipped.push(from, to);
    }
    return clipped;
  }

  // --- moves between the pieces ---

  /** Decides on the moves; `registerOf` tells the register of a piece, undefined: spilled. */
  planMoves(registerOf: (piece: number) => MachineOperand | undefined): void {
    for (const [origin, byBlock] of this.#pieces) {
      const pieceAt = (block: MachineBlock) => byBlock.get(block) ?? origin;
      const stores = this.#storesNeeded(origin, pieceAt, registerOf);
      for (const { from, to } of this.#edgesOf(origin)) {
        const before = pieceAt(from);
        const after = pieceAt(to);
        if (before === after) continue;
        this.#planMove(origin, from, to, registerOf(before), registerOf(after), stores);
      }
    }
  }

  #planMove(
    origin: number,
    from: MachineBlock,
    to: MachineBlock,
    before: MachineOperand | undefined,
    after: MachineOperand | undefined,
    stores: boolean,
  ): void {
    const home = this.#spiller.homeOf(origin);
    if (!after && (!before || !stores || home?.isFetched)) return;
    const source = before ?? home?.operand;
    const target = after ?? home?.operand;
    if (!source || !target) throw new Error(`${this.#fn.name}: v${origin} is nowhere`);
    const block = placeOfMoves(from, to);
    const place = block === from ? this.#atEnd : this.#atStart;
    const moves = place.get(block);
    if (moves) moves.push({ to: target, from: source });
    else place.set(block, [{ to: target, from: source }]);
  }

  /**
   * Whether edges from a register to memory must store. Not if no piece in a register is written,
   * for then memory has the value; nor if the value is written once, and stored there and then:
   * unless these edges run less often than what writes it.
   */
  #storesNeeded(
    origin: number,
    pieceAt: (block: MachineBlock) => number,
    registerOf: (piece: number) => MachineOperand | undefined,
  ): boolean {
    const home = this.#spiller.homeOf(origin);
    if (!home || home.isFetched) return false;
    const blockOf = (number: number) => this.#liveness.blockOf[number]!;
    const definitions = this.#spiller.definitionsOf(origin);
    const inRegisters = definitions.filter((number) => registerOf(pieceAt(blockOf(number))));
    const [only] = inRegisters;
    if (only === undefined) return false;
    if (definitions.length > 1) return true;
    const { frequency } = blockOf(only);
    if (this.#costOfStores(origin, pieceAt, registerOf) < frequency) return true;
    this.#spiller.storeAfter(only, origin, registerOf(pieceAt(blockOf(only)))!);
    return false;
  }

  /** How often the edges run on which the value goes from a register to memory. */
  #costOfStores(
    origin: number,
    pieceAt: (block: MachineBlock) => number,
    registerOf: (piece: number) => MachineOperand | undefined,
  ): number {
    let cost = 0;
    for (const { from, to } of this.#edgesOf(origin)) {
      const isStore = registerOf(pieceAt(from)) && !registerOf(pieceAt(to));
      if (isStore) cost += placeOfMoves(from, to).frequency;
    }
    return cost;
  }

  /** The edges over which the value is live. */
  *#edgesOf(origin: number): Generator<{ from: MachineBlock; to: MachineBlock }> {
    const whole = this.#whole.get(origin)!;
    for (const from of this.#liveness.blocksWithin(whole)) {
      for (const to of from.successors) {
        if (contains(whole, this.#startOf(to))) yield { from, to };
      }
    }
  }

  /** Puts the moves into the blocks, whose other insertions have been made. */
  insertMoves(): void {
    for (const [block, moves] of this.#atEnd) {
      const { instructions } = block;
      const last = instructions[instructions.length - 1]!;
      instructions.splice(-1, 0, asInstruction(moves, last.position));
    }
    for (const [block, moves] of this.#atStart) {
      const { position } = block.instructions[0]!;
      block.instructions.unshift(asInstruction(moves, position));
    }
  }
}

/** The block that has an edge's moves: one of both ends has no other edge there. */
function placeOfMoves(from: MachineBlock, to: MachineBlock): MachineBlock {
  return from.successors.length === 1 ? from : to;
}

function asInstruction(moves: readonly EdgeMove[], position: number): MachineInstruction {
  const operands = moves.flatMap(({ to, from }) => [to, from]);
  return plainInstruction("moves", operands, position);
}

/** The ranges of lives in block order as one interval. */
function join(lives: readonly Life[]): Ranges {
  const joined: Ranges = [];
  for (const { ranges } of lives) {
    for (let i = 0; i < ranges.length; i += 2) {
      if (joined[joined.length - 1] === ranges[i]) joined[joined.length - 1] = ranges[i + 1]!;
      else joined.push(ranges[i]!, ranges[i + 1]!);
    }
  }
  return joined;
}

/** Marks the best set of blocks for `physical` that this search finds; returns what it gains. */
function findRegion(lives: readonly Life[], physical: number, context: SplitContext): number {
  for (const life of lives) {
    life.isFree = context.isFree(physical, life.ranges);
    life.isInside = life.isFree;
  }
  for (let pass = 0, changed = true; changed && pass < MAX_PASSES; pass++) {
    changed = false;
    for (const life of lives) {
      if (!life.isFree) continue;
      const isBetterInside = gainOfInside(life) > 0;
      if (isBetterInside === life.isInside) continue;
      life.isInside = isBetterInside;
      changed = true;
    }
  }
  return totalGain(lives) - context.priceOf(physical);
}

/** What a block gains by being inside, its neighbours staying where they are. */
function gainOfInside({ weight, edges }: Life): number {
  let gain = weight;
  for (const { other, frequency } of edges) gain += other.isInside ? frequency : -frequency;
  return gain;
}

function totalGain(lives: readonly Life[]): number {
  let gain = 0;
  for (const { isInside, weight, edges } of lives) {
    if (!isInside) continue;
    gain += weight;
    for (const { other, frequency } of edges) if (!other.isInside) gain -= frequency;
  }
  return gain;
}
