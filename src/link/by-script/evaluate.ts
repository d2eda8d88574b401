// What the expressions of a script are worth.
//
// A value is a plain number, an absolute address, or an offset in an output section. Inside an
// output section numbers, and absolute symbols, count from its start when they are assigned;
// outside all numbers are absolute. The rules are those of the manual of GNU ld, "The Section of an
// Expression".

import { Diagnostic, type Place } from "../../base/diagnostic";
import type { BinaryOperator, Expression, ValueFunction } from "../gnu-script/syntax";
import type { DataSegment } from "./data-segment";
import { alignTo, type Region, type ScriptOutput, wrap } from "./model";

export interface Value {
  readonly value: bigint;
  /** A ScriptOutput: `value` counts from its start. */
  readonly of: "number" | "absolute" | ScriptOutput;
  /** It came from the location counter outside of output sections. */
  readonly fromDot?: boolean;
}

/** What expressions ask for; undefined: it is not known (yet). */
export interface Names {
  symbol(name: string): Value | undefined;
  isDefined(name: string): boolean;
  output(name: string): ScriptOutput | undefined;
  region(name: string): Region | undefined;
  constant(name: string): bigint | undefined;
  /** The address that `-Ttext-segment` and the like gave. */
  segmentStart(name: string): bigint | undefined;
  headersSize(): bigint;
}

/** Where an expression stands. */
export interface Context {
  readonly names: Names;
  /** Absent: outside of output sections. */
  readonly inside: ScriptOutput | undefined;
  /** Absent: there is no location counter. */
  readonly dot: bigint | undefined;
  readonly dataSegment: DataSegment | undefined;
  /** What cannot be evaluated is an error; otherwise later passes may know more. */
  readonly isFinal: boolean;
}

const SIGN = 64;

/** The value of `expression`; undefined where something in it is not known. */
export function evaluate(expression: Expression, context: Context): Value | undefined {
  const { names, inside, dot } = context;
  switch (expression.kind) {
    case "number":
      return numberIn(expression.value, inside);
    case "headers-size":
      return numberIn(names.headersSize(), inside);
    case "name":
      return nameValue(expression.name, expression.place, context);
    case "unary":
      return unary(expression, context);
    case "binary":
      return binary(expression, context);
    case "conditional": {
      const condition = evaluate(expression.condition, context);
      if (!condition) return undefined;
      return evaluate(condition.value !== 0n ? expression.yes : expression.no, context);
    }
    case "call":
      return call(expression.function, expression.arguments, expression.place, context);
    case "of":
      return propertyOf(expression, context);
    case "segment-start": {
      const given = names.segmentStart(expression.segment);
      return given === undefined ? evaluate(expression.otherwise, context) : absolute(given);
    }
    case "assert": {
      const value = evaluate(expression.condition, context);
      if (value?.value === 0n && context.isFinal) {
        throw failedAssertion(expression.message, expression.place);
      }
      return value ?? (dot === undefined ? undefined : numberIn(0n, inside));
    }
  }
}

/** The same as an address; undefined where it is not known. */
export function evaluateAddress(expression: Expression, context: Context): bigint | undefined {
  const value = evaluate(expression, context);
  return value && addressOf(value);
}

export function addressOf({ value, of }: Value): bigint {
  return typeof of === "string" ? value : wrap(of.address + value);
}

export function failedAssertion(message: string, place: Place): Diagnostic {
  const remedy = "What must hold is in the condition of this ASSERT.";
  return new Diagnostic("SCRIPT006", `an assertion fails: ${message}`, remedy, place);
}

function absolute(value: bigint): Value {
  return { value: wrap(value), of: "absolute" };
}

function numberIn(value: bigint, inside: ScriptOutput | undefined): Value {
  return { value: wrap(value), of: inside ? "number" : "absolute" };
}

/** An address as the context counts: from its output section, if it is in one. */
export function relativeTo(address: bigint, inside: ScriptOutput | undefined): Value {
  if (!inside) return { value: wrap(address), of: "absolute", fromDot: true };
  return { value: wrap(address - inside.address), of: inside };
}

function nameValue(
  name: string,
  place: Place,
  { names, inside, dot, isFinal }: Context,
): Value | undefined {
  if (name === ".") return dot === undefined ? undefined : relativeTo(dot, inside);
  const value = names.symbol(name);
  if (!value) {
    if (isFinal) throw undefinedName(name, place);
    return undefined;
  }
  // Inside an output section an absolute symbol is a plain number.
  return value.of === "absolute" && inside ? { value: value.value, of: "number" } : value;
}

function undefinedName(name: string, place: Place): Diagnostic {
  const remedy = "Define it before, or in an object of the link.";
  return new Diagnostic(
    "SCRIPT005",
    `the script uses ${name}, which nothing defines`,
    remedy,
    place,
  );
}

function unary(
  { operator, operand }: Extract<Expression, { kind: "unary" }>,
  context: Context,
): Value | undefined {
  const inner = evaluate(operand, context);
  if (!inner) return undefined;
  const { value, of } = inner;
  switch (operator) {
    case "-":
      return { value: wrap(-value), of };
    case "~":
      return { value: wrap(~value), of };
    case "!":
      return { value: value === 0n ? 1n : 0n, of };
  }
}

const COMPARISONS: ReadonlySet<BinaryOperator> = new Set<BinaryOperator>([
  ...(["&&", "||", "==", "!=", "<", "<=", ">", ">="] as const),
]);

function binary(
  { operator, left, right, place }: Extract<Expression, { kind: "binary" }>,
  context: Context,
): Value | undefined {
  const first = evaluate(left, context);
  const second = evaluate(right, context);
  if (!first || !second) return undefined;
  return combine(first, second, context, COMPARISONS.has(operator), (a, b) =>
    compute(operator, a, b, place, context.isFinal),
  );
}

/** Applies `operate` to what two values have in common: offsets, numbers or addresses. */
function combine(
  first: Value,
  second: Value,
  { inside }: Context,
  givesNumber: boolean,
  operate: (a: bigint, b: bigint) => bigint,
): Value {
  const plain = inside ? "number" : "absolute";
  const isPlain = (value: Value) => value.of === "number";
  let of: Value["of"];
  let a = first.value;
  let b = second.value;
  if (isPlain(first) || isPlain(second)) {
    of = isPlain(first) ? second.of : first.of;
  } else if (first.of === second.of) {
    of = plain;
    // Outside, all are addresses.
    if (!inside) [a, b] = [addressOf(first), addressOf(second)];
  } else {
    of = plain;
    [a, b] = [addressOf(first), addressOf(second)];
  }
  const fromDot = first.fromDot === true || second.fromDot === true;
  const value = wrap(operate(a, b));
  return givesNumber ? { value, of: plain } : { value, of, fromDot };
}

function compute(
  operator: BinaryOperator,
  a: bigint,
  b: bigint,
  place: Place,
  isFinal: boolean,
): bigint {
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
    case "%":
      return divide(operator, a, b, place, isFinal);
    case "<<":
      return b >= BigInt(SIGN) ? 0n : a << b;
    case ">>":
      return b >= BigInt(SIGN) ? 0n : a >> b;
    case "&":
      return a & b;
    case "|":
      return a | b;
    case "^":
      return a ^ b;
    default:
      return compare(operator, a, b) ? 1n : 0n;
  }
}

function compare(operator: BinaryOperator, a: bigint, b: bigint): boolean {
  switch (operator) {
    case "&&":
      return a !== 0n && b !== 0n;
    case "||":
      return a !== 0n || b !== 0n;
    case "==":
      return a === b;
    case "!=":
      return a !== b;
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    default:
      return a >= b;
  }
}

/** Signed, as GNU ld divides. */
function divide(operator: "/" | "%", a: bigint, b: bigint, place: Place, isFinal: boolean) {
  if (b === 0n) {
    if (!isFinal) return 0n;
    const remedy = "Check what the divisor is made of.";
    throw new Diagnostic("SCRIPT005", `${operator} by zero`, remedy, place);
  }
  const dividend = BigInt.asIntN(SIGN, a);
  const divisor = BigInt.asIntN(SIGN, b);
  return operator === "/" ? dividend / divisor : dividend % divisor;
}

function call(
  name: ValueFunction,
  list: readonly Expression[],
  place: Place,
  context: Context,
): Value | undefined {
  const [first, second] = list.map((each) => evaluate(each, context));
  const { inside, dot } = context;
  if (!first || (list.length > 1 && !second)) return undefined;
  switch (name) {
    case "ABSOLUTE":
      return absolute(addressOf(first));
    case "ALIGN":
    case "BLOCK":
      if (second) return combine(first, second, context, false, alignTo);
      return dot === undefined ? undefined : relativeTo(alignTo(dot, first.value), inside);
    case "NEXT":
      return dot === undefined ? undefined : absolute(alignTo(dot, addressOf(first)));
    case "MAX":
      return second && combine(first, second, context, false, (a, b) => (a > b ? a : b));
    case "MIN":
      return second && combine(first, second, context, false, (a, b) => (a < b ? a : b));
    case "LOG2CEIL":
      return { value: logarithm(first.value), of: inside ? "number" : "absolute" };
    default:
      return dataSegmentCall(name, first, second, place, context);
  }
}

function logarithm(value: bigint): bigint {
  let power = 0n;
  while (1n << power < value) power += 1n;
  return power;
}

function dataSegmentCall(
  name: ValueFunction,
  first: Value,
  second: Value | undefined,
  place: Place,
  { dataSegment, inside, dot }: Context,
): Value | undefined {
  if (inside || !dataSegment) {
    const remedy = "Move it out of the output section.";
    throw new Diagnostic("SCRIPT005", `${name} has no meaning here`, remedy, place);
  }
  if (dot === undefined) return undefined;
  const a = addressOf(first);
  const b = second ? addressOf(second) : 0n;
  if (name === "DATA_SEGMENT_ALIGN") return absolute(dataSegment.align(dot, a, b));
  if (name === "DATA_SEGMENT_RELRO_END") return absolute(dataSegment.relroEnd(a, b));
  return absolute(dataSegment.end(a));
}

function propertyOf(
  { function: of, name, place }: Extract<Expression, { kind: "of" }>,
  { names, inside, isFinal }: Context,
): Value | undefined {
  switch (of) {
    case "DEFINED":
      return numberIn(names.isDefined(name) ? 1n : 0n, inside);
    case "CONSTANT":
      return numberIn(known(names.constant(name), `there is no constant ${name}`, place), inside);
    case "ORIGIN":
    case "LENGTH": {
      const region = known(names.region(name), `there is no memory region ${name}`, place);
      return numberIn(of === "ORIGIN" ? region.origin : (region.length ?? 0n), inside);
    }
    default: {
      const output = names.output(name);
      if (output) return outputProperty(of, output, inside);
      // A section that nothing is in has no size.
      if (of === "SIZEOF" || of === "ALIGNOF") return numberIn(0n, inside);
      return isFinal ? known(undefined, `there is no output section ${name}`, place) : undefined;
    }
  }
}

function outputProperty(
  of: "ADDR" | "LOADADDR" | "SIZEOF" | "ALIGNOF",
  output: ScriptOutput,
  inside: ScriptOutput | undefined,
): Value {
  switch (of) {
    case "ADDR":
      return { value: 0n, of: output };
    case "LOADADDR":
      return absolute(output.loadAddress);
    case "SIZEOF":
      return numberIn(output.isStripped ? 0n : output.size, inside);
    case "ALIGNOF":
      return numberIn(output.align, inside);
  }
}

function known<Type>(value: Type | undefined, problem: string, place: Place): Type {
  if (value !== undefined) return value;
  const remedy = "Correct the name, or declare what it names.";
  throw new Diagnostic("SCRIPT004", problem, remedy, place);
}
