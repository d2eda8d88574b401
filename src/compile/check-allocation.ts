// Proves that allocation kept the program: every operand reads the value that it should.
//
// The code is run symbolically. For each place (register or slot) the state says which virtual
// registers of the original program have their values there; joining two paths keeps what both
// agree on. An original instruction names virtual registers, its final form places: each virtual
// register read must be in the place read. A copy in the original makes two names for one value.
//
// It is independent of how allocation works, always on, and throws an Error for a bug of ours.

import type { Allocation } from "./allocate";
import type { MachineBlock, MachineFunction, MachineInstruction, MachineOperand } from "./machine";
import { ESP, factsOf, NONE } from "./machine";

/** Places by name, each with the original registers whose values it holds. */
type State = Map<string, Set<number>>;

/** @throws Error if an instruction of `fn` reads a place that does not hold its value */
export function checkAllocation(fn: MachineFunction, allocation: Allocation): void {
  new AllocationChecker(fn, allocation).run();
}

function placeOf(operand: MachineOperand): string | undefined {
  if (operand.kind === "register") return `r${operand.register}`;
  if (operand.kind === "memory" && operand.slot) {
    return `${operand.slot.kind}${operand.slot.index}`;
  }
  return undefined;
}

/** Places that code cannot change: a constant or an argument that arrived on the stack. */
function fixedPlace(operand: MachineOperand): string | undefined {
  if (operand.kind === "immediate") return `${operand.symbol ?? ""}+${operand.value}`;
  return operand.kind === "memory" && operand.slot?.kind === "incoming"
    ? placeOf(operand)
    : undefined;
}

class AllocationChecker {
  private readonly entryStates = new Map<MachineBlock, State>();
  /** Values found in each unchanging place, everywhere. */
  private readonly fixed = new Map<string, Set<number>>();

  constructor(
    private readonly fn: MachineFunction,
    private readonly allocation: Allocation,
  ) {
    for (const [register, home] of allocation.fetched) {
      const place = fixedPlace(home);
      if (place === undefined) throw new Error(`${fn.name}: v${register} is fetched from nowhere`);
      const held = this.fixed.get(place);
      if (held) held.add(register);
      else this.fixed.set(place, new Set([register]));
    }
  }

  run(): void {
    const [entry] = this.fn.blocks;
    if (!entry) return;
    const initial: State = new Map();
    for (let register = 0; register < 8; register++) {
      initial.set(`r${register}`, new Set([register]));
    }
    this.entryStates.set(entry, initial);
    const work = [entry];
    for (let block = work.pop(); block; block = work.pop()) {
      const state = copy(this.entryStates.get(block)!);
      for (const instruction of block.instructions) this.step(state, instruction, false);
      for (const successor of block.successors) {
        if (this.meet(successor, state)) work.push(successor);
      }
    }
    for (const [block, state] of this.entryStates) {
      const end = copy(state);
      for (const instruction of block.instructions) this.step(end, instruction, true);
    }
  }

  /** Keeps in the entry state of `block` what `state` agrees with; whether that changed it. */
  private meet(block: MachineBlock, state: State): boolean {
    const known = this.entryStates.get(block);
    if (!known) {
      this.entryStates.set(block, copy(state));
      return true;
    }
    let changed = false;
    for (const [place, held] of known) {
      const other = state.get(place);
      for (const register of held) {
        if (other?.has(register)) continue;
        held.delete(register);
        changed = true;
      }
    }
    return changed;
  }

  private held(state: State, operand: MachineOperand): ReadonlySet<number> {
    const fixed = this.fixed.get(fixedPlace(operand) ?? "");
    const place = placeOf(operand);
    const found = place === undefined ? undefined : state.get(place);
    if (!fixed) return found ?? NOTHING;
    return found ? new Set([...fixed, ...found]) : fixed;
  }

  private step(state: State, instruction: MachineInstruction, checks: boolean): void {
    const original = this.allocation.original.get(instruction);
    if (!original) this.inserted(state, instruction);
    else if (instruction.mnemonic === "moves" || isCopy(instruction)) {
      this.copies(state, instruction, original, checks);
    } else this.ordinary(state, instruction, original, checks);
  }

  /** A move that allocation inserted: the destination now holds what the source does. */
  private inserted(state: State, { mnemonic, operands }: MachineInstruction): void {
    const [to, from] = operands;
    if (mnemonic !== "mov" || !to || !from)
      throw new Error(`${this.fn.name}: inserted ${mnemonic}`);
    state.set(placeOf(to) ?? "nowhere", new Set(this.held(state, from)));
  }

  /** `mov` or `moves`, all pairs at once. */
  private copies(
    state: State,
    instruction: MachineInstruction,
    original: readonly MachineOperand[],
    checks: boolean,
  ): void {
    const { operands } = instruction;
    const sources: { to: MachineOperand; values: Set<number> }[] = [];
    for (let i = 0; i < operands.length; i += 2) {
      const values = this.held(state, operands[i + 1]!);
      this.checkRead(instruction, original[i + 1]!, operands[i + 1]!, values, checks);
      sources.push({ to: operands[i]!, values: new Set(values) });
    }
    const before = original.map((operand) =>
      operand.kind === "register" ? this.placesOf(state, operand.register) : [],
    );
    const defined = original.flatMap((operand, i) =>
      i % 2 === 0 && operand.kind === "register" ? [operand.register] : [],
    );
    for (const register of defined) forget(state, register);
    // Wherever the source of a copy is, its destination's value now is, too.
    for (let i = 0; i < original.length; i += 2) {
      const to = original[i]!;
      if (to.kind !== "register") continue;
      for (const place of before[i + 1]!) state.get(place)?.add(to.register);
    }
    for (const [i, { to, values }] of sources.entries()) {
      const place = placeOf(to);
      if (place === undefined) continue;
      for (const register of defined) values.delete(register);
      state.set(place, values);
      const name = original[2 * i];
      if (name?.kind === "register") values.add(name.register);
    }
    // What was defined by a copy of a value that is still elsewhere, but in a place overwritten
    // here, went with `state.set` above; that loses knowledge and is safe.
  }

  private placesOf(state: State, register: number): string[] {
    return [...state].flatMap(([place, held]) => (held.has(register) ? [place] : []));
  }

  private ordinary(
    state: State,
    instruction: MachineInstruction,
    original: readonly MachineOperand[],
    checks: boolean,
  ): void {
    const facts = factsOf(instruction);
    const written: { place: string; register: number }[] = [];
    for (const [i, before] of original.entries()) {
      const after = instruction.operands[i]!;
      const role = facts.roles[i];
      if (before.kind === "memory") this.checkAddress(state, instruction, before, after, checks);
      if (before.kind !== "register") continue;
      if (role !== "write") {
        this.checkRead(instruction, before, after, this.held(state, after), checks);
      }
      if (role === "read" || role === "address") continue;
      written.push({ place: placeOf(after) ?? "nowhere", register: before.register });
    }
    for (const register of [...facts.reads, ...instruction.reads]) {
      const isThere = state.get(`r${register}`)?.has(register);
      if (checks && !isThere) this.fail(instruction, `r${register} does not hold its operand`);
    }
    for (const register of [...facts.writes, ...instruction.writes]) {
      written.push({ place: `r${register}`, register });
    }
    for (const { register } of written) forget(state, register);
    for (const { place, register } of written) state.set(place, new Set([register]));
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
      if (!state.get(`r${physical}`)?.has(register)) {
        this.fail(instruction, `r${physical} does not hold v${register} of an address`);
      }
    }
  }

  private checkRead(
    instruction: MachineInstruction,
    before: MachineOperand,
    after: MachineOperand,
    held: ReadonlySet<number>,
    checks: boolean,
  ): void {
    if (!checks || before.kind !== "register" || held.has(before.register)) return;
    const place = placeOf(after) ?? fixedPlace(after) ?? after.kind;
    this.fail(instruction, `${place} does not hold v${before.register}`);
  }

  private fail(instruction: MachineInstruction, text: string): never {
    const at = `${instruction.mnemonic} at byte ${instruction.position}`;
    throw new Error(`allocation: ${this.fn.name}: ${at}: ${text}`);
  }
}

const NOTHING: ReadonlySet<number> = new Set();

/** A whole-register `mov` whose two operands are not linear memory or control registers. */
function isCopy({ mnemonic, operands }: MachineInstruction): boolean {
  return mnemonic === "mov" && operands.every(isWholePlace);
}

function isWholePlace(operand: MachineOperand): boolean {
  if (operand.kind === "register") return operand.size === 32;
  return operand.kind === "immediate" || (operand.kind === "memory" && operand.slot !== undefined);
}

function copy(state: State): State {
  return new Map([...state].map(([place, held]) => [place, new Set(held)]));
}

/** A new value of `register` is about to be made: no place holds it any more. */
function forget(state: State, register: number): void {
  for (const held of state.values()) held.delete(register);
}
