// WebAssembly's floating-point instructions as values.
//
// Most are one operation of ir.ts. Conversions between integers and numbers that the processor
// lacks are calls of float-routines.ts; those take and give f64, to which an f32 is promoted
// without loss. A result that is NaN is what SSE2 makes: an operand's payload, quiet. That is one
// of those that WebAssembly allows (Core Specification 2.0, section 4.3.3).

import type { FloatType, Value } from "../ir/ir";
import type { FloatRoutineName } from "../runtime/float-routines";
import type { OpcodeName } from "../wasm/opcodes";
import type { OperandStack, StackHandler } from "./operand-stack";
import { guardConversion } from "./trap-guards";

const BINARY = ["add", "sub", "mul", "div", "min", "max", "copysign"] as const;
const COMPARISONS = ["eq", "ne", "lt", "gt", "le", "ge"] as const;
const UNARY = ["abs", "neg", "sqrt"] as const;
const ROUNDINGS = ["ceil", "floor", "trunc", "nearest"] as const;
const INTEGERS = ["i32_s", "i32_u", "i64_s", "i64_u"] as const;

/** 2^31 as the high word of an f64. */
const TWO_TO_31 = (1023 + 31) << 20;

type Handlers = Partial<Record<OpcodeName, StackHandler>>;

function unary(make: (stack: OperandStack, x: Value) => Value): StackHandler {
  return (stack) => stack.push(make(stack, stack.popWord()));
}

function handlersOf(type: FloatType): Handlers {
  const handlers: Handlers = {};
  handlers[`${type}.const`] = (stack, low, high) =>
    stack.push(stack.values.fn.float(type, low, high));
  handlers[`${type}.load`] = (stack, offset) =>
    stack.push(stack.memory.access(`load_${type}`, [stack.popWord()], offset));
  handlers[`${type}.store`] = (stack, offset) => {
    const value = stack.popWord();
    stack.memory.access(`store_${type}`, [stack.popWord(), value], offset);
  };
  handlers[`${type}.convert_i32_s`] = unary(({ values }, x) => values.emit(`convert_${type}`, x));
  handlers[`${type}.convert_i32_u`] = unary((stack, x) => fromUnsigned(stack, x, type));
  for (const name of [...BINARY, ...COMPARISONS]) {
    handlers[`${type}.${name}`] = (stack) => {
      const right = stack.popWord();
      const left = stack.popWord();
      stack.push(stack.values.emit(`${name}_${type}`, left, right));
    };
  }
  for (const name of UNARY) {
    handlers[`${type}.${name}`] = unary(({ values }, x) => values.emit(`${name}_${type}`, x));
  }
  for (const name of ROUNDINGS) {
    handlers[`${type}.${name}`] = unary((stack, x) => round(stack, x, `__isthmus_${name}`));
  }
  for (const integer of INTEGERS) {
    const [width, sign] = integer.split("_") as ["i32" | "i64", "s" | "u"];
    const isWide = width === "i64";
    handlers[`${width}.trunc_${type}_${sign}`] = toInteger(
      `__isthmus_to_${integer}`,
      isWide,
      integer,
    );
    handlers[`${width}.trunc_sat_${type}_${sign}`] = toInteger(`__isthmus_sat_${integer}`, isWide);
    if (isWide) {
      const routine = `__isthmus_i64_${sign}_to_${type}` as const;
      handlers[`${type}.convert_i64_${sign}`] = (stack) => {
        const { low, high } = stack.popPair();
        stack.push(call(stack, routine, [low, high], type));
      };
    }
  }
  return handlers;
}

function promoted({ values }: OperandStack, x: Value): Value {
  return x.type === "f32" ? values.emit("promote_f32", x) : x;
}

/** Calls a routine; one that traps stays where it is even if its result is unused. */
function call(
  { values }: OperandStack,
  name: FloatRoutineName,
  args: Value[],
  type: Value["type"],
): Value {
  const op = name.startsWith("__isthmus_to_") ? "checked_routine" : "routine";
  const value = values.effect(op, args, 0, name);
  value.type = type;
  return value;
}

function round(stack: OperandStack, x: Value, name: FloatRoutineName): Value {
  const rounded = call(stack, name, [promoted(stack, x)], "f64");
  return x.type === "f32" ? stack.values.emit("demote_f64", rounded) : rounded;
}

/** @param checked the type of integer, if a number that it has not is to trap */
function toInteger(name: FloatRoutineName, isWide: boolean, checked?: string): StackHandler {
  return (stack) => {
    const number = promoted(stack, stack.popWord());
    if (stack.guards && checked !== undefined) guardConversion(stack.values, checked, number);
    const value = call(stack, name, [number], "i32");
    stack.push(value, isWide ? stack.values.high(value) : undefined);
  };
}

/** The signed word that is 2^31 less is converted; the f64 of any word is exact. */
function fromUnsigned({ values }: OperandStack, x: Value, type: FloatType): Value {
  const less = values.emit("xor", x, values.constant(1 << 31));
  const offset = values.fn.float("f64", 0, TWO_TO_31);
  const number = values.emit("add_f64", values.emit("convert_f64", less), offset);
  return type === "f32" ? values.emit("demote_f64", number) : number;
}

const BETWEEN: Handlers = {
  "f32.demote_f64": unary(({ values }, x) => values.emit("demote_f64", x)),
  "f64.promote_f32": unary(({ values }, x) => values.emit("promote_f32", x)),
  "i32.reinterpret_f32": unary(({ values }, x) => values.emit("bits_f32", x)),
  "f32.reinterpret_i32": unary(({ values }, x) => values.emit("from_bits_f32", x)),
  "i64.reinterpret_f64": (stack) => {
    const low = stack.values.effect("bits_f64", [stack.popWord()]);
    stack.push(low, stack.values.high(low));
  },
  "f64.reinterpret_i64": (stack) => {
    const { low, high } = stack.popPair();
    stack.push(stack.values.emit("from_bits_f64", low, high));
  },
};

const HANDLERS: Handlers = { ...handlersOf("f32"), ...handlersOf("f64"), ...BETWEEN };

/** How to build an instruction of this file's kind; undefined: it is of another. */
export function floatHandler(name: OpcodeName): StackHandler | undefined {
  return HANDLERS[name];
}
