// Writes one random function body.
//
// A float that an operation has computed is "loose" as long as it may be any NaN: standard and
// processor leave sign and payload open. Before a loose value is kept or looked at as bits, it is
// made canonical. Comparisons and conversions to integers take it as it is.

import type { Random } from "./random";
import {
  F32,
  F64,
  I32,
  I64,
  LOADS,
  OPERATIONS,
  type RandomOp,
  STORES,
  type Type,
} from "./random-ops";
import { leb, signedLeb, vector } from "./wasm-bytes";

export interface Shape {
  readonly params: readonly Type[];
  readonly results: readonly Type[];
}

/** What a body can refer to. */
export interface Surroundings {
  /** Functions that may be called directly: a body calls only earlier ones. */
  readonly callable: readonly Shape[];
  /** Those and this one: what may be called through a table, by the index of its type. */
  readonly functions: readonly Shape[];
  /** Types of blocks, from this index on. */
  readonly blockTypes: readonly Shape[];
  readonly firstBlockType: number;
  /** Types of the mutable globals; the first is the fuel. */
  readonly globals: readonly Type[];
}

/** The global that counts down; every loop and every call through a table takes one off. */
export const FUEL = 0;
/** Sizes that random instructions keep to, or just miss. */
export const PAGE_MASK = 0xff8;
export const TABLE_SIZE = 8;
export const SECOND_TABLE_SIZE = 5;
export const PASSIVE_BYTES = 48;
export const PASSIVE_ELEMENTS = 4;
/** Where a body stores its locals at its end. */
export const SAVED = 0x800;
export const SAVED_SIZE = 128;
/** Where values are kept to be seen. */
const KEPT = 0x400;
const KEPT_PLACES = 128;
const MAX_LOCALS = SAVED_SIZE / 8;

export const i32 = (value: number): number[] => [0x41, ...signedLeb(BigInt(value | 0))];
export const i64 = (value: bigint): number[] => [0x42, ...signedLeb(BigInt.asIntN(64, value))];

/** The constant of a type with these bits. */
export function constant(type: Type, bits: bigint): number[] {
  if (type === I32) return i32(Number(BigInt.asIntN(32, bits)));
  if (type === I64) return i64(bits);
  const size = type === F32 ? 4 : 8;
  const bytes = Array.from({ length: size }, (_, i) => Number((bits >> BigInt(8 * i)) & 0xffn));
  return [type === F32 ? 0x43 : 0x44, ...bytes];
}

const isFloat = (type: Type): boolean => type === F32 || type === F64;
const CANONICAL = { [F32]: 0x7fc0_0000n, [F64]: 0x7ff8n << 48n } as Record<Type, bigint>;

const SUM = /\.(add|sub|xor)$/;

const BLOCK = 0x02;
const LOOP = 0x03;
const IF = 0x04;
const ELSE = 0x05;
const END = 0x0b;
const BR = 0x0c;
const BR_IF = 0x0d;
const BR_TABLE = 0x0e;
const RETURN = 0x0f;
const NOP = 0x01;
const DROP = 0x1a;
const SELECT = 0x1b;
const VOID = 0x40;
const FUNCREF = 0x70;

const CALL_FUEL = 200;
const HAS_LOOP_FUEL = [0x23, FUEL, ...i32(CALL_FUEL), 0x4a];
const LESS_FUEL = [0x23, FUEL, ...i32(1), 0x6b, 0x24, FUEL];

export class BodyWriter {
  private readonly locals: Type[];
  /** What branches to the open labels take, the innermost last; a loop may be undefined. */
  private readonly labels: (readonly Type[] | undefined)[];
  private budget: number;

  constructor(
    private readonly random: Random,
    private readonly shape: Shape,
    private readonly around: Surroundings,
  ) {
    const extra = Array.from({ length: 1 + random.below(5) }, () => randomType(random));
    this.locals = [...shape.params, ...extra].slice(0, MAX_LOCALS);
    this.labels = [shape.results];
    this.budget = 20 + random.below(140);
  }

  /** Size, locals and code; the last two locals are scratch for canonical NaNs. */
  write(): number[] {
    const declared = [...this.locals.slice(this.shape.params.length), F32, F64];
    const start = this.locals
      .slice(this.shape.params.length)
      .flatMap((type, i) => [...this.constant(type), 0x21, this.shape.params.length + i]);
    const statements = this.random.chance(50) ? this.statements(3) : this.localSets();
    const results = this.values(this.shape.results, 4);
    const code = [...start, ...statements, ...this.saveLocals(), ...results, END];
    const locals = vector(...declared.map((type) => [1, type]));
    return [...leb(locals.length + code.length), ...locals, ...code];
  }

  /** Straight-line code: nothing is lost to a branch not taken. */
  private localSets(): number[] {
    return this.random.some(16, 88, () => this.localSet()).flat();
  }

  /** Stores all locals, so that no wrong one goes unseen. */
  private saveLocals(): number[] {
    const start = SAVED + SAVED_SIZE * this.around.callable.length;
    return this.locals.flatMap((type, i) => [
      ...i32(start + 8 * i),
      ...[0x20, i],
      ...storeOf(type),
    ]);
  }

  private values(types: readonly Type[], depth: number): number[] {
    return types.flatMap((type) => this.expression(type, depth));
  }

  private statements(depth: number): number[] {
    return this.random.some(6, 67, () => this.statement(depth)).flat();
  }

  // --- statements ---

  private statement(depth: number): number[] {
    const { random } = this;
    if (--this.budget < 0) return [];
    const kind = random.below(depth > 0 ? 26 : 12);
    if (kind < 4) return this.localSet();
    if (kind < 6) return this.store();
    if (kind === 6) return this.globalSet();
    if (kind === 7) return this.unused();
    if (kind === 8) return this.bulk();
    if (kind === 9) return this.tableStatement();
    if (kind < 12) return this.callStatement();
    if (kind < 15) return this.ifStatement(depth);
    if (kind < 18) return this.loop(depth);
    if (kind < 20) return this.nested([BLOCK, VOID], [], depth);
    if (kind < 22) return this.typedBlock(depth);
    if (kind === 22) return this.switch(depth);
    return this.branch();
  }

  /** Most of the time so that what the local was before still shows. */
  private localSet(): number[] {
    const { random } = this;
    const index = random.below(this.locals.length);
    const type = this.locals[index]!;
    const value = this.expression(type, 4);
    if (!random.chance(75)) return [...value, 0x21, index];
    if (isFloat(type)) return [...this.place(), ...value, 0x22, index, ...storeOf(type)];
    const turned = [0x20, index, ...constant(type, 7n), ROTL[type]!];
    return [...turned, ...value, XOR[type]!, 0x21, index];
  }

  /** The address of a place that hardly anything else is stored to. */
  private place(): number[] {
    return i32(KEPT + 8 * this.random.below(KEPT_PLACES));
  }

  /** A value that nothing uses, or that is only stored. */
  private unused(): number[] {
    const type = randomType(this.random);
    const value = this.expression(type, 3);
    if (this.random.chance(25)) return [...value, DROP, NOP];
    return [...this.place(), ...value, ...storeOf(type)];
  }

  private globalSet(): number[] {
    const { globals } = this.around;
    const index = 1 + this.random.below(globals.length - 1);
    return [...this.expression(globals[index]!, 3), 0x24, index];
  }

  /** Takes values of these types off the stack, into locals where there are some. */
  private discard(types: readonly Type[]): number[] {
    return [...types].reverse().flatMap((type) => {
      const local = this.local(type);
      if (local === undefined || this.random.chance(10)) return [DROP];
      const isPlain = isFloat(type) || this.random.chance(30);
      return isPlain ? [0x21, local] : [0x20, local, XOR[type]!, 0x21, local];
    });
  }

  private local(type: Type): number | undefined {
    const candidates = [...this.locals.entries()].filter(([, each]) => each === type);
    return candidates.length === 0 ? undefined : this.random.pick(candidates)[0];
  }

  private address(): number[] {
    if (this.random.chance(40)) return i32(this.random.below(0x1000));
    return [...this.expression(I32, 2), ...i32(PAGE_MASK), 0x71];
  }

  private memarg(): number[] {
    return [0, ...leb(this.random.chance(50) ? this.random.below(64) : 0)];
  }

  /** A store, half of the time of what was there, changed: `x[i] op= y`. */
  private store(): number[] {
    const { random } = this;
    const type = randomType(random);
    const op = random.pick(STORES.get(type)!);
    if (random.chance(50) || isFloat(type)) {
      return [...this.address(), ...this.expression(type, 3), ...op.bytes, ...this.memarg()];
    }
    const index = this.local(I32);
    if (index === undefined) return [];
    const place = [0x20, index];
    const memarg = this.memarg();
    const loaded = random.chance(80) ? memarg : this.memarg();
    const left = [...place, ...random.pick(LOADS.get(type)!).bytes, ...loaded];
    const right = this.expression(type, 1);
    // A `local.tee` on the right would change the address, if it came first.
    const isFirst = random.chance(70) || right.includes(0x22);
    const operands = isFirst ? [...left, ...right] : [...right, ...left];
    const binary = random.pick(this.group(type, 2).filter((each) => !each.isDivision));
    const moved = [...this.address(), 0x21, index];
    return [...moved, ...place, ...operands, ...binary.bytes, ...op.bytes, ...memarg];
  }

  /** A small number, most of the time less than `limit`. */
  private small(limit: number): number[] {
    if (this.random.chance(60)) return i32(this.random.below(limit));
    return [...this.expression(I32, 1), ...i32(limit - 1), 0x71];
  }

  private bulk(): number[] {
    const { random } = this;
    const kind = random.below(10);
    if (kind < 4) return [...this.address(), ...this.address(), ...this.small(64), 0xfc, 10, 0, 0];
    if (kind < 7) {
      return [...this.address(), ...this.expression(I32, 1), ...this.small(64), 0xfc, 11, 0];
    }
    if (kind === 9 && random.chance(20)) return [0xfc, 9, 1];
    const count = this.small(16);
    return [...this.address(), ...this.small(PASSIVE_BYTES), ...count, 0xfc, 8, random.below(2), 0];
  }

  private tableStatement(): number[] {
    const { random } = this;
    const table = random.below(2);
    const size = table === 0 ? TABLE_SIZE : SECOND_TABLE_SIZE;
    const index = this.small(size);
    switch (random.below(6)) {
      case 0:
        return [...index, ...this.reference(), 0x26, table];
      case 1:
        return [...index, ...this.small(4), ...this.small(4), 0xfc, 14, table, random.below(2)];
      case 2:
        return [...index, ...this.small(4), ...this.small(4), 0xfc, 12, 2, table];
      case 3:
        return [...index, ...this.reference(), ...this.small(4), 0xfc, 17, table];
      case 4:
        return random.chance(20) ? [0xfc, 13, 2] : [];
      default:
        return [...this.reference(), ...this.small(3), 0xfc, 15, 1, DROP];
    }
  }

  private reference(): number[] {
    const { random, around } = this;
    const kind = random.below(4);
    if (kind === 0) return [0xd0, FUNCREF];
    if (kind === 1) return [...this.small(TABLE_SIZE), 0x25, 0];
    return [0xd2, ...leb(random.below(around.functions.length))];
  }

  private callStatement(): number[] {
    const { random, around } = this;
    if (random.chance(40)) {
      const type = random.below(this.reachable().length);
      const { params, results } = around.functions[type]!;
      return [...this.indirect(type, params, 2), ...this.discard(results)];
    }
    if (around.callable.length === 0) return [];
    const index = random.below(around.callable.length);
    const { params, results } = around.callable[index]!;
    return [...this.values(params, 2), 0x10, ...leb(index), ...this.discard(results)];
  }

  /** The functions to call through a table: seldom this one or a later one, which may recurse. */
  private reachable(): readonly Shape[] {
    const { callable, functions } = this.around;
    return callable.length > 0 && this.random.below(100) < 92 ? callable : functions;
  }

  /** A call through a table, most of the time of an entry that was put there with this type. */
  private indirect(type: number, params: readonly Type[], depth: number): number[] {
    const { random } = this;
    const table = random.chance(20) ? 1 : 0;
    const size = table === 0 ? TABLE_SIZE : SECOND_TABLE_SIZE;
    // Most of the time function i is entry i of the first table, i + 1 of the second.
    const right = type + table;
    const index = random.below(100) < 98 && right < size ? i32(right) : this.small(size + 1);
    return [...this.burn(), ...this.values(params, depth), ...index, 0x11, ...leb(type), table];
  }

  private nested(open: readonly number[], label: readonly Type[], depth: number): number[] {
    this.labels.push(label);
    const code = [...open, ...this.statements(depth - 1), END];
    this.labels.pop();
    return code;
  }

  private ifStatement(depth: number): number[] {
    const condition = this.expression(I32, 3);
    this.labels.push([]);
    const yes = this.statements(depth - 1);
    const no = this.random.chance(50) ? [ELSE, ...this.statements(depth - 1)] : [];
    this.labels.pop();
    return [...condition, IF, VOID, ...yes, ...no, END];
  }

  /** Traps when the fuel is gone, and takes one off it. */
  private burn(): number[] {
    return [0x23, FUEL, ...i32(0), 0x4c, IF, VOID, 0x00, END, ...LESS_FUEL];
  }

  /** A loop that ends when the fuel is gone, or its condition is false. */
  private loop(depth: number): number[] {
    this.labels.push([], undefined);
    const leave = this.random.chance(50) ? [...this.expression(I32, 2), BR_IF, 1] : [];
    const body = this.statements(depth - 1);
    const again = this.expression(I32, 3);
    this.labels.pop();
    this.labels.pop();
    // What loops leave is for calls, which can only trap without.
    const start = [...HAS_LOOP_FUEL, 0x45, BR_IF, 1, ...LESS_FUEL];
    const code = [...start, ...leave, ...body, ...again, BR_IF, 0];
    return [BLOCK, VOID, LOOP, VOID, ...code, END, END];
  }

  /** A block, loop or if with parameters and results. */
  private typedBlock(depth: number): number[] {
    const { random, around } = this;
    const index = random.below(around.blockTypes.length);
    const { params, results } = around.blockTypes[index]!;
    const type = leb(around.firstBlockType + index);
    const before = this.values(params, 2);
    const kind = random.below(3);
    const inside = (): number[] => [...this.discard(params), ...this.statements(depth - 1)];
    if (kind === 1) {
      this.labels.push(undefined);
      const start = [...this.discard(params), ...LESS_FUEL, ...this.statements(depth - 1)];
      const condition = [...this.expression(I32, 2), ...HAS_LOOP_FUEL, 0x71];
      const again = [...this.values(params, 2), ...condition, BR_IF, 0];
      const rest = [...params.map(() => DROP), ...this.values(results, 2)];
      this.labels.pop();
      return [...before, LOOP, ...type, ...start, ...again, ...rest, END, ...this.discard(results)];
    }
    const condition = kind === 2 ? this.expression(I32, 2) : [];
    this.labels.push(results);
    const yes = [...inside(), ...this.values(results, 2)];
    const no = kind === 2 ? [ELSE, ...inside(), ...this.values(results, 2)] : [];
    this.labels.pop();
    const open = kind === 2 ? IF : BLOCK;
    const after = this.discard(results);
    return [...before, ...condition, open, ...type, ...yes, ...no, END, ...after];
  }

  /** Nested blocks and a br_table into them. */
  private switch(depth: number): number[] {
    const { random } = this;
    const count = 1 + random.below(8);
    for (let i = 0; i < count; i++) this.labels.push([]);
    const index = this.expression(I32, 2);
    const targets = Array.from({ length: random.below(10) }, () => random.below(count));
    let code = [...index, BR_TABLE, ...vector(...targets.map((t) => [t])), random.below(count)];
    for (let i = 0; i < count; i++) {
      this.labels.pop();
      code = [BLOCK, VOID, ...code, END, ...this.statement(depth - 1)];
    }
    return code;
  }

  /** `br_if`, `br`, `br_table` or a trap; never to a loop's start, which would burn no fuel. */
  private branch(): number[] {
    const { random } = this;
    // Leaving the function leaves out all that would have shown what was computed.
    const isExit = random.chance(8);
    const label = isExit ? this.labels.length - 1 : random.below(this.labels.length - 1 || 1);
    if (label === this.labels.length - 1 && !isExit) return this.localSet();
    const types = this.labels[this.labels.length - 1 - label];
    const condition = this.expression(I32, 3);
    if (types === undefined) return [...condition, DROP];
    if (random.chance(1)) return [...condition, IF, VOID, 0x00, END];
    const values = this.values(types, 2);
    const kind = random.below(isExit ? 4 : 3);
    if (kind === 3)
      return [...condition, IF, VOID, ...this.values(this.shape.results, 2), RETURN, END];
    if (kind === 0) return [...values, ...condition, BR_IF, label, ...this.discard(types)];
    if (kind === 1) return [...condition, IF, VOID, ...values, BR, label + 1, END];
    const equal = this.labels
      .map((each, i) => ({ types: each, label: this.labels.length - 1 - i }))
      .filter((each) => each.types?.join() === types.join())
      .map((each) => each.label + 1);
    const targets = Array.from({ length: random.below(4) }, () => [random.pick(equal)]);
    const index = this.expression(I32, 1);
    const jump = [...values, ...index, BR_TABLE, ...vector(...targets), label + 1];
    return [...condition, IF, VOID, ...jump, END];
  }

  // --- expressions ---

  private leaf(type: Type): number[] {
    const { random, around } = this;
    const local = this.local(type);
    if (local !== undefined && random.below(100) < 70) return [0x20, local];
    if (random.chance(20)) {
      const globals = [...around.globals.entries()].filter(([i, each]) => each === type && i > 0);
      return [0x23, random.pick(globals)[0]];
    }
    return this.constant(type);
  }

  private constant(type: Type): number[] {
    const { random } = this;
    if (type === F32 || type === F64) {
      return constant(type, random.float(type === F32 ? "f32" : "f64"));
    }
    return constant(type, random.bits());
  }

  /** A value of `type`; a float that is not `loose` has canonical NaNs only. */
  private expression(type: Type, depth: number, loose = false): number[] {
    return this.random.span(() => this.randomExpression(type, depth, loose));
  }

  private randomExpression(type: Type, depth: number, loose: boolean): number[] {
    const { random } = this;
    if (depth <= 0 || --this.budget < 0) return this.leaf(type);
    const kind = random.below(28);
    if (kind < 4) return this.leaf(type);
    if (kind < 18) return this.operation(type, depth, loose);
    if (kind < 20) return this.load(type, loose);
    if (kind === 20) return this.select(type, depth, loose);
    if (kind === 21) return this.tee(type, depth);
    if (kind < 24) return this.call(type, depth);
    if (kind === 24) return this.blockValue(type, depth);
    if (kind === 25) return this.ifValue(type, depth);
    if (type === I32) return this.size();
    return this.operation(type, depth, loose);
  }

  /** Operations with this many operands of the result's own type. */
  private group(type: Type, operands: number): readonly RandomOp[] {
    const groups = OPERATIONS.get(type)!;
    const found = groups.find(
      ([first]) => first?.operands.length === operands && first.operands.every((t) => t === type),
    );
    return found ?? groups[0]!;
  }

  private operation(type: Type, depth: number, loose: boolean): number[] {
    const { random } = this;
    const groups = OPERATIONS.get(type)!;
    const group = random.chance(45) ? random.pick(groups) : this.group(type, 2);
    // Sums and differences lose nothing of what their operands were.
    const isSum = random.chance(35);
    const op = isSum
      ? random.pick(this.group(type, 2).filter(({ name }) => SUM.test(name)))
      : random.pick(group);
    const code = [...this.operands(op, depth), ...op.bytes];
    return op.makesNaN && !loose ? this.canonical(type, code) : code;
  }

  private operands(op: RandomOp, depth: number): number[] {
    const { random } = this;
    const [first, second] = op.operands as [Type, Type | undefined];
    if (op.isTruncation) return this.truncated(first, depth);
    // What may be any NaN must not come to see its sign or bits.
    const takesLoose = op.makesNaN || op.result === I32 || op.result === I64;
    const loose = takesLoose && !op.name.includes("reinterpret");
    const left = random.chance(20) ? this.leaf(first) : this.expression(first, depth - 1, loose);
    if (second === undefined) return left;
    if (!op.isDivision) return [...left, ...this.rightOperand(second, left, depth, loose)];
    // Divisors are made odd most of the time, or every third call would trap.
    const right = random.chance(50) ? this.constant(second) : this.expression(second, depth - 1);
    const one = second === I32 ? [...i32(1), 0x72] : [...i64(1n), 0x84];
    return [...left, ...right, ...(random.below(100) < 98 ? one : [])];
  }

  /** Sometimes a constant, sometimes what the left operand is or nearly so. */
  private rightOperand(type: Type, left: number[], depth: number, loose: boolean): number[] {
    const { random } = this;
    if (random.chance(30)) return this.constant(type);
    const isLeaf = left[0] === 0x20 && left.length === 2 && !isFloat(type);
    const kind = left[1] === undefined ? undefined : this.locals[left[1]];
    if (!isLeaf || kind !== type || random.chance(70)) {
      return this.expression(type, depth - 1, loose);
    }
    const change = random.below(3) - 1;
    const near = type === I32 ? [...i32(change), 0x6a] : [...i64(BigInt(change)), 0x7c];
    return [...left, ...near];
  }

  /** A float that fits an integer, most of the time. */
  private truncated(type: Type, depth: number): number[] {
    if (this.random.chance(4)) return this.expression(type, depth - 1, true);
    const integer = [...this.expression(I32, depth - 1), ...i32(0xffff), 0x71];
    return [...integer, type === F32 ? 0xb2 : 0xb7, ...constant(type, QUARTER[type]!), MUL[type]!];
  }

  /** Makes any NaN the canonical one: the value if it equals itself. */
  private canonical(type: Type, code: readonly number[]): number[] {
    const scratch = this.locals.length + (type === F32 ? 0 : 1);
    const isNumber = [0x20, scratch, 0x20, scratch, type === F32 ? 0x5b : 0x61];
    return [...code, 0x22, scratch, ...constant(type, CANONICAL[type]), ...isNumber, SELECT];
  }

  /** Floats in memory were stored canonical, but bytes can have become any NaN. */
  private load(type: Type, loose: boolean): number[] {
    const op = this.random.pick(LOADS.get(type)!);
    const code = [...this.address(), ...op.bytes, ...this.memarg()];
    return isFloat(type) && !loose ? this.canonical(type, code) : code;
  }

  private select(type: Type, depth: number, loose: boolean): number[] {
    const yes = this.expression(type, depth - 1, loose);
    const no = this.expression(type, depth - 1, loose);
    const condition = this.expression(I32, depth - 1);
    return [...yes, ...no, ...condition, ...(this.random.chance(20) ? [0x1c, 1, type] : [SELECT])];
  }

  private tee(type: Type, depth: number): number[] {
    const local = this.local(type);
    if (local === undefined) return this.leaf(type);
    return [...this.expression(type, depth - 1), 0x22, local];
  }

  /** The first result of a call; the others are dropped. */
  private call(type: Type, depth: number): number[] {
    const { random, around } = this;
    const isIndirect = random.chance(35);
    const from = isIndirect ? this.reachable() : around.callable;
    const candidates = [...from.entries()].filter(([, { results }]) => results[0] === type);
    if (candidates.length === 0) return this.leaf(type);
    const [index, { params, results }] = random.pick(candidates);
    const drops = this.discard(results.slice(1));
    if (isIndirect) return [...this.indirect(index, params, depth - 2), ...drops];
    return [...this.values(params, depth - 2), 0x10, ...leb(index), ...drops];
  }

  private blockValue(type: Type, depth: number): number[] {
    this.labels.push([type]);
    const early = this.random.chance(60)
      ? [...this.expression(type, 1), ...this.expression(I32, 2), BR_IF, 0, DROP]
      : [];
    const code = [BLOCK, type, ...early, ...this.expression(type, depth - 1), END];
    this.labels.pop();
    return code;
  }

  private ifValue(type: Type, depth: number): number[] {
    const condition = this.expression(I32, depth - 1);
    this.labels.push([type]);
    const yes = this.expression(type, depth - 1);
    const no = this.expression(type, depth - 1);
    this.labels.pop();
    return [...condition, IF, type, ...yes, ELSE, ...no, END];
  }

  /** Numbers of pages and entries, and whether an entry is empty. */
  private size(): number[] {
    const { random } = this;
    switch (random.below(5)) {
      case 0:
        return [0x3f, 0];
      case 1:
        return [0xfc, 16, random.below(2)];
      case 2:
        return [...this.small(2), 0x40, 0];
      case 3:
        return [...this.reference(), ...this.small(3), 0xfc, 15, 1];
      default:
        return [...this.reference(), 0xd1];
    }
  }
}

const ROTL = { [I32]: 0x77, [I64]: 0x89 } as Record<Type, number>;
const XOR = { [I32]: 0x73, [I64]: 0x85 } as Record<Type, number>;

/** The plain store of a type, at the address itself. */
const storeOf = (type: Type): number[] => [...STORES.get(type)![0]!.bytes, 0, 0];

const QUARTER = { [F32]: 0x3e80_0000n, [F64]: 0x3fd0n << 48n } as Record<Type, bigint>;
const MUL = { [F32]: 0x94, [F64]: 0xa2 } as Record<Type, number>;

export function randomType(random: Random): Type {
  return random.pick([I32, I32, I32, I64, I64, F64, F32] as const);
}
