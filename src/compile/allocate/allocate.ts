// Register allocation: virtual registers to those of their kind that the target has, or to the
// frame.
//
// Intervals are placed in the order of what they would cost in memory. One that finds no free
// register evicts cheaper ones, else it is split: it gets a register in those blocks where one is
// free and worth it (split.ts), and the rest tries again. What finds no such blocks is spilled: an
// instruction then takes the value from memory directly where it can, and through an interval of
// its own, as short as the instruction, where it cannot. Constants and arguments on the stack are
// not stored but fetched again.
//
// Invariants
//   - Intervals of single instructions have infinite weight: they are never spilled, so
//     allocation ends.
//   - What is inserted are moves, which leave flags alone.

import type {
  MachineBlock,
  MachineFunction,
  MachineInstruction,
  MachineOperand,
} from "../code/code";
import { FIRST_VIRTUAL, isFloatRegister, NONE, samePlace } from "../code/code";
import { forEachRead, forEachWrite } from "../code/instruction-facts";
import type { RegisterSets } from "../code/target";
import type { Copy } from "./coalesce";
import { coalesce } from "./coalesce";
import type { Liveness, Ranges } from "./live";
import { analyseLiveness, isVirtual, lengthOf } from "./live";
import { FIXED, RegisterFile } from "./register-file";
import { renameOperands, Spiller } from "./spill";
import { Splitter } from "./split";

export interface AllocationOptions {
  /** The registers that may be used. */
  readonly registers: RegisterSets;
  /** Keep every value in memory between instructions. */
  readonly spillsAll: boolean;
  readonly coalesces: boolean;
  readonly splits: boolean;
}

/** What allocation decided, for the checker and for emission. */
export interface Allocation {
  readonly usedRegisters: ReadonlySet<number>;
  /** The original registers that are live into a block. */
  readonly liveInto: (block: MachineBlock) => readonly number[];
  /** A register that holds nothing before and after `instruction`, if there is one. */
  readonly scratchAt: (instruction: MachineInstruction) => number | undefined;
}

/** Replaces the virtual registers of `fn` in place. */
export function allocate(fn: MachineFunction, options: AllocationOptions): Allocation {
  return new Allocator(fn, options).run();
}

/** What a use in an address costs more than another: it is never memory itself. */
const ADDRESS = 0.5;

class Allocator {
  readonly #fn: MachineFunction;
  readonly #options: AllocationOptions;
  readonly #liveness: Liveness;
  readonly #file = new RegisterFile();
  readonly #ranges: Ranges[];
  readonly #representative: (register: number) => number;

  /** By representative: the physical register. */
  readonly #assigned: (number | undefined)[] = [];
  readonly #weights: number[] = [];
  readonly #wishes: (Copy[] | undefined)[] = [];
  readonly #spiller: Spiller;
  readonly #splitter: Splitter;
  readonly #used = new Set<number>();

  /** Ascending by weight: the last is placed next. */
  #queue: number[] = [];

  /** Of instructions, once something asks. */
  #numbers: ReadonlyMap<MachineInstruction, number> | undefined;

  /** By physical register, while candidates are sorted. */
  readonly #scores = new Float64Array(FIRST_VIRTUAL);

  constructor(fn: MachineFunction, options: AllocationOptions) {
    this.#fn = fn;
    this.#options = options;
    for (const { instructions } of fn.blocks) {
      for (const instruction of instructions) {
        instruction.virtual = instruction.operands;
        instruction.operands = [...instruction.operands];
      }
    }
    this.#liveness = analyseLiveness(fn);
    const joined = coalesce(fn, this.#liveness.ranges, options.coalesces && !options.spillsAll);
    this.#ranges = joined.ranges;
    this.#representative = joined.representative;
    this.#recordWishes(joined.wishes);
    this.#renameToRepresentatives();
    this.#spiller = new Spiller(fn, this.#liveness);
    this.#splitter = new Splitter(fn, this.#liveness, this.#spiller);
    for (let register = 0; !isVirtual(register); register++) {
      this.#file.add(register, this.#ranges[register]!, FIXED);
      if (this.#ranges[register]!.length > 0) this.#used.add(register);
    }
  }

  run(): Allocation {
    this.#weigh();
    this.#queue = this.#allVirtual().filter((register) => this.#ranges[register]!.length > 0);
    if (this.#options.spillsAll) {
      const all = this.#queue;
      this.#queue = [];
      for (const register of all) this.#spill(register);
    }
    this.#queue.sort((a, b) => this.#compareWeights(a, b));
    for (let next = this.#queue.pop(); next !== undefined; next = this.#queue.pop()) {
      this.#place(next);
    }
    this.#splitter.planMoves((piece) => this.#locationOf(piece));
    this.#spiller.insert();
    this.#splitter.insertMoves();
    this.#rewrite();
    return {
      usedRegisters: this.#used,
      liveInto: this.#liveness.liveInto,
      scratchAt: (instruction) => this.#scratchAt(instruction),
    };
  }

  #scratchAt(instruction: MachineInstruction): number | undefined {
    this.#numbers ??= new Map(this.#liveness.instructions.map((each, number) => [each, number]));
    const number = this.#numbers.get(instruction);
    if (number === undefined) return undefined;
    const { callerSaved } = this.#fn.target.convention;
    return [...callerSaved.general, ...this.#used].find(
      (register) =>
        !isFloatRegister(register) &&
        this.#file.isFree(register, 2 * number) &&
        this.#file.isFree(register, 2 * number + 1),
    );
  }

  #allVirtual(): number[] {
    return this.#ranges.map((_, register) => register).filter(isVirtual);
  }

  #recordWishes(wishes: readonly Copy[]): void {
    for (const wish of wishes) {
      for (const end of [wish.to, wish.from]) {
        if (!isVirtual(end)) continue;
        const own = this.#wishes[end];
        if (own) own.push(wish);
        else this.#wishes[end] = [wish];
      }
    }
  }

  #renameToRepresentatives(): void {
    const rename = (register: number) =>
      isVirtual(register) ? this.#representative(register) : register;
    for (const { instructions } of this.#fn.blocks) {
      for (const instruction of instructions) {
        renameOperands(instruction, rename);
        dropSelfMoves(instruction);
      }
    }
  }

  // --- weights ---

  #weigh(): void {
    const costs = new Float64Array(this.#fn.registerLimit);
    let frequency = 0;
    const add = (register: number) => {
      costs[register]! += frequency;
    };
    for (const block of this.#fn.blocks) {
      ({ frequency } = block);
      for (const instruction of block.instructions) {
        forEachRead(instruction, add);
        forEachWrite(instruction, add);
        for (const operand of instruction.operands) {
          if (operand.kind !== "memory") continue;
          if (operand.base !== NONE) costs[operand.base]! += ADDRESS * frequency;
          if (operand.index !== NONE) costs[operand.index]! += ADDRESS * frequency;
        }
      }
    }
    for (let register = 0; register < costs.length; register++) {
      if (costs[register] === 0 || !isVirtual(register)) continue;
      const discount = this.#spiller.isFetchable(register) ? 0.5 : 1;
      const length = lengthOf(this.#ranges[register]!);
      this.#weights[register] = (discount * costs[register]!) / (length + 8);
    }
  }

  #weightOf(register: number): number {
    return this.#weights[register] ?? 0;
  }

  #compareWeights(a: number, b: number): number {
    const left = this.#weightOf(a);
    const right = this.#weightOf(b);
    return left === right ? b - a : left - right;
  }

  #enqueue(register: number): void {
    let low = 0;
    let high = this.#queue.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#compareWeights(this.#queue[middle]!, register) < 0) low = middle + 1;
      else high = middle;
    }
    this.#queue.splice(low, 0, register);
  }

  // --- placing ---

  #place(register: number): void {
    const ranges = this.#ranges[register]!;
    const candidates = this.#candidates(register);
    let cheapest: { physical: number; conflicts: ReadonlySet<number>; cost: number } | undefined;
    for (const physical of candidates) {
      const conflicts = this.#file.conflicts(physical, ranges);
      if (!conflicts) continue;
      if (conflicts.size === 0) {
        this.#assign(register, physical);
        return;
      }
      let cost = 0;
      for (const other of conflicts) cost = Math.max(cost, this.#weightOf(other));
      if (!cheapest || cost < cheapest.cost) cheapest = { physical, conflicts, cost };
    }
    if (cheapest && cheapest.cost < this.#weightOf(register)) {
      for (const other of cheapest.conflicts) this.#evict(other);
      this.#assign(register, cheapest.physical);
      return;
    }
    if (!this.#split(register)) this.#spill(register);
  }

  /** Gives `value` a register in some blocks; the rest is placed later. */
  #split(value: number): boolean {
    if (!this.#options.splits || this.#weightOf(value) === Number.POSITIVE_INFINITY) return false;
    const found = this.#splitter.split(value, this.#ranges[value]!, {
      candidates: this.#candidates(value),
      isFree: (physical, ranges) => this.#file.conflicts(physical, ranges)?.size === 0,
      priceOf: (physical) => (this.#isNew(physical) ? 2 : 0),
    });
    if (!found) return false;
    const { piece, physical, ranges, rest, weight, restWeight } = found;
    this.#ranges[piece] = ranges;
    this.#ranges[value] = rest;
    if (this.#fn.isByteOnly(value)) this.#fn.restrictToBytes(piece);
    this.#wishes[piece] = this.#wishes[value];
    this.#weights[piece] = weight / (lengthOf(ranges) + 8);
    this.#weights[value] = restWeight / (lengthOf(rest) + 8);
    this.#assign(piece, physical);
    if (rest.length > 0) this.#enqueue(value);
    return true;
  }

  #isNew(physical: number): boolean {
    return this.#fn.target.convention.calleeSaved.includes(physical) && !this.#used.has(physical);
  }

  #locationOf(piece: number): MachineOperand | undefined {
    const physical = this.#assigned[piece];
    return physical === undefined ? undefined : this.#fn.operandOf(physical);
  }

  #assign(register: number, physical: number): void {
    this.#assigned[register] = physical;
    this.#file.add(physical, this.#ranges[register]!, register);
    this.#used.add(physical);
  }

  #evict(register: number): void {
    const physical = this.#assigned[register];
    if (physical === undefined) throw new Error(`${this.#fn.name}: v${register} is in no register`);
    this.#file.remove(physical, this.#ranges[register]!);
    this.#assigned[register] = undefined;
    this.#enqueue(register);
  }

  /** The registers to try, the most wished for first; unused callee-saved ones cost a push. */
  #candidates(register: number): number[] {
    const scores = this.#scores;
    const allowed = this.#allowed(register);
    scores.fill(0);
    for (const physical of allowed) if (this.#isNew(physical)) scores[physical] = -0.5;
    for (const { to, from, frequency } of this.#wishes[register] ?? []) {
      const other = to === register ? from : to;
      const physical = isVirtual(other) ? this.#assigned[other] : other;
      if (physical !== undefined) scores[physical]! += frequency;
    }
    return [...allowed].sort((a, b) => scores[b]! - scores[a]!);
  }

  #allowed(register: number): readonly number[] {
    const { general, float } = this.#options.registers;
    if (this.#fn.typeOf(register) !== "i32") return float;
    if (!this.#fn.isByteOnly(register)) return general;
    return general.filter((physical) => this.#fn.target.registers.withLowByte.has(physical));
  }

  #spill(register: number): void {
    if (this.#weightOf(register) === Number.POSITIVE_INFINITY) {
      throw new Error(`${this.#fn.name}: no register is left for an operand (v${register})`);
    }
    for (const { register: tiny, ranges, isByteOnly } of this.#spiller.spill(register)) {
      this.#ranges[tiny] = ranges;
      this.#weights[tiny] = Number.POSITIVE_INFINITY;
      if (isByteOnly) this.#fn.restrictToBytes(tiny);
      this.#enqueue(tiny);
    }
    this.#ranges[register] = [];
  }

  // --- rewriting ---

  #rewrite(): void {
    const physicalOf = (register: number): number => {
      if (!isVirtual(register)) return register;
      const physical = this.#assigned[register];
      if (physical === undefined) throw new Error(`${this.#fn.name}: v${register} was not placed`);
      return physical;
    };
    for (const { instructions } of this.#fn.blocks) {
      for (const instruction of instructions) {
        renameOperands(instruction, physicalOf);
      }
    }
  }
}

/**
 * Drops moves of joined registers; a `mov` becomes an empty `moves`. What was moved stays among the
 * original operands, last, by which the checker and debug information know of the copies.
 */
function dropSelfMoves(instruction: MachineInstruction): void {
  const { mnemonic, operands, virtual } = instruction;
  if ((mnemonic !== "mov" && mnemonic !== "moves") || !virtual) return;
  const kept: number[] = [];
  const dropped: number[] = [];
  for (let i = 0; i < operands.length; i += 2) {
    const to = operands[i]!;
    const isSame = to.kind === "register" && samePlace(to, operands[i + 1]!);
    (isSame ? dropped : kept).push(i, i + 1);
  }
  if (dropped.length === 0) return;
  instruction.mnemonic = "moves";
  instruction.operands = kept.map((i) => operands[i]!);
  instruction.virtual = [...kept, ...dropped].map((i) => virtual[i]!);
}
