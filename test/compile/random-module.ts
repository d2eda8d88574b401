// Random WebAssembly modules over all that the compiler supports, from a seed.
//
// Every module has the same frame: memory of one page, a few globals, a table, functions f0, f1, …
// of which each calls only earlier ones, and `state`, a hash of memory and globals. Loops burn fuel
// from a global, so that every call ends; addresses are masked into the page. What is left to
// chance may trap (division, `unreachable`): then both sides must.

import type { Bytes } from "./wasm-bytes";
import { leb, section, text, vector, wasm } from "./wasm-bytes";

const I32 = 0x7f;
const I64 = 0x7e;
type Type = typeof I32 | typeof I64;

/** A pseudo-random generator (mulberry32): the same numbers for the same seed, everywhere. */
export class Random {
  constructor(private state: number) {}

  /** An integer in [0, limit). */
  below(limit: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** 64 bits, often near the edges where mistakes live. */
  bits(): bigint {
    const shift = BigInt(this.below(64));
    switch (this.below(6)) {
      case 0:
        return BigInt(this.below(16));
      case 1:
        return -BigInt(this.below(16));
      case 2:
        return 1n << shift;
      case 3:
        return (1n << shift) - 1n;
      case 4:
        return BigInt(this.below(2 ** 32));
      default:
        return (BigInt(this.below(2 ** 32)) << 32n) | BigInt(this.below(2 ** 32));
    }
  }
}

interface FunctionShape {
  readonly params: readonly Type[];
  readonly result: Type | undefined;
}

export interface RandomModule {
  readonly bytes: Uint8Array;
  readonly functions: readonly FunctionShape[];
}

const GLOBALS: readonly Type[] = [I32, I32, I64, I32, I64];
/** The global that counts down; set before each call by `fuel`. */
const FUEL = 0;
const PAGE_MASK = 0xff8;
const HASHED_WORDS = 0x1100 / 8;

function signedLeb(value: bigint): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; ) {
    const byte = Number(rest & 0x7fn);
    rest >>= 7n;
    const done = (rest === 0n && (byte & 0x40) === 0) || (rest === -1n && (byte & 0x40) !== 0);
    if (done) return [...bytes, byte];
    bytes.push(byte | 0x80);
  }
}

const i32 = (value: number): number[] => [0x41, ...signedLeb(BigInt(value | 0))];
const i64 = (value: bigint): number[] => [0x42, ...signedLeb(BigInt.asIntN(64, value))];

const range = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);

/** Opcodes by operand and result types. */
const UNARY32 = [0x67, 0x68, 0x69, 0x45, 0xc0, 0xc1];
const UNARY64 = [0x79, 0x7a, 0x7b, 0xc2, 0xc3, 0xc4];
const DIVISIONS32 = range(0x6d, 0x70);
const DIVISIONS64 = range(0x7f, 0x82);
const BINARY32 = [...range(0x6a, 0x6c), ...range(0x71, 0x78), ...range(0x46, 0x4f)];
const BINARY64 = [...range(0x7c, 0x7e), ...range(0x83, 0x8a)];
const COMPARE64 = range(0x51, 0x5a);
const LOADS32 = [0x28, 0x2c, 0x2d, 0x2e, 0x2f];
const LOADS64 = [0x29, ...range(0x30, 0x35)];
const STORES32 = [0x36, 0x3a, 0x3b];
const STORES64 = [0x37, 0x3c, 0x3d, 0x3e];

/** Writes one function body. */
class BodyWriter {
  private readonly locals: Type[];
  /** Result types of the open labels, the innermost last; a loop's label takes nothing. */
  private readonly labels: (Type | undefined)[];
  private budget: number;

  constructor(
    private readonly random: Random,
    private readonly shape: FunctionShape,
    private readonly callable: readonly FunctionShape[],
    private readonly tableType: number,
  ) {
    const extra = Array.from({ length: 1 + random.below(5) }, () =>
      random.pick([I32, I64] as const),
    );
    this.locals = [...shape.params, ...extra];
    this.labels = [shape.result];
    this.budget = 20 + random.below(120);
  }

  write(): number[] {
    const declared = this.locals.slice(this.shape.params.length);
    const statements = this.random.chance(50) ? this.statements(3) : this.localSets();
    const code = [...statements, ...this.saveLocals(), ...this.value(this.shape.result, 4), 0x0b];
    const locals = vector(...declared.map((type) => [1, type]));
    return [...leb(locals.length + code.length), ...locals, ...code];
  }

  /** Straight-line code: nothing is lost to a branch not taken. */
  private localSets(): number[] {
    return Array.from({ length: 4 + this.random.below(12) }, () => this.localSet()).flat();
  }

  /** Stores all locals, so that no wrong one goes unseen. */
  private saveLocals(): number[] {
    const start = 0x800 + 128 * this.callable.length;
    return this.locals.flatMap((type, i) => [
      ...i32(start + 8 * i),
      ...[0x20, i],
      ...[type === I32 ? 0x36 : 0x37, 0, 0],
    ]);
  }

  private value(type: Type | undefined, depth: number): number[] {
    return type === undefined ? [] : this.expression(type, depth);
  }

  private statements(depth: number): number[] {
    const count = 1 + this.random.below(5);
    return Array.from({ length: count }, () => this.statement(depth)).flat();
  }

  // --- statements ---

  private statement(depth: number): number[] {
    const { random } = this;
    if (--this.budget < 0) return [];
    const kind = random.below(depth > 0 ? 20 : 9);
    if (kind < 4) return this.localSet();
    if (kind < 6) return this.store();
    if (kind === 6) return this.globalSet();
    if (kind === 7) return [...this.expression(random.pick([I32, I64] as const), 3), 0x1a];
    if (kind === 8) return this.bulk();
    if (kind < 12) return this.ifStatement(depth);
    if (kind < 15) return this.loop(depth);
    if (kind < 17) return this.nested([0x02, 0x40], undefined, depth);
    if (kind === 17) return this.switch(depth);
    return this.branch(depth);
  }

  private localSet(): number[] {
    const index = this.random.below(this.locals.length);
    return [...this.expression(this.locals[index]!, 4), 0x21, index];
  }

  private globalSet(): number[] {
    const index = 1 + this.random.below(GLOBALS.length - 1);
    return [...this.expression(GLOBALS[index]!, 3), 0x24, index];
  }

  private address(): number[] {
    const inner = this.expression(I32, 2);
    return this.random.chance(40)
      ? i32(this.random.below(0x1000))
      : [...inner, ...i32(PAGE_MASK), 0x71];
  }

  private memarg(): number[] {
    return [0, ...leb(this.random.chance(50) ? 0 : this.random.below(64))];
  }

  /** A store, half of the time of what was there, changed: `x[i] op= y`. */
  private store(): number[] {
    const { random } = this;
    const isWide = random.chance(30);
    const type = isWide ? I64 : I32;
    const opcode = random.pick(isWide ? STORES64 : STORES32);
    if (random.chance(50)) {
      return [...this.address(), ...this.expression(type, 3), opcode, ...this.memarg()];
    }
    const index = this.locals.indexOf(I32);
    if (index < 0) return [];
    const place = [0x20, index];
    const memarg = this.memarg();
    const loaded = random.chance(80) ? memarg : this.memarg();
    const load = random.pick(isWide ? LOADS64 : LOADS32);
    const left = [...place, load, ...loaded];
    const right = this.expression(type, 1);
    const operands = random.chance(70) ? [...left, ...right] : [...right, ...left];
    const operation = random.pick(isWide ? BINARY64 : BINARY32);
    const moved = [...this.address(), 0x21, index];
    return [...moved, ...place, ...operands, operation, opcode, ...memarg];
  }

  private bulk(): number[] {
    const { random } = this;
    const count = random.chance(50)
      ? i32(random.below(40))
      : [...this.expression(I32, 1), ...i32(63), 0x71];
    return random.chance(50)
      ? [...this.address(), ...this.address(), ...count, 0xfc, 10, 0, 0]
      : [...this.address(), ...this.expression(I32, 1), ...count, 0xfc, 11, 0];
  }

  private nested(open: number[], label: Type | undefined, depth: number): number[] {
    this.labels.push(label);
    const code = [...open, ...this.statements(depth - 1), 0x0b];
    this.labels.pop();
    return code;
  }

  private ifStatement(depth: number): number[] {
    const condition = this.expression(I32, 3);
    this.labels.push(undefined);
    const yes = this.statements(depth - 1);
    const no = this.random.chance(50) ? [0x05, ...this.statements(depth - 1)] : [];
    this.labels.pop();
    return [...condition, 0x04, 0x40, ...yes, ...no, 0x0b];
  }

  /** A loop that ends when the fuel is gone, or its condition is false. */
  private loop(depth: number): number[] {
    const burn = [
      0x23,
      FUEL,
      0x45,
      0x04,
      0x40,
      0x00,
      0x0b,
      0x23,
      FUEL,
      ...i32(1),
      0x6b,
      0x24,
      FUEL,
    ];
    this.labels.push(undefined, undefined);
    const leave = this.random.chance(50) ? [...this.expression(I32, 2), 0x0d, 1] : [];
    const body = this.statements(depth - 1);
    const again = this.expression(I32, 3);
    this.labels.pop();
    this.labels.pop();
    return [0x02, 0x40, 0x03, 0x40, ...burn, ...leave, ...body, ...again, 0x0d, 0, 0x0b, 0x0b];
  }

  /** Nested blocks and a br_table into them. */
  private switch(depth: number): number[] {
    const { random } = this;
    const count = 1 + random.below(8);
    for (let i = 0; i < count; i++) this.labels.push(undefined);
    const index = this.expression(I32, 2);
    const targets = Array.from({ length: random.below(10) }, () => random.below(count));
    let code = [...index, 0x0e, ...vector(...targets.map((t) => [t])), random.below(count)];
    for (let i = 0; i < count; i++) {
      this.labels.pop();
      code = [0x02, 0x40, ...code, 0x0b, ...this.statement(depth - 1)];
    }
    return code;
  }

  /** `br_if`, `br`, `return` or a trap, to any label but a loop's own (that would burn no fuel). */
  private branch(_depth: number): number[] {
    const { random } = this;
    const label = random.below(this.labels.length);
    const type = this.labels[this.labels.length - 1 - label];
    const condition = this.expression(I32, 3);
    if (random.chance(5)) return [...condition, 0x04, 0x40, 0x00, 0x0b];
    if (type === undefined) return [...condition, 0x0d, label];
    const value = this.expression(type, 2);
    if (random.chance(50)) return [...value, ...condition, 0x0d, label, 0x1a];
    return [...condition, 0x04, 0x40, ...value, 0x0c, label + 1, 0x0b];
  }

  // --- expressions ---

  private leaf(type: Type): number[] {
    const { random } = this;
    const candidates = [...this.locals.entries()].filter(([, each]) => each === type);
    if (candidates.length > 0 && random.chance(70)) return [0x20, random.pick(candidates)[0]];
    if (random.chance(20)) {
      const globals = [...GLOBALS.entries()].filter(([i, each]) => each === type && i > 0);
      return [0x23, random.pick(globals)[0]];
    }
    return type === I32 ? i32(Number(BigInt.asIntN(32, random.bits()))) : i64(random.bits());
  }

  private expression(type: Type, depth: number): number[] {
    const { random } = this;
    if (depth <= 0 || --this.budget < 0) return this.leaf(type);
    const kind = random.below(24);
    if (kind < 4) return this.leaf(type);
    if (kind < 12) return this.binary(type, depth);
    if (kind < 14)
      return [...this.expression(type, depth - 1), random.pick(type === I32 ? UNARY32 : UNARY64)];
    if (kind < 16) return this.conversion(type, depth);
    if (kind < 18) return this.load(type);
    if (kind === 18) return this.select(type, depth);
    if (kind === 19) return this.tee(type, depth);
    if (kind === 20) return this.call(type, depth);
    if (kind === 21) return this.blockValue(type, depth);
    if (kind === 22) return this.ifValue(type, depth);
    return this.division(type, depth);
  }

  private binary(type: Type, depth: number): number[] {
    const { random } = this;
    const left = random.chance(20) ? this.leaf(type) : this.expression(type, depth - 1);
    const right = this.rightOperand(type, left, depth);
    return [...left, ...right, random.pick(type === I32 ? BINARY32 : BINARY64)];
  }

  /** Sometimes a constant, sometimes what the left operand is or nearly so. */
  private rightOperand(type: Type, left: number[], depth: number): number[] {
    const { random } = this;
    if (random.chance(30)) return this.constant(type);
    const isLeaf = left[0] === 0x20 && left.length === 2;
    if (!isLeaf || random.chance(70)) return this.expression(type, depth - 1);
    const change = random.below(3) - 1;
    const near = type === I32 ? [...i32(change), 0x6a] : [...i64(BigInt(change)), 0x7c];
    return [...left, ...near];
  }

  private constant(type: Type): number[] {
    const bits = this.random.bits();
    return type === I32 ? i32(Number(BigInt.asIntN(32, bits))) : i64(bits);
  }

  /** Divisors are made odd most of the time, or every third call would trap. */
  private division(type: Type, depth: number): number[] {
    const { random } = this;
    const left = this.expression(type, depth - 1);
    const right = random.chance(50) ? this.constant(type) : this.expression(type, depth - 1);
    const odd = random.chance(90) ? (type === I32 ? [...i32(1), 0x72] : [...i64(1n), 0x84]) : [];
    return [...left, ...right, ...odd, random.pick(type === I32 ? DIVISIONS32 : DIVISIONS64)];
  }

  private conversion(type: Type, depth: number): number[] {
    const { random } = this;
    if (type === I64) return [...this.expression(I32, depth - 1), random.pick([0xac, 0xad])];
    if (random.chance(50)) return [...this.expression(I64, depth - 1), 0xa7];
    if (random.chance(30)) return [...this.expression(I64, depth - 1), 0x50];
    const left = random.chance(40) ? this.leaf(I64) : this.expression(I64, depth - 1);
    return [...left, ...this.rightOperand(I64, left, depth), random.pick(COMPARE64)];
  }

  private load(type: Type): number[] {
    const opcode = this.random.pick(type === I32 ? LOADS32 : LOADS64);
    return [...this.address(), opcode, ...this.memarg()];
  }

  private select(type: Type, depth: number): number[] {
    const yes = this.expression(type, depth - 1);
    const no = this.expression(type, depth - 1);
    return [...yes, ...no, ...this.expression(I32, depth - 1), 0x1b];
  }

  private tee(type: Type, depth: number): number[] {
    const candidates = [...this.locals.entries()].filter(([, each]) => each === type);
    if (candidates.length === 0) return this.leaf(type);
    return [...this.expression(type, depth - 1), 0x22, this.random.pick(candidates)[0]];
  }

  private call(type: Type, depth: number): number[] {
    const { random } = this;
    const candidates = [...this.callable.entries()].filter(([, { result }]) => result === type);
    if (candidates.length === 0) return this.leaf(type);
    const [index, { params }] = random.pick(candidates);
    const args = params.flatMap((each) => this.expression(each, depth - 2));
    if (index !== 0 || random.chance(30)) return [...args, 0x10, index];
    // Every element of the table has the type of f0.
    const element = [...this.expression(I32, 1), ...i32(TABLE_SIZE), 0x70];
    return [...args, ...element, 0x11, this.tableType, 0];
  }

  private blockValue(type: Type, depth: number): number[] {
    this.labels.push(type);
    const early = this.random.chance(60)
      ? [...this.expression(type, 1), ...this.expression(I32, 2), 0x0d, 0, 0x1a]
      : [];
    const code = [0x02, type, ...early, ...this.expression(type, depth - 1), 0x0b];
    this.labels.pop();
    return code;
  }

  private ifValue(type: Type, depth: number): number[] {
    const condition = this.expression(I32, depth - 1);
    this.labels.push(type);
    const yes = this.expression(type, depth - 1);
    const no = this.expression(type, depth - 1);
    this.labels.pop();
    return [...condition, 0x04, type, ...yes, 0x05, ...no, 0x0b];
  }
}

const TABLE_SIZE = 3;

function randomShape(random: Random): FunctionShape {
  const params = Array.from({ length: random.below(5) }, () => random.pick([I32, I64] as const));
  return { params, result: random.pick([I32, I32, I64, I64, undefined] as const) };
}

/** `state`: i64, a hash of memory and globals. */
function stateBody(): number[] {
  const hash = [0x42, 0x1f, 0x7e];
  const address = [0x20, 0];
  const step = [0x20, 1, ...hash, ...address, 0x29, 0, 0, 0x85, 0x21, 1];
  const next = [...address, ...i32(8), 0x6a, 0x22, 0, ...i32(8 * HASHED_WORDS), 0x49, 0x0d, 0];
  const globals = GLOBALS.flatMap((type, i) => [
    ...[0x20, 1, ...hash, 0x23, i],
    ...(type === I32 ? [0xac] : []),
    ...[0x85, 0x21, 1],
  ]);
  const code = [0x03, 0x40, ...step, ...next, 0x0b, ...globals, 0x20, 1, 0x0b];
  const locals = vector([1, I32], [1, I64]);
  return [...leb(locals.length + code.length), ...locals, ...code];
}

/** `fuel(i32)`: sets the fuel of the next call. */
function fuelBody(): number[] {
  const code = [0, 0x20, 0, 0x24, FUEL, 0x0b];
  return [...leb(code.length), ...code];
}

const typeOf = ({ params, result }: FunctionShape): Bytes => [
  0x60,
  ...vector(...params.map((each) => [each])),
  ...vector(...(result === undefined ? [] : [[result]])),
];

/** The module of a seed. */
export function randomModule(seed: number): RandomModule {
  const random = new Random(seed);
  const functions: FunctionShape[] = [{ params: [I32, I64], result: I32 }];
  for (let i = random.below(4); i >= 0; i--) functions.push(randomShape(random));
  const bodies = functions.map((shape, i) =>
    new BodyWriter(random, shape, functions.slice(0, i), 0).write(),
  );
  const all = [...functions, { params: [], result: I64 }, { params: [I32], result: undefined }];
  const state = functions.length;
  const bytes = wasm(
    section(1, vector(...all.map((shape) => typeOf(shape as FunctionShape)))),
    section(3, vector(...all.map((_, i) => leb(i)))),
    section(4, vector([0x70, 0, TABLE_SIZE])),
    section(5, vector([0, 1])),
    section(
      6,
      vector(
        ...GLOBALS.map((type) => [
          ...[type, 1],
          ...(type === I32 ? i32(random.below(100)) : i64(random.bits())),
          0x0b,
        ]),
      ),
    ),
    section(
      7,
      vector(
        ...functions.map((_, i) => [...text(`f${i}`), 0, i]),
        [...text("state"), 0, state],
        [...text("fuel"), 0, state + 1],
      ),
    ),
    section(9, vector([0, ...i32(0), 0x0b, ...vector(...range(1, TABLE_SIZE).map(() => [0]))])),
    section(10, vector(...bodies, stateBody(), fuelBody())),
  );
  return { bytes, functions };
}
