// Expressions of a GNU ld script, with C's operators and precedence.

import { Diagnostic, type Place } from "../../base/diagnostic";
import type { BinaryOperator, Expression, NameFunction, ValueFunction } from "./syntax";
import type { Words } from "./words";

/** Binary operators by precedence, the weakest first. */
const LEVELS: readonly (readonly BinaryOperator[])[] = [
  ["||"],
  ["&&"],
  ["|"],
  ["^"],
  ["&"],
  ["==", "!="],
  ["<", "<=", ">", ">="],
  ["<<", ">>"],
  ["+", "-"],
  ["*", "/", "%"],
];
/** How many arguments each takes, at least and at most. */
const VALUE_FUNCTIONS: Readonly<Record<ValueFunction, readonly [number, number]>> = {
  ABSOLUTE: [1, 1],
  ALIGN: [1, 2],
  BLOCK: [1, 1],
  NEXT: [1, 1],
  MAX: [2, 2],
  MIN: [2, 2],
  LOG2CEIL: [1, 1],
  DATA_SEGMENT_ALIGN: [2, 2],
  DATA_SEGMENT_RELRO_END: [2, 2],
  DATA_SEGMENT_END: [1, 1],
};
const NAME_FUNCTIONS: ReadonlySet<string> = new Set<NameFunction>([
  ...(["ADDR", "LOADADDR", "SIZEOF", "ALIGNOF"] as const),
  ...(["DEFINED", "ORIGIN", "LENGTH", "CONSTANT"] as const),
]);
const UNITS: Readonly<Record<string, bigint>> = { "": 1n, K: 1024n, M: 1024n * 1024n };
/** Of numbers with their base at the end. */
const BASES: Readonly<Record<string, number>> = { x: 16, h: 16, o: 8, b: 2, d: 10 };
const WORD = 64;

export function parseExpression(words: Words): Expression {
  return words.nested(() => parseConditional(words));
}

function parseConditional(words: Words): Expression {
  const condition = parseLevel(words, 0);
  if (!words.isAt("?")) return condition;
  const { place } = words.next("expression");
  const yes = parseExpression(words);
  words.expect(":", "between the values of a condition");
  const no = parseExpression(words);
  return { kind: "conditional", condition, yes, no, place };
}

/** `(EXPRESSION)` after `keyword`. */
export function parseInParentheses(words: Words, keyword: string): Expression {
  words.expect("(", `after ${keyword}`);
  const value = parseExpression(words);
  words.expect(")", `after the expression of ${keyword}`);
  return value;
}

/** `(CONDITION, "MESSAGE")`, after ASSERT. */
export function parseAssertion(words: Words) {
  words.expect("(", "after ASSERT");
  const condition = parseExpression(words);
  words.expect(",", "between the condition of ASSERT and its message");
  const message = words.name("the message of ASSERT");
  words.expect(")", "after the message of ASSERT");
  return { condition, message };
}

function parseLevel(words: Words, level: number): Expression {
  const operators = LEVELS[level];
  if (!operators) return parseUnary(words);
  let left = parseLevel(words, level + 1);
  for (;;) {
    const { kind, text, place } = words.peek("expression");
    const operator = operators.find((each) => each === text);
    if (kind !== "symbol" || operator === undefined) return left;
    words.next("expression");
    words.complicate();
    const right = parseLevel(words, level + 1);
    left = { kind: "binary", operator, left, right, place };
  }
}

function parseUnary(words: Words): Expression {
  const { kind, text, place } = words.peek("expression");
  if (kind !== "symbol") return parsePrimary(words);
  switch (text) {
    case "-":
    case "!":
    case "~":
      words.next("expression");
      return {
        kind: "unary",
        operator: text,
        operand: words.nested(() => parseUnary(words)),
        place,
      };
    case "+":
      words.next("expression");
      return words.nested(() => parseUnary(words));
    case "(": {
      words.next("expression");
      const inner = parseExpression(words);
      words.expect(")", "at the end of the expression in parentheses");
      return inner;
    }
    default:
      throw words.unexpected("an expression", "", "expression");
  }
}

function parsePrimary(words: Words): Expression {
  const { kind, text, place } = words.peek("expression");
  if (kind === "end") throw words.unexpected("an expression", "", "expression");
  words.next("expression");
  if (kind === "text") return { kind: "name", name: text, place };
  if (/^(\d|\$[0-9A-Fa-f])/.test(text)) return { ...numberOf(text, place), place };
  if (text === "SIZEOF_HEADERS" || text === "sizeof_headers")
    return { kind: "headers-size", place };
  if (!words.isAt("(")) return { kind: "name", name: text, place };
  return parseCall(words, text, place);
}

function parseCall(words: Words, name: string, place: Place): Expression {
  if (name === "ASSERT") return { kind: "assert", ...parseAssertion(words), place };
  if (NAME_FUNCTIONS.has(name)) {
    // A section's name may have characters that an expression's names do not.
    const mode = name === "DEFINED" ? "expression" : "name";
    const of = words.nameInParentheses(name, `a name for ${name}`, mode);
    return { kind: "of", function: name as NameFunction, name: of, place };
  }
  if (name === "SEGMENT_START") {
    words.expect("(", "after SEGMENT_START");
    const segment = words.name("the name of a segment");
    words.expect(",", "after the segment's name");
    const otherwise = parseExpression(words);
    words.expect(")", "after the arguments of SEGMENT_START");
    return { kind: "segment-start", segment, otherwise, place };
  }
  if (!isValueFunction(name)) {
    const remedy = "Compare the name with the functions in the manual of GNU ld.";
    throw new Diagnostic("SCRIPT001", `there is no function ${name}`, remedy, place);
  }
  return { kind: "call", function: name, arguments: parseArguments(words, name), place };
}

function isValueFunction(name: string): name is ValueFunction {
  return Object.hasOwn(VALUE_FUNCTIONS, name);
}

function parseArguments(words: Words, name: ValueFunction): Expression[] {
  const [least, most] = VALUE_FUNCTIONS[name];
  words.expect("(", `after ${name}`);
  const values = [parseExpression(words)];
  while (values.length < most && words.accept(",")) values.push(parseExpression(words));
  if (values.length < least) throw words.unexpected('","', `between the arguments of ${name}`);
  words.expect(")", `after the arguments of ${name}`);
  return values;
}

function numberOf(text: string, place: Place): Extract<Expression, { kind: "number" }> {
  const hex = /^0[xX]([0-9A-Fa-f]+)$/.exec(text)?.[1];
  if (hex !== undefined) return { kind: "number", value: word(BigInt(text)), hex, place };
  const value = hexOf(text) ?? basedOf(text) ?? decimalOf(text);
  if (value !== undefined) return { kind: "number", value: word(value), place };
  const remedy = "Write it as 1048576, 0x100000, 1024K or 1M.";
  throw new Diagnostic("SCRIPT001", `"${text}" is not a number`, remedy, place);
}

/** `0x10K`, `$10`, `0x10M`. */
function hexOf(text: string): bigint | undefined {
  const [, digits, unit = ""] = /^(?:0[xX]|\$)([0-9A-Fa-f]+)([kKmM]?)$/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  return BigInt(`0x${digits}`) * (UNITS[unit.toUpperCase()] ?? 1n);
}

/** `100H`, `101B`, `17O`. */
function basedOf(text: string): bigint | undefined {
  const [, digits, letter = ""] = /^(\d[0-9A-Fa-f]*)([hHxXoObBdD])$/.exec(text) ?? [];
  const base = BASES[letter.toLowerCase()];
  if (digits === undefined || base === undefined) return undefined;
  let value = 0n;
  for (const digit of digits) {
    const number = Number.parseInt(digit, base);
    if (Number.isNaN(number)) return undefined;
    value = value * BigInt(base) + BigInt(number);
  }
  return value;
}

/** `4096`, `4K`, and `017`, which is octal. */
function decimalOf(text: string): bigint | undefined {
  const [, digits, unit = ""] = /^(\d+)([kKmM]?)$/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const isOctal = digits.length > 1 && digits.startsWith("0");
  if (isOctal && /[89]/.test(digits)) return undefined;
  return BigInt(isOctal ? `0o${digits}` : digits) * (UNITS[unit.toUpperCase()] ?? 1n);
}

function word(value: bigint): bigint {
  return BigInt.asUintN(WORD, value);
}
