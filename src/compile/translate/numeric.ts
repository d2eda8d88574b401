// WebAssembly's arithmetic, comparisons, conversions and memory accesses as values.
//
// One entry per instruction, derived from the instruction table where names follow a rule. A
// handler takes its operands from the stack and pushes its result. It needs nothing else: not the
// function's locals, nor the module. Floating-point numbers are float.ts's.

import type { IrOp, Value } from "../ir/ir";
import type { Pair, ValueBuilder } from "../ir/value-builder";
import type { OpcodeInfo, OpcodeName } from "../wasm/opcodes";
import { OPCODES } from "../wasm/opcodes";
import { floatHandler } from "./float";
import type { OperandStack, StackHandler } from "./operand-stack";
import { guardDivision, guardWideDivision } from "./trap-guards";

/** wasm's names of operations where ours differ. */
const RENAMED: Readonly<Record<string, IrOp>> = { shr_s: "sar", shr_u: "shr" };

const BITWISE = new Set(["and", "or", "xor"]);
/** Bytes of an i64. */
const WIDE_BYTES = 8;
const DIVISIONS = new Set(["div_s", "div_u", "rem_s", "rem_u"]);
const SHIFTS = new Set(["shl", "shr_s", "shr_u"]);

const WIDE_ARITHMETIC = {
  add: "add64",
  sub: "sub64",
  div_s: "div64_s",
  div_u: "div64_u",
  rem_s: "rem64_s",
  rem_u: "rem64_u",
} as const;

function binaryWord(name: string): StackHandler {
  const op = RENAMED[name] ?? (name as IrOp);
  return (stack) => {
    const right = stack.popWord();
    const left = stack.popWord();
    if (stack.guards && DIVISIONS.has(name)) guardDivision(stack.values, name, left, right);
    stack.push(stack.values.emit(op, left, right));
  };
}

/**
 * The remainder by -1 is 0, but `idiv` faults for the smallest dividend. By 1 it is 0 too, so -1 is
 * replaced.
 */
function remainder(stack: OperandStack): void {
  const { values } = stack;
  const divisor = stack.popWord();
  const dividend = stack.popWord();
  if (stack.guards) guardDivision(values, "rem_s", dividend, divisor);
  const isMinusOne = values.emit("eq", divisor, values.constant(-1));
  const safe = values.emit("select", isMinusOne, values.constant(1), divisor);
  stack.push(values.emit("rem_s", dividend, safe));
}

function unaryWord(name: string): StackHandler {
  return (stack) => stack.push(stack.values.emit(name as IrOp, stack.popWord()));
}

/** Calls `make` with the two pairs on the stack. */
function pairs(
  make: (values: ValueBuilder, a: Pair, b: Pair, guards: boolean) => Pair,
): StackHandler {
  return (stack) => {
    const b = stack.popPair();
    const a = stack.popPair();
    const { low, high } = make(stack.values, a, b, stack.guards);
    stack.push(low, high);
  };
}

function binaryPair(name: string): StackHandler {
  if (name === "mul") return pairs((values, a, b) => values.multiply(a, b));
  if (BITWISE.has(name)) {
    return pairs((values, a, b) => values.bitwise(name as "and" | "or" | "xor", a, b));
  }
  if (SHIFTS.has(name)) {
    const op = (RENAMED[name] ?? name) as "shl" | "shr" | "sar";
    return pairs((values, a, b) => values.shift(op, a, b.low));
  }
  if (name === "rotl" || name === "rotr") {
    return pairs((values, a, b) => values.rotate(name, a, b.low));
  }
  const op = WIDE_ARITHMETIC[name as keyof typeof WIDE_ARITHMETIC];
  const divides = DIVISIONS.has(name);
  return pairs((values, a, b, guards) => {
    if (guards && divides) guardWideDivision(values, name, a, b);
    return values.wide(op, a, b);
  });
}

function comparePairs(name: string): StackHandler {
  return (stack) => {
    const { values } = stack;
    const b = stack.popPair();
    const a = stack.popPair();
    if (name === "eq") stack.push(values.isEqual(a, b));
    else if (name === "ne") {
      stack.push(values.emit("eq", values.isEqual(a, b), values.constant(0)));
    } else stack.push(values.compare(name as "lt_s", a, b));
  };
}

/** Sign-extends the low `bits` of a word. */
function extendWord(values: ValueBuilder, low: Value, bits: number): Value {
  if (bits === 32) return low;
  return values.emit(bits === 8 ? "extend8_s" : "extend16_s", low);
}

function unaryPair(name: string): StackHandler {
  return (stack) => {
    const { values } = stack;
    const pair = stack.popPair();
    const bits = /^extend(\d+)_s$/.exec(name)?.[1];
    const result = bits
      ? values.signExtend(extendWord(values, pair.low, Number(bits)))
      : values[name as "clz" | "ctz" | "popcnt"](pair);
    stack.push(result.low, result.high);
  };
}

/** Splits `load16_u` into 16 and `_u`; a plain `load` has neither. */
function access(name: string): { bits: number; suffix: string } {
  const [, bits, suffix] = /^(?:load|store)(\d*)(_[su])?$/.exec(name) ?? [];
  return { bits: bits ? Number(bits) : 0, suffix: suffix ?? "" };
}

function loadWord(name: string): StackHandler {
  const op = (name === "load" ? "load32" : name) as IrOp;
  return (stack, offset) => stack.push(stack.memory.access(op, [stack.popWord()], offset));
}

function loadPair(name: string): StackHandler {
  const { bits, suffix } = access(name);
  const op = (bits === 0 || bits === 32 ? "load32" : name) as IrOp;
  return (stack, offset) => {
    const { values, memory } = stack;
    const address = stack.popWord();
    if (bits === 0) memory.check(address, (offset >>> 0) + WIDE_BYTES);
    const low =
      bits === 0 ? memory.part(op, [address], offset) : memory.access(op, [address], offset);
    if (bits === 0) stack.push(low, memory.part("load32", [address], (offset + 4) | 0));
    else if (suffix === "_s") stack.push(low, values.signExtend(low).high);
    else stack.push(low, values.constant(0));
  };
}

function storeWord(name: string): StackHandler {
  const op = (name === "store" ? "store32" : name) as IrOp;
  return (stack, offset) => {
    const value = stack.popWord();
    stack.memory.access(op, [stack.popWord(), value], offset);
  };
}

function storePair(name: string): StackHandler {
  const { bits } = access(name);
  const op = (bits === 0 || bits === 32 ? "store32" : name) as IrOp;
  return (stack, offset) => {
    const { memory } = stack;
    const value = stack.popPair();
    const address = stack.popWord();
    if (bits !== 0) {
      memory.access(op, [address, value.low], offset);
      return;
    }
    memory.check(address, (offset >>> 0) + WIDE_BYTES);
    memory.part(op, [address, value.low], offset);
    memory.part("store32", [address, value.high], (offset + 4) | 0);
  };
}

/** The instructions that follow no rule. */
const IRREGULAR: Readonly<Partial<Record<OpcodeName, StackHandler>>> = {
  "i64.const": (stack, a, b) => stack.push(stack.values.constant(a), stack.values.constant(b)),
  "i32.rem_s": remainder,
  "i32.eqz": (stack) => {
    const { values } = stack;
    stack.push(values.emit("eq", stack.popWord(), values.constant(0)));
  },
  "i64.eqz": (stack) => {
    const { values } = stack;
    stack.push(values.isEqual(stack.popPair(), values.pairConstant(0, 0)));
  },
  "i32.wrap_i64": (stack) => stack.push(stack.popPair().low),
  "i64.extend_i32_s": (stack) => {
    const { low, high } = stack.values.signExtend(stack.popWord());
    stack.push(low, high);
  },
  "i64.extend_i32_u": (stack) => stack.push(stack.popWord(), stack.values.constant(0)),
};

/** What the operand and result types say about how to build an instruction. */
const BY_TYPE: Readonly<Record<string, (name: string) => StackHandler>> = {
  "i32.i:i": (name) => (name.startsWith("load") ? loadWord(name) : unaryWord(name)),
  "i32.ii:i": binaryWord,
  "i32.ii:": storeWord,
  "i64.i:l": loadPair,
  "i64.il:": storePair,
  "i64.l:l": unaryPair,
  "i64.ll:l": binaryPair,
  "i64.ll:i": comparePairs,
};

function handlerFor(info: OpcodeInfo): StackHandler | undefined {
  const irregular = IRREGULAR[info.name] ?? floatHandler(info.name);
  if (irregular || !info.type) return irregular;
  const [family = "", name = ""] = info.name.split(".");
  return BY_TYPE[`${family}.${info.type.operands}:${info.type.results}`]?.(name);
}

const HANDLERS: ReadonlyMap<number, StackHandler> = new Map(
  OPCODES.flatMap((info) => {
    const handler = handlerFor(info);
    return handler ? [[info.code, handler] as const] : [];
  }),
);

/** How to build an instruction of this file's kind; undefined: it is of another. */
export function numericHandler(code: number): StackHandler | undefined {
  return HANDLERS.get(code);
}
