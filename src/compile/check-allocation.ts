// Proves that allocation kept the program: every operand reads the value that it should.
//
// The code is run symbolically, the original program (virtual registers) and the final one (places:
// registers, slots) side by side. Each virtual register and each place has a class; two of one
// class hold the same value on every way here. An original operand and its final form must be of
// one class. A write makes a new class for both, a copy hands on the class of its source, and where
// two ways meet, only what both put in one class stays in one.
//
// It is independent of how allocation works, always on, and throws an Error for a bug of ours.

import type { Allocation } from "./allocate";
import type { MachineBlock, MachineFunction, MachineInstruction, MachineOperand } from "./machine";
import { ESP, FIRST_VIRTUAL, factsOf, NONE } from "./machine";

/** @throws Error if an instruction of `fn` reads a place that does not hold its value */
export function checkAllocation(fn: MachineFunction, allocation: Allocation): void {
  new AllocationChecker(fn, allocation).run();
}

/** By entity: its class. Entities are the original registers, then the places as they turn up. */
type State = number[];

class AllocationChecker {
  private readonly entries = new Map<MachineBlock, State>();
  /** The entities of slots and constants by name. */
  private readonly places = new Map<string, number>();
  private nextClass = 0;
  private entityCount: number;

  constructor(
    private readonly fn: MachineFunction,
    private readonly allocation: Allocation,
  ) {
    this.entityCount = fn.registerLimit + FIRST_VIRTUAL;
    for (const { instructions } of fn.blocks) {
      for (const instruction of instructions) {
        for (const operand of instruction.operands) this.place(operand);
        for (const operand of this.original(instruction) ?? []) this.place(operand);
      }
    }
  }

  run(): void {
    const [entry] = this.fn.blocks;
    if (!entry) return;
    const initial = Array.from({ length: this.entityCount }, (_, entity) => entity);
    for (let register = 0; register < FIRST_VIRTUAL; register++) {
      initial[this.physical(register)] = initial[register]!;
    }
    this.entries.set(entry, initial);
    const work = [entry];
    for (let block = work.pop(); block; block = work.pop()) {
      const state = this.entries.get(block)!.slice();
      this.nextClass = this.entityCount;
      for (const instruction of block.instructions) this.step(state, instruction, false);
      for (const successor of block.successors) {
        if (this.meet(successor, state)) work.push(successor);
      }
    }
    for (const [block, state] of this.entries) {
      const end = state.slice();
      this.nextClass = this.entityCount;
      for (const instruction of block.instructions) this.step(end, instruction, true);
    }
  }

  private original(instruction: MachineInstruction): readonly MachineOperand[] | undefined {
    return this.allocation.original.get(instruction);
  }

  // --- entities ---

  /** The place that the final program calls register `register`. */
  private physical(register: number): number {
    return this.fn.registerLimit + register;
  }

  /** The entity of a slot or constant; both programs know it by the same name. */
  private place(operand: MachineOperand): number | undefined {
    const name = nameOf(operand);
    if (name === undefined) return undefined;
    let entity = this.places.get(name);
    if (entity === undefined) {
      entity = this.entityCount++;
      this.places.set(name, entity);
    }
    return entity;
  }

  private originalEntity(operand: MachineOperand): number | undefined {
    return operand.kind === "register" ? operand.register : this.place(operand);
  }

  private finalEntity(operand: MachineOperand): number | undefined {
    return operand.kind === "register" ? this.physical(operand.register) : this.place(operand);
  }

  // --- states ---

  /** Splits the classes of `block`'s entry by those of `state`; whether that changed any. */
  private meet(block: MachineBlock, state: State): boolean {
    const known = this.entries.get(block);
    const classes = new Map<number, number>();
    const met: State = new Array(state.length);
    let changed = known === undefined;
    for (let entity = 0; entity < state.length; entity++) {
      // A pair of classes as one number: classes are far below 2^26.
      const key = (known?.[entity] ?? 0) * 0x400_0000 + state[entity]!;
      let found = classes.get(key);
      if (found === undefined) {
        found = entity;
        classes.set(key, found);
      }
      met[entity] = found;
      if (known && known[entity] !== found) changed = true;
    }
    if (changed) this.entries.set(block, met);
    return changed;
  }

  private step(state: State, instruction: MachineInstruction, checks: boolean): void {
    const original = this.original(instruction);
    if (!original) this.inserted(state, instruction);
    else if (instruction.mnemonic === "moves" || isCopy(instruction, original)) {
      this.copies(state, instruction, original, checks);
    } else this.ordinary(state, instruction, original, checks);
  }

  /** Moves that allocation inserted: only the final program sees them. */
  private inserted(state: State, instruction: MachineInstruction): void {
    const { mnemonic, operands } = instruction;
    const entities = operands.map((operand) => this.finalEntity(operand));
    const isMove = mnemonic === "mov" || mnemonic === "moves";
    if (!isMove || entities.includes(undefined))
      this.fail(instruction, "this must not be inserted");
    const values = entities.map((entity) => state[entity ?? 0]!);
    for (let i = 0; i < entities.length; i += 2) state[entities[i]!] = values[i + 1]!;
  }

  /** `mov` or `moves`, all pairs at once, in both programs. */
  private copies(
    state: State,
    instruction: MachineInstruction,
    original: readonly MachineOperand[],
    checks: boolean,
  ): void {
    const { operands } = instruction;
    const assignments: [number, number][] = [];
    for (let i = 0; i < original.length; i += 2) {
      const to = this.originalEntity(original[i]!);
      const from = this.originalEntity(original[i + 1]!);
      if (to !== undefined && from !== undefined) assignments.push([to, state[from]!]);
    }
    for (let i = 0; i < operands.length; i += 2) {
      this.checkRead(state, instruction, original[i + 1]!, operands[i + 1]!, checks);
      const to = this.finalEntity(operands[i]!);
      const from = this.finalEntity(operands[i + 1]!);
      if (to !== undefined && from !== undefined) assignments.push([to, state[from]!]);
    }
    for (const [entity, value] of assignments) state[entity] = value;
  }

  private ordinary(
    state: State,
    instruction: MachineInstruction,
    original: readonly MachineOperand[],
    checks: boolean,
  ): void {
    const facts = factsOf(instruction);
    for (let i = 0; i < original.length; i++) {
      const before = original[i]!;
      const after = instruction.operands[i]!;
      if (before.kind === "memory") this.checkAddress(state, instruction, before, after, checks);
      else if (facts.roles[i] !== "write") {
        this.checkRead(state, instruction, before, after, checks);
      }
    }
    if (checks) {
      for (const register of facts.reads) this.checkImplicit(state, instruction, register);
      for (const register of instruction.reads) this.checkImplicit(state, instruction, register);
    }
    for (let i = 0; i < original.length; i++) {
      const role = facts.roles[i];
      const before = original[i]!;
      if (before.kind !== "register" || role === "read" || role === "address") continue;
      this.define(state, before.register, this.finalEntity(instruction.operands[i]!));
    }
    for (const register of facts.writes) this.define(state, register, this.physical(register));
    for (const register of instruction.writes) {
      this.define(state, register, this.physical(register));
    }
  }

  private define(state: State, original: number, final: number | undefined): void {
    const fresh = this.nextClass++;
    state[original] = fresh;
    if (final !== undefined) state[final] = fresh;
  }

  // --- checks ---

  private checkImplicit(state: State, instruction: MachineInstruction, register: number): void {
    if (state[register] === state[this.physical(register)]) return;
    this.fail(instruction, `register ${register} does not hold its operand`);
  }

  private checkAddress(
    state: State,
    instruction: MachineInstruction,
    before: MachineOperand,
    after: MachineOperand,
    checks: boolean,
  ): void {
    if (!checks || before.kind !== "memory") return;
    if (after.kind !== "memory") this.fail(instruction, "a memory operand is lost");
    const pairs = [
      [before.base, after.base],
      [before.index, after.index],
    ] as const;
    for (const [register, physical] of pairs) {
      if (register === NONE || register === ESP) continue;
      if (state[register] !== state[this.physical(physical)]) {
        this.fail(instruction, `register ${physical} does not hold v${register} of an address`);
      }
    }
  }

  private checkRead(
    state: State,
    instruction: MachineInstruction,
    before: MachineOperand,
    after: MachineOperand,
    checks: boolean,
  ): void {
    if (!checks || before.kind !== "register") return;
    const place = this.finalEntity(after);
    if (place !== undefined && state[place] === state[before.register]) return;
    this.fail(instruction, `${describe(after)} does not hold v${before.register}`);
  }

  private fail(instruction: MachineInstruction, text: string): never {
    const at = `${instruction.mnemonic} at byte ${instruction.position}`;
    throw new Error(`allocation: ${this.fn.name}: ${at}: ${text}`);
  }
}

/** What both programs call a slot or a constant; undefined: a register or other memory. */
function nameOf(operand: MachineOperand): string | undefined {
  if (operand.kind === "immediate") return `${operand.symbol ?? ""}+${operand.value}`;
  if (operand.kind !== "memory" || !operand.slot) return undefined;
  return `${operand.slot.kind} ${operand.slot.index}`;
}

function describe(operand: MachineOperand): string {
  return operand.kind === "register"
    ? `register ${operand.register}`
    : (nameOf(operand) ?? operand.kind);
}

/** A whole-register `mov` between places, not to or from linear memory or control registers. */
function isCopy({ mnemonic }: MachineInstruction, original: readonly MachineOperand[]): boolean {
  return mnemonic === "mov" && original.every(isWholePlace);
}

function isWholePlace(operand: MachineOperand): boolean {
  if (operand.kind === "register") return operand.size === 32;
  return operand.kind === "immediate" || nameOf(operand) !== undefined;
}
