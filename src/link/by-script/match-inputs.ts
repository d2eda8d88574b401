// Pass: each input section goes to the first place of the script that names it, as GNU ld has it:
// statement by statement, and within one by files, then by sections, unless SORT says otherwise.
//
// A pattern over files may name archive and member (`lib.a:start.o`); without a colon it means the
// member's own name or the file's path. What no statement takes is left for place-orphans.ts.

import type {
  InputStatement,
  OutputStatement,
  SectionPattern,
  SortKey,
} from "../gnu-script/syntax";
import { matchesAny } from "../layout/glob";
import type { InputSection } from "../passes/model";
import { addData, addInput } from "./flags";
import type { ScriptOutput } from "./model";

/** The output section that takes what is not to be in the image. */
export const DISCARD = "/DISCARD/";

/** An input section with what decides where it goes. */
interface Candidate {
  readonly input: InputSection;
  /** Its place among all. */
  readonly order: number;
}

export class InputMatcher {
  readonly #byFile: ReadonlyMap<string, readonly Candidate[]>;
  readonly #taken = new Set<InputSection>();
  /** What KEEP names. */
  readonly kept = new Set<InputSection>();
  /** The output section that the script has for common symbols. */
  commonHome: ScriptOutput | undefined;

  constructor(inputs: readonly InputSection[]) {
    const byFile = new Map<string, Candidate[]>();
    for (const [order, input] of inputs.entries()) {
      if (input.discarded) continue;
      const { name } = input.object;
      const own = byFile.get(name);
      if (own) own.push({ input, order });
      else byFile.set(name, [{ input, order }]);
    }
    this.#byFile = byFile;
  }

  isTaken(input: InputSection): boolean {
    return this.#taken.has(input);
  }

  /** Fills `output` with what a statement names. */
  fill(output: ScriptOutput, { content }: OutputStatement): void {
    for (const statement of content) {
      switch (statement.kind) {
        case "input":
          this.#addMatches(output, statement);
          break;
        case "data":
          if (output.name === DISCARD) break;
          addData(output);
          output.items.push(statement);
          break;
        default:
          if (output.name === DISCARD) break;
          output.exists = true;
          output.items.push(statement);
      }
    }
  }

  /** Whether all that a statement would take may only be read: ONLY_IF_RO asks. */
  wouldBeReadonly(output: ScriptOutput): boolean {
    const statements = output.statement.content.filter((each) => each.kind === "input");
    const candidates = statements.flatMap((each) => this.#candidates(each));
    return candidates.every(({ input }) => !input.section.flags.write);
  }

  #addMatches(output: ScriptOutput, statement: InputStatement): void {
    const patterns = statement.sections ?? [];
    if (patterns.some(({ glob }) => glob === "COMMON")) this.commonHome ??= output;
    const matches = this.#candidates(statement);
    if (statement.keep) for (const { input } of this.#matching(statement)) this.kept.add(input);
    for (const { input } of sorted(matches, statement)) {
      this.#taken.add(input);
      if (output.name !== DISCARD) addInput(output, input);
    }
  }

  #candidates(statement: InputStatement): Match[] {
    return this.#matching(statement).filter(({ input }) => !this.#taken.has(input));
  }

  /** All that the statement's patterns name, in the order of the inputs. */
  #matching(statement: InputStatement): Match[] {
    const matches: Match[] = [];
    for (const [file, candidates] of this.#byFile) {
      if (!matchesFile(file, statement.file)) continue;
      if (statement.excluded.some((each) => matchesFile(file, each))) continue;
      for (const { input, order } of candidates) {
        const pattern = patternFor(input, statement, file);
        if (pattern) matches.push({ input, order, pattern, file });
      }
    }
    return matches.sort((a, b) => a.order - b.order);
  }
}

interface Match extends Candidate {
  readonly pattern: SectionPattern;
  readonly file: string;
}

const ALL: SectionPattern = { glob: "*", excluded: [], sort: [] };

/** The first of the statement's patterns that names the section. */
function patternFor({ section }: InputSection, { sections }: InputStatement, file: string) {
  if (!sections) return section.name === "COMMON" ? undefined : ALL;
  return sections.find(
    ({ glob, excluded }) =>
      matchesAny(section.name, [glob]) &&
      // Common symbols must be named as such.
      (section.name !== "COMMON" || glob === "COMMON") &&
      !excluded.some((each) => matchesFile(file, each)),
  );
}

/** @param file a path, or `libc.a(string.o)` */
function matchesFile(file: string, pattern: string): boolean {
  if (pattern === "*") return true;
  const [, archive, member] = /^(.*)\(([^()]*)\)$/.exec(file) ?? [];
  const colon = pattern.indexOf(":");
  if (colon >= 0) {
    const wantedArchive = pattern.slice(0, colon);
    const wantedMember = pattern.slice(colon + 1);
    if (wantedArchive === "") return archive === undefined && matchesAny(file, [wantedMember]);
    if (archive === undefined || !matchesAny(archive, [wantedArchive])) return false;
    return wantedMember === "" || matchesAny(member ?? "", [wantedMember]);
  }
  return matchesAny(member ?? file, [pattern]);
}

/** The matches in the order that the statement asks for; each goes before the first above it. */
function sorted(matches: readonly Match[], { sections = [], sortsFiles }: InputStatement): Match[] {
  if (!sortsFiles && sections.every(({ sort }) => sort.length === 0)) return [...matches];
  const result: Match[] = [];
  for (const match of matches) {
    const isSorted = sortsFiles || match.pattern.sort.length > 0;
    const at = isSorted ? result.findIndex((each) => isBefore(match, each, sortsFiles)) : -1;
    if (at < 0) result.push(match);
    else result.splice(at, 0, match);
  }
  return result;
}

function isBefore(match: Match, other: Match, sortsFiles: boolean): boolean {
  if (sortsFiles && match.file !== other.file) return match.file < other.file;
  for (const key of match.pattern.sort) {
    const difference = compareBy(key, match.input, other.input);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

function compareBy(key: SortKey, a: InputSection, b: InputSection): number {
  const [first, second] = [a.section.name, b.section.name];
  switch (key) {
    case "name":
      return first < second ? -1 : Number(first > second);
    case "alignment":
      return b.section.align - a.section.align;
    case "init-priority": {
      const [one, two] = [priorityOf(first), priorityOf(second)];
      if (one !== undefined && two !== undefined && one !== two) return one - two;
      return first < second ? -1 : Number(first > second);
    }
  }
}

/** Of `.init_array.N`, N; of `.ctors.N`, whose order is the reverse, 65535 - N. */
function priorityOf(name: string): number | undefined {
  const [, kind, digits] = /^\.(\w+)\.(\d+)$/.exec(name) ?? [];
  if (digits === undefined) return undefined;
  return kind === "ctors" || kind === "dtors" ? 65535 - Number(digits) : Number(digits);
}
