// Moves pure values down in their block, to behind the last use there of what they are made of.
//
//   v2 = add v1 1                         store8 v1 v3
//   store8 v1 v3                   ->     v2 = add v1 1
//   jump, v1 = phi v0 v2                  jump, v1 = phi v0 v2
//
// `p++` reaches us as on the left, where both values live at once and the old one is copied; on the
// right they can share a register. In general a value is computed as late as it costs no operand a
// longer life.
//
// Invariant: only pure values move, so whatever reads, writes or traps keeps its order.

import type { Block, IrFunction, Value } from "../ir/ir";
import { factsOf, isFree, isMemoryAccess } from "../ir/ir";

/** Reorders the values of each block of `fn`. */
export function schedule(fn: IrFunction): void {
  for (const block of fn.blocks) new BlockSchedule(block).run();
}

/** Builds the new order from its end. */
class BlockSchedule {
  /** The values of this block that use each value. */
  private readonly users = new Map<Value, Value[]>();
  /** How many users of a value are not placed yet. */
  private readonly waiting = new Map<Value, number>();
  /** Values that something placed uses: they live at least that long. */
  private readonly isLive = new Set<Value>();
  private readonly isPlaced = new Set<Value>();
  /** From the last to the first. */
  private readonly reversed: Value[] = [];

  private readonly ranks = new Map<Value, number>();

  constructor(private readonly block: Block) {
    for (const [rank, value] of block.values.entries()) {
      this.ranks.set(value, rank);
      for (const operand of operandsOf(value)) {
        const users = this.users.get(operand);
        if (users) users.push(value);
        else this.users.set(operand, [value]);
        this.waiting.set(operand, (this.waiting.get(operand) ?? 0) + 1);
      }
    }
  }

  run(): void {
    const { values } = this.block;
    for (let i = values.length - 1; i >= 0; i--) {
      const value = values[i]!;
      if (this.isPlaced.has(value)) continue;
      // Nothing can stand behind a terminator.
      if (value.effect === "terminator") this.place(value);
      this.placeAll(this.usersOfDying(value));
      if (value.effect !== "terminator") this.place(value);
    }
    this.block.values = this.reversed.reverse();
  }

  private place(value: Value): void {
    this.isPlaced.add(value);
    this.reversed.push(value);
    for (const operand of operandsOf(value)) {
      this.isLive.add(operand);
      this.waiting.set(operand, this.waiting.get(operand)! - 1);
    }
  }

  /** Where a value stood; what the terminator decides by shall stand last, beside its flags. */
  private rank(value: Value): number {
    return this.block.terminator.args.includes(value) ? Number.MAX_VALUE : this.ranks.get(value)!;
  }

  /** What else uses the operands that live no longer than to `value`; from now on they do live. */
  private usersOfDying(value: Value): Value[] {
    const found: Value[] = [];
    for (const operand of [...operandsOf(value), ...partsOfAddress(value)]) {
      if (this.isLive.has(operand) && !this.isPlaced.has(value)) continue;
      this.isLive.add(operand);
      found.push(...(this.users.get(operand) ?? []));
    }
    return found.filter((user) => user !== value).sort((a, b) => this.rank(a) - this.rank(b));
  }

  /** Places those that may stand here, and what they use in turn. */
  private placeAll(values: Value[]): void {
    for (let value = values.pop(); value; value = values.pop()) {
      if (this.isPlaced.has(value) || !this.mayStandHere(value)) continue;
      this.place(value);
      values.push(...value.args);
    }
  }

  private mayStandHere(value: Value): boolean {
    if (value.block !== this.block || !isMovable(value)) return false;
    if ((this.waiting.get(value) ?? 0) > 0) return false;
    return operandsOf(value).every((operand) => this.isLive.has(operand));
  }
}

/** What `value` needs in registers, each once; a phi needs it in other blocks. */
function operandsOf(value: Value): Value[] {
  if (value.op === "phi") return [];
  return [...new Set(value.args)].filter((operand) => !isFree(operand));
}

/** What an access needs in registers for its address, if the sum is made inside it. */
function partsOfAddress(value: Value): Value[] {
  const [address] = value.args;
  return isMemoryAccess(value) && address?.op === "add" ? operandsOf(address) : [];
}

function isMovable(value: Value): boolean {
  const { op, effect } = value;
  if (effect !== "none" || isFree(value) || op === "phi" || op === "param" || op === "high")
    return false;
  return factsOf(op).results === 1;
}
