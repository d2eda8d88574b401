// A GNU ld script's text as a tree: its commands, and the statements of SECTIONS.

import { Diagnostic, type Place } from "../../base/diagnostic";
import { nearestName } from "../../base/nearest-name";
import { isAtAssignment, parseAssignment, parseProvided } from "./parse-assignment";
import { parseAssertion, parseExpression, parseInParentheses } from "./parse-expression";
import { parseContent, parseOutput } from "./parse-output";
import type {
  ContentStatement,
  FileList,
  MemoryRegion,
  NamedFile,
  Script,
  SegmentCommand,
  Statement,
} from "./syntax";
import { refuse, UNSUPPORTED_IN_SECTIONS } from "./unsupported";
import { Words } from "./words";

/** The text of a file that INCLUDE names, from the folders that the caller searches. */
export type ReadIncluded = (name: string) => string | undefined;

/** Files that include each other for ever stop here. */
const DEEPEST_INCLUDE = 10;
const REFUSED: ReadonlySet<string> = new Set([
  ...["OVERLAY", "INSERT", "VERSION", "NOCROSSREFS", "NOCROSSREFS_TO"],
  ...["INHIBIT_COMMON_ALLOCATION", "LD_FEATURE"],
]);
/** Program header types, by the names that PHDRS has for them. */
export const SEGMENT_TYPES: Readonly<Record<string, bigint>> = {
  PT_NULL: 0n,
  PT_LOAD: 1n,
  PT_DYNAMIC: 2n,
  PT_INTERP: 3n,
  PT_NOTE: 4n,
  PT_SHLIB: 5n,
  PT_PHDR: 6n,
  PT_TLS: 7n,
  PT_GNU_EH_FRAME: 0x6474e550n,
  PT_GNU_STACK: 0x6474e551n,
  PT_GNU_RELRO: 0x6474e552n,
  PT_GNU_PROPERTY: 0x6474e553n,
};

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/** What the commands have said so far. */
type Draft = Mutable<Script> & {
  inputs: FileList[];
  searchFolders: string[];
  undefinedNames: string[];
  regions: MemoryRegion[];
  regionAliases: Map<string, string>;
  segments: SegmentCommand[] | undefined;
  statements: Statement[];
};

/**
 * Parses the script `text`, which diagnostics call `file`.
 *
 * @throws Diagnostic SCRIPT001 (what cannot be read), SCRIPT002 (what is not supported), SCRIPT003
 *   (a file that cannot be included)
 */
export function parseScript(text: string, file: string, read: ReadIncluded): Script {
  const draft: Draft = {
    file,
    entry: undefined,
    format: undefined,
    architecture: undefined,
    output: undefined,
    startup: undefined,
    inputs: [],
    searchFolders: [],
    undefinedNames: [],
    regions: [],
    regionAliases: new Map(),
    segments: undefined,
    statements: [],
  };
  new ScriptParser(draft, read, 0).commands(new Words(text, file));
  return draft;
}

class ScriptParser {
  readonly #draft: Draft;
  readonly #read: ReadIncluded;
  readonly #depth: number;

  constructor(draft: Draft, read: ReadIncluded, depth: number) {
    this.#draft = draft;
    this.#read = read;
    this.#depth = depth;
  }

  commands(words: Words): void {
    while (words.peek("name").kind !== "end") {
      if (!words.accept(";")) this.#command(words);
    }
  }

  #command(words: Words): void {
    const place = words.place;
    if (isAtAssignment(words)) {
      this.#draft.statements.push(parseAssignment(words));
      return;
    }
    const provided = parseProvided(words);
    if (provided) {
      this.#draft.statements.push(provided);
      return;
    }
    const name = words.name("a command");
    if (REFUSED.has(name)) throw refuse(name, place);
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (name === "INCLUDE") this.#include(words, (parser, inner) => parser.commands(inner));
    else if (name === "SECTIONS") this.#sections(words);
    else if (name === "MEMORY") this.#memory(words);
    else if (command) command(words, this.#draft, place);
    else throw unknownCommand(name, place);
  }

  #sections(words: Words): void {
    words.expect("{", "after SECTIONS");
    this.#statements(words);
    words.expect("}", "at the end of SECTIONS");
  }

  #statements(words: Words): void {
    const { statements } = this.#draft;
    for (;;) {
      const { kind, text, place } = words.peek("name");
      if (kind === "end" || words.isAt("}")) return;
      if (words.accept(";")) continue;
      const provided = isAtAssignment(words) ? parseAssignment(words) : parseProvided(words);
      if (provided) statements.push(provided);
      else if (words.acceptName("ASSERT")) {
        statements.push({ kind: "assertion", place, ...parseAssertion(words) });
        words.accept(";");
      } else if (words.acceptName("ENTRY")) {
        this.#draft.entry = words.nameInParentheses("ENTRY", "a symbol");
      } else if (words.acceptName("INCLUDE")) {
        this.#include(words, (parser, inner) => parser.#statements(inner));
      } else if (UNSUPPORTED_IN_SECTIONS.has(text) || REFUSED.has(text)) {
        throw refuse(text, place);
      } else {
        statements.push(parseOutput(words, (inner) => this.#includedContent(inner)));
      }
    }
  }

  #memory(words: Words): void {
    words.expect("{", "after MEMORY");
    this.#regions(words);
    words.expect("}", "at the end of MEMORY");
  }

  #regions(words: Words): void {
    while (words.peek("name").kind !== "end" && !words.isAt("}")) {
      if (words.acceptName("INCLUDE")) {
        this.#include(words, (parser, inner) => parser.#regions(inner));
      } else if (!words.accept(",") && !words.accept(";")) {
        this.#draft.regions.push(parseRegion(words));
      }
    }
  }

  #includedContent(words: Words): ContentStatement[] {
    const content: ContentStatement[] = [];
    this.#include(words, (parser, inner) => {
      content.push(...parseContent(inner, (deeper) => parser.#includedContent(deeper)));
    });
    return content;
  }

  /** Reads the file named next with `parse`, and puts what it says here. */
  #include(words: Words, parse: (parser: ScriptParser, inner: Words) => void): void {
    const { place } = words;
    const name = words.name("the file to include");
    words.accept(";");
    if (this.#depth === DEEPEST_INCLUDE) {
      const text = `INCLUDE ${name} is nested more than ${DEEPEST_INCLUDE} deep`;
      throw new Diagnostic("SCRIPT003", text, "Do the files include each other?", place);
    }
    const text = this.#read(name);
    if (text === undefined) {
      const remedy = "Give the folder that it is in with -L.";
      throw new Diagnostic("SCRIPT003", `there is no file ${name} to include`, remedy, place);
    }
    const inner = new Words(text, name);
    parse(new ScriptParser(this.#draft, this.#read, this.#depth + 1), inner);
    if (inner.peek("name").kind !== "end") throw inner.unexpected("a statement", "");
  }
}

type Command = (words: Words, draft: Draft, place: Place) => void;

const COMMANDS: Readonly<Record<string, Command>> = {
  ENTRY: (words, draft) => {
    draft.entry = words.nameInParentheses("ENTRY", "a symbol");
  },
  OUTPUT_FORMAT: (words, draft) => {
    const [format] = parseNames(words, "OUTPUT_FORMAT");
    draft.format = format;
  },
  OUTPUT_ARCH: (words, draft) => {
    // `i386:x86-64` has a colon.
    draft.architecture = words.nameInParentheses("OUTPUT_ARCH", "a machine", "pattern");
  },
  TARGET: (words, draft) => {
    const format = words.nameInParentheses("TARGET", "a format");
    draft.format ??= format;
  },
  OUTPUT: (words, draft) => {
    draft.output = words.nameInParentheses("OUTPUT", "a file");
  },
  MAP: (words) => {
    words.nameInParentheses("MAP", "a file");
  },
  STARTUP: (words, draft, place) => {
    draft.startup = { place, name: words.nameInParentheses("STARTUP", "a file", "pattern") };
  },
  SEARCH_DIR: (words, draft) => {
    draft.searchFolders.push(words.nameInParentheses("SEARCH_DIR", "a folder", "pattern"));
  },
  INPUT: (words, draft) => {
    draft.inputs.push({ isGroup: false, files: parseFiles(words, "INPUT") });
  },
  GROUP: (words, draft) => {
    draft.inputs.push({ isGroup: true, files: parseFiles(words, "GROUP") });
  },
  EXTERN: (words, draft) => {
    draft.undefinedNames.push(...parseNames(words, "EXTERN"));
  },
  FORCE_COMMON_ALLOCATION: () => {},
  FORCE_GROUP_ALLOCATION: () => {},
  ASSERT: (words, draft, place) => {
    draft.statements.push({ kind: "assertion", place, ...parseAssertion(words) });
    words.accept(";");
  },
  PHDRS: (words, draft) => {
    words.expect("{", "after PHDRS");
    const segments = draft.segments ?? [];
    while (!words.accept("}")) segments.push(parseSegment(words));
    // Without any it says nothing.
    if (segments.length > 0) draft.segments = segments;
  },
  REGION_ALIAS: (words, draft) => {
    words.expect("(", "after REGION_ALIAS");
    const alias = words.name("the alias of a region");
    words.accept(",");
    draft.regionAliases.set(alias, words.name("a memory region"));
    words.expect(")", "after the region of REGION_ALIAS");
  },
};

function unknownCommand(name: string, place: Place): Diagnostic {
  const known = [...Object.keys(COMMANDS), "SECTIONS", "MEMORY", "INCLUDE"];
  const near = nearestName(name, known);
  const remedy = near
    ? `Did you mean ${near}?`
    : "Compare it with the commands in the manual of GNU ld.";
  return new Diagnostic("SCRIPT001", `there is no command ${name}`, remedy, place);
}

/** Names in parentheses, with commas or blanks between them. */
function parseNames(words: Words, keyword: string): string[] {
  words.expect("(", `after ${keyword}`);
  const names: string[] = [];
  while (!words.accept(")")) {
    if (!words.accept(",")) names.push(words.name(`a name for ${keyword}`));
  }
  return names;
}

/** Files in parentheses; what AS_NEEDED has in its own counts like the others. */
function parseFiles(words: Words, keyword: string): NamedFile[] {
  words.expect("(", `after ${keyword}`);
  const files: NamedFile[] = [];
  while (!words.accept(")")) {
    if (words.accept(",")) continue;
    if (words.acceptName("AS_NEEDED")) files.push(...parseFiles(words, "AS_NEEDED"));
    else files.push({ place: words.place, name: words.name("a file", "pattern") });
  }
  return files;
}

/** `ram (rwx) : ORIGIN = 0x100000, LENGTH = 4M` */
function parseRegion(words: Words): MemoryRegion {
  const { place } = words;
  const name = words.name("the name of a memory region");
  let attributes = "";
  if (words.accept("(")) {
    while (!words.accept(")")) {
      const { kind, text } = words.next("pattern");
      if (kind === "end") throw words.unexpected('")"', "after the attributes of the region");
      attributes += text;
    }
  }
  words.expect(":", `after the name of region ${name}`);
  const origin = parseProperty(words, ["ORIGIN", "org", "o"]);
  words.accept(",");
  const length = parseProperty(words, ["LENGTH", "len", "l"]);
  return { place, name, attributes, origin, length };
}

function parseProperty(words: Words, names: readonly string[]) {
  if (!names.some((name) => words.acceptName(name))) {
    throw words.unexpected(names[0] ?? "", "in a memory region");
  }
  words.expect("=", `after ${names[0]}`);
  return parseExpression(words);
}

/** `text PT_LOAD FILEHDR PHDRS AT (0x100000) FLAGS (5);` */
function parseSegment(words: Words): SegmentCommand {
  const { place } = words;
  const name = words.name("the name of a segment");
  const type = parseExpression(words);
  let hasFileHeader = false;
  let hasProgramHeaders = false;
  let loadAddress: SegmentCommand["loadAddress"];
  let flags: SegmentCommand["flags"];
  for (;;) {
    if (words.acceptName("FILEHDR")) hasFileHeader = true;
    else if (words.acceptName("PHDRS")) hasProgramHeaders = true;
    else if (words.acceptName("AT")) loadAddress = parseInParentheses(words, "AT");
    else if (words.acceptName("FLAGS")) flags = parseInParentheses(words, "FLAGS");
    else break;
  }
  words.expect(";", `after segment ${name}`);
  return { place, name, type, hasFileHeader, hasProgramHeaders, loadAddress, flags };
}
