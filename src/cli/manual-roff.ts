// A command's manual page in troff, for `man isthmus-run`: what --help prints, in the sections and
// with the macros that man(7) describes.

import { type Block, type Item, parseManualText, type Section } from "./manual-text";

/** What a page is about, besides its text. */
export interface PageFacts {
  /** `isthmus-run`. */
  readonly name: string;
  readonly version: string;
  /** `2026-11-29`. */
  readonly date: string;
  /** What follows the colon of the first line. */
  readonly summary: string;
  /** Names of other pages: `isthmus-build`. */
  readonly related: readonly string[];
}

const PARAGRAPH = ".PP";

/** The page as troff. The text is that of `--help`; `extra` are sections after its own. */
export function manualRoff(facts: PageFacts, text: string, extra: readonly Section[] = []): string {
  const { name, version, date, summary, related } = facts;
  const { synopsis, sections } = parseManualText(text);
  return [
    `.TH ${name.toUpperCase().replaceAll("-", "\\-")} 1 "${date}" "isthmus ${version}" "isthmus"`,
    ".SH NAME",
    `${escapeText(name)} \\- ${escapeText(summary)}`,
    ".SH SYNOPSIS",
    ...verbatim(synopsis.map((line) => line.replace(/^npx /, "").replace(/^ {4}/, ""))),
    ...[...sections, ...extra].flatMap(sectionLines),
    ".SH SEE ALSO",
    related.map((page) => `.BR ${escapeText(page)} (1)`).join("\n"),
    "",
  ].join("\n");
}

function sectionLines({ title, blocks }: Section): string[] {
  // A heading is the break before its first paragraph.
  const lines = blocks.flatMap(blockLines);
  const first = lines[0] === PARAGRAPH ? 1 : 0;
  return [`.SH ${escapeText(title.toUpperCase())}`, ...lines.slice(first)];
}

function blockLines(block: Block): string[] {
  switch (block.kind) {
    case "paragraph":
      return [PARAGRAPH, escapeText(block.text)];
    case "verbatim":
      return [PARAGRAPH, ...verbatim(block.lines)];
    default:
      return block.items.flatMap(itemLines);
  }
}

function itemLines({ term, text }: Item): string[] {
  return [".TP", `.B ${escapeText(term)}`, escapeText(text)];
}

function verbatim(lines: readonly string[]): string[] {
  return [".EX", ...lines.map(escapeText), ".EE"];
}

const ASCII_MAX = 0x7e;

/**
 * Text that troff shows as it is: a hyphen that can be typed, characters that are not ASCII by
 * their numbers, no line that is a request.
 */
function escapeText(text: string): string {
  const plain = [...text].map(escapeCharacter).join("");
  return /^[.']/.test(plain) ? `\\&${plain}` : plain;
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code > ASCII_MAX) return `\\[u${code.toString(16).toUpperCase().padStart(4, "0")}]`;
  return ESCAPES[character] ?? character;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\e",
  "-": "\\-",
  '"': "\\(dq",
  "`": "\\(ga",
  "'": "\\(aq",
  "^": "\\(ha",
  "~": "\\(ti",
};
