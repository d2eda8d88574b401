// isthmus explain: explains the code of a message: what is wrong, why, and what to do
//
//   npx isthmus explain CODE
//   npx isthmus explain --list [--json]
//
// Options
//   --list       one line for each code, with its title: first the mistakes that check finds
//   --json       prints code, title and why, and of a mistake that check finds also its severity,
//                when it weighs less, an example (wrong, right) and limits: of CODE, or of all such
//                mistakes with --list
//
// Example
//   $ npx isthmus explain LAY001
//   LAY001: a segment is writable and executable
//
//   GNU ld says "has a LOAD segment with RWX permissions". It puts sections that
//   follow each other on one page into one segment, which gets the permissions of
//   …
//
// Exit status: 0 explained; 2 there is no such code.

import { wrap } from "../base/wrap";
import { lessIf, type Mistake } from "../link/check/mistake";
import { MISTAKES, mistakeOf } from "../link/check/mistakes";
import { type Command, type CommandLine, UsageError } from "./command";
import { EXPLANATIONS, type Explanation, explanationOf } from "./explanations";
import { print, printJson, style } from "./terminal";

const WIDTH = 80;
const CODE_WIDTH = "LAYOUT001".length;

export const command: Command = {
  options: { list: { type: "boolean" }, json: { type: "boolean" } },
  operands: 1,
  run,
};

async function run(line: CommandLine): Promise<number> {
  const [code] = line.operands;
  const isJson = line.flag("json");
  if (line.flag("list") || code === undefined) {
    if (isJson) printJson(MISTAKES.map(plain));
    else for (const { code, title } of [...MISTAKES, ...EXPLANATIONS]) printTitle(code, title);
    return 0;
  }
  const mistake = mistakeOf(code);
  const explanation = mistake ?? explanationOf(code);
  if (explanation === undefined) throw unknownCode(code);
  if (isJson) printJson(mistake ? plain(mistake) : explanation);
  else if (mistake) printMistake(mistake);
  else printExplanation(explanation);
  return 0;
}

function printTitle(code: string, title: string): void {
  print(`${code.padEnd(CODE_WIDTH)}  ${title}`);
}

/** Codes are near each other by their letters only: LAY999 is not a mistyped LAY009. */
function unknownCode(code: string): UsageError {
  const numberOf = (text: string) => Number(/\d+$/.exec(text)?.[0]);
  const near = [...MISTAKES, ...EXPLANATIONS]
    .map((each) => each.code)
    .filter((each) => numberOf(each) === numberOf(code));
  return new UsageError(
    `there is no code ${code}; see \`isthmus explain --list\``,
    code.replace(/\d+$/, (digits) => digits.padStart(3, "0")),
    near,
  );
}

function plain({ code, severity, title, why, wrong, right, limits, ...rest }: Mistake) {
  return { code, severity, less: lessIf(rest), title, why, wrong, right, limits };
}

function printExplanation({ code, title, why }: Explanation): void {
  print(`${style(code, "bold")}: ${title}`);
  print("");
  for (const text of wrap(why, WIDTH)) print(text);
}

function printMistake(mistake: Mistake): void {
  const { code, severity, title, why, wrong, right, limits } = mistake;
  printExplanation({ code, title, why });
  const less = lessIf(mistake);
  print("");
  const weight = `Severity: ${severity}${less === undefined ? "" : `; less if ${less}`}.`;
  for (const text of wrap(weight, WIDTH)) print(text);
  print("");
  print("Wrong");
  for (const text of wrong.split("\n")) print(`    ${text}`);
  print("Right");
  for (const text of right.split("\n")) print(`    ${text}`);
  if (limits === undefined) return;
  print("");
  for (const text of wrap(`What is found: ${limits}`, WIDTH)) print(text);
}
