// Which virtual registers are live where: at the ends of blocks, then intervals with holes.
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

import type { MachineBlock, MachineFunction, MachineInstruction } from "../machine/machine";
import { ESP, FIRST_VIRTUAL, forEachRead, forEachWrite } from "../machine/machine";

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
  liveInto(block: MachineBlock): readonly number[];
  /** The blocks that an interval covers a part of, in layout order. */
  blocksWithin(ranges: Ranges): MachineBlock[];
}

/** For each block, by its index: the registers that are live at its start and at its end. */
interface LiveSets {
  readonly in: readonly number[][];
  readonly out: readonly number[][];
}

/**
 * From each block that reads a register before writing it, backwards over all ways to the blocks
 * that write it. That takes as long as the result is large, however many registers and blocks there
 * are: most registers live in one block only.
 */
function solve(fn: MachineFunction): LiveSets {
  const { blocks } = fn;
  const { readers, writers } = findMentions(fn);
  const indices = new Map(blocks.map((block, index) => [block, index]));
  const predecessors = blocks.map((block) => block.predecessors.map((each) => indices.get(each)!));
  const sets: LiveSets = { in: blocks.map(() => []), out: blocks.map(() => []) };
  // Each holds the register for which the block was last looked at.
  const writes = new Int32Array(blocks.length).fill(-1);
  const isIn = new Int32Array(blocks.length).fill(-1);
  const isOut = new Int32Array(blocks.length).fill(-1);
  const work: number[] = [];
  for (const [register, own] of readers.entries()) {
    for (const index of writers[register]!) writes[index] = register;
    const enter = (index: number): void => {
      if (isIn[index] === register) return;
      isIn[index] = register;
      sets.in[index]!.push(register);
      work.push(index);
    };
    own.forEach(enter);
    for (let index = work.pop(); index !== undefined; index = work.pop()) {
      for (const from of predecessors[index]!) {
        if (isOut[from] === register) continue;
        isOut[from] = register;
        sets.out[from]!.push(register);
        if (writes[from] !== register) enter(from);
      }
    }
  }
  return sets;
}

/** By register: the blocks that read it before they write it, and those that write it. */
function findMentions(fn: MachineFunction): { readers: number[][]; writers: number[][] } {
  const readers: number[][] = Array.from({ length: fn.registerLimit }, () => []);
  const writers: number[][] = Array.from({ length: fn.registerLimit }, () => []);
  const note = (blocks: number[], index: number): void => {
    if (blocks[blocks.length - 1] !== index) blocks.push(index);
  };
  for (const [index, { instructions }] of fn.blocks.entries()) {
    const isWritten = (register: number) => {
      const own = writers[register]!;
      return own[own.length - 1] === index;
    };
    for (const instruction of instructions) {
      forEachRead(instruction, (register) => {
        if (!isWritten(register)) note(readers[register]!, index);
      });
      forEachWrite(instruction, (register) => note(writers[register]!, index));
    }
  }
  return { readers, writers };
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

  closeAll(start: number, live: readonly number[]): void {
    for (const register of live) {
      if (this.openEnd[register] !== -1) this.close(register, start);
    }
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
    scanBlock(builder, block, spans.get(block)!, sets.in[i]!, sets.out[i]!);
  }
  const liveIn = new Map(fn.blocks.map((block, i) => [block, sets.in[i]!]));
  return {
    ranges: builder.finish(),
    spans,
    instructions,
    blockOf,
    liveInto: (block) => liveIn.get(block)!,
    blocksWithin: (ranges) => blocksWithin(ranges, blockOf, spans),
  };
}

/** The blocks that `ranges` cover a part of, in order. */
function blocksWithin(
  ranges: Ranges,
  blockOf: readonly MachineBlock[],
  spans: ReadonlyMap<MachineBlock, Span>,
): MachineBlock[] {
  const found: MachineBlock[] = [];
  let number = 0;
  for (let i = 0; i < ranges.length; i += 2) {
    const end = Math.min((ranges[i + 1]! + 1) >> 1, blockOf.length);
    for (number = Math.max(number, ranges[i]! >> 1); number < end; ) {
      const block = blockOf[number]!;
      found.push(block);
      number = spans.get(block)!.end;
    }
  }
  return found;
}

function scanBlock(
  builder: RangeBuilder,
  block: MachineBlock,
  span: Span,
  liveIn: readonly number[],
  liveOut: readonly number[],
): void {
  for (const register of liveOut) builder.open(register, 2 * span.end);
  for (let k = span.end - 1; k >= span.first; k--) {
    const instruction = block.instructions[k - span.first]!;
    forEachWrite(instruction, (register) => {
      if (register !== ESP) builder.close(register, 2 * k + 1);
    });
    forEachRead(instruction, (register) => {
      if (register !== ESP) builder.open(register, 2 * k + 1);
    });
  }
  builder.closeAll(2 * span.first, liveIn);
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
  const at = firstBehind(ranges, position);
  return at < ranges.length && ranges[at]! <= position;
}

/** The index of the first range that ends behind `position`; the length if none does. */
export function firstBehind(ranges: Ranges, position: number): number {
  let low = 0;
  let high = ranges.length / 2;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ranges[2 * middle + 1]! <= position) low = middle + 1;
    else high = middle;
  }
  return 2 * low;
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
