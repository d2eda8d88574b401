// `trace` of AssemblyScript, for programs made by `npx isthmus compile`: a message and numbers on
// standard output, as the loader of asc prints them.

import { print, printLine, STANDARD_OUTPUT, use } from "./output";

/** Prints the message and the first `count` numbers. */
export function trace(
  message: string,
  count: i32 = 0,
  a: f64 = 0,
  b: f64 = 0,
  c: f64 = 0,
  d: f64 = 0,
  e: f64 = 0,
): void {
  use(STANDARD_OUTPUT);
  print("trace: ");
  print(message);
  if (count > 0) printNumber(" ", a);
  if (count > 1) printNumber(", ", b);
  if (count > 2) printNumber(", ", c);
  if (count > 3) printNumber(", ", d);
  if (count > 4) printNumber(", ", e);
  printLine("");
}

/** As JavaScript does: without `.0`. */
function printNumber(before: string, value: f64): void {
  const text = value.toString();
  print(before);
  print(text.endsWith(".0") ? text.slice(0, -2) : text);
}
