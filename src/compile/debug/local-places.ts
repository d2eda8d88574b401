// Where values are in the finished code of a function: at each instruction, which register or word
// of the frame holds what a virtual register held before allocation.
//
// The final code is run symbolically. Every place has the set of virtual registers whose value it
// holds: a write empties it, a copy hands the set on, and an instruction that computed a virtual
// register puts it into the place that it now writes, and out of all others, which hold the value
// of an earlier round of a loop. Where ways meet, a place holds what it holds on all of them.
//
// It knows nothing of how the code came about, so a pass that drops or changes instructions may
// make values unknown, but never wrong.

import type { Signature } from "../ir/ir";
import { argumentPlaces } from "../machine/calling-convention";
import type {
  MachineBlock,
  MachineFunction,
  MachineInstruction,
  MachineOperand,
} from "../machine/machine";
import { FIRST_VIRTUAL, factsOf, writesOperand } from "../machine/machine";

/** A register by its number, then words of the frame. */
export type PlaceNumber = number;

/** What a slot's place stands for. */
export function slotOf(place: PlaceNumber) {
  const index = (place - FIRST_VIRTUAL) >> 1;
  return { kind: (place & 1) === 0 ? ("local" as const) : ("incoming" as const), index };
}

/** A virtual register, or an argument: -1 - its number. */
export type Token = number;

export function argumentToken(number: number): Token {
  return -1 - number;
}

type State = Map<PlaceNumber, readonly Token[]>;

/** What is known at one moment. */
export interface Moment {
  /** A place that holds the token; `preferred` if it does. */
  placeOf(token: Token, preferred: PlaceNumber | undefined): PlaceNumber | undefined;
}

export class LocalPlaces {
  private readonly starts = new Map<MachineBlock, State>();

  constructor(fn: MachineFunction, signature: Signature) {
    const [entry] = fn.blocks;
    if (!entry) return;
    this.starts.set(entry, arguments_(signature));
    for (let changed = new Set([entry]); changed.size > 0; ) {
      const again = new Set<MachineBlock>();
      for (const block of fn.blocks) {
        if (changed.has(block) || again.delete(block)) this.flow(block, again);
      }
      changed = again;
    }
  }

  /** Calls `visit` before each instruction of `block`, with what is known there. */
  follow(block: MachineBlock, visit: (at: MachineInstruction, moment: Moment) => void): void {
    const start = this.starts.get(block);
    if (!start) return;
    const state: State = new Map(start);
    const lastOwn = lastOwnInstruction(block);
    const next = new Set<Token>();
    const moment = new StateMoment(state, next);
    for (const [i, instruction] of block.instructions.entries()) {
      visit(instruction, moment);
      step(state, instruction);
      // What the next block's phis are given is theirs from there on: it is not yet the source's.
      if (i > lastOwn) for (const token of writtenTokens(instruction)) next.add(token);
    }
  }

  private flow(block: MachineBlock, changed: Set<MachineBlock>): void {
    const state: State = new Map(this.starts.get(block));
    for (const instruction of block.instructions) step(state, instruction);
    for (const successor of block.successors) {
      const known = this.starts.get(successor);
      if (!known) this.starts.set(successor, new Map(state));
      if (!known || meet(known, state)) changed.add(successor);
    }
  }
}

class StateMoment implements Moment {
  constructor(
    private readonly state: State,
    private readonly hidden: ReadonlySet<Token>,
  ) {}

  placeOf(token: Token, preferred: PlaceNumber | undefined): PlaceNumber | undefined {
    if (this.hidden.has(token)) return undefined;
    if (preferred !== undefined && this.state.get(preferred)?.includes(token)) return preferred;
    for (const [place, tokens] of this.state) if (tokens.includes(token)) return place;
    return undefined;
  }
}

function arguments_(signature: Signature): State {
  const state: State = new Map();
  for (const [number, place] of argumentPlaces(signature).entries()) {
    const at = "register" in place ? place.register : slotPlace("incoming", place.stack);
    state.set(at, [argumentToken(number)]);
  }
  return state;
}

/** Leaves of `known` what `state` has too; whether that changed it. */
function meet(known: State, state: State): boolean {
  let changed = false;
  for (const [place, tokens] of known) {
    const here = state.get(place) ?? NONE;
    const left = tokens.filter((token) => here.includes(token));
    if (left.length === tokens.length) continue;
    changed = true;
    if (left.length === 0) known.delete(place);
    else known.set(place, left);
  }
  return changed;
}

const NONE: readonly Token[] = [];

/** The last instruction before the moves for the next block's phis, and the jump there. */
function lastOwnInstruction({ instructions }: MachineBlock): number {
  let last = instructions.length - 1;
  if (instructions[last]?.mnemonic !== "jump") return last;
  const isOfEdge = ({ mnemonic, virtual }: MachineInstruction) =>
    mnemonic === "moves" || virtual === undefined || mnemonic === "jump";
  while (last >= 0 && isOfEdge(instructions[last]!)) last--;
  return last;
}

// --- instructions ---

function slotPlace(kind: "local" | "incoming", index: number): PlaceNumber {
  return FIRST_VIRTUAL + 2 * index + (kind === "local" ? 0 : 1);
}

function placeOf(operand: MachineOperand | undefined): PlaceNumber | undefined {
  if (operand?.kind === "register") return operand.register;
  if (operand?.kind !== "memory" || !operand.slot || operand.slot.kind === "outgoing") {
    return undefined;
  }
  return slotPlace(operand.slot.kind, operand.slot.index);
}

function tokenOf(operand: MachineOperand | undefined): Token | undefined {
  const isVirtual = operand?.kind === "register" && operand.register >= FIRST_VIRTUAL;
  return isVirtual ? operand.register : undefined;
}

function isCopy({ mnemonic, operands }: MachineInstruction): boolean {
  if (mnemonic === "moves") return true;
  const isMove = mnemonic === "mov" || mnemonic === "movaps" || mnemonic === "movsd";
  return isMove && operands.every((each) => placeOf(each) !== undefined && isWhole(each));
}

function isWhole(operand: MachineOperand): boolean {
  return "size" in operand && operand.size !== undefined && operand.size >= 32;
}

function step(state: State, instruction: MachineInstruction): void {
  const { operands, virtual } = instruction;
  const copied: [PlaceNumber, readonly Token[]][] = [];
  if (isCopy(instruction)) {
    for (let i = 0; i + 1 < operands.length; i += 2) {
      const to = placeOf(operands[i]);
      const from = placeOf(operands[i + 1]);
      if (to !== undefined && from !== undefined) copied.push([to, state.get(from) ?? NONE]);
    }
  }
  const dropped = operands.length === 0 && virtual ? droppedCopy(state, virtual) : NONE;
  for (let i = 0; i < operands.length; i++) {
    const place = placeOf(operands[i]);
    if (place !== undefined && writesOperand(instruction, i)) state.delete(place);
  }
  if (instruction.mnemonic !== "moves") {
    for (const register of factsOf(instruction).writes) state.delete(register);
  }
  for (const register of instruction.writes) state.delete(register);
  for (const [to, tokens] of copied) if (tokens.length > 0) state.set(to, tokens);
  define(state, instruction, dropped);
}

/** Puts the virtual registers that were computed where they are now, and nowhere else. */
function define(state: State, instruction: MachineInstruction, dropped: readonly number[]): void {
  const { operands, virtual = [] } = instruction;
  const written = writtenTokens(instruction);
  if (written.length === 0) return;
  for (const token of written) remove(state, token);
  for (const [i, before] of virtual.entries()) {
    const token = tokenOf(before);
    if (token === undefined || !written.includes(token)) continue;
    const isHere = i < operands.length && writesOperand(instruction, i);
    const place = isHere ? placeOf(operands[i]) : undefined;
    if (place !== undefined) add(state, place, token);
  }
  const [token] = written;
  if (token !== undefined) for (const place of dropped) add(state, place, token);
}

function add(state: State, place: PlaceNumber, token: Token): void {
  const tokens = state.get(place) ?? NONE;
  if (!tokens.includes(token)) state.set(place, [...tokens, token]);
}

function remove(state: State, token: Token): void {
  for (const [place, tokens] of state) {
    if (!tokens.includes(token)) continue;
    if (tokens.length === 1) state.delete(place);
    else
      state.set(
        place,
        tokens.filter((each) => each !== token),
      );
  }
}

/** A copy of joined registers vanished: where its source is, its target is now as well. */
function droppedCopy(state: State, virtual: readonly MachineOperand[]): PlaceNumber[] {
  const [, from] = virtual;
  const place = from?.kind === "register" && from.register < FIRST_VIRTUAL ? from.register : -1;
  const slot = from?.kind === "memory" ? placeOf(from) : undefined;
  if (slot !== undefined) return [slot];
  if (place >= 0) return [place];
  const token = tokenOf(from);
  if (token === undefined || virtual.length !== 2) return [];
  return [...state].filter(([, tokens]) => tokens.includes(token)).map(([each]) => each);
}

function writtenTokens(instruction: MachineInstruction): readonly Token[] {
  const { mnemonic, operands, virtual } = instruction;
  if (!virtual) return NONE;
  // A copy that vanished has become an empty `moves`; its target stood first.
  const isDropped = mnemonic === "moves" && operands.length === 0;
  let found: Token[] | undefined;
  for (let i = 0; i < virtual.length; i++) {
    const token = tokenOf(virtual[i]);
    if (token === undefined) continue;
    const isTarget = isDropped ? i % 2 === 0 : writesOperand(instruction, i);
    if (!isTarget) continue;
    if (found) found.push(token);
    else found = [token];
  }
  return found ?? NONE;
}
