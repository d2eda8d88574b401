// The compiler's intermediate representation: SSA over a control-flow graph, of 32-bit words and
// floating-point numbers.
//
//   function            blocks in layout order; blocks[0] is the entry and has no predecessors
//     block             phis, then other values, then exactly one terminator
//       value           an operation with its operands; defines at most one result: i32, f32 or f64
//
// 64-bit integers do not exist here: the builder splits each into a pair of values. The few machine
// operations whose two halves must be computed together (`add64`, `mul_wide_u`, calls that return
// i64, …) define the low word themselves and the high word through a `high` value after them. A
// call with more results defines the words of the others through `result` values.
//
// The name of an operation on floating-point numbers ends in their type: `add_f64`.
//
// Invariants (verify.ts checks them between all passes)
//   - `const`, `const_f32`, `const_f64` and `symbol` values are interned, belong to no block and
//     cost nothing until selected.
//   - phi operands stand in the order of `block.predecessors`; an edge occurs once in both lists.
//   - Every other operand is defined by a value that dominates its use.

/** What a value does apart from computing its result, which decides what may move across it. */
export type Effect =
  | "none"
  /** Reads memory: stays after every earlier write. */
  | "read"
  /** Writes memory or may do anything (calls, instructions): stays where it is. */
  | "write"
  /** Pure except for the trap that it may raise: not dead even when unused. */
  | "trap"
  | "terminator";

/** What a register can hold: a word, or a floating-point number. */
export type ValueType = "i32" | FloatType;
export type FloatType = "f32" | "f64";

interface OpFacts {
  readonly effect: Effect;
  /** Number of operands; absent: depends on the value. */
  readonly arity?: number;
  /** Results: 0, 1, or 2 where a `high` value names the second. */
  readonly results: 0 | 1 | 2;
  /** Type of the result; absent: i32, or given by the operands or the callee. */
  readonly type?: FloatType;
  /** Types of the operands; absent: all i32, or given by the value. */
  readonly operands?: readonly ValueType[];
  /** What a load reads or a store writes; absent: it is neither. */
  readonly bits?: MemoryBits;
}

type MemoryBits = 8 | 16 | 32 | 64;

const pure = (arity: number): OpFacts => ({ effect: "none", arity, results: 1 });
const wide = (arity: number): OpFacts => ({ effect: "none", arity, results: 2 });
const trapping = (arity: number, results: 1 | 2): OpFacts => ({ effect: "trap", arity, results });
const load = (bits: MemoryBits): OpFacts => ({ effect: "read", arity: 1, results: 1, bits });
const store = (bits: MemoryBits): OpFacts => ({ effect: "write", arity: 2, results: 0, bits });

const FLOAT_TYPES = ["f32", "f64"] as const;
const FLOAT_BITS = { f32: 32, f64: 64 } as const;

/** The same operations on both types of floating-point numbers. */
function floats<Name extends string>(
  names: readonly Name[],
  facts: (type: FloatType) => OpFacts,
): Record<`${Name}_${FloatType}`, OpFacts> {
  const entries = names.flatMap((name) =>
    FLOAT_TYPES.map((type) => [`${name}_${type}`, facts(type)] as const),
  );
  return Object.fromEntries(entries) as Record<`${Name}_${FloatType}`, OpFacts>;
}

/** From operands of the given types to a word, or to `type`. */
const typed = (operands: readonly ValueType[], type?: FloatType): OpFacts => ({
  effect: "none",
  arity: operands.length,
  results: 1,
  operands,
  ...(type && { type }),
});

const OPS = {
  const: pure(0),
  ...floats(["const"], (type) => typed([], type)),
  symbol: pure(0),
  param: pure(0),
  phi: { effect: "none", results: 1 },
  high: pure(1),
  /** (call): word number `immediate` of the results from the second on. Stands after the call. */
  result: pure(1),

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

  ...floats(["add", "sub", "mul", "div", "min", "max", "copysign"], (type) =>
    typed([type, type], type),
  ),
  ...floats(["abs", "neg", "sqrt"], (type) => typed([type], type)),
  ...floats(["eq", "ne", "lt", "gt", "le", "ge"], (type) => typed([type, type])),
  /** Of a signed word. */
  ...floats(["convert"], (type) => typed(["i32"], type)),
  promote_f32: typed(["f32"], "f64"),
  demote_f64: typed(["f64"], "f32"),
  /** The bits of a number, and the number of bits: (word), (low, high). */
  bits_f32: typed(["f32"]),
  bits_f64: { effect: "none", arity: 1, results: 2, operands: ["f64"] },
  from_bits_f32: typed(["i32"], "f32"),
  from_bits_f64: typed(["i32", "i32"], "f64"),
  /** The routine `name` of float-routines.ts; one that is `checked` traps for some operands. */
  routine: { effect: "none", results: 2 },
  checked_routine: { effect: "trap", results: 2 },

  /** (address), plus `offset` */
  ...floats(["load"], (type) => ({ ...load(FLOAT_BITS[type]), type })),
  load8_u: load(8),
  load8_s: load(8),
  load16_u: load(16),
  load16_s: load(16),
  load32: load(32),
  /** (address, value), plus `offset` */
  store8: store(8),
  store16: store(16),
  store32: store(32),
  ...floats(["store"], (type) => ({ ...store(FLOAT_BITS[type]), operands: ["i32", type] })),
  /** (destination, source, count), which may overlap; (destination, byte, count) */
  copy: { effect: "write", arity: 3, results: 0 },
  fill: { effect: "write", arity: 3, results: 0 },

  /** (address): traps unless `immediate` bytes of the module's own memory begin there. */
  check: { effect: "trap", arity: 1, results: 0 },
  /** (condition): the trap whose kind is `immediate`, if it is not zero. */
  trap_if: { effect: "trap", arity: 1, results: 0 },

  /** Calls `name` with all words of the arguments; `signature` decides where they go. */
  call: { effect: "write", results: 2 },
  /** The same for the function at the address that is the last operand. */
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
  /** Calls `name`, whose results are the function's own, when the frame of this one is gone. */
  tail_call: { effect: "terminator", results: 0 },
  /** The same for the function at the address that is the last operand. */
  tail_call_indirect: { effect: "terminator", results: 0 },
  /**
   * After a call and its further results: goes on with the first successor, or with the second if
   * the call did not return but threw. Nothing that the second uses is computed after the call.
   */
  may_throw: { effect: "terminator", arity: 0, results: 0 },
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

/** A number type of WebAssembly. An i64 is two values here, the others one. */
export type NumberType = ValueType | "i64";

/** Whether a type is one of floating-point numbers. */
export function isFloatType(type: NumberType | undefined): type is FloatType {
  return type === "f32" || type === "f64";
}

export interface Signature {
  readonly parameters: readonly NumberType[];
  readonly results: readonly NumberType[];
}

/** One operation and its result. */
export class Value {
  /** The block that it stands in; constants and symbols are in none. */
  block: Block | undefined;
  /** The facts about its operation. */
  facts: OpFacts;
  /** Of the result, where there is one. */
  type: ValueType;
  /**
   * `const`: the value, a signed word. Memory: the offset. `param`: which argument value.
   * `unreachable`, `trap_if`: the kind of trap. `result`: which value of the results. `check`: how
   * many bytes there must be, not signed.
   */
  immediate = 0;
  /**
   * `const_f64`: the high word of its bits; `immediate` is the low one. `check`: the bytes that the
   * memory has at least, not signed.
   */
  highImmediate = 0;
  /**
   * `symbol`, `call`, `tail_call`, `intrinsic`, `routine`: of what. Memory: OWN_MEMORY, if the
   * address counts from the start of the module's own.
   */
  name = "";
  signature: Signature | undefined;
  /** `switch`: for each index, which successor; the last entry is the default. */
  cases: readonly number[] | undefined;
  /** Set when this value was found equal to another, until the uses are rewritten. */
  forward: Value | undefined;
  /**
   * A phi of a block that some paths now bypass, or a value that others now stand for in repeated
   * code: after it, it need not be what the source's variable has.
   */
  isBypassed = false;

  constructor(
    readonly id: number,
    readonly op: IrOp,
    public args: Value[],
    /** Byte offset in the wasm module, for lines and messages. */
    public position: number,
  ) {
    // A phi has the type of its operands, a selection that of what it chooses from.
    const same = op === "phi" ? args[0] : op === "select" ? args[1] : undefined;
    this.facts = FACTS[op];
    this.type = same?.type ?? this.facts.type ?? "i32";
  }

  get effect(): Effect {
    return this.facts.effect;
  }

  /** Turns it into another operation on the same operands, or on operands that are set after. */
  become(op: IrOp): void {
    (this as { op: IrOp }).op = op;
    this.facts = FACTS[op];
  }
}

/** A straight run of values that ends in one terminator. */
export class Block {
  predecessors: Block[] = [];
  successors: Block[] = [];
  values: Value[] = [];
  /** How many loops it is in; set by setLoopDepths. */
  depth = 0;

  constructor(readonly id: number) {}

  /** The last value; a block under construction may have none. */
  get terminator(): Value {
    const last = this.values[this.values.length - 1];
    if (last?.effect !== "terminator") throw new Error(`block b${this.id} has no terminator`);
    return last;
  }

  /** The phis, which come first. */
  phis(): Value[] {
    const end = this.values.findIndex((value) => value.op !== "phi");
    return end < 0 ? this.values : this.values.slice(0, end);
  }
}

/** One function of the module. */
export class IrFunction {
  blocks: Block[] = [];
  #nextValue = 0;
  #nextBlock = 0;
  readonly #constants = new Map<number, Value>();
  readonly #floats = new Map<string, Value>();
  readonly #symbols = new Map<string, Value>();

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
    return this.#nextValue;
  }

  /** All block ids are below this. */
  get blockLimit(): number {
    return this.#nextBlock;
  }

  /** A new block, not yet in `blocks`. */
  createBlock(): Block {
    return new Block(this.#nextBlock++);
  }

  /** Leaves ids below these to values and blocks that are read from text. */
  reserve(values: number, blocks: number): void {
    this.#nextValue = Math.max(this.#nextValue, values);
    this.#nextBlock = Math.max(this.#nextBlock, blocks);
  }

  /** A new value, not yet in a block. */
  createValue(op: IrOp, args: Value[], position: number): Value {
    return new Value(this.#nextValue++, op, args, position);
  }

  /** The constant `value`, of which only the low 32 bits count. */
  constant(value: number): Value {
    const word = value | 0;
    let found = this.#constants.get(word);
    if (!found) {
      found = this.createValue("const", [], 0);
      found.immediate = word;
      this.#constants.set(word, found);
    }
    return found;
  }

  /** The floating-point number with these bits; an f32 has no high word. */
  float(type: FloatType, low: number, high = 0): Value {
    const key = `${type} ${low | 0} ${high | 0}`;
    let found = this.#floats.get(key);
    if (!found) {
      found = this.createValue(`const_${type}`, [], 0);
      found.immediate = low | 0;
      found.highImmediate = high | 0;
      this.#floats.set(key, found);
    }
    return found;
  }

  /** The address of the symbol `name`, plus `addend`. */
  symbol(name: string, addend = 0): Value {
    const key = `${name}+${addend}`;
    let found = this.#symbols.get(key);
    if (!found) {
      found = this.createValue("symbol", [], 0);
      found.name = name;
      found.immediate = addend;
      this.#symbols.set(key, found);
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

/** The call that a block ends with which `may_throw`; undefined: there is none. */
export function throwingCall({ values, terminator }: Block): Value | undefined {
  if (terminator.op !== "may_throw") return undefined;
  let index = values.length - 2;
  while (values[index]?.op === "high" || values[index]?.op === "result") index--;
  const call = values[index];
  return call?.op === "call" || call?.op === "call_indirect" ? call : undefined;
}

/** Adds the edge from `from` to `to`, after those that both have. */
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

/** Gives `to` the outgoing edges of `from` instead of its own; phis keep their operands. */
export function moveSuccessors(from: Block, to: Block): void {
  to.successors = from.successors;
  from.successors = [];
  for (const { predecessors } of to.successors) predecessors[predecessors.indexOf(from)] = to;
}

/** The value that `value` was found equal to, if any. */
export function resolve(value: Value): Value {
  let found = value;
  while (found.forward) found = found.forward;
  return found;
}

/** Whether `value` is a known word. */
export function isConst(value: Value): boolean {
  return value.op === "const";
}

/** Whether `value` is a known floating-point number. */
export function isFloatConst(value: Value): boolean {
  return value.op === "const_f32" || value.op === "const_f64";
}

/** Whether `value` takes no part in block order: constants and addresses. */
export function isFree(value: Value): boolean {
  return value.op === "const" || value.op === "symbol" || isFloatConst(value);
}

/** Whether `value` is a word times 2, 4 or 8, by a shift that addresses can do. */
export function isScaling({ op, args }: Value): boolean {
  if (op !== "shl") return false;
  const [, count] = args;
  return count !== undefined && isConst(count) && count.immediate <= 3;
}

/** Whether `value` loads or stores: what is at its first operand, plus `immediate`. */
export function isMemoryAccess({ facts }: Value): boolean {
  return facts.bits !== undefined;
}

/** The `name` of an access to the memory that is the module's own. */
export const OWN_MEMORY = "memory";

/** How many values these types make: an i64 is two. */
export function valuesOf(types: readonly NumberType[]): ValueType[] {
  const values: ValueType[] = [];
  for (const type of types) {
    if (type === "i64") values.push("i32", "i32");
    else values.push(type);
  }
  return values;
}
