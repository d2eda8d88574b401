// What the instructions of a function do to what registers and words of the frame hold: a program
// of a few kinds of steps, which local-places.ts runs several times.
//
// Only virtual registers that carry a variable count, called tokens; what else is computed only
// overwrites. A write empties a place, a copy hands on what its source holds, and an instruction
// that computed a token puts it into the place that it writes now, and out of all others, which
// hold the value of an earlier round of a loop.
//
// Steps are numbers, the kind in the low bits and an operand above; some have more numbers after
// them.

import type {
  MachineFunction,
  MachineInstruction,
  MachineOperand,
  RegisterOperand,
} from "../code/code";
import { FIRST_VIRTUAL, isFloatRegister } from "../code/code";
import type { InstructionFacts } from "../code/instruction-facts";
import { factsOf, isWrittenIn } from "../code/instruction-facts";
import type { Target } from "../code/target";

/** A register by its number, then words of the frame. */
export type PlaceNumber = number;

/** The slot of a place. */
export function slotOf(place: PlaceNumber): { kind: "local" | "incoming"; index: number } {
  const index = (place - FIRST_VIRTUAL) >> 1;
  return { kind: (place & 1) === 0 ? "local" : "incoming", index };
}

export function slotPlace(kind: "local" | "incoming", index: number): PlaceNumber {
  return FIRST_VIRTUAL + 2 * index + (kind === "local" ? 0 : 1);
}

export function isLostInCalls(place: PlaceNumber, { convention }: Target): boolean {
  const { general, float } = convention.callerSaved;
  return (isFloatRegister(place) ? float : general).includes(place);
}

/** A virtual register or an argument that carries a variable, from 1 on; 0: it carries none. */
export type Token = number;

export class Tokens {
  readonly #ofRegister: Int32Array;
  readonly #ofArguments: number[] = [];
  #used = 1;

  constructor(fn: MachineFunction) {
    this.#ofRegister = new Int32Array(fn.registerLimit);
  }

  /** All tokens are below it. */
  get limit(): number {
    return this.#used;
  }

  /** Makes a register a token, unless it is one. */
  addRegister(register: number): Token {
    this.#ofRegister[register] ||= this.#used++;
    return this.#ofRegister[register]!;
  }

  addArgument(number: number): Token {
    this.#ofArguments[number] ??= this.#used++;
    return this.#ofArguments[number]!;
  }

  register(register: number): Token {
    return this.#ofRegister[register] ?? 0;
  }

  argument(number: number): Token {
    return this.#ofArguments[number] ?? 0;
  }

  /** Adds the registers that tokens were copied from, where the copies vanished. */
  addSources(fn: MachineFunction): void {
    const copies: number[] = [];
    for (const { instructions } of fn.blocks) {
      for (const { mnemonic, operands, virtual } of instructions) {
        if (mnemonic !== "moves" || !virtual) continue;
        for (let i = operands.length; i < virtual.length; i += 2) {
          const to = virtual[i];
          const from = virtual[i + 1];
          if (isVirtual(to) && isVirtual(from)) copies.push(to.register, from.register);
        }
      }
    }
    for (let before = 0; before !== this.#used; ) {
      before = this.#used;
      for (let i = copies.length - 2; i >= 0; i -= 2) {
        if (this.register(copies[i]!) !== 0) this.addRegister(copies[i + 1]!);
      }
    }
  }
}

/** A bit for each register: they are overwritten. */
export const CLEAR_REGISTERS = 0;
/** A word of the frame is. */
export const CLEAR = 1;
/** So many pairs follow, of target and source (or -1), all at once. */
export const MOVES = 2;
/** A token is computed: it leaves all places. */
export const DEFINE = 3;
/** A place; the token that it gets follows. */
export const PUT = 4;
/** A token is computed as a copy of one that follows, wherever that is. */
export const JOIN = 5;
export const KIND_BITS = 3;
export const KIND = (1 << KIND_BITS) - 1;

export class PlaceSteps {
  readonly #tokens: Tokens;
  readonly steps: number[] = [];
  /** All places are below it. */
  limit = FIRST_VIRTUAL;

  constructor(tokens: Tokens) {
    this.#tokens = tokens;
  }

  /** Where the steps of the next instruction will begin. */
  get end(): number {
    return this.steps.length;
  }

  add(instruction: MachineInstruction): void {
    const { mnemonic, operands, virtual } = instruction;
    const isMoves = mnemonic === "moves";
    const facts = factsOf(instruction);
    if (isMoves || isPlainCopy(instruction)) this.#addMoves(operands);
    else this.#addWrites(instruction, facts);
    if (!virtual || !this.#hasToken(virtual)) return;
    const dropped = isMoves ? operands.length : virtual.length;
    this.#addDefinitions(operands, virtual, dropped, facts);
    for (let i = dropped; i < virtual.length; i += 2) this.#addDropped(virtual[i], virtual[i + 1]);
  }

  #hasToken(virtual: readonly MachineOperand[]): boolean {
    for (let i = 0; i < virtual.length; i++) if (this.#tokenOf(virtual[i]) !== 0) return true;
    return false;
  }

  #step(kind: number, operand: number): void {
    this.steps.push((operand << KIND_BITS) | kind);
  }

  #addMoves(operands: readonly MachineOperand[]): void {
    const at = this.steps.length;
    for (let i = 0; i + 1 < operands.length; i += 2) {
      const to = this.#placeOf(operands[i]);
      if (to < 0) continue;
      if (this.steps.length === at) this.steps.push(0);
      this.steps.push(to, this.#placeOf(operands[i + 1]));
    }
    const count = (this.steps.length - at) >> 1;
    if (count > 0) this.steps[at] = (count << KIND_BITS) | MOVES;
  }

  #addWrites({ operands, writes }: MachineInstruction, facts: InstructionFacts): void {
    const { writes: implicit } = facts;
    let registers = 0;
    for (let i = 0; i < operands.length; i++) {
      if (!isWrittenIn(facts, i)) continue;
      const place = this.#placeOf(operands[i]);
      if (place >= FIRST_VIRTUAL) this.#step(CLEAR, place);
      else if (place >= 0) registers |= 1 << place;
    }
    for (let i = 0; i < implicit.length; i++) registers |= 1 << implicit[i]!;
    for (let i = 0; i < writes.length; i++) registers |= 1 << writes[i]!;
    if (registers !== 0) this.#step(CLEAR_REGISTERS, registers);
  }

  #addDefinitions(
    operands: readonly MachineOperand[],
    virtual: readonly MachineOperand[],
    count: number,
    facts: InstructionFacts,
  ): void {
    for (let i = 0; i < count; i++) {
      const token = isWrittenIn(facts, i) ? this.#tokenOf(virtual[i]) : 0;
      if (token !== 0) this.#step(DEFINE, token);
    }
    for (let i = 0; i < count && i < operands.length; i++) {
      const token = isWrittenIn(facts, i) ? this.#tokenOf(virtual[i]) : 0;
      const place = token === 0 ? NOWHERE : this.#placeOf(operands[i]);
      if (place === NOWHERE) continue;
      this.#step(PUT, place);
      this.steps.push(token);
    }
  }

  /** A copy of joined registers vanished: where its source is, its target is now as well. */
  #addDropped(to: MachineOperand | undefined, from: MachineOperand | undefined): void {
    const token = this.#tokenOf(to);
    if (token === 0) return;
    if (isVirtual(from)) {
      this.#step(JOIN, token);
      this.steps.push(this.#tokenOf(from));
      return;
    }
    this.#step(DEFINE, token);
    const place = this.#placeOf(from);
    if (place === NOWHERE) return;
    this.#step(PUT, place);
    this.steps.push(token);
  }

  #tokenOf(operand: MachineOperand | undefined): Token {
    return isVirtual(operand) ? this.#tokens.register(operand.register) : 0;
  }

  #placeOf(operand: MachineOperand | undefined): PlaceNumber {
    const place = placeOf(operand);
    if (place >= this.limit) this.limit = place + 1;
    return place;
  }
}

/** Not a place. */
export const NOWHERE: PlaceNumber = -1;

/** Where an operand is that can hold a token; NOWHERE: it cannot. */
export function placeOf(operand: MachineOperand | undefined): PlaceNumber {
  if (operand?.kind === "register") return operand.register;
  if (operand?.kind !== "memory" || !operand.slot || operand.slot.kind === "outgoing") {
    return NOWHERE;
  }
  return slotPlace(operand.slot.kind, operand.slot.index);
}

function isVirtual(operand: MachineOperand | undefined): operand is RegisterOperand {
  return operand?.kind === "register" && operand.register >= FIRST_VIRTUAL;
}

/** A copy of a whole place to another. */
function isPlainCopy({ mnemonic, operands }: MachineInstruction): boolean {
  if (mnemonic !== "mov" && mnemonic !== "movaps" && mnemonic !== "movsd") return false;
  const [to, from] = operands;
  return isWholePlace(to) && isWholePlace(from);
}

function isWholePlace(operand: MachineOperand | undefined): boolean {
  if (operand?.kind !== "register" && operand?.kind !== "memory") return false;
  return placeOf(operand) !== NOWHERE && operand.size !== undefined && operand.size >= 32;
}
