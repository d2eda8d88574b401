// The words of a dump's lines, for the parsers of its two forms (ir/parse.ts, code/parse.ts).
//
//   v3 = load32 &"my name"+4 offset=8      ->   v3 | = | load32 | &"my name"+4 | offset=8
//
// Words end at white space outside quotation marks. A fault is a Diagnostic with the line.

import { Diagnostic } from "../../base/diagnostic";

/** One line that is not empty. */
export class DumpLine {
  readonly #file: string;
  #next = 0;
  readonly #words: readonly string[];

  constructor(
    readonly text: string,
    /** Counts from 1. */
    readonly number: number,
    file: string,
  ) {
    this.#file = file;
    this.#words = text.match(/(?:"(?:[^"\\]|\\.)*"|[^\s"])+/g) ?? [];
  }

  get isEmpty(): boolean {
    return this.#words.length === 0;
  }

  get isIndented(): boolean {
    return this.text.startsWith(" ");
  }

  /** The next word, without taking it. */
  get peek(): string | undefined {
    return this.#words[this.#next];
  }

  get atEnd(): boolean {
    return this.#next === this.#words.length;
  }

  take(): string {
    const word = this.#words[this.#next++];
    if (word === undefined) return this.fail("the line ends too early");
    return word;
  }

  /** Takes the next word if it is this one. */
  takeIf(word: string): boolean {
    if (this.peek !== word) return false;
    this.#next++;
    return true;
  }

  /** Takes words while they match. */
  takeWhile(pattern: RegExp): string[] {
    const taken: string[] = [];
    while (this.peek !== undefined && pattern.test(this.peek)) taken.push(this.take());
    return taken;
  }

  rest(): string[] {
    return this.takeWhile(/./);
  }

  integer(word = this.take()): number {
    if (!/^-?\d+$/.test(word)) this.fail(`${word} is not an integer`);
    return Number(word);
  }

  /** A name, in quotation marks or not. */
  name(word = this.take()): string {
    if (!word.startsWith('"')) return word;
    try {
      return JSON.parse(word) as string;
    } catch {
      return this.fail(`${word} is not a name`);
    }
  }

  /** `&name+4`. */
  symbol(word: string): { name: string; addend: number } {
    const match = /^&("(?:[^"\\]|\\.)*"|[^"+-]+)([+-]\d+)?$/.exec(word);
    if (!match) return this.fail(`${word} is not a symbol`);
    return { name: this.name(match[1]), addend: Number(match[2] ?? 0) };
  }

  fail(text: string): never {
    const place = { file: this.#file, line: this.number };
    throw new Diagnostic("DUMP001", text, "Give a dump as --print writes it.", place);
  }
}

/**
 * The lines of each function of a dump, without empty ones.
 *
 * @param head the word that a function's first line begins with
 */
export function dumpFunctions(
  text: string,
  file: string,
  head: string,
): [head: DumpLine, ...rest: DumpLine[]][] {
  const functions: [DumpLine, ...DumpLine[]][] = [];
  for (const [i, content] of text.split("\n").entries()) {
    const line = new DumpLine(content, i + 1, file);
    const current = functions.at(-1);
    if (line.isEmpty) continue;
    if (line.peek === head) functions.push([line]);
    else if (current) current.push(line);
    else line.fail(`a dump begins with \`${head} NAME\``);
  }
  return functions;
}

/** One more than the largest number that `pattern` finds at the start of a line. */
export function limitOf(lines: readonly DumpLine[], pattern: RegExp): number {
  return lines.reduce((limit, { text }) => {
    const found = pattern.exec(text)?.[1];
    return found === undefined ? limit : Math.max(limit, Number(found) + 1);
  }, 0);
}
