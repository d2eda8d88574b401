// One output section of a SECTIONS command, and what may stand in its braces.

import { Diagnostic } from "../../base/diagnostic";
import { isAtAssignment, parseAssignment, parseProvided } from "./parse-assignment";
import { parseAssertion, parseExpression, parseInParentheses } from "./parse-expression";
import type {
  Constraint,
  ContentStatement,
  Expression,
  InputStatement,
  OutputStatement,
  OutputType,
  SectionPattern,
  SortKey,
} from "./syntax";
import { refuse, UNSUPPORTED_IN_SECTIONS } from "./unsupported";
import type { Words } from "./words";

const TYPES: ReadonlySet<string> = new Set<OutputType>([
  ...(["NOLOAD", "COPY", "INFO", "DSECT", "OVERLAY", "READONLY"] as const),
]);
const CONSTRAINTS: readonly Constraint[] = ["ONLY_IF_RO", "ONLY_IF_RW"];
const WIDTHS: Readonly<Record<string, 1 | 2 | 4 | 8>> = {
  BYTE: 1,
  SHORT: 2,
  LONG: 4,
  QUAD: 8,
  SQUAD: 8,
};
const SORTS: Readonly<Record<string, SortKey | undefined>> = {
  SORT: "name",
  SORT_BY_NAME: "name",
  SORT_BY_ALIGNMENT: "alignment",
  SORT_BY_INIT_PRIORITY: "init-priority",
  SORT_NONE: undefined,
};

/** Puts the statements of a file where its INCLUDE stands: parse-script.ts. */
export type IncludeContent = (words: Words) => ContentStatement[];

export function parseOutput(words: Words, include: IncludeContent): OutputStatement {
  const { place } = words;
  const name = words.name("the name of an output section");
  const { address, type } = parseAddress(words);
  words.expect(":", `after the name and address of output section ${name}`);
  const head = parseAttributes(words);
  words.expect("{", `at the content of output section ${name}`);
  const content = parseContent(words, include);
  words.expect("}", `at the end of output section ${name}`);
  const tail = parseTail(words);
  words.accept(",");
  words.accept(";");
  return { kind: "output", place, name, address, type, ...head, content, ...tail };
}

/** `ADDRESS (TYPE)`, each of which may be missing. */
function parseAddress(words: Words): Pick<OutputStatement, "address" | "type"> {
  const early = parseType(words);
  if (early !== undefined || words.isAt(":")) return { address: undefined, type: early };
  if (words.acceptName("BIND"))
    return { address: parseInParentheses(words, "BIND"), type: undefined };
  const address = parseExpression(words);
  return { address, type: parseType(words) };
}

/** `(NOLOAD)`. A parenthesis that begins an expression stays where it is. */
function parseType(words: Words): OutputType | undefined {
  const found = words.lookAhead(() => {
    if (!words.accept("(")) return undefined;
    const { kind, text } = words.peek("name");
    if (kind === "symbol" && text === ")") {
      words.next("name");
      return "";
    }
    if (kind !== "name" || !(TYPES.has(text) || text === "TYPE")) return undefined;
    if (text === "TYPE") throw refuse("TYPE", words.place);
    words.next("name");
    words.expect(")", "after the section's type");
    return text;
  });
  return found === undefined || found === "" ? undefined : (found as OutputType);
}

/** What stands between the colon and the brace. */
function parseAttributes(words: Words) {
  let loadAddress: Expression | undefined;
  let align: Expression | undefined;
  let subAlign: Expression | undefined;
  let alignWithInput = false;
  let constraint: Constraint | undefined;
  for (;;) {
    if (words.acceptName("AT")) loadAddress = parseInParentheses(words, "AT");
    else if (words.acceptName("ALIGN")) align = parseInParentheses(words, "ALIGN");
    else if (words.acceptName("SUBALIGN")) subAlign = parseInParentheses(words, "SUBALIGN");
    else if (words.acceptName("ALIGN_WITH_INPUT")) alignWithInput = true;
    else {
      const found = CONSTRAINTS.find((each) => words.acceptName(each));
      if (!found) break;
      constraint = found;
    }
  }
  return { loadAddress, align, subAlign, alignWithInput, constraint };
}

/** What stands after the closing brace. */
function parseTail(words: Words) {
  let region: string | undefined;
  let loadRegion: string | undefined;
  let fill: Expression | undefined;
  const segments: string[] = [];
  for (;;) {
    if (words.accept(">")) region = words.name("a memory region");
    else if (words.lookAhead(() => words.acceptName("AT") && words.accept(">"))) {
      loadRegion = words.name("a memory region");
    } else if (words.accept(":")) segments.push(words.name("a segment of PHDRS"));
    else if (words.accept("=")) fill = parseExpression(words);
    else return { region, loadRegion, segments, fill };
  }
}

/** The statements up to the closing brace, or the end of an included file. */
export function parseContent(words: Words, include: IncludeContent): ContentStatement[] {
  const content: ContentStatement[] = [];
  for (;;) {
    const { kind, text } = words.peek("pattern");
    if (kind === "end" || text === "}" || words.isAt("}")) return content;
    if (words.accept(";") || words.accept(",")) continue;
    if (isAtAssignment(words)) content.push(parseAssignment(words));
    else if (kind === "name" && words.acceptName("INCLUDE")) content.push(...include(words));
    else content.push(...parseKeyword(words, kind === "name" ? text : ""));
  }
}

/** A statement that begins with `keyword`; otherwise the word is a pattern. */
function parseKeyword(words: Words, keyword: string): ContentStatement[] {
  const { place } = words;
  const provided = parseProvided(words);
  if (provided) return [provided];
  const width = Object.hasOwn(WIDTHS, keyword) ? WIDTHS[keyword] : undefined;
  if (width !== undefined) {
    words.next("name");
    return [{ kind: "data", width, value: parseInParentheses(words, keyword), place }];
  }
  switch (keyword) {
    case "ASSERT":
      words.next("name");
      return [{ kind: "assertion", place, ...parseAssertion(words) }];
    case "FILL":
      words.next("name");
      return [{ kind: "fill", place, value: parseInParentheses(words, keyword) }];
    case "CONSTRUCTORS":
    case "CREATE_OBJECT_SYMBOLS":
      // In ELF files neither makes anything.
      words.next("name");
      return [];
    case "KEEP": {
      words.next("name");
      words.expect("(", "after KEEP");
      const input = parseInput(words, true);
      words.expect(")", "after the pattern of KEEP");
      return [input];
    }
    default:
      if (UNSUPPORTED_IN_SECTIONS.has(keyword)) throw refuse(keyword, place);
      if (isAtConstructors(words)) return [];
      return [parseInput(words, false)];
  }
}

/** `SORT (CONSTRUCTORS)`. */
function isAtConstructors(words: Words): boolean {
  return words.lookAhead(() => {
    const isSort = words.acceptName("SORT") || words.acceptName("SORT_BY_NAME");
    return isSort && words.accept("(") && words.acceptName("CONSTRUCTORS") && words.accept(")");
  });
}

/** `file (.text .text.*)`. */
function parseInput(words: Words, keep: boolean): InputStatement {
  const { place } = words;
  const { file, excluded, sortsFiles } = parseFiles(words);
  if (!words.accept("(")) {
    return { kind: "input", place, file, excluded, sortsFiles, sections: undefined, keep };
  }
  const sections: SectionPattern[] = [];
  while (!words.accept(")")) {
    if (words.accept(",")) continue;
    sections.push(...parseSectionPattern(words, []));
  }
  return { kind: "input", place, file, excluded, sortsFiles, sections, keep };
}

/** Files: `*`, `SORT (*)`, `EXCLUDE_FILE (a.o) *`. */
function parseFiles(words: Words): Pick<InputStatement, "file" | "excluded" | "sortsFiles"> {
  const { text, place } = words.peek("pattern");
  if (text === "INPUT_SECTION_FLAGS" || text === "REVERSE") throw refuse(text, place);
  if (text === "EXCLUDE_FILE") {
    const excluded = parseExcluded(words);
    return { ...words.nested(() => parseFiles(words)), excluded };
  }
  const sorts = words.lookAhead(() => {
    const isSort = words.acceptName("SORT") || words.acceptName("SORT_BY_NAME");
    return isSort && words.accept("(");
  });
  if (sorts) {
    const inner = words.nested(() => parseFiles(words));
    words.expect(")", "after the sorted files");
    return { ...inner, sortsFiles: true };
  }
  return { file: words.name("a pattern over files", "pattern"), excluded: [], sortsFiles: false };
}

function parseExcluded(words: Words): string[] {
  words.next("pattern");
  words.expect("(", "after EXCLUDE_FILE");
  const excluded: string[] = [];
  while (!words.accept(")")) {
    if (!words.accept(",")) excluded.push(words.name("a pattern over files", "pattern"));
  }
  return excluded;
}

/** One pattern, or those in the parentheses of a SORT. */
function parseSectionPattern(words: Words, sort: readonly SortKey[]): SectionPattern[] {
  const { text, place } = words.peek("pattern");
  if (text === "REVERSE") throw refuse(text, place);
  if (text === "EXCLUDE_FILE") {
    const excluded = parseExcluded(words);
    const patterns = words.nested(() => parseSectionPattern(words, sort));
    return patterns.map((each) => ({ ...each, excluded }));
  }
  if (Object.hasOwn(SORTS, text)) {
    words.next("pattern");
    const key = SORTS[text];
    words.expect("(", `after ${text}`);
    const patterns: SectionPattern[] = [];
    const keys = key === undefined || sort.includes(key) ? sort : [...sort, key];
    while (!words.accept(")")) {
      if (words.accept(",")) continue;
      patterns.push(...words.nested(() => parseSectionPattern(words, keys)));
    }
    return patterns;
  }
  const glob = words.name("a pattern over sections", "pattern");
  if (glob === "KEEP" && words.isAt("(")) {
    const remedy = "Write it around the whole statement: KEEP (*(.text)).";
    throw new Diagnostic("SCRIPT001", "KEEP stands inside a pattern", remedy, place);
  }
  return [{ glob, excluded: [], sort }];
}
