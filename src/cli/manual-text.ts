// The parts of a command's manual page, from its text: for manual pages in troff, and for shells
// that show what an option does.
//
//   isthmus NAME: summary
//
//     npx isthmus NAME …           the synopsis
//
//   Paragraphs.                    the description
//
//     $ npx isthmus NAME           what is indented is verbatim
//
//   Heading                        a section: items, verbatim text or a paragraph
//     term     what it means,
//              in several lines
//
//   Exit status: …                 a section of its own

export interface Item {
  readonly term: string;
  readonly text: string;
}

export type Block =
  | { readonly kind: "paragraph"; readonly text: string }
  | { readonly kind: "items"; readonly items: readonly Item[] }
  | { readonly kind: "verbatim"; readonly lines: readonly string[] };

export interface Section {
  readonly title: string;
  readonly blocks: readonly Block[];
}

export interface ManualText {
  readonly synopsis: readonly string[];
  readonly sections: readonly Section[];
}

const DESCRIPTION = "Description";
/** A term, and what it means after two blanks: of the first item, whose column the others share. */
const TERM = /^(\S.*?) {2,}(\S.*)$/;
const EXIT_STATUS = /^(Exit status): /;

/** Takes a manual page apart; its first line is left out. */
export function parseManualText(text: string): ManualText {
  const synopsis: string[] = [];
  const sections: { title: string; blocks: Block[] }[] = [];
  const section = (title: string) => {
    const known = sections.find((each) => each.title === title);
    if (known) return known;
    const made = { title, blocks: [] };
    sections.push(made);
    return made;
  };
  for (const group of groupsOf(text)) {
    const [first = "", ...rest] = group;
    if (isIndented(group) && first.trim().startsWith("npx isthmus") && sections.length === 0) {
      synopsis.push(...group.map((line) => line.slice(2)));
    } else if (isIndented(group)) {
      const last = sections.at(-1) ?? section(DESCRIPTION);
      last.blocks.push({ kind: "verbatim", lines: group.map((line) => line.slice(2)) });
    } else if (rest.length > 0 && isIndented(rest)) {
      section(first).blocks.push(blockOf(rest.map((line) => line.slice(2))));
    } else {
      const [, title = DESCRIPTION] = EXIT_STATUS.exec(first) ?? [];
      const words = group.join(" ").replace(EXIT_STATUS, "");
      section(title).blocks.push({ kind: "paragraph", text: words });
    }
  }
  return { synopsis, sections };
}

/** What each option does, in a line, by its name without the dashes. */
export function optionSummaries(text: string): ReadonlyMap<string, string> {
  const blocks = parseManualText(text).sections.flatMap((each) => each.blocks);
  const items = blocks.flatMap((block) => (block.kind === "items" ? block.items : []));
  const named = items.flatMap(({ term, text: what }): [string, string][] => {
    const name = /--([a-z-]+)/.exec(term)?.[1];
    return name === undefined ? [] : [[name, firstClause(what)]];
  });
  return new Map(named);
}

/** Up to the first `;` or `:` or the end of a sentence. */
function firstClause(text: string): string {
  return text.split(/[;:](?: |$)|\. |\.$/)[0] ?? text;
}

/** The lines between blank ones, without the first group, which is the summary. */
function groupsOf(text: string): string[][] {
  const groups = text
    .split(/\n\s*\n/)
    .map((group) => group.split("\n").filter((line) => line !== ""));
  return groups.slice(1).filter((group) => group.length > 0);
}

function isIndented(lines: readonly string[]): boolean {
  return lines.every((line) => line.startsWith("  "));
}

function blockOf(lines: readonly string[]): Block {
  const [first = ""] = lines;
  if (first.startsWith("$ ")) return { kind: "verbatim", lines };
  if (!TERM.test(first))
    return { kind: "paragraph", text: lines.map((each) => each.trim()).join(" ") };
  const column = first.length - (TERM.exec(first)?.[2]?.length ?? 0);
  const items: { term: string; text: string }[] = [];
  for (const line of lines) {
    const term = line.slice(0, column).trim();
    const text = line.slice(column).trim();
    const last = items.at(-1);
    if (term !== "" || !last) items.push({ term, text });
    else last.text += ` ${text}`;
  }
  return { kind: "items", items };
}
