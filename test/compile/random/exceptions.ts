// Random statements about exceptions, and calls that a function ends with.
//
// What is thrown is caught by its tag, by another's, or by whatever catches all; it is thrown
// again, from inside of further blocks, or handed on to a block further out. Nobody catches some:
// then the call from outside must end with that.

import { leb } from "../wasm/wasm-bytes";
import {
  CATCH,
  CATCH_ALL,
  DELEGATE,
  END,
  I32_AND,
  I32_EQZ,
  IF,
  i32,
  RETHROW,
  RETURN_CALL,
  THROW,
  TRY,
  VOID,
} from "./code";
import { FIRST_BLOCK_TYPE, functionIndex, type Shape } from "./frame";
import { I32, type Type } from "./ops";
import { PatternWriter } from "./pattern";

export abstract class ExceptionWriter extends PatternWriter {
  /** How many labels are open at each catch that is, the innermost last. */
  readonly #catching: number[] = [];
  /** How many blocks are open whose exceptions are caught. */
  #trying = 0;

  protected abstract statements(depth: number): number[];

  /** A block with catches, with parameters and results or without. */
  protected tryBlock(depth: number): number[] {
    const { random, around } = this;
    const index = random.below(around.blockTypes.length + 1) - 1;
    const { params, results } = around.blockTypes[index] ?? { params: [], results: [] };
    const type = index < 0 ? [VOID] : leb(FIRST_BLOCK_TYPE + index);
    const before = this.values(params, 2);
    this.#trying++;
    const inside = this.#part(results, () => [
      ...this.discard(params),
      ...this.statements(depth - 1),
      ...(random.chance(50) ? this.throwing() : []),
      ...this.statements(depth - 1),
    ]);
    this.#trying--;
    const rest = random.chance(12)
      ? [DELEGATE, random.below(this.labels.length + 1)]
      : [...this.#catches(results, depth), END];
    return [...before, TRY, ...type, ...inside, ...rest, ...this.discard(results)];
  }

  /** What a block or one of its catches does, with its results at the end. */
  #part(results: readonly Type[], write: () => number[]): number[] {
    this.labels.push(results);
    const code = [...write(), ...this.values(results, 2)];
    this.labels.pop();
    return code;
  }

  #catches(results: readonly Type[], depth: number): number[] {
    const { random, around } = this;
    const tags = random.some(2, 60, () => random.below(around.tags.length));
    const known = tags.flatMap((tag) => [
      ...[CATCH, tag],
      ...this.#catch(results, around.tags[tag]!, depth),
    ]);
    return random.chance(60) ? [...known, CATCH_ALL, ...this.#catch(results, [], depth)] : known;
  }

  #catch(results: readonly Type[], carried: readonly Type[], depth: number): number[] {
    return this.#part(results, () => {
      this.#catching.push(this.labels.length);
      const code = [
        ...this.discard(carried),
        ...this.statements(depth - 1),
        ...(this.random.chance(20) ? this.#rethrow() : []),
      ];
      this.#catching.pop();
      return code;
    });
  }

  #rethrow(): number[] {
    const depth = this.labels.length - this.random.pick(this.#catching);
    return [...this.condition(2), IF, VOID, RETHROW, depth + 1, END];
  }

  /** Throws, mostly where it is caught, and even there not always. */
  protected throwing(): number[] {
    const { random, around } = this;
    const tag = random.below(around.tags.length);
    const values = this.values(around.tags[tag]!, 2);
    const mask = this.#trying > 0 ? 1 : 15;
    const seldom = [...this.expression(I32, 2), ...i32(mask), I32_AND, I32_EQZ];
    return [...seldom, IF, VOID, ...values, THROW, tag, END];
  }

  /** A call whose results are this function's, if there is a function that has them. */
  protected tailCall(results: readonly Type[], save: () => number[]): number[] | undefined {
    const { random, around } = this;
    const isIndirect = random.chance(45);
    const fits = (shape: Shape) => shape.results.join() === results.join() && !shape.isFatal;
    const from = isIndirect ? this.reachable() : around.callable;
    const callees = [...from.entries()].filter(([, shape]) => fits(shape));
    if (callees.length === 0) return undefined;
    const [index, shape] = random.pick(callees);
    const saved = save();
    if (isIndirect) return [...saved, ...this.indirect(index, shape, 2, true)];
    return [...saved, ...this.arguments(shape, 2), RETURN_CALL, ...leb(functionIndex(index))];
  }
}
