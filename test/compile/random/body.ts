// Writes one random function body: statements around random expressions.
//
//   guards    some functions return before they call anything
//   entry     with no fuel left, the results are constants; otherwise one unit is taken
//   body      a block that gives the results; what leaves the function early mostly leaves this
//   end       all locals are stored, so that a wrong one cannot go unseen; a short body stores them
//             before it computes the results, or not at all
//
// What a statement computes is kept: added to what a local was, or stored.

import { leb, vector } from "../wasm/wasm-bytes";
import {
  BLOCK,
  BR,
  BR_IF,
  BR_TABLE,
  CALL,
  constant,
  DROP,
  ELSE,
  END,
  GLOBAL_GET,
  GLOBAL_SET,
  I32_ADD,
  I32_AND,
  I32_EQZ,
  I32_GT_S,
  I32_LE_S,
  I32_LT_S,
  I32_SUB,
  IF,
  i32,
  isFloat,
  LOCAL_GET,
  LOCAL_SET,
  LOCAL_TEE,
  LOOP,
  RETURN,
  storeOf,
  UNREACHABLE,
  VOID,
} from "./code";
import { ExitWriter } from "./exits";
import { bodyTypeIndex, FIRST_BLOCK_TYPE, FUEL, functionIndex, type Shape } from "./frame";
import { MAX_COUNT, randomType, type Surroundings } from "./leaf";
import { F32, F64, I32, type Type } from "./ops";
import type { Random } from "./random";

/** Where a body stores its locals at its end. */
const SAVED = 0x800;
const SAVED_SIZE = 128;
const MAX_LOCALS = SAVED_SIZE / 8;
/** Statements within statements. */
const DEPTH = 3;
/** Values that lie below a statement on the stack. */
const MAX_WAITING = 8;

/** Fuel that loops leave for calls. */
const CALL_FUEL = 200;
const HAS_LOOP_FUEL = [GLOBAL_GET, FUEL, ...i32(CALL_FUEL), I32_GT_S];
const LESS_FUEL = [GLOBAL_GET, FUEL, ...i32(1), I32_SUB, GLOBAL_SET, FUEL];

/** At the start of a loop in a block: leaves both without fuel. */
const USE_LOOP_FUEL = [...HAS_LOOP_FUEL, I32_EQZ, BR_IF, 1, ...LESS_FUEL];

export class BodyWriter extends ExitWriter {
  readonly #shape: Shape;

  constructor(random: Random, shape: Shape, around: Surroundings) {
    const extra = Array.from({ length: 1 + random.below(5) }, () => randomType(random));
    const locals = [...shape.params, ...extra].slice(0, MAX_LOCALS);
    const first = locals.length;
    const counters = Array.from({ length: DEPTH }, (_, i) => first + 2 + i);
    const scratch = { f32: first, f64: first + 1, counters, wrapping: first + 2 + DEPTH };
    super(random, locals, scratch, around, shape.pointer);
    this.#shape = shape;
  }

  /** Which random function it is. */
  get #number(): number {
    return this.around.callable.length;
  }

  /** Size, locals and code. */
  write(): number[] {
    const { random, locals, scratch } = this;
    const shape = this.#shape;
    const own = locals.slice(shape.params.length);
    const declared = [...own, F32, F64, ...scratch.counters.map(() => I32), I32];
    const start = own.flatMap((type, i) => [
      ...this.constant(type),
      ...[LOCAL_SET, shape.params.length + i],
    ]);
    const all = vector(...declared.map((type) => [1, type]));
    const written = (code: number[]) => [...leb(all.length + code.length), ...all, ...code];
    if (shape.isFatal) return written([...start, ...this.#straightLine(), UNREACHABLE, END]);
    const guards = this.guards(shape.results);
    // What points to something is of use in a function that has registers for it.
    const isShort = shape.pointer === undefined ? 25 : 60;
    this.labels.push(shape.results);
    const body = random.chance(isShort) ? this.#shortBody() : this.#longBody();
    this.labels.pop();
    return written([...start, ...guards, ...this.#entry(), ...body, END]);
  }

  #longBody(): number[] {
    const { random } = this;
    const { results } = this.#shape;
    const statements = random.chance(60) ? this.statements(DEPTH) : this.#straightLine();
    const values = this.values(results, 4);
    const block = [BLOCK, ...leb(bodyTypeIndex(this.#number)), ...statements, ...values, END];
    const tail = random.chance(12)
      ? this.tailCall(results, () => [...this.discard(results), ...this.#saveLocals()])
      : undefined;
    return [...block, ...(tail ?? this.#saveLocals())];
  }

  /** Few statements, and results that are computed last, right before it returns. */
  #shortBody(): number[] {
    const { random } = this;
    const { results } = this.#shape;
    const call = random.chance(60) ? this.#callStatement() : [];
    const statements = random.some(4, 60, () => this.#statement(random.chance(30) ? 1 : 0)).flat();
    const save = () => (random.chance(50) ? this.#saveLocals() : []);
    const tail = random.chance(20) ? this.tailCall(results, save) : undefined;
    const last = tail ?? [...save(), ...this.lastValues(results)];
    return [BLOCK, ...leb(bodyTypeIndex(this.#number)), ...call, ...statements, ...last, END];
  }

  #entry(): number[] {
    const results = this.#shape.results.flatMap((type) => constant(type, 0n));
    const isEmpty = [GLOBAL_GET, FUEL, ...i32(0), I32_LE_S];
    return [...isEmpty, IF, VOID, ...results, RETURN, END, ...LESS_FUEL];
  }

  /** Straight-line code: nothing is lost to a branch not taken. */
  #straightLine(): number[] {
    const { random } = this;
    return random
      .some(16, 88, () => (random.chance(40) ? this.#statement(0) : this.localSet()))
      .flat();
  }

  #saveLocals(): number[] {
    const start = SAVED + SAVED_SIZE * this.#number;
    return this.locals.flatMap((type, i) => {
      const value = [LOCAL_GET, i];
      const exact = isFloat(type) ? this.certain(type, value) : value;
      return [...i32(start + 8 * i), ...exact, ...storeOf(type)];
    });
  }

  protected statements(depth: number): number[] {
    return this.random.some(6, 67, () => this.#statement(depth)).flat();
  }

  #statement(depth: number): number[] {
    const { random } = this;
    if (--this.budget < 0) return [];
    const kind = random.below(depth > 0 ? 37 : 17);
    if (kind < 3) return this.localSet();
    if (kind < 7) return this.store();
    if (kind === 7) return this.globalSet();
    if (kind === 8) return this.unused();
    if (kind < 11) return this.bulk();
    if (kind < 13) return this.tableStatement();
    if (kind < 15) return this.#callStatement();
    if (kind < 17) return this.pattern();
    if (kind < 20) return this.#ifStatement(depth);
    if (kind === 20) return this.#loop(depth);
    if (kind < 24) return this.#countedLoop(depth);
    if (kind === 24) return this.#nested([BLOCK, VOID], [], depth);
    if (kind < 27) return this.#typedBlock(depth);
    if (kind === 27) return this.#switch(depth);
    if (kind < 31) return this.#branch();
    if (kind < 34) return this.tryBlock(depth);
    if (kind === 34) return this.throwing();
    return this.#waiting(depth);
  }

  // --- calls ---

  #callStatement(): number[] {
    const { random, around } = this;
    const hasFatal = around.callable.some(({ isFatal }) => isFatal);
    if (hasFatal && random.chance(30)) return this.#trap(this.expression(I32, 2));
    const isIndirect = random.chance(40);
    const from = isIndirect ? this.reachable() : around.callable;
    const callees = [...from.entries()].filter(([, { isFatal }]) => !isFatal);
    if (callees.length === 0) return this.localSet();
    const [index, shape] = random.pick(callees);
    const call = isIndirect
      ? this.indirect(index, shape, 2)
      : [...this.arguments(shape, 2), CALL, ...leb(functionIndex(index))];
    return [...call, ...this.discard(shape.results)];
  }

  /** A trap, or a call of a function that always traps, in one case of eight. */
  #trap(condition: readonly number[]): number[] {
    const { callable } = this.around;
    const fatal = callable.findIndex(({ isFatal }) => isFatal);
    const seldom = [...condition, ...i32(7), I32_AND, I32_EQZ, IF, VOID];
    if (fatal < 0) return [...seldom, UNREACHABLE, END];
    const shape = callable[fatal]!;
    const call = [...this.arguments(shape, 1), CALL, ...leb(functionIndex(fatal))];
    return [...seldom, ...call, ...shape.results.map(() => DROP), END];
  }

  // --- control ---

  #nested(open: readonly number[], label: readonly Type[], depth: number): number[] {
    this.labels.push(label);
    const inside = this.statements(depth - 1);
    // What stands after a jump is never reached, but must be valid.
    const dead = this.random.chance(5) ? [BR, 0, ...this.statements(0)] : [];
    this.labels.pop();
    return [...open, ...inside, ...dead, END];
  }

  /** A statement with values below it on the stack, which it must leave alone. */
  #waiting(depth: number): number[] {
    const { random } = this;
    const types = random.some(MAX_WAITING, 80, () => randomType(random));
    const values = this.values(types, 2);
    return [...values, ...this.#statement(depth - 1), ...this.discard(types)];
  }

  #ifStatement(depth: number): number[] {
    const condition = this.condition(3);
    this.labels.push([]);
    const yes = this.statements(depth - 1);
    const no = this.random.chance(50) ? [ELSE, ...this.statements(depth - 1)] : [];
    this.labels.pop();
    return [...condition, IF, VOID, ...yes, ...no, END];
  }

  /** A loop that ends when the fuel is gone, or its condition is false. */
  #loop(depth: number): number[] {
    this.labels.push([], undefined);
    const leave = this.random.chance(50) ? [...this.condition(2), BR_IF, 1] : [];
    const body = this.statements(depth - 1);
    const again = this.condition(3);
    this.labels.pop();
    this.labels.pop();
    const code = [...USE_LOOP_FUEL, ...leave, ...body, ...again, BR_IF, 0];
    return [BLOCK, VOID, LOOP, VOID, ...code, END, END];
  }

  /** A loop that counts up or down, a few times, and what it counts is seen inside. */
  #countedLoop(depth: number): number[] {
    const { random } = this;
    const counter = this.scratch.counters[this.counting]!;
    const isUp = random.chance(60);
    const turns = 1 + random.below(MAX_COUNT);
    const step = isUp ? I32_ADD : I32_SUB;
    const isMore = isUp ? [...i32(turns), I32_LT_S] : [];
    this.labels.push([], undefined);
    this.counting++;
    const body = this.statements(depth - 1);
    const leave = random.chance(25) ? [...this.condition(2), BR_IF, 1] : [];
    const by = (count: number) => [LOCAL_GET, counter, ...i32(count), step, LOCAL_TEE, counter];
    // A second way back to the start, by the same step or another.
    const jump = 1 + random.below(2);
    const isInside = isUp ? [...i32(turns - jump), I32_LT_S] : [...i32(jump), I32_GT_S];
    const mayJump = [...this.condition(2), I32_EQZ, LOCAL_GET, counter, ...isInside, I32_AND];
    const skip = random.chance(25) ? [...mayJump, IF, VOID, ...by(jump), DROP, BR, 1, END] : [];
    const rest = skip.length > 0 ? this.#statement(depth - 1) : [];
    this.counting--;
    this.labels.pop();
    this.labels.pop();
    const again = [...by(1), ...isMore, BR_IF, 0];
    const code = [...USE_LOOP_FUEL, ...body, ...leave, ...skip, ...rest, ...again];
    const other = isUp ? turns >> 1 : (turns + 1) >> 1;
    const start = this.setCounter(counter, isUp ? 0 : turns, other);
    return [...start, BLOCK, VOID, LOOP, VOID, ...code, END, END];
  }

  /** A block, loop or if with parameters and results. */
  #typedBlock(depth: number): number[] {
    const { random, around } = this;
    const index = random.below(around.blockTypes.length);
    const { params, results } = around.blockTypes[index]!;
    const type = leb(FIRST_BLOCK_TYPE + index);
    const before = this.values(params, 2);
    const kind = random.below(3);
    const inside = (): number[] => [...this.discard(params), ...this.statements(depth - 1)];
    if (kind === 1) {
      this.labels.push(undefined);
      const start = [...this.discard(params), ...LESS_FUEL, ...this.statements(depth - 1)];
      const condition = [...this.condition(2), I32_EQZ, I32_EQZ, ...HAS_LOOP_FUEL, I32_AND];
      const again = [...this.values(params, 2), ...condition, BR_IF, 0];
      const rest = [...params.map(() => DROP), ...this.values(results, 2)];
      this.labels.pop();
      return [...before, LOOP, ...type, ...start, ...again, ...rest, END, ...this.discard(results)];
    }
    const condition = kind === 2 ? this.condition(2) : [];
    this.labels.push(results);
    const yes = [...inside(), ...this.values(results, 2)];
    const no = kind === 2 ? [ELSE, ...inside(), ...this.values(results, 2)] : [];
    this.labels.pop();
    const open = kind === 2 ? IF : BLOCK;
    const after = this.discard(results);
    return [...before, ...condition, open, ...type, ...yes, ...no, END, ...after];
  }

  /** Nested blocks and a br_table into them. */
  #switch(depth: number): number[] {
    const { random } = this;
    const count = 1 + random.below(8);
    for (let i = 0; i < count; i++) this.labels.push([]);
    const label = random.below(count);
    const areEqual = random.chance(15);
    const targets = Array.from({ length: random.below(10) }, () =>
      areEqual ? label : random.below(count),
    );
    const wild = random.chance(6) ? i32(random.below(10)) : this.expression(I32, 2);
    // Otherwise it would nearly always be the default.
    const index = random.chance(80) ? [...wild, ...i32(7), I32_AND] : wild;
    let code = [...index, BR_TABLE, ...vector(...targets.map((t) => [t])), random.below(count)];
    for (let i = 0; i < count; i++) {
      this.labels.pop();
      code = [BLOCK, VOID, ...code, END, ...this.#statement(depth - 1)];
    }
    return code;
  }

  /** `br_if`, `br`, `br_table` or a trap; never to a loop's start, which would burn no fuel. */
  #branch(): number[] {
    const { random } = this;
    const isExit = random.chance(8);
    const label = isExit ? this.labels.length - 1 : random.below(this.labels.length - 1 || 1);
    if (label === this.labels.length - 1 && !isExit) return this.localSet();
    const types = this.labels[this.labels.length - 1 - label];
    const condition = this.condition(3);
    if (types === undefined) return [...condition, DROP];
    if (random.chance(8)) return this.#trap(condition);
    const kind = random.below(isExit ? 6 : 3);
    if (kind === 5) {
      const last = [...this.#saveLocals(), ...this.lastValues(types)];
      return [...condition, IF, VOID, ...last, RETURN, END];
    }
    const values = this.values(types, 2);
    if (kind === 4) {
      const tail = this.tailCall(types, () => this.#saveLocals());
      return tail ? [...condition, IF, VOID, ...tail, END] : [...condition, DROP];
    }
    if (kind === 3) {
      const save = this.#saveLocals();
      return [...condition, IF, VOID, ...values, ...save, RETURN, END];
    }
    if (kind === 0) return [...values, ...condition, BR_IF, label, ...this.discard(types)];
    if (kind === 1) return [...condition, IF, VOID, ...values, BR, label + 1, END];
    const equal = this.labels
      .map((each, i) => ({ types: each, label: this.labels.length - 1 - i }))
      .filter((each) => each.types?.join() === types.join())
      .map((each) => each.label + 1);
    const targets = Array.from({ length: random.below(4) }, () => [random.pick(equal)]);
    const index = [...this.expression(I32, 1), ...i32(3), I32_AND];
    const jump = [...values, ...index, BR_TABLE, ...vector(...targets), label + 1];
    return [...condition, IF, VOID, ...jump, END];
  }
}
