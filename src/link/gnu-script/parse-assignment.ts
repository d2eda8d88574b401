// Assignments, inside and outside output sections.

import { parseExpression } from "./parse-expression";
import type { Assignment, BinaryOperator, Expression } from "./syntax";
import type { Words } from "./words";

/** What each operator computes with the name's value before; absent: nothing. */
const OPERATORS: Readonly<Record<string, BinaryOperator | undefined>> = {
  "=": undefined,
  "+=": "+",
  "-=": "-",
  "*=": "*",
  "/=": "/",
  "<<=": "<<",
  ">>=": ">>",
  "&=": "&",
  "|=": "|",
  "^=": "^",
};
const PROVIDERS: Readonly<Record<string, Pick<Assignment, "provided" | "hidden">>> = {
  PROVIDE: { provided: true, hidden: false },
  PROVIDE_HIDDEN: { provided: true, hidden: true },
  HIDDEN: { provided: false, hidden: true },
};

export function isAtAssignment(words: Words): boolean {
  return words.peekAfter(() => {
    const { kind } = words.next("expression");
    if (kind !== "name" && kind !== "text") return false;
    const { kind: operator, text } = words.peek("expression");
    return operator === "symbol" && Object.hasOwn(OPERATORS, text);
  });
}

/** `name = value;` */
export function parseAssignment(words: Words): Assignment {
  const assignment = parseBare(words);
  if (!words.accept(";") && !words.accept(",") && !words.isAt("}")) {
    throw words.unexpected('";"', `after the value of ${assignment.name}`);
  }
  return assignment;
}

function parseBare(words: Words): Assignment {
  const { place } = words;
  const name = words.name("a symbol", "expression");
  const { text } = words.next("expression");
  if (!Object.hasOwn(OPERATORS, text)) throw words.unexpected('"="', `after ${name}`);
  const operator = OPERATORS[text];
  const right = parseExpression(words);
  const left: Expression = { kind: "name", name, place };
  const value: Expression =
    operator === undefined ? right : { kind: "binary", operator, left, right, place };
  return { kind: "assignment", place, name, value, provided: false, hidden: false };
}

/** `PROVIDE (name = value);` and its relatives, if one is next. */
export function parseProvided(words: Words): Assignment | undefined {
  const { kind, text } = words.peek("expression");
  const how = kind === "name" && Object.hasOwn(PROVIDERS, text) ? PROVIDERS[text] : undefined;
  if (!how) return undefined;
  words.next("expression");
  words.expect("(", `after ${text}`);
  const assignment = parseBare(words);
  words.expect(")", `after the assignment of ${text}`);
  words.accept(";");
  return { ...assignment, ...how };
}
