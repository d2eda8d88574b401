// All manual pages of the package, by the names of their files: `isthmus.1`, and `isthmus-NAME.1`
// for each command.

import { COMMAND_NAMES } from "./main";
import { manualPage } from "./manual-page";
import { manualRoff } from "./manual-roff";
import { packageVersion } from "./package-version";

const PROGRAM = "isthmus";

/** The pages as troff, by file name; `date` is what their footers say. */
export function manualSet(date: string): Map<string, string> {
  const facts = (name: string, summary: string, related: readonly string[]) => {
    return { name, version: packageVersion(), date, summary, related };
  };
  const commands = COMMAND_NAMES.map((name) => ({ name, ...manualPage(name) }));
  const pages = commands.map(({ name }) => pageName(name));
  const overview = manualPage("main");
  const list = {
    title: "Commands",
    blocks: [
      {
        kind: "items" as const,
        items: commands.map(({ name, summary }) => ({ term: name, text: summary })),
      },
    ],
  };
  const own = manualRoff(facts(PROGRAM, overview.summary, pages), overview.text, [list]);
  return new Map([
    [`${PROGRAM}.1`, own],
    ...commands.map(({ name, summary, text }): [string, string] => [
      `${pageName(name)}.1`,
      manualRoff(facts(pageName(name), summary, [PROGRAM]), text),
    ]),
  ]);
}

function pageName(command: string): string {
  return `${PROGRAM}-${command}`;
}
