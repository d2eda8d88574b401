// What instruction selection knows while it works, shared by the files that select each kind of
// value.
//
// Blocks are selected in postorder and each from its end to its start, so that a value is reached
// after all its uses. A use either folds the value into its own instruction or asks for its
// register; a value that was never asked for is skipped. A chunk of code is written forwards and
// the chunks are put in order when the block is done.
//
// Invariants
//   - A load folds only into the single use that it has, in its own block, and over no write.

import type { Condition } from "../../x86/instructions/condition";
import type { Mnemonic } from "../../x86/instructions/table";
import type {
  MachineInstruction,
  MachineMnemonic,
  MachineOperand,
  RegisterOperand,
} from "../code/code";
import {
  immediate,
  isFloatOperand,
  MachineBlock,
  MachineFunction,
  memory,
  memorySizeOf,
  register,
} from "../code/code";
import type { Target } from "../code/target";
import type { Loop } from "../ir/dominators";
import { floatSymbol } from "../ir/float-constants";
import type { Block, IrFunction, Value } from "../ir/ir";
import { isConst, isFree, isMemoryAccess } from "../ir/ir";
import { isProbed, type OwnMemory } from "../ir/own-memory";
import { type Trap, trapKind } from "../ir/trap";
import { guessFrequencies } from "./frequency";

export interface SelectionOptions {
  readonly target: Target;
  /** Fold loads, addresses and comparisons into their uses. */
  readonly folds: boolean;
  /** Allocation has three general registers: no instruction may need four. */
  readonly fewRegisters: boolean;
  /** Added to every address that an instruction of module x86 takes. */
  readonly memoryBase: number;
  /** The memory that accesses marked as such are to. */
  readonly ownMemory: OwnMemory | undefined;
}

const NOWHERE: readonly number[] = [];

export class Selection {
  readonly machine: MachineFunction;
  /** Uses of each value, by id. */
  readonly #useCounts: Int32Array;

  /** Uses of each value as a plain address. */
  readonly #addressUses: Int32Array;

  /** 1 for each value that a check compares: it is in a register. */
  readonly #isChecked: Uint8Array;

  /** The writes of all blocks, in order, and how many of them stand before each value, by id. */
  readonly #writes: Value[] = [];
  readonly #writesBefore: Int32Array;

  /** How many values that are not pure stand before each value in its block, by id. */
  readonly #effectsBefore: Int32Array;
  readonly #registers: Int32Array;

  /** 1 for each value whose register some selected instruction reads. */
  readonly #isRead: Uint8Array;

  /** 1 for each write that a later one of the same block does as well. */
  readonly #isMerged: Uint8Array;

  /** The `high` value of each value that has one. */
  readonly #highs = new Map<Value, Value>();

  /** The `result` values of each call that has some. */
  readonly #results = new Map<Value, Value[]>();
  #chunk: MachineInstruction[] = [];
  #chunks: MachineInstruction[][] = [];

  /** The value being selected. */
  #root: Value | undefined;

  constructor(
    readonly fn: IrFunction,
    readonly options: SelectionOptions,
  ) {
    this.machine = new MachineFunction(fn.name, options.target);
    this.#useCounts = new Int32Array(fn.valueLimit);
    this.#addressUses = new Int32Array(fn.valueLimit);
    this.#isChecked = new Uint8Array(fn.valueLimit);
    this.#writesBefore = new Int32Array(fn.valueLimit);
    this.#effectsBefore = new Int32Array(fn.valueLimit);
    this.#registers = new Int32Array(fn.valueLimit);
    this.machine.valueRegisters = this.#registers;
    this.#isRead = new Uint8Array(fn.valueLimit);
    this.#isMerged = new Uint8Array(fn.valueLimit);
    for (const block of fn.blocks) this.#count(block);
  }

  #count(block: Block): void {
    const own = this.options.ownMemory;
    let effects = 0;
    for (const value of block.values) {
      this.#writesBefore[value.id] = this.#writes.length;
      this.#effectsBefore[value.id] = effects;
      if (value.effect === "write") this.#writes.push(value);
      if (value.effect !== "none") effects++;
      if (value.op === "high") this.#highs.set(value.args[0]!, value);
      if (value.op === "result") this.#noteResult(value);
      for (const argument of value.args) this.#useCounts[argument.id]!++;
      const isProbe = value.op === "check" && own !== undefined && isProbed(own, value);
      if (value.op === "check" && !isProbe) this.#isChecked[value.args[0]!.id] = 1;
      if (isMemoryAccess(value) || isProbe) this.#addressUses[value.args[0]!.id]!++;
    }
  }

  #noteResult(value: Value): void {
    const call = value.args[0]!;
    this.#results.set(call, [...(this.#results.get(call) ?? []), value]);
  }

  // --- chunks ---

  /** Starts the code of `value`; everything emitted until the next call belongs to it. */
  begin(value: Value): void {
    this.#root = value;
    this.#chunk = [];
    this.#chunks.push(this.#chunk);
  }

  /** The code since the last call, in order. */
  finishBlock(): MachineInstruction[] {
    const code = this.#chunks.reverse().flat();
    this.#chunks = [];
    return code;
  }

  get #current(): Value {
    if (!this.#root) throw new Error(`${this.fn.name}: nothing is being selected`);
    return this.#root;
  }

  emit(mnemonic: Mnemonic, ...operands: MachineOperand[]): void {
    this.push(mnemonic, operands, NOWHERE, NOWHERE);
  }

  /** An instruction with registers that its operands do not show. */
  push(
    mnemonic: MachineMnemonic,
    operands: MachineOperand[],
    reads: readonly number[],
    writes: readonly number[],
    condition?: Condition,
  ): void {
    const { position } = this.#current;
    this.#chunk.push({
      mnemonic,
      operands,
      reads,
      writes,
      condition,
      position,
      virtual: undefined,
    });
  }

  /** Traps if the flags are so. */
  trapIf(condition: Condition, trap: Trap): void {
    this.push("trap_if", [immediate(trapKind(trap))], NOWHERE, NOWHERE, condition);
  }

  move(to: number, from: MachineOperand): void {
    const target = this.machine.operandOf(to);
    if (isFloatOperand(target)) this.moves([target, from]);
    else this.emit("mov", target, from);
  }

  /** Moves all at once: [d0, s0, d1, s1, ...]. */
  moves(operands: MachineOperand[]): void {
    if (operands.length > 0) this.push("moves", operands, NOWHERE, NOWHERE);
  }

  // --- values ---

  uses(value: Value): number {
    return this.#useCounts[value.id]!;
  }

  /** Whether every use of `value` is as the address of a load or store. */
  isAddressOnly(value: Value): boolean {
    return this.#addressUses[value.id] === this.#useCounts[value.id];
  }

  /** Whether a check compares `value`. */
  isChecked(value: Value): boolean {
    return this.#isChecked[value.id] !== 0;
  }

  highOf(value: Value): Value | undefined {
    return this.#highs.get(value);
  }

  /** The values of the call's results from the second on that may be wanted. */
  resultsOf(call: Value): readonly Value[] {
    return this.#results.get(call) ?? [];
  }

  /** Whether some instruction selected so far reads the register of `value`. */
  isRequested(value: Value): boolean {
    return this.#isRead[value.id] !== 0;
  }

  /** The register that holds `value`, to be read; so the value must be computed into it. */
  registerOf(value: Value): number {
    this.#isRead[value.id] = 1;
    return this.destinationOf(value);
  }

  /** The register that `value` is computed into. */
  destinationOf(value: Value): number {
    if (isFree(value)) throw new Error(`${this.fn.name}: ${value.op} has no register`);
    let found = this.#registers[value.id]!;
    if (found === 0) {
      found = this.machine.newRegister(value.type);
      this.#registers[value.id] = found;
    }
    return found;
  }

  /** Whether `value` may be computed inside the instruction being selected instead. */
  canFold(value: Value): boolean {
    if (!this.options.folds || this.#useCounts[value.id] !== 1) return false;
    return this.isNear(value);
  }

  /** Whether `value` stands in the current block, with no write from it to here if it reads. */
  isNear(value: Value): boolean {
    const root = this.#current;
    if (!this.options.folds || value.block !== root.block) return false;
    if (value.effect !== "read") return value.effect === "none";
    return this.#writesBefore[value.id] === this.#writesBefore[root.id];
  }

  /** The write of the block before `write`, if only pure values stand between. */
  adjacentWrite(write: Value): Value | undefined {
    const before = this.#writes[this.#writesBefore[write.id]! - 1];
    if (!before || before.block !== write.block) return undefined;
    const distance = this.#effectsBefore[write.id]! - this.#effectsBefore[before.id]!;
    return distance === 1 ? before : undefined;
  }

  /** Whether `read`, which has no other use, may be done at `write` of the same block instead. */
  canReadAt(read: Value, write: Value): boolean {
    if (this.#useCounts[read.id] !== 1 || read.block !== write.block) return false;
    return this.#writesBefore[read.id] === this.#writesBefore[write.id];
  }

  /** The code of the current value does what `write` does, too. */
  merge(write: Value): void {
    this.#isMerged[write.id] = 1;
  }

  /** Whether another write does what `write` does. */
  isMerged(write: Value): boolean {
    return this.#isMerged[write.id] !== 0;
  }

  /** Whether no later instruction needs `value`, as far as is known. */
  diesHere(value: Value): boolean {
    if (isFree(value) || this.isRequested(value)) return false;
    const here = this.#current.block?.depth ?? 0;
    return (value.block?.depth ?? 0) >= here;
  }

  /** Whether `value` is defined outside of a loop that the current value is in. */
  #isFromOutside(value: Value): boolean {
    return (value.block?.depth ?? 0) < (this.#current.block?.depth ?? 0);
  }

  // --- operands ---

  /** `value` in a register that may be read only. */
  inRegister(value: Value, size: 8 | 16 | 32 = 32): RegisterOperand {
    if (isFree(value)) {
      const fresh = this.machine.newRegister();
      this.move(fresh, constantOperand(value));
      if (size === 8) this.machine.restrictToBytes(fresh);
      return register(fresh, size);
    }
    if (size !== 8) return register(this.registerOf(value), size);
    // A copy would be made in every iteration.
    if (this.#isFromOutside(value)) {
      this.machine.restrictToBytes(this.registerOf(value));
      return register(this.registerOf(value), 8);
    }
    const copy = this.copy(value);
    this.machine.restrictToBytes(copy);
    return register(copy, 8);
  }

  /** `value` in a register that may be changed. */
  copy(value: Value): number {
    const fresh = this.machine.newRegister();
    this.move(fresh, this.orImmediate(value));
    return fresh;
  }

  /** `value` as an immediate, or as memory, if it is constant, else in a register. */
  orImmediate(value: Value): MachineOperand {
    if (isFree(value)) return constantOperand(value);
    return this.machine.operandOf(this.registerOf(value));
  }
}

/** A constant or symbol as an immediate operand; a floating-point number is in memory. */
export function constantOperand(value: Value): MachineOperand {
  if (value.type !== "i32") {
    const symbol = floatSymbol(value.type, value.immediate, value.highImmediate);
    return memory({ symbol }, memorySizeOf(value.type));
  }
  return isConst(value) ? immediate(value.immediate) : immediate(value.immediate, value.name);
}

/** Copies the shape of the control-flow graph, with guesses at frequencies. */
export function machineBlocks(fn: IrFunction, loops: readonly Loop[]): Map<Block, MachineBlock> {
  const blocks = new Map(fn.blocks.map((block) => [block, new MachineBlock(block.id)]));
  const translate = (block: Block): MachineBlock => {
    const found = blocks.get(block);
    if (!found) throw new Error(`${fn.name}: b${block.id} is not in the function`);
    return found;
  };
  for (const [block, machine] of blocks) {
    machine.successors = block.successors.map(translate);
    machine.predecessors = block.predecessors.map(translate);
  }
  for (const { header, blocks: body } of loops) {
    const depth = translate(header).loops.length + 1;
    const loop = { header: translate(header), depth };
    for (const block of body) translate(block).loops = [...translate(block).loops, loop];
  }
  const frequencies = guessFrequencies(fn, loops);
  for (const [block, machine] of blocks) machine.frequency = frequencies.get(block)!;
  return blocks;
}
