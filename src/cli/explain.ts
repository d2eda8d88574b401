// isthmus explain: explains a mistake that `isthmus check` finds, with an example
//
//   npx isthmus explain CODE
//   npx isthmus explain --list [--json]
//
// Options
//   --list       one line for each mistake: its code and its title
//   --json       prints code, title, why, wrong, right and limits: of CODE, or of all with --list
//
// Exit status: 0 explained; 2 there is no such code.

import type { Mistake } from "../link/check/mistake";
import { MISTAKES, mistakeOf } from "../link/check/mistakes";
import { type Command, type CommandLine, UsageError } from "./command";
import { print, printJson, style } from "./terminal";

const WIDTH = 80;

export const command: Command = {
  options: { list: { type: "boolean" }, json: { type: "boolean" } },
  operands: 1,
  run,
};

async function run(line: CommandLine): Promise<number> {
  const [code] = line.operands;
  if (line.flag("list") || code === undefined) {
    if (line.flag("json")) printJson(MISTAKES.map(plain));
    else for (const mistake of MISTAKES) print(`${mistake.code}  ${mistake.title}`);
    return 0;
  }
  const mistake = mistakeOf(code);
  if (!mistake) {
    const codes = MISTAKES.map((each) => each.code);
    throw new UsageError(
      `there is no mistake ${code}; see \`isthmus explain --list\``,
      code,
      codes,
    );
  }
  if (line.flag("json")) printJson(plain(mistake));
  else printMistake(mistake);
  return 0;
}

function plain({ code, title, why, wrong, right, limits }: Mistake) {
  return { code, title, why, wrong, right, limits };
}

function printMistake({ code, title, why, wrong, right, limits }: Mistake): void {
  print(`${style(code, "bold")}: ${title}`);
  print("");
  for (const text of wrap(why)) print(text);
  print("");
  print("Wrong");
  for (const text of wrong.split("\n")) print(`    ${text}`);
  print("Right");
  for (const text of right.split("\n")) print(`    ${text}`);
  if (limits === undefined) return;
  print("");
  for (const text of wrap(`What is found: ${limits}`)) print(text);
}

/** The words of `text` in lines of at most WIDTH columns. */
function wrap(text: string): string[] {
  const lines: string[] = [];
  let current = "";
  for (const word of text.split(/\s+/)) {
    if (current !== "" && current.length + 1 + word.length > WIDTH) {
      lines.push(current);
      current = word;
    } else {
      current = current === "" ? word : `${current} ${word}`;
    }
  }
  return [...lines, current];
}
