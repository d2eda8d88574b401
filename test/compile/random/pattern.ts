// Writes statements that chance alone seldom makes but the compiler looks for: addresses
// that grow in a loop, words changed in place, locals that change places.

import { leb } from "../wasm/wasm-bytes";
import {
  BLOCK,
  BR,
  BR_IF,
  constant,
  ELSE,
  END,
  I32_ADD,
  I32_AND,
  I32_EQZ,
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
import { randomCount } from "./count";
import { MAX_COUNT, PAGE_MASK, randomType } from "./leaf";
import { MemoryWriter } from "./memory";
import { I32, I64, LOADS, STORES, type Type } from "./ops";

/** An array loop: the largest step of its counter, and the largest factor of that in addresses. */
const MAX_STEP = 2;
const MAX_FACTOR = 32;
const LEAST = { [I32]: -(1n << 31n), [I64]: -(1n << 63n) } as Record<Type, bigint>;
/** Stores side by side. */
const MAX_RUN = 9;
/** Addresses from which arrays of that size stay within what random functions use. */
const BASE_MASK = 0x7f8;

/** Goes back to the start of a loop until its counter, which grows by `step`, is `end`. */
function again(counter: number, step: number, end: number): number[] {
  const next = [LOCAL_GET, counter, ...i32(step), I32_ADD, LOCAL_TEE, counter];
  return [...next, ...i32(end), I32_LT_S, BR_IF, 0];
}

export abstract class PatternWriter extends MemoryWriter {
  protected pattern(): number[] {
    const kind = this.random.below(10);
    if (kind === 0) return this.#permute();
    if (kind < 3) return this.#changeInPlace();
    if (kind === 3) return this.#chase();
    if (kind === 4) return this.#storeRun();
    if (kind === 5) return this.#countLoop();
    if (kind < 8) return this.#compareTwice();
    return this.#arrayLoop();
  }

  /** Locals of one type take each other's values, all at once. */
  #permute(): number[] {
    const { random } = this;
    const type = random.pick(this.locals);
    const own = this.localsOf(type);
    if (own.length === 0) return [];
    const places = own.slice(0, 2 + random.below(3));
    const turn = random.below(places.length);
    const targets = places.map((_, i) => places[(i + turn) % places.length]!);
    return [
      ...places.flatMap((each) => [LOCAL_GET, each]),
      ...targets.flatMap((each) => [LOCAL_SET, each]),
    ];
  }

  /** `x[i] op= y`, on a whole word; y is a constant, a leaf, or a word beside it. */
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
    const beside = [LOCAL_GET, index, ...LOADS.get(type)![0]!.bytes, ...this.memarg()];
    const right = random.pick([this.constant(type), this.leaf(type), beside]);
    return [...at, ...load, ...right, ...op.bytes, ...store];
  }

  /** Compares a sum with 0 twice, first mostly for equality and then for order. */
  #compareTwice(): number[] {
    const { random } = this;
    const type = random.pick([I32, I32, I64] as const);
    const local = this.local(type);
    const chosen = this.local(I32);
    if (local === undefined || chosen === undefined || local === chosen) return this.#permute();
    // Half of the sums with the least number overflow.
    const right = random.chance(40) ? this.leaf(type) : constant(type, LEAST[type]!);
    const first = [LOCAL_GET, local, ...right, ...this.sum(type).bytes, LOCAL_SET, local];
    const choice = (kind: "equality" | "order") => {
      const compared = [LOCAL_GET, local, ...this.compareWithConstant(type, kind)];
      return [LOCAL_GET, chosen, ...this.leaf(I32), ...compared, SELECT, LOCAL_SET, chosen];
    };
    return [...first, ...choice(random.chance(70) ? "equality" : "order"), ...choice("order")];
  }

  /** Stores constants side by side. */
  #storeRun(): number[] {
    const { random } = this;
    const start = random.chance(50) ? i32(8 * random.below(PAGE_MASK / 8)) : undefined;
    const index = this.local(I32);
    if (!start && index === undefined) return [];
    const place = start ?? [LOCAL_GET, index!];
    const moved = start ? [] : [...this.address(), LOCAL_SET, index!];
    const type = random.pick([I32, I32, I64] as const);
    const { bytes, size } = random.pick(STORES.get(type)!);
    const stores = random.some(MAX_RUN, 80, (i) => {
      const value = random.chance(40) ? constant(type, 0n) : this.constant(type);
      return [...place, ...value, ...bytes, 0, ...leb(i * size)];
    });
    return [...moved, ...stores.flat()];
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

  /** A loop without fuel or calls whose turns are known, and whose counter may wrap. */
  #countLoop(): number[] {
    const { random } = this;
    if (this.isWrapping) return this.#permute();
    const counter = this.scratch.wrapping;
    const { start, next, isMore } = randomCount(random, counter);
    this.isWrapping = true;
    const body = random
      .some(3, 60, () => random.pick([() => this.localSet(), () => this.store()])())
      .flat();
    this.isWrapping = false;
    const first = [...i32(start), LOCAL_SET, counter];
    if (random.chance(50)) {
      const again = [...next, LOCAL_TEE, counter, ...isMore, BR_IF, 0];
      return [...first, LOOP, VOID, ...body, ...again, END];
    }
    const leave = [LOCAL_GET, counter, ...isMore, I32_EQZ, BR_IF, 1];
    const again = [...next, LOCAL_SET, counter, BR, 0];
    return [...first, BLOCK, VOID, LOOP, VOID, ...leave, ...body, ...again, END, END];
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
