// Moves pure values down in their block, past the last use there of their operands.
//
//   v2 = add v1 1                         store8 v1 v3
//   store8 v1 v3                   ->     v2 = add v1 1
//   jump, v1 = phi v0 v2                  jump, v1 = phi v0 v2
//
// `p++` arrives as on the left, where both values live at once and the old one is copied; on the
// right they can share a register. In general a value is computed as late as possible without
// giving an operand a longer life.
//
// Invariant: only pure values move, so whatever reads, writes or traps keeps its order.

import { IdMap } from "../ir/id-map";
import type { Block, IrFunction, Value } from "../ir/ir";
import { isFree, isMemoryAccess, throwingCall } from "../ir/ir";

/** Reorders the values of each block of `fn`. */
export function schedule(fn: IrFunction): void {
  const notes: Notes = new IdMap(fn.valueLimit);
  for (const block of fn.blocks) new BlockSchedule(block, notes).run();
}

/** What is known of a value while the order of a block is built. */
interface Note {
  readonly block: Block;
  /** Where it stood; -1: in another block. */
  rank: number;
  /** The values of the block that use it. */
  readonly users: Value[];
  /** How many of them are not placed yet. */
  waiting: number;
  /** Whether something that is placed uses it: then it lives at least that long. */
  isLive: boolean;
  isPlaced: boolean;
}

/** Those of one block at a time. */
type Notes = IdMap<Value, Note>;

/** Builds the new order from its end. */
class BlockSchedule {
  readonly #block: Block;
  readonly #notes: Notes;

  /** From the last to the first. */
  readonly #reversed: Value[] = [];

  /** The terminator. */
  readonly #last: Value;

  constructor(block: Block, notes: Notes) {
    this.#block = block;
    this.#notes = notes;
    this.#last = block.terminator;
    for (let rank = 0; rank < block.values.length; rank++) {
      const value = block.values[rank]!;
      this.#of(value).rank = rank;
      for (const operand of operandsOf(value)) {
        const note = this.#of(operand);
        note.users.push(value);
        note.waiting++;
      }
    }
  }

  #of(value: Value): Note {
    const found = this.#notes.get(value);
    if (found?.block === this.#block) return found;
    const block = this.#block;
    const note = { block, rank: -1, users: [], waiting: 0, isLive: false, isPlaced: false };
    this.#notes.set(value, note);
    return note;
  }

  run(): void {
    const { values } = this.#block;
    const call = throwingCall(this.#block);
    // Whoever catches what a call throws knows what was computed before it.
    const end = call ? values.indexOf(call) : values.length;
    for (let i = values.length - 1; i >= end; i--) this.#place(values[i]!);
    for (let i = end - 1; i >= 0; i--) {
      const value = values[i]!;
      if (this.#of(value).isPlaced) continue;
      // Nothing can stand after a terminator.
      if (value === this.#last) this.#place(value);
      this.#placeAll(this.#usersOfDying(value));
      if (value !== this.#last) this.#place(value);
    }
    this.#block.values = this.#reversed.reverse();
  }

  #place(value: Value): void {
    this.#of(value).isPlaced = true;
    this.#reversed.push(value);
    for (const operand of operandsOf(value)) {
      const note = this.#of(operand);
      note.isLive = true;
      note.waiting--;
    }
  }

  /** Where a value stood; what the terminator decides by must stand last, beside its flags. */
  #rank(value: Value): number {
    return this.#last.args.includes(value) ? Number.MAX_VALUE : this.#of(value).rank;
  }

  /** What else uses the operands that live no longer than to `value`; from now on they do live. */
  #usersOfDying(value: Value): Value[] {
    const found: Value[] = [];
    const { isPlaced } = this.#of(value);
    const look = (operand: Value): void => {
      const note = this.#of(operand);
      if (note.isLive && !isPlaced) return;
      note.isLive = true;
      for (const user of note.users) if (user !== value) found.push(user);
    };
    operandsOf(value).forEach(look);
    partsOfAddress(value).forEach(look);
    return found.length < 2 ? found : found.sort((a, b) => this.#rank(a) - this.#rank(b));
  }

  /** Places those that may stand here, and what they use in turn. */
  #placeAll(values: Value[]): void {
    for (let value = values.pop(); value; value = values.pop()) {
      if (!this.#mayStandHere(value)) continue;
      this.#place(value);
      values.push(...value.args);
    }
  }

  #mayStandHere(value: Value): boolean {
    if (value.block !== this.#block || !isMovable(value)) return false;
    const { isPlaced, waiting } = this.#of(value);
    if (isPlaced || waiting > 0) return false;
    return operandsOf(value).every((operand) => this.#of(operand).isLive);
  }
}

/** What `value` needs in registers, each once; a phi needs it in other blocks. */
function operandsOf(value: Value): Value[] {
  if (value.op === "phi") return [];
  return value.args.filter((operand, i, all) => !isFree(operand) && all.indexOf(operand) === i);
}

/** What an access needs in registers for its address, if the sum is made inside it. */
function partsOfAddress(value: Value): Value[] {
  const [address] = value.args;
  return isMemoryAccess(value) && address?.op === "add" ? operandsOf(address) : [];
}

function isMovable(value: Value): boolean {
  const { op } = value;
  const { effect, results } = value.facts;
  if (effect !== "none" || isFree(value) || op === "phi" || op === "param" || op === "high")
    return false;
  return results === 1;
}
