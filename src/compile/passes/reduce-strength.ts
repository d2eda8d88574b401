// Replaces address arithmetic in loops by additions from iteration to iteration (strength reduction
// of induction variables).
//
//   v2 = phi 0 v9                               v2 = phi 0 v9; v3 = phi v1 v8
//   load (v1 + ((v2 << 6) + v0 << 3))    ->     load v3
//   v9 = add v2 1                               v8 = add v3 512; v9 = add v2 1
//
// An address that is an invariant plus a multiple of a counter is taken apart. If the multiple is
// 1, 2, 4 or 8, the invariant is computed before the loop and the rest is an addressing mode.
// Otherwise the address gets a counter of its own. Addresses that differ by a constant share both.
//
// All of it is arithmetic modulo 2^32, where it is exact.

import type { Block, IrFunction, Value } from "../ir/ir";
import { append, isConst, isMemoryAccess, isScaling } from "../ir/ir";
import { ValueBuilder } from "../ir/value-builder";
import type { LoopNest } from "./loop-nest";
import { isInvariant, prepareLoops, REGISTERS, wordsNeeded } from "./loop-nest";

/** Reduces the addresses in the innermost loops of `fn`; whether there were any. */
export function reduceStrength(fn: IrFunction): boolean {
  const done = new Set<Block>();
  let changed = false;
  for (const loop of prepareLoops(fn)) {
    const isInnermost = [...loop.blocks].every((block) => !done.has(block));
    if (isInnermost) changed = new LoopReduction(fn, loop).run() || changed;
    for (const block of loop.blocks) done.add(block);
  }
  return changed;
}

/** A value that grows by the same in each iteration. */
interface Counter {
  readonly phi: Value;
  readonly first: Value;
  readonly next: Value;
  readonly step: number;
}

/** counter * factor + the invariants times theirs + constant */
interface Linear {
  readonly counter: Counter | undefined;
  readonly factor: number;
  readonly invariants: ReadonlyMap<Value, number>;
  readonly constant: number;
  /** Operations in the loop that this takes. */
  readonly operations: number;
}

interface Access {
  readonly value: Value;
  readonly linear: Linear;
  readonly counter: Counter;
}

/** Sums deeper than this are not addresses. */
const MAX_DEPTH = 8;

class LoopReduction {
  readonly #fn: IrFunction;
  readonly #loop: LoopNest;
  readonly #counters = new Map<Value, Counter>();
  readonly #before: ValueBuilder;

  constructor(fn: IrFunction, loop: LoopNest) {
    this.#fn = fn;
    this.#loop = loop;
    for (const phi of loop.header.phis()) {
      const counter = this.#counterOf(phi);
      if (counter) this.#counters.set(phi, counter);
    }
    this.#before = new ValueBuilder(fn);
  }

  /** Whether any address was changed. */
  run(): boolean {
    if (this.#counters.size === 0) return false;
    const groups = new Map<string, Access[]>();
    for (const block of this.#loop.ordered) {
      for (const value of block.values) {
        const access = this.#accessOf(value);
        if (!access) continue;
        const key = keyOf(access);
        const group = groups.get(key);
        if (group) group.push(access);
        else groups.set(key, [access]);
      }
    }
    return [...groups.values()].filter((group) => this.#reduceGroup(group)).length > 0;
  }

  #counterOf(phi: Value): Counter | undefined {
    const { header, preheader } = this.#loop;
    const at = header.predecessors.indexOf(preheader);
    const [next, ...others] = phi.args.filter((_, i) => i !== at);
    const first = phi.args[at];
    if (!next || !first || others.some((other) => other !== next) || next.op !== "add") return;
    const [base, step] = next.args as [Value, Value];
    if (base !== phi || !isConst(step)) return undefined;
    return { phi, first, next, step: step.immediate };
  }

  #accessOf(value: Value): Access | undefined {
    if (!isMemoryAccess(value)) return undefined;
    const linear = this.#linear(value.args[0]!, 0);
    if (!linear?.counter || linear.factor === 0) return undefined;
    return { value, linear, counter: linear.counter };
  }

  // --- linear forms ---

  #linear(value: Value, depth: number): Linear | undefined {
    if (isConst(value)) return { ...NOTHING, constant: value.immediate };
    if (isInvariant(value, this.#loop)) return { ...NOTHING, invariants: new Map([[value, 1]]) };
    const counter = this.#counters.get(value);
    if (counter) return { ...NOTHING, counter, factor: 1 };
    const [left, right] = value.args;
    if (!left || !right || depth > MAX_DEPTH) return undefined;
    switch (value.op) {
      case "add":
        return sum(this.#linear(left, depth + 1), this.#linear(right, depth + 1));
      case "shl":
        if (!isConst(right)) return undefined;
        return scaled(this.#linear(left, depth + 1), 1 << right.immediate);
      case "mul":
        if (!isConst(right)) return undefined;
        return scaled(this.#linear(left, depth + 1), right.immediate);
      default:
        return undefined;
    }
  }

  /** How many operations of an address an access does itself: base + (index << 3) + constant. */
  #freeOperations(address: Value): number {
    const sum = this.#withoutConstants(address);
    const isSum = sum.value.op === "add" && !isInvariant(sum.value, this.#loop);
    const terms = isSum ? sum.value.args.map((term) => this.#withoutConstants(term)) : [sum];
    const hasIndex = terms.some(({ value }) => isScaling(value) && !isInvariant(value, this.#loop));
    const constants = isSum ? terms.reduce((count, each) => count + each.constants, 0) : 0;
    return sum.constants + constants + (isSum ? 1 : 0) + (hasIndex ? 1 : 0);
  }

  /** A value without the constants that the loop adds to it. */
  #withoutConstants(value: Value): { value: Value; constants: number } {
    const [left, right] = value.args;
    const isSum = value.op === "add" && left && right && isConst(right);
    if (!isSum || isInvariant(value, this.#loop)) return { value, constants: 0 };
    const inner = this.#withoutConstants(left);
    return { value: inner.value, constants: inner.constants + 1 };
  }

  // --- replacing ---

  #reduceGroup(group: readonly Access[]): boolean {
    const [first] = group as [Access, ...Access[]];
    const { linear, counter } = first;
    const isScaled = SCALES.has(linear.factor);
    const saved = group.reduce((sum, { value, linear: { operations } }) => {
      return sum + operations - this.#freeOperations(value.args[0]!);
    }, 0);
    // A counter of its own costs an addition, and where registers are short, so does memory.
    const hasRoom = wordsNeeded(this.#loop) < REGISTERS;
    if (saved < (isScaled && hasRoom ? 1 : 2)) return false;
    this.#before.block = this.#loop.preheader;
    this.#before.position = first.value.position;
    const jump = this.#loop.preheader.values.pop()!;
    const base = this.#baseOf(linear);
    const address = isScaled ? undefined : this.#ownCounter(base, counter, linear.factor);
    append(this.#loop.preheader, jump);
    for (const { value, linear: own } of group) {
      this.#replace(
        value,
        address ?? this.#scaledAddress(value, base, counter, own.factor),
        own.constant,
      );
    }
    return true;
  }

  /** The sum of the invariants, computed before the loop; undefined: there are none. */
  #baseOf({ invariants }: Linear): Value | undefined {
    const before = this.#before;
    let base: Value | undefined;
    for (const [value, times] of invariants) {
      if (times === 0) continue;
      const term = before.emit("mul", value, before.constant(times));
      base = base ? before.emit("add", base, term) : term;
    }
    return base;
  }

  /** A further counter of the loop: `base` + `counter` times `factor`. */
  #ownCounter(base: Value | undefined, counter: Counter, factor: number): Value {
    const fn = this.#fn;
    const before = this.#before;
    const loop = this.#loop;
    const offset = before.emit("mul", counter.first, before.constant(factor));
    const first = base ? before.emit("add", base, offset) : offset;
    const phi = fn.createValue("phi", [], counter.phi.position);
    const step = fn.constant(Math.imul(counter.step, factor));
    const next = fn.createValue("add", [phi, step], counter.next.position);
    phi.args = loop.header.predecessors.map((from) => (from === loop.preheader ? first : next));
    phi.block = loop.header;
    loop.header.values.unshift(phi);
    // Beside the other one: it reaches as far as every path back to the header.
    const { block } = counter.next;
    if (!block) throw new Error(`${fn.name}: a counter is not in its loop`);
    next.block = block;
    block.values.splice(block.values.indexOf(counter.next) + 1, 0, next);
    return phi;
  }

  #scaledAddress(access: Value, base: Value | undefined, { phi }: Counter, factor: number): Value {
    const index = this.#insertBefore(access, "shl", phi, this.#fn.constant(Math.log2(factor)));
    return base ? this.#insertBefore(access, "add", base, index) : index;
  }

  #insertBefore(access: Value, op: "shl" | "add", left: Value, right: Value): Value {
    if (op === "shl" && right.immediate === 0) return left;
    const { block } = access;
    if (!block) throw new Error(`${this.#fn.name}: an access is in no block`);
    const value = this.#fn.createValue(op, [left, right], access.position);
    value.block = block;
    block.values.splice(block.values.indexOf(access), 0, value);
    return value;
  }

  #replace(access: Value, address: Value, constant: number): void {
    access.immediate = (access.immediate + constant) | 0;
    access.args[0] = address;
  }
}

const NOTHING: Linear = {
  counter: undefined,
  factor: 0,
  invariants: new Map(),
  constant: 0,
  operations: 0,
};

/** What the processor multiplies an index by. */
const SCALES: ReadonlySet<number> = new Set([1, 2, 4, 8]);

function sum(a: Linear | undefined, b: Linear | undefined): Linear | undefined {
  if (!a || !b || (a.counter && b.counter && a.counter !== b.counter)) return undefined;
  const invariants = new Map(a.invariants);
  for (const [value, times] of b.invariants) {
    invariants.set(value, ((invariants.get(value) ?? 0) + times) | 0);
  }
  return {
    counter: a.counter ?? b.counter,
    factor: (a.factor + b.factor) | 0,
    invariants,
    constant: (a.constant + b.constant) | 0,
    operations: a.operations + b.operations + 1,
  };
}

function scaled(a: Linear | undefined, by: number): Linear | undefined {
  if (!a) return undefined;
  return {
    counter: a.counter,
    factor: Math.imul(a.factor, by),
    invariants: new Map([...a.invariants].map(([value, times]) => [value, Math.imul(times, by)])),
    constant: Math.imul(a.constant, by),
    operations: a.operations + 1,
  };
}

/** Equal for accesses whose addresses differ by a constant. */
function keyOf({ counter, linear: { factor, invariants } }: Access): string {
  const terms = [...invariants].filter(([, times]) => times !== 0);
  const list = terms.map(([{ id }, times]) => `${id}*${times}`).sort();
  return `${counter.phi.id}*${factor} ${list.join(" ")}`;
}
