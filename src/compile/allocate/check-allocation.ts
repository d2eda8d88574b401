// Proves that allocation kept the program: every operand reads the value that it should.
//
// The code is run symbolically, the original program (virtual registers) and the final one (places:
// registers, slots) side by side. Each virtual register and each place has a class; two of one
// class hold the same value on every path here. An original operand and its final form must be of
// one class. A write makes a new class for both, a copy hands on the class of its source, and where
// two paths meet, only what both put in one class stays in one. Blocks are visited until nothing
// changes, and reads checked at every visit: later ones only know of more that differs, so what
// fails at one would fail at the last.
//
// It is independent of how allocation works, always on, and throws an Error for a bug of ours.

import type {
  MachineBlock,
  MachineFunction,
  MachineInstruction,
  MachineOperand,
} from "../code/code";
import { FIRST_VIRTUAL, isConstantMemory, NONE } from "../code/code";
import { factsOf, isReadBy } from "../code/instruction-facts";
import type { Allocation } from "./allocate";

/** @throws Error if an instruction of `fn` reads a place that does not hold its value */
export function checkAllocation(fn: MachineFunction, allocation: Allocation): void {
  new AllocationChecker(fn, allocation).run();
}

/**
 * By entity: its class; an entity that nothing was said of is in a class of its own. Entities are
 * the original registers, then the places as they turn up.
 */
class State {
  readonly #classes: Int32Array;

  /** By entity: the round in which its class was set. */
  readonly #rounds: Int32Array;
  #round = 0;

  /** The entities whose class was set in this round. */
  touched: number[] = [];

  constructor(size: number) {
    this.#classes = new Int32Array(size);
    this.#rounds = new Int32Array(size);
  }

  /** Puts every entity in a class of its own. */
  clear(): void {
    this.#round++;
    this.touched = [];
  }

  get(entity: number): number {
    return this.#rounds[entity] === this.#round ? this.#classes[entity]! : entity;
  }

  set(entity: number, value: number): void {
    if (this.#rounds[entity] !== this.#round) {
      this.#rounds[entity] = this.#round;
      this.touched.push(entity);
    }
    this.#classes[entity] = value;
  }
}

/** What matters at a block's start: live registers and the places that hold one, with classes. */
interface Entry {
  readonly entities: readonly number[];
  classes: number[];
}

class AllocationChecker {
  readonly #fn: MachineFunction;
  readonly #allocation: Allocation;
  readonly #entries = new Map<MachineBlock, Entry>();

  /** The entities of slots and constants by name, and by operand. */
  readonly #named = new Map<string, number>();
  readonly #places = new Map<MachineOperand, number>();

  /** Constants and the caller's arguments: the class of such an entity is itself, always. */
  readonly #fixed = new Set<number>();

  /** Places that code can change. */
  readonly #slots = new Set<number>();
  readonly #outgoing: number[] = [];
  #nextClass = 0;
  #entityCount: number;
  readonly #state: State;

  constructor(fn: MachineFunction, allocation: Allocation) {
    this.#fn = fn;
    this.#allocation = allocation;
    this.#entityCount = fn.registerLimit + FIRST_VIRTUAL;
    for (let register = 0; register < FIRST_VIRTUAL; register++) {
      this.#slots.add(this.#physical(register));
    }
    for (const { instructions } of fn.blocks) {
      for (const instruction of instructions) {
        for (const operand of instruction.operands) this.#addPlace(operand);
        for (const operand of instruction.virtual ?? []) this.#addPlace(operand);
      }
    }
    this.#state = new State(this.#entityCount);
  }

  run(): void {
    const [entry] = this.#fn.blocks;
    if (!entry) return;
    const registers = Array.from({ length: FIRST_VIRTUAL }, (_, register) => register);
    this.#entries.set(entry, {
      entities: [...registers, ...registers.map((register) => this.#physical(register))],
      classes: [...registers, ...registers],
    });
    // In layout order most predecessors come first, so few blocks are visited more than twice.
    const changed = new Set([entry]);
    while (changed.size > 0) {
      for (const block of this.#fn.blocks) {
        if (changed.delete(block)) this.#visit(block, changed);
      }
    }
  }

  #visit(block: MachineBlock, changed: Set<MachineBlock>): void {
    const state = this.#simulate(block);
    for (const successor of block.successors) {
      if (this.#meet(successor, state)) changed.add(successor);
    }
  }

  /** The state at the end of `block`, until the next call. */
  #simulate(block: MachineBlock): State {
    const state = this.#state;
    state.clear();
    const { entities, classes } = this.#entries.get(block)!;
    for (let i = 0; i < entities.length; i++) state.set(entities[i]!, classes[i]!);
    this.#nextClass = this.#entityCount;
    for (const instruction of block.instructions) this.#step(state, instruction);
    return state;
  }

  // --- entities ---

  /** The place that the final program calls register `register`. */
  #physical(register: number): number {
    return this.#fn.registerLimit + register;
  }

  /** Makes an entity of a slot or constant; both programs know it by the same name. */
  #addPlace(operand: MachineOperand): void {
    if (operand.kind === "register" || this.#places.has(operand)) return;
    const name = nameOf(operand);
    if (name === undefined) return;
    let entity = this.#named.get(name);
    if (entity === undefined) {
      entity = this.#entityCount++;
      this.#named.set(name, entity);
      if (isFixed(operand)) this.#fixed.add(entity);
      else this.#slots.add(entity);
      if (operand.kind === "memory" && operand.slot?.kind === "outgoing")
        this.#outgoing.push(entity);
    }
    this.#places.set(operand, entity);
  }

  /** The entity of a slot or constant. */
  #place(operand: MachineOperand): number | undefined {
    return this.#places.get(operand);
  }

  #originalEntity(operand: MachineOperand): number | undefined {
    return operand.kind === "register" ? operand.register : this.#place(operand);
  }

  #finalEntity(operand: MachineOperand): number | undefined {
    return operand.kind === "register" ? this.#physical(operand.register) : this.#place(operand);
  }

  // --- states ---

  /** Splits the classes of `block`'s entry by those of `state`; whether that changed any. */
  #meet(block: MachineBlock, state: State): boolean {
    const known = this.#entries.get(block);
    if (!known) {
      this.#entries.set(block, this.#firstEntry(block, state));
      return true;
    }
    const { entities, classes } = known;
    const met = new Map<number, number>();
    let changed = false;
    known.classes = entities.map((entity, i) => {
      const before = classes[i]!;
      const here = state.get(entity);
      if (before === here && this.#fixed.has(before)) return before;
      // A pair of classes as one number: classes are far below 2^26.
      const key = before * 0x400_0000 + here;
      const found = met.get(key) ?? entity;
      met.set(key, found);
      if (found !== before) changed = true;
      return found;
    });
    return changed;
  }

  #firstEntry(block: MachineBlock, state: State): Entry {
    const live = this.#allocation.liveInto(block);
    const liveClasses = new Set(live.map((register) => state.get(register)));
    const holding = state.touched.filter(
      (place) => this.#slots.has(place) && liveClasses.has(state.get(place)),
    );
    const entities = [...live, ...holding];
    const first = new Map<number, number>();
    const classes = entities.map((entity) => {
      const here = state.get(entity);
      if (this.#fixed.has(here)) return here;
      const found = first.get(here) ?? entity;
      first.set(here, found);
      return found;
    });
    return { entities, classes };
  }

  #step(state: State, instruction: MachineInstruction): void {
    const original = instruction.virtual;
    if (!original) this.#inserted(state, instruction);
    else if (instruction.mnemonic === "moves" || this.#isCopy(instruction, original)) {
      this.#copies(state, instruction, original);
    } else this.#ordinary(state, instruction, original);
  }

  /** A whole-register `mov` between places, not to or from linear memory or control registers. */
  #isCopy({ mnemonic }: MachineInstruction, original: readonly MachineOperand[]): boolean {
    const isWholePlace = (operand: MachineOperand) =>
      operand.kind === "register" ? operand.size === 32 : this.#place(operand) !== undefined;
    return mnemonic === "mov" && original.every(isWholePlace);
  }

  /** Moves that allocation inserted: only the final program sees them. */
  #inserted(state: State, instruction: MachineInstruction): void {
    const { mnemonic, operands } = instruction;
    const entities = operands.map((operand) => this.#finalEntity(operand));
    const isMove = mnemonic === "mov" || mnemonic === "moves";
    if (!isMove || entities.includes(undefined))
      this.#fail(instruction, "this must not be inserted");
    const values = entities.map((entity) => state.get(entity ?? 0));
    for (let i = 0; i < entities.length; i += 2) state.set(entities[i]!, values[i + 1]!);
  }

  /** `mov` or `moves`, all pairs at once, in both programs. */
  #copies(
    state: State,
    instruction: MachineInstruction,
    original: readonly MachineOperand[],
  ): void {
    const { operands } = instruction;
    /** An entity, its class, and so on. */
    const assignments: number[] = [];
    for (let i = 0; i < original.length; i += 2) {
      const to = this.#originalEntity(original[i]!);
      const from = this.#originalEntity(original[i + 1]!);
      if (to !== undefined && from !== undefined) assignments.push(to, state.get(from));
    }
    for (let i = 0; i < operands.length; i += 2) {
      this.#checkRead(state, instruction, original[i + 1]!, operands[i + 1]!);
      const to = this.#finalEntity(operands[i]!);
      const from = this.#finalEntity(operands[i + 1]!);
      if (to !== undefined && from !== undefined) assignments.push(to, state.get(from));
    }
    for (let i = 0; i < assignments.length; i += 2) state.set(assignments[i]!, assignments[i + 1]!);
  }

  #ordinary(
    state: State,
    instruction: MachineInstruction,
    original: readonly MachineOperand[],
  ): void {
    const facts = factsOf(instruction);
    for (let i = 0; i < original.length; i++) {
      const before = original[i]!;
      const after = instruction.operands[i]!;
      if (before.kind === "memory") this.#checkAddress(state, instruction, before, after);
      else if (isReadBy(facts.roles[i])) {
        this.#checkRead(state, instruction, before, after);
      }
    }
    for (const register of facts.reads) this.#checkImplicit(state, instruction, register);
    for (const register of instruction.reads) this.#checkImplicit(state, instruction, register);
    for (let i = 0; i < original.length; i++) {
      const role = facts.roles[i];
      const before = original[i]!;
      if (before.kind !== "register" || role === "read" || role === "address") continue;
      this.#define(state, before.register, this.#finalEntity(instruction.operands[i]!));
    }
    // What a call finds on the stack is the callee's, and its results may be there.
    if (instruction.mnemonic === "call") {
      for (const place of this.#outgoing) state.set(place, place);
    }
    for (const register of facts.writes) this.#define(state, register, this.#physical(register));
    for (const register of instruction.writes) {
      this.#define(state, register, this.#physical(register));
    }
  }

  #define(state: State, original: number, final: number | undefined): void {
    const fresh = this.#nextClass++;
    state.set(original, fresh);
    if (final !== undefined) state.set(final, fresh);
  }

  // --- checks ---

  #checkImplicit(state: State, instruction: MachineInstruction, register: number): void {
    if (state.get(register) === state.get(this.#physical(register))) return;
    this.#fail(instruction, `register ${register} does not hold its operand`);
  }

  #checkAddress(
    state: State,
    instruction: MachineInstruction,
    before: MachineOperand,
    after: MachineOperand,
  ): void {
    if (before.kind !== "memory") return;
    if (after.kind !== "memory") this.#fail(instruction, "a memory operand is lost");
    this.#checkPart(state, instruction, before.base, after.base);
    this.#checkPart(state, instruction, before.index, after.index);
  }

  #checkPart(
    state: State,
    instruction: MachineInstruction,
    register: number,
    physical: number,
  ): void {
    if (register === NONE || register === this.#fn.target.registers.stackPointer) return;
    if (state.get(register) === state.get(this.#physical(physical))) return;
    this.#fail(instruction, `register ${physical} does not hold v${register} of an address`);
  }

  #checkRead(
    state: State,
    instruction: MachineInstruction,
    before: MachineOperand,
    after: MachineOperand,
  ): void {
    if (before.kind !== "register") return;
    const place = this.#finalEntity(after);
    if (place !== undefined && state.get(place) === state.get(before.register)) return;
    this.#fail(instruction, `${describe(after)} does not hold v${before.register}`);
  }

  #fail(instruction: MachineInstruction, text: string): never {
    const at = `${instruction.mnemonic} at byte ${instruction.position}`;
    throw new Error(`allocation: ${this.#fn.name}: ${at}: ${text}`);
  }
}

/** What both programs call a slot or a constant; undefined: a register or other memory. */
function nameOf(operand: MachineOperand): string | undefined {
  if (operand.kind === "immediate") return `${operand.symbol ?? ""}+${operand.value}`;
  if (operand.kind !== "memory") return undefined;
  if (isConstantMemory(operand)) return `[${operand.symbol}]`;
  if (!operand.slot) return undefined;
  return `${operand.slot.kind} ${operand.slot.index}`;
}

/** Whether code cannot change it: a constant, or an argument that the caller put on the stack. */
function isFixed(operand: MachineOperand): boolean {
  if (operand.kind === "immediate") return true;
  if (operand.kind !== "memory") return false;
  return operand.slot?.kind === "incoming" || isConstantMemory(operand);
}

function describe(operand: MachineOperand): string {
  return operand.kind === "register"
    ? `register ${operand.register}`
    : (nameOf(operand) ?? operand.kind);
}
