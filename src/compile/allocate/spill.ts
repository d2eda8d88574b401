// Moves a value's home from a register to memory and rewrites the instructions that use it.
//
// A home is a slot of the frame; the caller's slot if the value is an argument that arrived on the
// stack; or nothing at all if the value is a constant. An operand becomes the home itself where the
// instruction can take it, else a fresh register that lives for this instruction:
//
//   imul v5, v4     v5 in memory      mov t, [v5]; imul t, v4; mov [v5], t
//   add v5, v4                        add [v5], v4
//
// Invariants
//   - An instruction has at most one memory operand, `moves` excepted.
//   - Fetches stand right before their instruction and stores right after it.

import type {
  MachineFunction,
  MachineInstruction,
  MachineOperand,
  MemoryOperand,
} from "../code/code";
import { isConstantMemory, isFloatOperand, plainInstruction, slotOperand } from "../code/code";
import { factsOf, forEachRead, forEachWrite } from "../code/instruction-facts";
import type { Liveness, Ranges } from "./live";

/** A register that lives within one instruction. */
export interface TinyInterval {
  readonly register: number;
  readonly ranges: Ranges;
  readonly isByteOnly: boolean;
}

/** Where a spilled value is; a constant or an argument is never written. */
export interface Home {
  readonly operand: MachineOperand;
  readonly isFetched: boolean;
}

interface Inserted {
  readonly before: MachineInstruction[];
  readonly after: MachineInstruction[];
}

export class Spiller {
  readonly #fn: MachineFunction;
  readonly #liveness: Liveness;

  /** By register: the numbers of the instructions that name it, ascending. */
  readonly #mentions: (number[] | undefined)[];

  /** By value before any split: the numbers of the instructions that write it. */
  readonly #definitions: (number[] | undefined)[];

  /** The value that a piece was split from. */
  readonly #origins = new Map<number, number>();
  readonly #homes = new Map<number, Home>();
  readonly #inserted = new Map<number, Inserted>();

  constructor(fn: MachineFunction, liveness: Liveness) {
    this.#fn = fn;
    this.#liveness = liveness;
    this.#mentions = new Array(fn.registerLimit);
    this.#definitions = new Array(fn.registerLimit);
    let number = 0;
    const mention = (register: number) => {
      const found = this.#mentions[register];
      if (!found) this.#mentions[register] = [number];
      else if (found[found.length - 1] !== number) found.push(number);
    };
    const define = (register: number) => {
      mention(register);
      const found = this.#definitions[register];
      if (found) found.push(number);
      else this.#definitions[register] = [number];
    };
    for (; number < liveness.instructions.length; number++) {
      forEachRead(liveness.instructions[number]!, mention);
      forEachWrite(liveness.instructions[number]!, define);
    }
  }

  /** The value that `piece` is a part of, or itself. */
  originOf(piece: number): number {
    return this.#origins.get(piece) ?? piece;
  }

  /** The instructions that write the value, in all its pieces. */
  definitionsOf(origin: number): readonly number[] {
    return this.#definitions[origin] ?? NOWHERE;
  }

  /** The instructions that name a piece, in order. */
  mentionsOf(piece: number): readonly number[] {
    return this.#mentions[piece] ?? NOWHERE;
  }

  /** Renames `value` in the instructions that `isInside` chooses; returns the new name. */
  rename(value: number, isInside: (number: number) => boolean): number {
    const piece = this.#fn.newRegister(this.#fn.typeOf(value));
    this.#origins.set(piece, this.originOf(value));
    const moved: number[] = [];
    const left: number[] = [];
    for (const number of this.mentionsOf(value)) (isInside(number) ? moved : left).push(number);
    this.#mentions[piece] = moved;
    this.#mentions[value] = left;
    const to = (register: number) => (register === value ? piece : register);
    for (const number of moved) renameOperands(this.#liveness.instructions[number]!, to);
    return piece;
  }

  /** Whether the value need not be stored: its only definition copies something that stays. */
  isFetchable(value: number): boolean {
    return this.#fetchSource(value) !== undefined;
  }

  /** Where the spilled pieces of a value are; undefined: none is spilled. */
  homeOf(origin: number): Home | undefined {
    return this.#homes.get(origin);
  }

  #fetchSource(value: number): MachineOperand | undefined {
    const definitions = this.definitionsOf(this.originOf(value));
    const instruction = this.#liveness.instructions[definitions[0] ?? -1];
    const isCopy = instruction?.mnemonic === "mov" || instruction?.mnemonic === "moves";
    if (definitions.length !== 1 || !isCopy || instruction.operands.length !== 2) return undefined;
    const source = instruction.operands[1]!;
    const stays =
      source.kind === "immediate" ||
      (source.kind === "memory" && source.slot?.kind === "incoming") ||
      isConstantMemory(source);
    return stays ? source : undefined;
  }

  /** Gives `value` a home; returns the short intervals that this needs. */
  spill(value: number): TinyInterval[] {
    const home = this.#makeHome(value);
    return this.mentionsOf(value).flatMap((number) => this.#rewrite(number, value, home));
  }

  #makeHome(value: number): Home {
    const origin = this.originOf(value);
    let home = this.#homes.get(origin);
    if (!home) {
      const source = this.#fetchSource(value);
      const type = this.#fn.typeOf(value);
      const operand = source ?? slotOperand(this.#fn.newSlot(type), type);
      home = { operand, isFetched: !!source };
      this.#homes.set(origin, home);
    }
    return home;
  }

  /** Stores `from` in the home of `origin` right after an instruction. */
  storeAfter(number: number, origin: number, from: MachineOperand): void {
    const home = this.#homes.get(origin);
    if (!home) throw new Error(`${this.#fn.name}: v${origin} has no home`);
    const { position } = this.#liveness.instructions[number]!;
    this.#insertedAt(number).after.push(move(home.operand, from, position));
  }

  #rewrite(number: number, value: number, home: Home): TinyInterval[] {
    const instruction = this.#liveness.instructions[number]!;
    if (home.isFetched && this.definitionsOf(this.originOf(value))[0] === number) {
      // It stays as an empty `moves`, by which the checker knows of the copy.
      instruction.mnemonic = "moves";
      instruction.operands = [];
      return [];
    }
    if (instruction.mnemonic === "moves") {
      instruction.operands = instruction.operands.map((operand) =>
        operand.kind === "register" && operand.register === value ? home.operand : operand,
      );
      return [];
    }
    if (this.#takeFromHome(instruction, value, home)) return [];
    return [this.#throughRegister(number, instruction, value, home)];
  }

  /** Replaces the operand by the home, if the instruction can take it. */
  #takeFromHome(instruction: MachineInstruction, value: number, home: Home): boolean {
    const { operands } = instruction;
    const places = operands.flatMap((operand, i) => (mentions(operand, value) ? [i] : []));
    const [place] = places;
    if (place === undefined) return false;
    const operand = operands[place]!;
    if (operand.kind !== "register") return false;
    if (places.length > 1) return false;
    const facts = factsOf(instruction);
    if (home.operand.kind === "immediate") {
      if (!facts.mayBeImmediate[place] || operand.size !== 32) return false;
      operands[place] = home.operand;
      return true;
    }
    const hasMemory = operands.some(({ kind }) => kind === "memory");
    if (hasMemory || !facts.mayBeMemory[place] || home.operand.kind !== "memory") return false;
    if (home.isFetched && facts.roles[place] !== "read") return false;
    const isFloat = isFloatOperand(operand);
    if (isFloat && facts.floatMemory[place] !== home.operand.size) return false;
    operands[place] = isFloat ? home.operand : { ...home.operand, size: operand.size };
    return true;
  }

  #throughRegister(
    number: number,
    instruction: MachineInstruction,
    value: number,
    home: Home,
  ): TinyInterval {
    let isRead = false;
    let isWritten = false;
    let isByteOnly = false;
    forEachRead(instruction, (read) => {
      isRead ||= read === value;
    });
    forEachWrite(instruction, (written) => {
      isWritten ||= written === value;
    });
    const tiny = this.#fn.newRegister(this.#fn.typeOf(value));
    instruction.operands = instruction.operands.map((operand) => {
      if (!mentions(operand, value)) return operand;
      if (operand.kind === "register") {
        isByteOnly ||= operand.size === 8;
        return { ...operand, register: tiny };
      }
      const memory = operand as MemoryOperand;
      return {
        ...memory,
        base: memory.base === value ? tiny : memory.base,
        index: memory.index === value ? tiny : memory.index,
      };
    });
    const inserted = this.#insertedAt(number);
    const operand = this.#fn.operandOf(tiny);
    if (isRead) inserted.before.push(move(operand, home.operand, instruction.position));
    if (isWritten) inserted.after.push(move(home.operand, operand, instruction.position));
    const start = isRead ? 2 * number : 2 * number + 1;
    const end = isWritten ? 2 * number + 2 : 2 * number + 1;
    return { register: tiny, ranges: [start, end], isByteOnly };
  }

  #insertedAt(number: number): Inserted {
    let found = this.#inserted.get(number);
    if (!found) {
      found = { before: [], after: [] };
      this.#inserted.set(number, found);
    }
    return found;
  }

  /** Puts the fetches and stores into the blocks. */
  insert(): void {
    if (this.#inserted.size === 0) return;
    let number = 0;
    for (const block of this.#fn.blocks) {
      const { instructions } = block;
      block.instructions = [];
      for (const instruction of instructions) {
        const inserted = this.#inserted.get(number++);
        if (inserted) block.instructions.push(...inserted.before);
        block.instructions.push(instruction);
        if (inserted) block.instructions.push(...inserted.after);
      }
    }
  }
}

const NOWHERE: readonly number[] = [];

/** An operand with its registers replaced. */
export function renamed(
  operand: MachineOperand,
  rename: (register: number) => number,
): MachineOperand {
  if (operand.kind === "register") {
    const register = rename(operand.register);
    return register === operand.register
      ? operand
      : { kind: "register", register, size: operand.size };
  }
  if (operand.kind !== "memory") return operand;
  const base = operand.base < 0 ? operand.base : rename(operand.base);
  const index = operand.index < 0 ? operand.index : rename(operand.index);
  return base === operand.base && index === operand.index ? operand : { ...operand, base, index };
}

/** Replaces the registers in the operands of an instruction. */
export function renameOperands(
  { operands }: MachineInstruction,
  rename: (register: number) => number,
): void {
  for (let i = 0; i < operands.length; i++) operands[i] = renamed(operands[i]!, rename);
}

function mentions(operand: MachineOperand, value: number): boolean {
  if (operand.kind === "register") return operand.register === value;
  return operand.kind === "memory" && (operand.base === value || operand.index === value);
}

function move(to: MachineOperand, from: MachineOperand, position: number): MachineInstruction {
  const operands = [to, from];
  return plainInstruction(operands.some(isFloatOperand) ? "moves" : "mov", operands, position);
}
