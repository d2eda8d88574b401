// Where values are in the finished code of a function: at each instruction, which register or word
// of the frame holds what a virtual register held before allocation.
//
// The final code is run symbolically: every place has the set of tokens (place-steps.ts) whose
// value it holds. Where paths meet, a place holds what it holds on all of them.
//
// It knows nothing of how the code came about, so a pass that drops or changes instructions may
// make values unknown, but never wrong.

import { argumentPlaces } from "../code/calling-convention";
import type { MachineBlock, MachineFunction, MachineInstruction } from "../code/code";
import type { Target } from "../code/target";
import type { Signature } from "../ir/ir";
import {
  CLEAR,
  CLEAR_REGISTERS,
  DEFINE,
  isLostInCalls,
  JOIN,
  KIND,
  KIND_BITS,
  MOVES,
  NOWHERE,
  type PlaceNumber,
  PlaceSteps,
  PUT,
  slotPlace,
  type Token,
  type Tokens,
} from "./place-steps";
import { type SetNumber, TokenSets } from "./token-sets";

/** A block and the steps of its instructions. */
interface SteppedBlock {
  readonly block: MachineBlock;
  /** Where the steps of each instruction begin, and where those of the last one end. */
  readonly bounds: readonly number[];
  /** What the places hold before it; undefined: no path to it is known yet. */
  start: SetNumber[] | undefined;
  hasChanged: boolean;
}

export class LocalPlaces {
  /** Whether the last instruction changed what any place holds. */
  hasChanged = false;
  readonly #sets: TokenSets;
  readonly #steps: PlaceSteps;
  readonly #blocks = new Map<MachineBlock, SteppedBlock>();

  /** What the places hold now. */
  readonly #state: SetNumber[];
  #current: SteppedBlock | undefined;

  /** The next instruction of the current block, and the first that is for the next block's phis. */
  #at = 0;
  #firstOfEdge = 0;
  readonly #hidden = new Set<Token>();

  readonly #target: Target;

  constructor(fn: MachineFunction, signature: Signature, tokens: Tokens) {
    this.#target = fn.target;
    tokens.addSources(fn);
    this.#sets = new TokenSets(tokens.limit);
    this.#steps = new PlaceSteps(tokens);
    for (const block of fn.blocks) this.#addSteps(block);
    const begin = argumentPlaces(signature, fn.target).map((place) =>
      "register" in place ? place.register : slotPlace("incoming", place.stack),
    );
    const limit = Math.max(this.#steps.limit, ...begin.map((place) => place + 1));
    this.#state = new Array<SetNumber>(limit).fill(0);
    for (const [number, place] of begin.entries()) this.#state[place] = tokens.argument(number);
    this.#solve(fn.blocks);
  }

  /** Goes to the start of a block; false if nothing is known of it. */
  enter(block: MachineBlock): boolean {
    this.#current = this.#blocks.get(block);
    this.#hidden.clear();
    this.#at = 0;
    this.#firstOfEdge = lastOwnInstruction(block) + 1;
    if (!this.#current?.start) return false;
    this.#goTo(this.#current.start);
    return true;
  }

  /** Goes past the next instruction of the block. */
  step(): void {
    const { bounds } = this.#current!;
    const number = this.#at++;
    const [start, end] = [bounds[number]!, bounds[number + 1]!];
    this.hasChanged = false;
    this.#run(start, end);
    // What the next block's phis are given is theirs from there on: it is not yet the source's.
    if (number >= this.#firstOfEdge && start < end) this.#hide(start, end);
  }

  /**
   * A place that holds the token: `preferred` if it does, else preferably one that survives calls.
   */
  placeOf(token: Token, preferred: PlaceNumber): PlaceNumber {
    if (token === 0 || (this.#hidden.size > 0 && this.#hidden.has(token))) return NOWHERE;
    const state = this.#state;
    const sets = this.#sets;
    if (preferred >= 0 && sets.has(state[preferred]!, token)) return preferred;
    let found = NOWHERE;
    for (let place = 0; place < state.length; place++) {
      if (state[place] === 0 || !sets.has(state[place]!, token)) continue;
      if (!isLostInCalls(place, this.#target)) return place;
      if (found === NOWHERE) found = place;
    }
    return found;
  }

  #addSteps(block: MachineBlock): void {
    const bounds = [this.#steps.end];
    for (const instruction of block.instructions) {
      this.#steps.add(instruction);
      bounds.push(this.#steps.end);
    }
    this.#blocks.set(block, { block, bounds, start: undefined, hasChanged: false });
  }

  /** Finds what the places hold before each block. */
  #solve([entry]: readonly MachineBlock[]): void {
    const first = entry && this.#blocks.get(entry);
    if (!first) return;
    first.start = this.#state.slice();
    first.hasChanged = true;
    for (let again = true; again; ) {
      again = false;
      for (const stepped of this.#blocks.values()) {
        if (!stepped.hasChanged) continue;
        stepped.hasChanged = false;
        this.#flow(stepped);
        again = true;
      }
    }
  }

  #flow({ block, bounds, start }: SteppedBlock): void {
    this.#goTo(start!);
    this.#run(bounds[0]!, bounds[bounds.length - 1]!);
    for (const successor of block.successors) {
      const next = this.#blocks.get(successor);
      if (!next) continue;
      if (next.start) next.hasChanged = this.#meet(next.start) || next.hasChanged;
      else {
        next.start = this.#state.slice();
        next.hasChanged = true;
      }
    }
  }

  #goTo(state: readonly SetNumber[]): void {
    for (let place = 0; place < state.length; place++) this.#state[place] = state[place]!;
    this.hasChanged = true;
  }

  /** Leaves of `known` what the places hold now; whether that changed it. */
  #meet(known: SetNumber[]): boolean {
    let changed = false;
    for (let place = 0; place < known.length; place++) {
      const set = known[place]!;
      if (set === 0 || set === this.#state[place]) continue;
      const left = this.#sets.both(set, this.#state[place]!);
      changed ||= left !== set;
      known[place] = left;
    }
    return changed;
  }

  // --- steps ---

  #run(start: number, end: number): void {
    const { steps } = this.#steps;
    for (let i = start; i < end; ) {
      const step = steps[i++]!;
      const operand = step >> KIND_BITS;
      switch (step & KIND) {
        case CLEAR_REGISTERS:
          this.#clearRegisters(operand);
          break;
        case CLEAR:
          this.#set(operand, 0);
          break;
        case MOVES:
          this.#move(i, operand);
          i += 2 * operand;
          break;
        case DEFINE:
          this.#define(operand, 0);
          break;
        case JOIN:
          this.#define(operand, steps[i++]!);
          break;
        case PUT:
          this.#set(operand, this.#sets.with(this.#state[operand]!, steps[i++]!));
          break;
      }
    }
  }

  #set(place: PlaceNumber, tokens: SetNumber): void {
    if (this.#state[place] === tokens) return;
    this.#state[place] = tokens;
    this.hasChanged = true;
  }

  #setAt(place: PlaceNumber): SetNumber {
    return place < 0 ? 0 : this.#state[place]!;
  }

  #clearRegisters(bits: number): void {
    for (let rest = bits; rest !== 0; rest &= rest - 1) this.#set(31 - Math.clz32(rest & -rest), 0);
  }

  /** All sources are read before any target is written. */
  #move(at: number, count: number): void {
    const { steps } = this.#steps;
    if (count === 1) {
      this.#set(steps[at]!, this.#setAt(steps[at + 1]!));
      return;
    }
    const read: SetNumber[] = [];
    for (let i = 0; i < count; i++) read.push(this.#setAt(steps[at + 2 * i + 1]!));
    for (let i = 0; i < count; i++) this.#set(steps[at + 2 * i]!, read[i]!);
  }

  /** Puts a token where its `source` is (0: nowhere), and nowhere else. */
  #define(token: Token, source: Token): void {
    const state = this.#state;
    const sets = this.#sets;
    for (let place = 0; place < state.length; place++) {
      const held = state[place]!;
      if (held === 0) continue;
      const others = sets.without(held, token);
      this.#set(place, sets.has(held, source) ? sets.with(others, token) : others);
    }
  }

  #hide(start: number, end: number): void {
    const { steps } = this.#steps;
    for (let i = start; i < end; ) {
      const step = steps[i++]!;
      const kind = step & KIND;
      const operand = step >> KIND_BITS;
      if (kind === DEFINE || kind === JOIN) this.#hidden.add(operand);
      if (kind === MOVES) i += 2 * operand;
      else if (kind === PUT || kind === JOIN) i++;
    }
  }
}

/** The last instruction before the moves for the next block's phis, and the jump there. */
function lastOwnInstruction({ instructions }: MachineBlock): number {
  let last = instructions.length - 1;
  if (instructions[last]?.mnemonic !== "jump") return last;
  while (last >= 0 && isOfEdge(instructions[last]!)) last--;
  return last;
}

function isOfEdge({ mnemonic, virtual }: MachineInstruction): boolean {
  return mnemonic === "moves" || virtual === undefined || mnemonic === "jump";
}
