// The compiler's intermediate representation: SSA over a control-flow graph, 32-bit values only.
//
//   function            blocks in layout order; blocks[0] is the entry and has no predecessors
//     block             phis, then other values, then exactly one terminator
//       value           an operation with its operands; defines at most one 32-bit result
//
// 64-bit integers do not exist here: the builder splits each into a pair of values. The few machine
// operations whose two halves must be computed together (`add64`, `mul_wide_u`, calls that return
// i64, …) define the low word themselves and the high word through a `high` value behind them.
//
// Invariants (verify.ts checks them between all passes)
//   - `const` and `symbol` values are interned, belong to no block and cost nothing until selected.
//   - phi operands stand in the order of `block.predecessors`; an edge occurs once in both lists.
//   - Every other operand is defined by a value that dominates its use.

/** What a value does besides computing its result, which decides what may move across it. */
export type Effect =
  | "none"
  /** Reads memory: stays behind every earlier write. */
  | "read"
  /** Writes memory or may do anything (calls, instructions): stays where it is. */
  | "write"
  /** Pure but for the trap that it may raise: not dead even when unused. */
  | "trap"
  | "terminator";

interface OpFacts {
  readonly effect: Effect;
  /** Number of operands; absent: depends on the value. */
  readonly arity?: number;
  /** Results: 0, 1, or 2 where a `high` value names the second. */
  readonly results: 0 | 1 | 2;
}

const pure = (arity: number): OpFacts => ({ effect: "none", arity, results: 1 });
const wide = (arity: number): OpFacts => ({ effect: "none", arity, results: 2 });
const trapping = (arity: number, results: 1 | 2): OpFacts => ({ effect: "trap", arity, results });
const load: OpFacts = { effect: "read", arity: 1, results: 1 };
const store: OpFacts = { effect: "write", arity: 2, results: 0 };

const OPS = {
  const: pure(0),
  symbol: pure(0),
  param: pure(0),
  phi: { effect: "none", results: 1 },
  high: pure(1),

  add: pure(2),
  sub: pure(2),
  mul: pure(2),
  and: pure(2),
  or: pure(2),
  xor: pure(2),
  shl: pure(2),
  shr: pure(2),
  sar: pure(2),
  rotl: pure(2),
  rotr: pure(2),
  /** (high, low, count): the word that leaves the top when high:low shifts left by count. */
  shld: pure(3),
  /** (low, high, count): the word that is left at the bottom when high:low shifts right. */
  shrd: pure(3),
  div_s: trapping(2, 1),
  div_u: trapping(2, 1),
  rem_s: trapping(2, 1),
  rem_u: trapping(2, 1),
  /** (low, high, divisor): quotient, and remainder as high word; faults if that needs 33 bits. */
  divide_u: trapping(3, 2),
  /** (dividend, divisor): quotient, and remainder as high word. */
  divide_s: trapping(2, 2),
  /** The high word of the 64-bit product. */
  mulh_s: pure(2),
  mulh_u: pure(2),
  extend8_s: pure(1),
  extend16_s: pure(1),
  clz: pure(1),
  ctz: pure(1),
  popcnt: pure(1),

  eq: pure(2),
  ne: pure(2),
  lt_s: pure(2),
  lt_u: pure(2),
  gt_s: pure(2),
  gt_u: pure(2),
  le_s: pure(2),
  le_u: pure(2),
  ge_s: pure(2),
  ge_u: pure(2),
  /** (condition, ifTrue, ifFalse) */
  select: pure(3),

  /** (aLow, aHigh, bLow, bHigh) */
  add64: wide(4),
  sub64: wide(4),
  mul_wide_u: wide(2),
  mul_wide_s: wide(2),
  lt64_s: pure(4),
  lt64_u: pure(4),
  ge64_s: pure(4),
  ge64_u: pure(4),
  div64_s: trapping(4, 2),
  div64_u: trapping(4, 2),
  rem64_s: trapping(4, 2),
  rem64_u: trapping(4, 2),

  /** (address), plus `offset` */
  load8_u: load,
  load8_s: load,
  load16_u: load,
  load16_s: load,
  load32: load,
  /** (address, value), plus `offset` */
  store8: store,
  store16: store,
  store32: store,
  /** (destination, source, count), which may overlap; (destination, byte, count) */
  copy: { effect: "write", arity: 3, results: 0 },
  fill: { effect: "write", arity: 3, results: 0 },

  /** Calls `name` with all words of the arguments; `signature` tells where they go. */
  call: { effect: "write", results: 2 },
  /** The same of the function at the address that is the last operand. */
  call_indirect: { effect: "write", results: 2 },
  /** The instruction `name` of module `x86`. */
  intrinsic: { effect: "write", results: 2 },

  jump: { effect: "terminator", arity: 0, results: 0 },
  /** (condition): successors are [if not zero, if zero]. */
  branch: { effect: "terminator", arity: 1, results: 0 },
  /** (index): `cases[index]`, the last one if the index is too large, indexes successors. */
  switch: { effect: "terminator", arity: 1, results: 0 },
  /** (index): `cases[index]`, and the index is known to be in range. Made by lower-switches.ts. */
  table_jump: { effect: "terminator", arity: 1, results: 0 },
  return: { effect: "terminator", results: 0 },
  /** The trap whose kind is `immediate` (trap.ts). */
  unreachable: { effect: "terminator", arity: 0, results: 0 },
} as const satisfies Record<string, OpFacts>;

export type IrOp = keyof typeof OPS;

const FACTS: Readonly<Record<IrOp, OpFacts>> = OPS;

/** The facts about an operation: effect, number of operands and of results. */
export function factsOf(op: IrOp): OpFacts {
  return FACTS[op];
}

/** Whether there is an operation of this name. */
export function isIrOp(name: string): name is IrOp {
  return Object.hasOwn(OPS, name);
}

/** A wasm value type as the calling convention sees it: one word or two. */
export type WordType = "i32" | "i64";

export interface Signature {
  readonly parameters: readonly WordType[];
  readonly results: readonly WordType[];
}

/** One operation and its result. */
export class Value {
  /** The block that it stands in; constants and symbols are in none. */
  block: Block | undefined;
  /**
   * `const`: the value, a signed word. Memory: the offset. `param`: which argument word.
   * `unreachable`: the kind of trap.
   */
  immediate = 0;
  /** `symbol`, `call`, `intrinsic`: of what. */
  name = "";
  signature: Signature | undefined;
  /** `switch`: for each index, which successor; the last entry is the default. */
  cases: readonly number[] | undefined;
  /** Set when this value was found equal to another, until the uses are rewritten. */
  forward: Value | undefined;

  constructor(
    readonly id: number,
    public op: IrOp,
    public args: Value[],
    /** Byte offset in the wasm module, for lines and messages. */
    public position: number,
  ) {}

  get effect(): Effect {
    return FACTS[this.op].effect;
  }
}

/** A straight run of values that ends in one terminator. */
export class Block {
  predecessors: Block[] = [];
  successors: Block[] = [];
  values: Value[] = [];
  /** How many loops it is in; set by loops.ts. */
  depth = 0;

  constructor(readonly id: number) {}

  /** The last value; a block under construction may have none. */
  get terminator(): Value {
    const last = this.values[this.values.length - 1];
    if (last?.effect !== "terminator") throw new Error(`block b${this.id} has no terminator`);
    return last;
  }

  /** The phis, which stand first. */
  phis(): Value[] {
    const end = this.values.findIndex((value) => value.op !== "phi");
    return end < 0 ? this.values : this.values.slice(0, end);
  }
}

/** One function of the module. */
export class IrFunction {
  blocks: Block[] = [];
  private nextValue = 0;
  private nextBlock = 0;
  private readonly constants = new Map<number, Value>();
  private readonly symbols = new Map<string, Value>();

  constructor(
    readonly name: string,
    readonly signature: Signature,
  ) {}

  get entry(): Block {
    const [entry] = this.blocks;
    if (!entry) throw new Error(`${this.name} has no blocks`);
    return entry;
  }

  /** All value ids are below this. */
  get valueLimit(): number {
    return this.nextValue;
  }

  /** All block ids are below this. */
  get blockLimit(): number {
    return this.nextBlock;
  }

  /** A new block, not yet in `blocks`. */
  createBlock(): Block {
    return new Block(this.nextBlock++);
  }

  /** Leaves ids below these to others: to values and blocks that are read from text. */
  reserve(values: number, blocks: number): void {
    this.nextValue = Math.max(this.nextValue, values);
    this.nextBlock = Math.max(this.nextBlock, blocks);
  }

  /** A new value, not yet in a block. */
  createValue(op: IrOp, args: Value[], position: number): Value {
    return new Value(this.nextValue++, op, args, position);
  }

  /** The constant `value`, of which only the low 32 bits count. */
  constant(value: number): Value {
    const word = value | 0;
    let found = this.constants.get(word);
    if (!found) {
      found = this.createValue("const", [], 0);
      found.immediate = word;
      this.constants.set(word, found);
    }
    return found;
  }

  /** The address of the symbol `name`, plus `addend`. */
  symbol(name: string, addend = 0): Value {
    const key = `${name}+${addend}`;
    let found = this.symbols.get(key);
    if (!found) {
      found = this.createValue("symbol", [], 0);
      found.name = name;
      found.immediate = addend;
      this.symbols.set(key, found);
    }
    return found;
  }
}

/** Appends `value` to `block`. */
export function append(block: Block, value: Value): Value {
  value.block = block;
  block.values.push(value);
  return value;
}

/** Adds the edge from `from` to `to`, behind those that both have. */
export function connect(from: Block, to: Block): void {
  from.successors.push(to);
  to.predecessors.push(from);
}

/** Removes the edge from `from` to `to` and the phi operands that came over it. */
export function disconnect(from: Block, to: Block): void {
  from.successors.splice(from.successors.indexOf(to), 1);
  const index = to.predecessors.indexOf(from);
  to.predecessors.splice(index, 1);
  for (const phi of to.phis()) phi.args.splice(index, 1);
}

/** The value that `value` was found equal to, if any. */
export function resolve(value: Value): Value {
  let found = value;
  while (found.forward) found = found.forward;
  return found;
}

export function isConst(value: Value): boolean {
  return value.op === "const";
}

/** Whether `value` takes no part in block order: constants and addresses. */
export function isFree(value: Value): boolean {
  return value.op === "const" || value.op === "symbol";
}

/** Numbers of the value types' words: an i64 has two. */
export function wordsOf(types: readonly WordType[]): number {
  return types.reduce((words, type) => words + (type === "i64" ? 2 : 1), 0);
}
