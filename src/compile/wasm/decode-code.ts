// Decodes function bodies and constant expressions of a WebAssembly module, to the flat arrays that
// code.ts draws.
//
// All bodies of a module share four arrays; they grow together, one entry for each instruction.

import type { Code } from "./code";
import { type Immediate, OPCODES, Op, opcodeName } from "./opcodes";
import { invalid, type WasmReader } from "./reader";
import type { ConstantExpression, ConstantStep, ValueType } from "./wasm";

/** Implementation limit, as in the web's engines: a function with more locals is refused. */
export const MAX_LOCALS = 50_000;

const IMMEDIATES: readonly (Immediate | undefined)[] = byNumber(0x00, 0xff);
const PREFIXED: readonly (Immediate | undefined)[] = byNumber(0xfc00, 0xfcff);

/** What instructions of later proposals are about, by their first byte. */
const PROPOSALS: readonly [about: string, ...bytes: number[]][] = [
  ["exception handling with exnref", 0x0a, 0x1f],
  ["a typed function reference", 0x14, 0x15, 0xd3, 0xd4, 0xd5, 0xd6],
  ["a garbage-collected value (GC)", 0xfb],
  ["a vector instruction (SIMD)", 0xfd],
  ["an atomic instruction (threads)", 0xfe],
];

/** What value types of later proposals are about, by their first byte. */
const TYPE_PROPOSALS: readonly [about: string, ...bytes: number[]][] = [
  ["the vector type v128 (SIMD)", 0x7b],
  ["the type exnref (exception handling)", 0x69, 0x74],
  ["a typed function reference", 0x63, 0x64],
  ["a garbage-collected type (GC)", 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x71, 0x72, 0x73],
];

/** The instructions 0xfc of wide arithmetic. */
const WIDE_ARITHMETIC = { first: 19, last: 22 };
/** An alignment with this bit is followed by the number of a memory. */
const HAS_MEMORY_INDEX = 0x40;

/**
 * So many loops inside each other are taken. A loop has all blocks of those within it, so what a
 * nest costs the compiler grows with its square: some seconds by then. Programs nest a dozen.
 */
const MOST_NESTED_LOOPS = 500;

/** What goes on with a block that another instruction began, and which these are. */
const CONTINUES: ReadonlyMap<number, readonly number[]> = new Map([
  [Op.else, [Op.if]],
  [Op.catch, [Op.try, Op.catch]],
  [Op.catch_all, [Op.try, Op.catch]],
  [Op.delegate, [Op.try]],
]);

function byNumber(first: number, last: number): (Immediate | undefined)[] {
  const table = new Array<Immediate | undefined>(last - first + 1).fill(undefined);
  for (const { code, immediate } of OPCODES) {
    if (code >= first && code <= last) table[code - first] = immediate;
  }
  return table;
}

/** Decodes bodies one after the other into arrays that grow as needed. */
export class CodeDecoder {
  readonly #reader: WasmReader;
  #op: Uint16Array;
  #a: Int32Array;
  #b: Int32Array;
  #at: Uint32Array;
  #length = 0;
  #start = 0;
  /** Loops that are open. */
  #loops = 0;
  readonly #targets: number[] = [];
  readonly #open: number[] = [];
  readonly #ranges: { start: number; end: number }[] = [];

  /** @param bytes how many bytes of code there will be, and so at most how many instructions */
  constructor(reader: WasmReader, bytes: number) {
    this.#reader = reader;
    this.#op = new Uint16Array(bytes);
    this.#a = new Int32Array(bytes);
    this.#b = new Int32Array(bytes);
    this.#at = new Uint32Array(bytes);
  }

  /** Decodes the instructions from the reader's position to its end, which must be an `end`. */
  decode(): void {
    const reader = this.#reader;
    this.#start = this.#length;
    this.#open.length = 0;
    this.#loops = 0;
    let depth = 1;
    while (depth > 0) {
      const index = this.#length++;
      this.#at[index] = reader.position;
      const op = this.#opcode();
      this.#op[index] = op;
      depth += this.#structure(index, op);
    }
    if (reader.position !== reader.end) reader.malformed("there are bytes after a body's end");
    this.#ranges.push({ start: this.#start, end: this.#length });
  }

  /** The code of each body that was decoded, in order. */
  finish(): Code[] {
    return this.#ranges.map(({ start, end }) => ({
      length: end - start,
      op: this.#op.subarray(start, end),
      a: this.#a.subarray(start, end),
      b: this.#b.subarray(start, end),
      at: this.#at.subarray(start, end),
      targets: this.#targets,
    }));
  }

  #opcode(): number {
    const reader = this.#reader;
    const start = reader.position;
    const byte = reader.u8();
    const index = this.#length - 1;
    if (byte === 0xfc) {
      const number = reader.u32();
      const immediate = PREFIXED[number];
      if (immediate === undefined) {
        const isWide = number >= WIDE_ARITHMETIC.first && number <= WIDE_ARITHMETIC.last;
        if (isWide) reader.unsupported("wide arithmetic", start);
        return reader.malformed(`there is no instruction 0xfc ${number}`, start);
      }
      this.#immediate(immediate, index);
      return 0xfc00 + number;
    }
    const immediate = IMMEDIATES[byte];
    if (immediate === undefined) return unknownInstruction(reader, byte, start);
    this.#immediate(immediate, index);
    return byte;
  }

  /** Links a block's start to its end; returns by how much the nesting changes. */
  #structure(index: number, op: number): number {
    const relative = index - this.#start;
    if (op === Op.block || op === Op.loop || op === Op.if || op === Op.try) {
      this.#open.push(index);
      if (op === Op.loop) this.#openLoop(index);
      return 1;
    }
    const openers = CONTINUES.get(op);
    if (openers) {
      const opener = this.#open.pop();
      if (opener === undefined || !openers.includes(this.#op[opener]!)) {
        const needed = openers.map(opcodeName).join(" or ");
        this.#reader.malformed(`${opcodeName(op)} stands without its ${needed}`, this.#at[index]);
      }
      this.#b[opener] = relative;
      if (op === Op.delegate) return -1;
      this.#open.push(index);
    } else if (op === Op.end) {
      const opener = this.#open.pop();
      if (opener === undefined) return -1;
      this.#b[opener] = relative;
      if (this.#op[opener] === Op.loop) this.#loops--;
      return -1;
    }
    return 0;
  }

  #openLoop(index: number): void {
    if (++this.#loops <= MOST_NESTED_LOOPS) return;
    const what = `more than ${MOST_NESTED_LOOPS} loops inside each other`;
    this.#reader.unsupported(what, this.#at[index]);
  }

  #immediate(kind: Immediate, index: number): void {
    const reader = this.#reader;
    const a = this.#a;
    const b = this.#b;
    switch (kind) {
      case "none":
        return;
      case "index":
        a[index] = reader.u32();
        return;
      case "i32":
        a[index] = reader.s32();
        return;
      case "memory":
        b[index] = this.#alignment();
        a[index] = reader.u32();
        return;
      case "block":
        a[index] = this.#blockType();
        return;
      case "pair":
        a[index] = reader.u32();
        b[index] = reader.u32();
        return;
      case "i64": {
        const { low, high } = reader.s64();
        a[index] = low;
        b[index] = high;
        return;
      }
      case "f32":
        a[index] = reader.word();
        return;
      case "f64":
        a[index] = reader.word();
        b[index] = reader.word();
        return;
      case "labels":
        this.#labels(index);
        return;
      case "types":
        if (reader.u32() !== 1) reader.malformed("a select has other than one type");
        a[index] = valueType(reader);
        return;
      case "reference":
        a[index] = referenceType(reader);
        return;
      case "zero":
        this.#memoryIndex();
        return;
      case "zeroes":
        this.#memoryIndex();
        this.#memoryIndex();
        return;
      case "indexZero":
        a[index] = reader.u32();
        this.#memoryIndex();
        return;
    }
  }

  #alignment(): number {
    const start = this.#reader.position;
    const alignment = this.#reader.u32();
    if ((alignment & ~0x1f) === HAS_MEMORY_INDEX) {
      this.#reader.unsupported("several memories (multi-memory)", start);
    }
    if (alignment >= 32) this.#reader.malformed("an alignment is out of range", start);
    return alignment;
  }

  #blockType(): number {
    const reader = this.#reader;
    const byte = reader.bytes[reader.position] ?? 0;
    if (byte === 0x40) return reader.u8() - 0x80;
    if (isValueType(byte) || isProposedType(byte)) return valueType(reader) - 0x80;
    return reader.typeIndex();
  }

  #labels(index: number): void {
    const count = this.#reader.count("labels");
    this.#a[index] = this.#targets.length;
    this.#b[index] = count;
    for (let i = 0; i <= count; i++) this.#targets.push(this.#reader.u32());
  }

  #memoryIndex(): void {
    if (this.#reader.u8() !== 0) {
      this.#reader.malformed("a memory index is not zero", this.#reader.position - 1);
    }
  }
}

/** The declared locals of a body: runs of a count and a type, expanded. */
export function decodeLocals(reader: WasmReader): ValueType[] {
  const locals: ValueType[] = [];
  let total = 0;
  for (let runs = reader.count("runs of locals"); runs > 0; runs--) {
    const start = reader.position;
    const count = reader.u32();
    total += count;
    if (total > 0xffff_ffff) reader.malformed("there are too many locals", start);
    if (total > MAX_LOCALS) reader.unsupported(`more than ${MAX_LOCALS} locals`, start);
    const type = valueType(reader);
    for (let i = 0; i < count; i++) locals.push(type);
  }
  return locals;
}

/** Reports a byte that begins no instruction that we have. */
function unknownInstruction(reader: WasmReader, byte: number, start: number): never {
  const proposal = PROPOSALS.find(([, ...bytes]) => bytes.includes(byte));
  if (proposal) reader.unsupported(proposal[0], start);
  return reader.malformed(`there is no instruction 0x${byte.toString(16)}`, start);
}

const CONSTANTS = new Set([
  Op["i32.const"],
  Op["i64.const"],
  Op["f32.const"],
  Op["f64.const"],
  Op["global.get"],
  Op["ref.null"],
  Op["ref.func"],
]);

/** What extended constants may compute: the type, and the operation on words or on 64 bits. */
const COMPUTATIONS: ReadonlyMap<number, readonly [constant: number, symbol: "+" | "-" | "*"]> =
  new Map([
    [Op["i32.add"], [Op["i32.const"], "+"]],
    [Op["i32.sub"], [Op["i32.const"], "-"]],
    [Op["i32.mul"], [Op["i32.const"], "*"]],
    [Op["i64.add"], [Op["i64.const"], "+"]],
    [Op["i64.sub"], [Op["i64.const"], "-"]],
    [Op["i64.mul"], [Op["i64.const"], "*"]],
  ]);

/** Constant instructions and their `end`. What they compute of numbers becomes one constant. */
export function decodeConstant(reader: WasmReader): ConstantExpression {
  const start = reader.position;
  const stack: ConstantExpression[] = [];
  for (;;) {
    const at = reader.position;
    const op = reader.u8();
    if (op === Op.end) break;
    const computation = COMPUTATIONS.get(op);
    if (CONSTANTS.has(op)) stack.push({ op, ...constantImmediate(reader, op), at });
    else if (computation) stack.push(compute(reader, stack, op, computation, at));
    else if (IMMEDIATES[op] === undefined) unknownInstruction(reader, op, at);
    else invalid(reader.module, "a constant expression is required", at);
  }
  const [only, ...more] = stack;
  if (!only || more.length > 0) {
    return invalid(reader.module, "a constant expression does not leave one value", start);
  }
  return { ...only, at: start };
}

/** Takes two numbers off the stack and computes with them. */
function compute(
  reader: WasmReader,
  stack: ConstantExpression[],
  op: number,
  [constant, symbol]: readonly [constant: number, symbol: "+" | "-" | "*"],
  at: number,
): ConstantExpression {
  const right = stack.pop();
  const left = stack.pop();
  if (!left || !right) return invalid(reader.module, "a constant lacks an operand", at);
  if (isOpen(left) || isOpen(right)) {
    const last = { op, a: 0, b: 0, at };
    return { ...last, steps: [...stepsOf(left), ...stepsOf(right), last] };
  }
  if (left.op !== constant || right.op !== constant) {
    return invalid(reader.module, "a constant expression has operands of the wrong type", at);
  }
  const [x, y] = [bigOf(left), bigOf(right)];
  const result = symbol === "+" ? x + y : symbol === "-" ? x - y : x * y;
  const low = Number(BigInt.asIntN(32, result));
  const isWide = constant === Op["i64.const"];
  return { op: constant, a: low, b: isWide ? Number(BigInt.asIntN(32, result >> 32n)) : 0, at };
}

/** Whether a constant is known only when the program runs. */
function isOpen({ op, steps }: ConstantExpression): boolean {
  return op === Op["global.get"] || steps !== undefined;
}

function stepsOf(expression: ConstantExpression): readonly ConstantStep[] {
  return expression.steps ?? [expression];
}

function bigOf({ a, b }: ConstantExpression): bigint {
  return (BigInt(b) << 32n) | BigInt(a >>> 0);
}

function constantImmediate(reader: WasmReader, op: number): { a: number; b: number } {
  switch (op) {
    case Op["i32.const"]:
      return { a: reader.s32(), b: 0 };
    case Op["i64.const"]: {
      const { low, high } = reader.s64();
      return { a: low, b: high };
    }
    case Op["f32.const"]:
      return { a: reader.word(), b: 0 };
    case Op["f64.const"]: {
      const low = reader.word();
      return { a: low, b: reader.word() };
    }
    case Op["ref.null"]:
      return { a: referenceType(reader), b: 0 };
    default:
      return { a: reader.u32(), b: 0 };
  }
}

function isValueType(byte: number): boolean {
  return (byte >= 0x7c && byte <= 0x7f) || byte === 0x70 || byte === 0x6f;
}

function isProposedType(byte: number): boolean {
  return TYPE_PROPOSALS.some(([, ...bytes]) => bytes.includes(byte));
}

/** A value type of WebAssembly 2.0; those of later proposals are refused by name. */
export function valueType(reader: WasmReader): ValueType {
  const byte = reader.u8();
  return isValueType(byte) ? (byte as ValueType) : refuseType(reader, byte, "value type");
}

/** `funcref` or `externref`. */
export function referenceType(reader: WasmReader): ValueType {
  const byte = reader.u8();
  if (byte === 0x70 || byte === 0x6f) return byte as ValueType;
  return refuseType(reader, byte, "reference type");
}

function refuseType(reader: WasmReader, byte: number, what: string): never {
  const at = reader.position - 1;
  const proposal = TYPE_PROPOSALS.find(([, ...bytes]) => bytes.includes(byte));
  if (proposal) reader.unsupported(proposal[0], at);
  return reader.malformed(`there is no ${what} 0x${byte.toString(16)}`, at);
}
