// Writes random expressions.

import { leb } from "../wasm/wasm-bytes";
import {
  BLOCK,
  BR_IF,
  CALL,
  CALL_INDIRECT,
  constant,
  DROP,
  ELSE,
  END,
  FUNCREF,
  I32_ADD,
  I32_AND,
  I32_EQZ,
  I32_SHL,
  IF,
  i32,
  i64,
  isFloat,
  LOCAL_GET,
  LOCAL_TEE,
  MUL,
  RETURN_CALL_INDIRECT,
  SELECT,
  TYPED_SELECT,
} from "./code";
import { functionIndex, type Shape, TABLES, typeIndex } from "./frame";
import { LeafWriter, MAX_COUNT, PAGE_MASK, randomType } from "./leaf";
import { F32, F64, I32, LOADS, OPERATIONS, type RandomOp, type Type } from "./ops";

/** Of the expressions that may be written again, the longest, and how many. */
const LONGEST_AGAIN = 40;
const REMEMBERED = 10;

const QUARTER = { [F32]: 0x3e80_0000n, [F64]: 0x3fd0n << 48n } as Record<Type, bigint>;

const SUM = /\.(add|sub|xor)$/;
/** Comparisons by what they look at. */
const KINDS = {
  any: /\.(eq|ne|lt|gt|le|ge)(_[su])?$/,
  equality: /\.(eq|ne)$/,
  order: /\.(lt|gt|le|ge)_s$/,
};

export abstract class ExpressionWriter extends LeafWriter {
  /** The latest expressions and addresses, to be written again. */
  readonly #made: { type: Type; code: number[] }[] = [];
  readonly #addresses: number[][] = [];

  protected values(types: readonly Type[], depth: number): number[] {
    return types.flatMap((type) => this.expression(type, depth));
  }

  /** A value of `type`; of a float that is a NaN, sign and payload are open. */
  protected expression(type: Type, depth: number): number[] {
    return this.random.span(() => {
      const again = this.#made.filter((each) => each.type === type);
      if (depth > 0 && again.length > 0 && this.random.chance(7)) {
        return this.random.pick(again).code;
      }
      const code = this.#randomExpression(type, depth);
      if (code.length >= 3 && code.length <= LONGEST_AGAIN) this.#remember(type, code);
      return code;
    });
  }

  #remember(type: Type, code: number[]): void {
    this.#made.push({ type, code });
    if (this.#made.length > REMEMBERED) this.#made.shift();
  }

  /** The same with its bits certain. */
  protected exact(type: Type, depth: number): number[] {
    if (isFloat(type) && this.random.chance(12)) return this.constant(type);
    const code = this.expression(type, depth);
    return isFloat(type) ? this.certain(type, code) : code;
  }

  #randomExpression(type: Type, depth: number): number[] {
    const { random } = this;
    if (depth <= 0 || --this.budget < 0) return this.leaf(type);
    const kind = random.below(28);
    if (kind < 3) return this.leaf(type);
    if (kind < 18) return this.#operation(type, depth);
    if (kind < 21) return this.#load(type);
    if (kind === 21) return this.#select(type, depth);
    if (kind === 22) return this.#tee(type, depth);
    if (kind < 25) return this.#call(type, depth);
    if (kind === 25) return this.#blockValue(type, depth);
    if (kind === 26) return this.#ifValue(type, depth);
    return type === I32 ? this.#size() : this.#operation(type, depth);
  }

  // --- leaves ---

  /** A small number, most of the time less than `limit`. */
  protected small(limit: number): number[] {
    if (this.random.chance(60)) return i32(this.random.below(limit));
    return [...this.expression(I32, 1), ...i32(limit - 1), I32_AND];
  }

  // --- conditions ---

  /** A number that is as likely 0 as not. */
  protected condition(depth: number): number[] {
    const { random } = this;
    const kind = random.below(9);
    if (kind < 2) return this.expression(I32, depth);
    if (kind < 4) return [...this.expression(I32, depth), ...i32(1 << random.below(12)), I32_AND];
    if (kind === 4) {
      const isZero = random.chance(50) ? [I32_EQZ] : [];
      return [...this.expression(I32, depth), ...this.#load(I32), I32_AND, ...isZero];
    }
    const type = randomType(random);
    const op = this.#comparison(type, KINDS.any);
    if (!isFloat(type) && random.chance(15)) {
      const right = random.chance(50) ? constant(type, 0n) : this.#load(type);
      return [...this.#load(type), ...right, ...op.bytes];
    }
    const local = this.local(type);
    if (isFloat(type) || local === undefined || random.chance(40)) {
      return this.#operationWith(op, depth);
    }
    const left = [...this.expression(type, depth), LOCAL_TEE, local];
    return [...left, ...this.near(type, local), ...op.bytes];
  }

  #comparison(type: Type, form: RegExp): RandomOp {
    const all = OPERATIONS.get(I32)!.flat();
    return this.random.pick(
      all.filter(({ name, operands }) => operands[0] === type && form.test(name)),
    );
  }

  /** Compares an integer on the stack with one that is mostly 0. */
  protected compareWithConstant(type: Type, kind: keyof typeof KINDS): number[] {
    const right = this.random.chance(80) ? constant(type, 0n) : this.constant(type);
    return [...right, ...this.#comparison(type, KINDS[kind]).bytes];
  }

  // --- operations ---

  #operation(type: Type, depth: number): number[] {
    const { random } = this;
    const group = random.chance(45) ? random.pick(OPERATIONS.get(type)!) : this.group(type, 2);
    // Sums and differences lose nothing of what their operands were.
    const isSum = random.chance(35);
    if (!isFloat(type) && random.chance(6)) return this.#shiftedBack(type, depth);
    return this.#operationWith(isSum ? this.sum(type) : random.pick(group), depth);
  }

  /** Shifted left, and as far to the right: what extends a part of a word. */
  #shiftedBack(type: Type, depth: number): number[] {
    const count = constant(type, BigInt(this.random.pick([8, 16, 24, 1, 31, 32, 40, 48, 56])));
    const [left, right, unsigned] = type === I32 ? [I32_SHL, 0x75, 0x76] : [0x86, 0x87, 0x88];
    const back = this.random.chance(50) ? unsigned : right;
    return [...this.expression(type, depth - 1), ...count, left!, ...count, back!];
  }

  #operationWith(op: RandomOp, depth: number): number[] {
    return [...this.#operands(op, depth), ...op.bytes];
  }

  protected sum(type: Type): RandomOp {
    return this.random.pick(this.group(type, 2).filter(({ name }) => SUM.test(name)));
  }

  protected quotient(type: Type, depth: number): number[] {
    const divisions = this.group(type, 2).filter(({ isDivision }) => isDivision);
    return this.#operationWith(this.random.pick(divisions), depth);
  }

  #operands(op: RandomOp, depth: number): number[] {
    const { random } = this;
    const [first, second] = op.operands as [Type, Type | undefined];
    if (op.isTruncation) return this.#truncated(first, depth);
    if (op.showsBits) {
      const sign = this.exact(second ?? first, depth - 1);
      return second === undefined ? sign : [...this.expression(first, depth - 1), ...sign];
    }
    const left = random.chance(20) ? this.leaf(first) : this.expression(first, depth - 1);
    if (second === undefined) return left;
    if (!op.isDivision) return [...left, ...this.#rightOperand(second, left, depth)];
    return [...left, ...this.#divisor(second, depth)];
  }

  /** Seldom 0, or every third call would trap. */
  #divisor(type: Type, depth: number): number[] {
    const { random } = this;
    const kind = random.below(4);
    if (kind === 0) return constant(type, BigInt(1 + random.below(100)));
    if (kind === 1) return constant(type, random.bits(type === I32 ? 32 : 64) || 1n);
    const one = type === I32 ? [...i32(1), 0x72] : [...i64(1n), 0x84];
    return [...this.expression(type, depth - 1), ...(random.below(100) < 98 ? one : [])];
  }

  /** Sometimes a constant, sometimes what the left operand is or nearly so. */
  #rightOperand(type: Type, left: number[], depth: number): number[] {
    const { random } = this;
    if (random.chance(30)) return this.constant(type);
    const isLeaf = left[0] === LOCAL_GET && left.length === 2 && !isFloat(type);
    const kind = left[1] === undefined ? undefined : this.locals[left[1]];
    if (!isLeaf || kind !== type || random.chance(70)) return this.expression(type, depth - 1);
    return this.near(type, left[1]!);
  }

  /** A float that fits an integer, most of the time. */
  #truncated(type: Type, depth: number): number[] {
    if (this.random.chance(4)) return this.expression(type, depth - 1);
    const integer = [...this.expression(I32, depth - 1), ...i32(0xffff), I32_AND];
    return [...integer, type === F32 ? 0xb2 : 0xb7, ...constant(type, QUARTER[type]!), MUL[type]!];
  }

  // --- memory ---

  protected address(): number[] {
    const { random } = this;
    const addresses = this.#addresses;
    if (addresses.length > 0 && random.chance(20)) return random.pick(addresses);
    if (this.pointer !== undefined && random.chance(50)) return [LOCAL_GET, this.pointer];
    const address = this.#newAddress();
    addresses.push(address);
    if (addresses.length > REMEMBERED) addresses.shift();
    return address;
  }

  #newAddress(): number[] {
    const { random } = this;
    if (this.around.strays && random.chance(3)) return this.#stray();
    if (random.chance(40)) return i32(random.below(0x1000));
    if (this.counting > 0 && random.chance(60)) return this.#counted();
    return [...this.expression(I32, 2), ...i32(PAGE_MASK), I32_AND];
  }

  /** An address that may be nowhere. */
  #stray(): number[] {
    const { random } = this;
    if (random.chance(40)) return i32(this.edge() | 0);
    const value = this.expression(I32, 2);
    return random.chance(50) ? [...value, ...i32(0xffff), I32_AND] : value;
  }

  /** The address of an element of an array, by a loop's counter. */
  #counted(): number[] {
    const { random } = this;
    const scaled = [...this.counter(), ...i32(random.below(7)), I32_SHL];
    const base = i32(random.below(0x1000 - (MAX_COUNT << 6)));
    return random.chance(70) ? [...scaled, ...base, I32_ADD] : [...base, ...scaled, I32_ADD];
  }

  #load(type: Type): number[] {
    return [...this.address(), ...this.random.pick(LOADS.get(type)!).bytes, ...this.memarg()];
  }

  // --- control ---

  #select(type: Type, depth: number): number[] {
    const yes = this.expression(type, depth - 1);
    const no = this.expression(type, depth - 1);
    const condition = this.condition(depth - 1);
    return [
      ...[...yes, ...no, ...condition],
      ...(this.random.chance(20) ? [TYPED_SELECT, 1, type] : [SELECT]),
    ];
  }

  #tee(type: Type, depth: number): number[] {
    const local = this.local(type);
    if (local === undefined) return this.leaf(type);
    return [...this.expression(type, depth - 1), LOCAL_TEE, local];
  }

  #blockValue(type: Type, depth: number): number[] {
    this.labels.push([type]);
    const early = this.random.chance(60)
      ? [...this.expression(type, 1), ...this.condition(2), BR_IF, 0, DROP]
      : [];
    const code = [BLOCK, type, ...early, ...this.expression(type, depth - 1), END];
    this.labels.pop();
    return code;
  }

  #ifValue(type: Type, depth: number): number[] {
    const condition = this.condition(depth - 1);
    this.labels.push([type]);
    const yes = this.expression(type, depth - 1);
    const no = this.expression(type, depth - 1);
    this.labels.pop();
    return [...condition, IF, type, ...yes, ELSE, ...no, END];
  }

  /** Numbers of pages and entries, and whether an entry is empty. */
  #size(): number[] {
    const { random } = this;
    switch (random.below(this.around.changesTables ? 5 : 4)) {
      case 0:
        return [0x3f, 0];
      case 1:
        return [0xfc, 16, random.below(2)];
      case 2:
        return [...this.small(2), 0x40, 0];
      case 3:
        return [...this.reference(), 0xd1];
      default:
        return [...this.reference(), ...this.small(3), 0xfc, 15, 1];
    }
  }

  protected reference(): number[] {
    const { random, around } = this;
    const kind = random.below(4);
    if (kind === 0) return [0xd0, FUNCREF];
    if (kind === 1) return [...this.small(TABLES[0].size), 0x25, 0];
    return [0xd2, ...leb(functionIndex(random.below(around.functions.length)))];
  }

  // --- calls ---

  /** The first result of a call; the others are used up. */
  #call(type: Type, depth: number): number[] {
    const { random, around } = this;
    const isIndirect = random.chance(35);
    const from = isIndirect ? this.reachable() : around.callable;
    const candidates = [...from.entries()].filter(
      ([, { results, isFatal }]) => results[0] === type && !isFatal,
    );
    if (candidates.length === 0) return this.#operation(type, depth);
    const [index, shape] = random.pick(candidates);
    const rest = this.discard(shape.results.slice(1));
    if (isIndirect) return [...this.indirect(index, shape, depth - 2), ...rest];
    return [...this.arguments(shape, depth - 2), CALL, ...leb(functionIndex(index)), ...rest];
  }

  protected arguments({ params, pointer }: Shape, depth: number): number[] {
    return params.flatMap((type, i) => {
      return i === pointer ? this.#pointed() : this.expression(type, depth);
    });
  }

  /** An address of what random functions use. */
  #pointed(): number[] {
    if (this.pointer !== undefined && this.random.chance(50)) return [LOCAL_GET, this.pointer];
    return [...this.expression(I32, 1), ...i32(PAGE_MASK), I32_AND];
  }

  /** The functions to call through a table: seldom this one or a later one, which may recurse. */
  protected reachable(): readonly Shape[] {
    const { callable, functions } = this.around;
    return callable.length > 0 && this.random.below(100) < 92 ? callable : functions;
  }

  /** A call through a table, most of the time of an entry that was put there with this type. */
  protected indirect(callee: number, shape: Shape, depth: number, isLast = false): number[] {
    const { random } = this;
    const table = random.chance(20) ? 1 : 0;
    const size = TABLES[table]!.size;
    // Most of the time function i is entry i of the first table, i + 1 of the second.
    const right = callee + table;
    const isWild = random.below(100) >= 98 || right >= size;
    const values = this.arguments(shape, depth);
    const index = isWild ? this.small(size + 1) : this.#entryOf(callee, table);
    const call = isLast ? RETURN_CALL_INDIRECT : CALL_INDIRECT;
    return [...values, ...index, call, ...leb(typeIndex(callee)), table];
  }

  /** The index of a function's entry, or of one or another that has the same type. */
  #entryOf(callee: number, table: number): number[] {
    const { functions } = this.around;
    const isTwin = (shape: Shape) => shape === functions[callee];
    const twin = functions.findIndex((shape, i) => i !== callee && isTwin(shape));
    if (twin < 0 || this.random.chance(30)) return i32(callee + table);
    return [...i32(callee + table), ...i32(twin + table), ...this.condition(1), SELECT];
  }
}
