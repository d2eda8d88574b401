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

import type { MachineBlock, MachineFunction, MachineInstruction } from "../code/code";
import { FIRST_VIRTUAL } from "../code/code";
import { forEachRead, forEachWrite } from "../code/instruction-facts";

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
  /** Instructions by number. */
  readonly instructions: readonly MachineInstruction[];
  readonly blockOf: readonly MachineBlock[];
  spanOf(block: MachineBlock): Span;
  /** The registers that are live into a block. */
  liveInto(block: MachineBlock): readonly number[];
  /** The blocks that an interval covers a part of, in layout order. */
  blocksWithin(ranges: Ranges): MachineBlock[];
}

/** Where blocks stand in the layout. */
type Indices = ReadonlyMap<MachineBlock, number>;

/** For each block, by its index: the registers that are live at its start and at its end. */
interface LiveSets {
  readonly in: readonly number[][];
  readonly out: readonly number[][];
}

/**
 * From each block that reads a register before writing it, backwards over all paths to the blocks
 * that write it. That takes as long as the result is large, however many registers and blocks there
 * are: most registers live in one block only.
 */
function solve({ blocks, registerLimit }: MachineFunction, indices: Indices): LiveSets {
  const { readers, writers } = findMentions(blocks, registerLimit);
  const predecessors = blocks.map((block) => block.predecessors.map((each) => indices.get(each)!));
  const sets: LiveSets = { in: blocks.map(() => []), out: blocks.map(() => []) };
  // Each holds the register for which the block was last looked at.
  const writes = new Int32Array(blocks.length).fill(-1);
  const isIn = new Int32Array(blocks.length).fill(-1);
  const isOut = new Int32Array(blocks.length).fill(-1);
  const work: number[] = [];
  for (let register = 0; register < readers.length; register++) {
    const own = readers[register];
    if (!own) continue;
    const enter = (index: number): void => {
      if (isIn[index] === register) return;
      isIn[index] = register;
      sets.in[index]!.push(register);
      work.push(index);
    };
    for (const index of writers[register] ?? NOWHERE) writes[index] = register;
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

interface Mentions {
  /** By register: the blocks that read it before they write it; undefined: none does. */
  readonly readers: readonly (number[] | undefined)[];
  /** By register that has readers: the blocks that write it. */
  readonly writers: readonly (number[] | undefined)[];
}

function findMentions(blocks: readonly MachineBlock[], registerLimit: number): Mentions {
  const readers: (number[] | undefined)[] = new Array(registerLimit);
  const writers: (number[] | undefined)[] = new Array(registerLimit);
  const lastWriter = new Int32Array(registerLimit).fill(-1);
  /** A register, a block that writes it, and so on. */
  const written: number[] = [];
  let index = 0;
  const noteRead = (register: number): void => {
    if (lastWriter[register] === index) return;
    const own = readers[register];
    if (!own) readers[register] = [index];
    else if (own[own.length - 1] !== index) own.push(index);
  };
  const noteWrite = (register: number): void => {
    if (lastWriter[register] === index) return;
    lastWriter[register] = index;
    written.push(register, index);
  };
  for (; index < blocks.length; index++) {
    for (const instruction of blocks[index]!.instructions) {
      forEachRead(instruction, noteRead);
      forEachWrite(instruction, noteWrite);
    }
  }
  for (let i = 0; i < written.length; i += 2) {
    const register = written[i]!;
    if (!readers[register]) continue;
    const own = writers[register];
    if (own) own.push(written[i + 1]!);
    else writers[register] = [written[i + 1]!];
  }
  return { readers, writers };
}

const NOWHERE: readonly number[] = [];

/** Of what is never live. */
const NEVER: Ranges = [];

/** Collects ranges from the last to the first. */
class RangeBuilder {
  /** By register, descending: [end, start, end, start, ...]. */
  readonly #reversed: (Ranges | undefined)[];

  /** Where the range that is open ends; -1: not live. */
  readonly #openEnd: Int32Array;

  constructor(size: number) {
    this.#reversed = new Array(size);
    this.#openEnd = new Int32Array(size).fill(-1);
  }

  open(register: number, end: number): void {
    if (this.#openEnd[register] === -1) this.#openEnd[register] = end;
  }

  /** Ends the range at `start`, looking backwards; a dead write lives for its own position. */
  close(register: number, start: number): void {
    const end = this.#openEnd[register] === -1 ? start + 1 : this.#openEnd[register]!;
    this.#openEnd[register] = -1;
    const ranges = this.#reversed[register];
    if (!ranges) {
      this.#reversed[register] = [end, start];
      return;
    }
    const last = ranges.length - 1;
    if (ranges[last]! <= end) ranges[last] = Math.min(ranges[last]!, start);
    else ranges.push(end, start);
  }

  closeAll(start: number, live: readonly number[]): void {
    for (const register of live) {
      if (this.#openEnd[register] !== -1) this.close(register, start);
    }
  }

  finish(): Ranges[] {
    return Array.from(this.#reversed, (ranges) => ranges?.reverse() ?? NEVER);
  }
}

/** Analyses `fn` in its current block order. */
export function analyseLiveness(fn: MachineFunction): Liveness {
  const { blocks } = fn;
  const indices = new Map<MachineBlock, number>();
  const spans: Span[] = [];
  const instructions: MachineInstruction[] = [];
  const blockOf: MachineBlock[] = [];
  for (const block of blocks) {
    const first = instructions.length;
    for (const instruction of block.instructions) {
      instructions.push(instruction);
      blockOf.push(block);
    }
    indices.set(block, spans.length);
    spans.push({ first, end: instructions.length });
  }
  const sets = solve(fn, indices);
  const spanOf = (block: MachineBlock) => spans[indices.get(block)!]!;
  return {
    ranges: findRanges(fn, spans, sets),
    instructions,
    blockOf,
    spanOf,
    liveInto: (block) => sets.in[indices.get(block)!]!,
    blocksWithin: (ranges) => blocksWithin(ranges, blockOf, spanOf),
  };
}

/** The registers that are live into each block, by its index: all that some passes want to know. */
export function liveIntoBlocks(fn: MachineFunction): (block: MachineBlock) => readonly number[] {
  const indices = new Map(fn.blocks.map((block, index) => [block, index]));
  const sets = solve(fn, indices);
  return (block) => sets.in[indices.get(block)!]!;
}

/** The blocks that `ranges` cover a part of, in order. */
function blocksWithin(
  ranges: Ranges,
  blockOf: readonly MachineBlock[],
  spanOf: (block: MachineBlock) => Span,
): MachineBlock[] {
  const found: MachineBlock[] = [];
  let number = 0;
  for (let i = 0; i < ranges.length; i += 2) {
    const end = Math.min((ranges[i + 1]! + 1) >> 1, blockOf.length);
    for (number = Math.max(number, ranges[i]! >> 1); number < end; ) {
      const block = blockOf[number]!;
      found.push(block);
      number = spanOf(block).end;
    }
  }
  return found;
}

function findRanges(fn: MachineFunction, spans: readonly Span[], sets: LiveSets): Ranges[] {
  const builder = new RangeBuilder(fn.registerLimit);
  const { stackPointer } = fn.target.registers;
  let position = 0;
  const close = (register: number): void => {
    if (register !== stackPointer) builder.close(register, position);
  };
  const open = (register: number): void => {
    if (register !== stackPointer) builder.open(register, position);
  };
  for (let i = fn.blocks.length - 1; i >= 0; i--) {
    const { instructions } = fn.blocks[i]!;
    const { first, end } = spans[i]!;
    for (const register of sets.out[i]!) builder.open(register, 2 * end);
    for (let k = instructions.length - 1; k >= 0; k--) {
      position = 2 * (first + k) + 1;
      forEachWrite(instructions[k]!, close);
      forEachRead(instructions[k]!, open);
    }
    builder.closeAll(2 * first, sets.in[i]!);
  }
  return builder.finish();
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
  const at = firstEndingAfter(ranges, position);
  return at < ranges.length && ranges[at]! <= position;
}

/** The index of the first range that ends after `position`; the length if none does. */
export function firstEndingAfter(ranges: Ranges, position: number): number {
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
