// Which virtual registers are live where: bit sets per block, then intervals with holes.
//
// Instructions are numbered in layout order. Instruction k reads at 2k and writes at 2k + 1, so an
// operand that is read for the last time and one that is written may share a register.
//
//   k    mov v9, v8      v8 [.., 2k+1)         v9 [2k+1, 2m+1)
//   ...
//   m    add v7, v9
//
// An interval is an ascending list of half-open ranges; between them the register is free for
// others. Physical registers have intervals too, where instructions name them.

import type { MachineBlock, MachineFunction, MachineInstruction } from "./machine";
import { ESP, FIRST_VIRTUAL, forEachRead, forEachWrite } from "./machine";

/** Ranges as [start, end, start, end, ...], ascending, neither touching nor overlapping. */
export type Ranges = number[];

/** The first and last instruction of a block: positions 2 * first to 2 * end. */
export interface Span {
  readonly first: number;
  readonly end: number;
}

export interface Liveness {
  /** By register number, physical ones included; empty: never live. */
  readonly ranges: readonly Ranges[];
  readonly spans: ReadonlyMap<MachineBlock, Span>;
  /** Instructions by number. */
  readonly instructions: readonly MachineInstruction[];
  readonly blockOf: readonly MachineBlock[];
  /** The registers that are live into a block. */
  liveInto(block: MachineBlock): number[];
}

class BitSet {
  readonly words: Uint32Array;

  constructor(size: number) {
    this.words = new Uint32Array((size + 31) >> 5);
  }

  has(bit: number): boolean {
    return (this.words[bit >> 5]! & (1 << (bit & 31))) !== 0;
  }

  add(bit: number): void {
    this.words[bit >> 5]! |= 1 << (bit & 31);
  }

  delete(bit: number): void {
    this.words[bit >> 5]! &= ~(1 << (bit & 31));
  }

  members(): number[] {
    const found: number[] = [];
    this.forEach((bit) => {
      found.push(bit);
    });
    return found;
  }

  forEach(visit: (bit: number) => void): void {
    for (const [index, word] of this.words.entries()) {
      for (let rest = word; rest !== 0; rest &= rest - 1) {
        visit(index * 32 + 31 - Math.clz32(rest & -rest));
      }
    }
  }
}

interface BlockSets {
  readonly uses: BitSet;
  readonly defs: BitSet;
  readonly in: BitSet;
  readonly out: BitSet;
}

function localSets(block: MachineBlock, size: number): BlockSets {
  const sets = {
    uses: new BitSet(size),
    defs: new BitSet(size),
    in: new BitSet(size),
    out: new BitSet(size),
  };
  for (const instruction of block.instructions) {
    forEachRead(instruction, (register) => {
      if (!sets.defs.has(register)) sets.uses.add(register);
    });
    forEachWrite(instruction, (register) => sets.defs.add(register));
  }
  return sets;
}

/** Recomputes `in` from `out`; whether it grew. */
function transfer({ uses, defs, in: live, out }: BlockSets): boolean {
  let changed = false;
  for (let i = 0; i < live.words.length; i++) {
    const word = (uses.words[i]! | (out.words[i]! & ~defs.words[i]!)) >>> 0;
    if (word !== live.words[i]) changed = true;
    live.words[i] = word;
  }
  return changed;
}

function solve(fn: MachineFunction): Map<MachineBlock, BlockSets> {
  const sets = new Map(
    fn.blocks.map((block) => [block, localSets(block, fn.registerLimit)] as const),
  );
  const work = [...fn.blocks];
  const queued = new Set(work);
  for (let block = work.pop(); block; block = work.pop()) {
    queued.delete(block);
    const own = sets.get(block)!;
    for (const successor of block.successors) {
      const { words } = sets.get(successor)!.in;
      for (let i = 0; i < words.length; i++) own.out.words[i]! |= words[i]!;
    }
    if (!transfer(own)) continue;
    for (const predecessor of block.predecessors) {
      if (queued.has(predecessor)) continue;
      queued.add(predecessor);
      work.push(predecessor);
    }
  }
  return sets;
}

/** Collects ranges from the last to the first. */
class RangeBuilder {
  /** By register, descending: [end, start, end, start, ...]. */
  private readonly reversed: number[][];
  /** Where the range that is open ends; -1: not live. */
  private readonly openEnd: Int32Array;

  constructor(size: number) {
    this.reversed = Array.from({ length: size }, () => []);
    this.openEnd = new Int32Array(size).fill(-1);
  }

  open(register: number, end: number): void {
    if (this.openEnd[register] === -1) this.openEnd[register] = end;
  }

  /** Ends the range at `start`, looking backwards; a dead write lives for its own position. */
  close(register: number, start: number): void {
    const end = this.openEnd[register] === -1 ? start + 1 : this.openEnd[register]!;
    this.openEnd[register] = -1;
    const ranges = this.reversed[register]!;
    const last = ranges.length - 1;
    if (last >= 0 && ranges[last]! <= end) ranges[last] = Math.min(ranges[last]!, start);
    else ranges.push(end, start);
  }

  closeAll(start: number, live: BitSet): void {
    live.forEach((register) => {
      if (this.openEnd[register] !== -1) this.close(register, start);
    });
  }

  finish(): Ranges[] {
    return this.reversed.map((ranges) => ranges.reverse());
  }
}

/** Analyses `fn` in its current block order. */
export function analyseLiveness(fn: MachineFunction): Liveness {
  const sets = solve(fn);
  const spans = new Map<MachineBlock, Span>();
  const instructions: MachineInstruction[] = [];
  const blockOf: MachineBlock[] = [];
  for (const block of fn.blocks) {
    const first = instructions.length;
    for (const instruction of block.instructions) {
      instructions.push(instruction);
      blockOf.push(block);
    }
    spans.set(block, { first, end: instructions.length });
  }
  const builder = new RangeBuilder(fn.registerLimit);
  for (let i = fn.blocks.length - 1; i >= 0; i--) {
    const block = fn.blocks[i]!;
    scanBlock(builder, block, spans.get(block)!, sets.get(block)!);
  }
  return {
    ranges: builder.finish(),
    spans,
    instructions,
    blockOf,
    liveInto: (block) => sets.get(block)!.in.members(),
  };
}

function scanBlock(builder: RangeBuilder, block: MachineBlock, span: Span, sets: BlockSets): void {
  const end = 2 * span.end;
  sets.out.forEach((register) => {
    builder.open(register, end);
  });
  for (let k = span.end - 1; k >= span.first; k--) {
    const instruction = block.instructions[k - span.first]!;
    forEachWrite(instruction, (register) => {
      if (register !== ESP) builder.close(register, 2 * k + 1);
    });
    forEachRead(instruction, (register) => {
      if (register !== ESP) builder.open(register, 2 * k + 1);
    });
  }
  builder.closeAll(2 * span.first, sets.in);
}

/** Whether two intervals have a position in common. */
export function intersects(a: Ranges, b: Ranges): boolean {
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    if (a[i + 1]! <= b[j]!) i += 2;
    else if (b[j + 1]! <= a[i]!) j += 2;
    else return true;
  }
  return false;
}

/** Whether an interval covers a position. */
export function contains(ranges: Ranges, position: number): boolean {
  let low = 0;
  let high = ranges.length / 2;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ranges[2 * middle + 1]! <= position) low = middle + 1;
    else high = middle;
  }
  return low < ranges.length / 2 && ranges[2 * low]! <= position;
}

/** All positions of two intervals that do not intersect. */
export function union(a: Ranges, b: Ranges): Ranges {
  const result: Ranges = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const takeA = j >= b.length || (i < a.length && a[i]! < b[j]!);
    const start = takeA ? a[i]! : b[j]!;
    const end = takeA ? a[i + 1]! : b[j + 1]!;
    if (takeA) i += 2;
    else j += 2;
    if (result[result.length - 1] === start) result[result.length - 1] = end;
    else result.push(start, end);
  }
  return result;
}

/** How many positions an interval covers. */
export function lengthOf(ranges: Ranges): number {
  let length = 0;
  for (let i = 0; i < ranges.length; i += 2) length += ranges[i + 1]! - ranges[i]!;
  return length;
}

/** Whether `register` is one that allocation must place. */
export function isVirtual(register: number): boolean {
  return register >= FIRST_VIRTUAL;
}
