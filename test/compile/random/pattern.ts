// Writes statements that chance alone seldom makes but the compiler looks for: addresses
// that grow in a loop, words changed in place, locals that change places.

import {
  BR_IF,
  constant,
  ELSE,
  END,
  I32_ADD,
  I32_AND,
  I32_LT_S,
  I32_MUL,
  I32_SHL,
  IF,
  i32,
  isFloat,
  LOCAL_GET,
  LOCAL_SET,
  LOCAL_TEE,
  LOOP,
  SELECT,
  storeOf,
  VOID,
  XOR,
} from "./code";
import { MAX_COUNT, PAGE_MASK, randomType } from "./leaf";
import { MemoryWriter } from "./memory";
import { I32, I64, LOADS, STORES, type Type } from "./ops";

/** An array loop: the largest step of its counter, and the largest factor of that in addresses. */
const MAX_STEP = 2;
const MAX_FACTOR = 32;
/** Addresses from which arrays of that size stay within what random functions use. */
const BASE_MASK = 0x7f8;

/** Goes back to the start of a loop until its counter, which grows by `step`, is `end`. */
function again(counter: number, step: number, end: number): number[] {
  const next = [LOCAL_GET, counter, ...i32(step), I32_ADD, LOCAL_TEE, counter];
  return [...next, ...i32(end), I32_LT_S, BR_IF, 0];
}

export abstract class PatternWriter extends MemoryWriter {
  protected pattern(): number[] {
    const kind = this.random.below(6);
    if (kind === 0) return this.#permute();
    if (kind === 1) return this.#changeInPlace();
    if (kind === 2) return this.#chase();
    return this.#arrayLoop();
  }

  /** Locals of one type take each other's values, all at once. */
  #permute(): number[] {
    const { random } = this;
    const type = random.pick(this.locals);
    const own = [...this.locals.keys()].filter((index) => this.locals[index] === type);
    const places = own.slice(0, 2 + random.below(3));
    const turn = random.below(places.length);
    const targets = places.map((_, i) => places[(i + turn) % places.length]!);
    return [
      ...places.flatMap((each) => [LOCAL_GET, each]),
      ...targets.flatMap((each) => [LOCAL_SET, each]),
    ];
  }

  /** `x[i] op= constant`, on a whole word. */
  #changeInPlace(): number[] {
    const { random } = this;
    const index = this.local(I32);
    if (index === undefined) return [];
    const type = random.pick([I32, I32, I64] as const);
    const op = random.pick(this.group(type, 2).filter((each) => !each.isDivision));
    const memarg = this.memarg();
    const load = [LOCAL_GET, index, ...LOADS.get(type)![0]!.bytes, ...memarg];
    const store = [...STORES.get(type)![0]!.bytes, ...memarg];
    const at = [...this.address(), LOCAL_SET, index, LOCAL_GET, index];
    return [...at, ...load, ...this.constant(type), ...op.bytes, ...store];
  }

  // --- loops over arrays ---

  /** A loop without fuel or calls over elements, whose addresses grow with its counter. */
  #arrayLoop(): number[] {
    const { random } = this;
    const counter = this.scratch.counters[this.counting];
    const base = this.local(I32);
    if (counter === undefined || base === undefined) return this.#permute();
    const step = 1 + random.below(MAX_STEP);
    const end = step * (1 + random.below(MAX_COUNT));
    const start = [...this.expression(I32, 1), ...i32(BASE_MASK), I32_AND, LOCAL_SET, base];
    this.counting++;
    const body = random.some(4, 60, () => this.#elementStatement(base)).flat();
    this.counting--;
    const first = this.setCounter(counter, 0, step);
    // The condition of what comes first can change the base.
    return [...first, ...start, LOOP, VOID, ...body, ...again(counter, step, end), END];
  }

  /** A loop in which what is loaded decides where the next turn loads, as in a search. */
  #chase(): number[] {
    const { random } = this;
    const counter = this.scratch.counters[this.counting];
    const place = this.local(I32);
    if (counter === undefined || place === undefined) return this.#permute();
    const moved = () => [LOCAL_GET, place, ...i32(8 * (1 + random.below(30))), I32_ADD];
    const either = random.chance(50) ? [LOCAL_GET, place] : moved();
    const found = [LOCAL_GET, place, ...i32(PAGE_MASK), I32_AND, ...LOADS.get(I32)![0]!.bytes];
    const condition = [...found, ...this.memarg(), ...this.leaf(I32), I32_LT_S];
    const flag = this.local(I32);
    const choices = [...moved(), ...either, ...condition, SELECT, LOCAL_SET, place];
    const body =
      flag === undefined || flag === place || random.chance(40)
        ? choices
        : [...condition, LOCAL_SET, flag, ...this.#chooseTwice(place, flag, moved(), either)];
    const turns = 2 + random.below(MAX_COUNT);
    const first = this.setCounter(counter, 0, 1);
    return [...first, LOOP, VOID, ...body, ...again(counter, 1, turns), END];
  }

  /** Two choices by one condition, of which the second sees what was stored after the first. */
  #chooseTwice(place: number, flag: number, yes: number[], no: number[]): number[] {
    const address = i32(8 * this.random.below(PAGE_MASK / 8));
    const store = [...address, LOCAL_GET, place, ...storeOf(I32)];
    const load = [...address, ...LOADS.get(I32)![0]!.bytes, ...this.memarg()];
    const byFlag = [LOCAL_GET, flag, SELECT];
    const first = [...yes, ...no, ...byFlag, LOCAL_SET, place];
    return [...first, ...store, ...load, ...this.leaf(I32), ...byFlag, LOCAL_SET, flag];
  }

  /** A counter's first value: sometimes one of two, from ways that meet at the loop. */
  protected setCounter(counter: number, first: number, other: number): number[] {
    const set = (value: number) => [...i32(value), LOCAL_SET, counter];
    if (this.random.chance(70)) return set(first);
    return [...this.condition(1), IF, VOID, ...set(first), ELSE, ...set(other), END];
  }

  /** Stores an element, changes one in place, or adds one to a local that is not the base. */
  #elementStatement(base: number): number[] {
    const { random } = this;
    const type = randomType(random);
    const address = this.#elementAddress(base);
    const op = random.pick(STORES.get(type)!);
    const memarg = this.memarg();
    const kind = random.below(4);
    const local = this.local(type);
    if (kind === 0 && local !== undefined && local !== base && !isFloat(type)) {
      return [LOCAL_GET, local, ...this.#element(type, base), XOR[type]!, LOCAL_SET, local];
    }
    if (kind === 1 && !isFloat(type)) {
      const load = [...address, ...random.pick(LOADS.get(type)!).bytes, ...memarg];
      return [...address, ...load, ...this.#elementLeaf(type), XOR[type]!, ...op.bytes, ...memarg];
    }
    const value = this.#element(type, base);
    const exact = isFloat(type) ? this.certain(type, value) : value;
    return [...address, ...exact, ...op.bytes, ...memarg];
  }

  /** An element, a leaf, or an operation on both. */
  #element(type: Type, base: number): number[] {
    const { random } = this;
    const kind = random.below(3);
    if (kind === 0) return this.#elementLeaf(type);
    const load = [...this.#elementAddress(base), ...random.pick(LOADS.get(type)!).bytes];
    const element = [...load, ...this.memarg()];
    if (kind === 1) return element;
    const ops = this.group(type, 2).filter((each) => !each.isDivision && !each.showsBits);
    return [...element, ...this.#elementLeaf(type), ...random.pick(ops).bytes];
  }

  #elementLeaf(type: Type): number[] {
    return this.random.chance(30) ? constant(type, 3n) : this.leaf(type);
  }

  /** Base, counters times something and a constant, in some order. */
  #elementAddress(base: number): number[] {
    const { random } = this;
    const inner = this.counting - 1;
    const terms = [this.#multiple(this.scratch.counters[inner]!)];
    if (random.chance(80)) terms.push([LOCAL_GET, base]);
    if (inner > 0 && random.chance(30)) terms.push(this.#multiple(this.scratch.counters[0]!));
    if (random.chance(40)) terms.push(i32(random.below(64)));
    if (random.chance(50)) terms.reverse();
    return terms.flatMap((term, i) => (i === 0 ? term : [...term, I32_ADD]));
  }

  #multiple(counter: number): number[] {
    const { random } = this;
    if (random.chance(50)) return [LOCAL_GET, counter, ...i32(random.below(6)), I32_SHL];
    return [LOCAL_GET, counter, ...i32(1 + random.below(MAX_FACTOR)), I32_MUL];
  }
}
