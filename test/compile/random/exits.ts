// Writes the ways out of a function: early ones, before it calls anything, and what it computes
// last, right before it returns.

import {
  constant,
  END,
  I32_AND,
  I32_EQZ,
  IF,
  i32,
  LOCAL_GET,
  LOCAL_TEE,
  RETURN,
  VOID,
} from "./code";
import { ExceptionWriter } from "./exceptions";
import { I32, I64, LOADS, type Type } from "./ops";

const MAX_GUARDS = 3;

export abstract class ExitWriter extends ExceptionWriter {
  /** Returns before anything is called, which need no frame; some functions have none. */
  protected guards(results: readonly Type[]): number[] {
    const { random } = this;
    if (!random.chance(this.pointer === undefined ? 15 : 60)) return [];
    return random.some(MAX_GUARDS, 30, () => this.#guard(results)).flat();
  }

  /** Returns for what a word is, mostly one in memory that an argument points to. */
  #guard(results: readonly Type[]): number[] {
    const { random, pointer } = this;
    const isLoaded = pointer !== undefined && random.chance(80);
    const loads = LOADS.get(I32)!;
    const load = [...(random.chance(60) ? loads[0]! : random.pick(loads)).bytes, ...this.memarg()];
    const word = isLoaded ? [LOCAL_GET, pointer, ...load] : this.leaf(I32);
    const local = random.chance(60) ? this.local(I32) : undefined;
    const kept = local === undefined ? word : [...word, LOCAL_TEE, local];
    // Most words are not 0: most of the functions are to go on.
    const bit = [...i32(1 << random.below(6)), I32_AND];
    const test = random.pick([[I32_EQZ], bit, this.compareWithConstant(I32, "order")]);
    const values = results.flatMap((type) => {
      return random.chance(60) ? constant(type, 0n) : this.leaf(type);
    });
    return [...kept, ...test, IF, VOID, ...values, RETURN, END];
  }

  /** The results: the last one is sometimes a quotient, for which the compiler makes a call. */
  protected lastValues(results: readonly Type[]): number[] {
    if (results.at(-1) !== I64 || !this.random.chance(30)) return this.values(results, 4);
    return [...this.values(results.slice(0, -1), 3), ...this.quotient(I64, 2)];
  }
}
