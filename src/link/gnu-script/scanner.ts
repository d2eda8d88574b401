// The words of a GNU ld script.
//
// What a word is depends on where it stands: `foo-bar*` is one name among input patterns and five
// words in an expression. So the parser says which it wants with each call, and looks ahead freely.
//
//   "expression"  names of C with dots, numbers, operators
//   "name"        also `/ - + ~ [ ]`: section names, files, keywords
//   "pattern"     also `* ? : ^ !`: globs over files and sections
//
// Invariant: a word's end is the next word's start, whatever is asked for; blanks and comments
// belong to none.

import { Diagnostic, type Place } from "../../base/diagnostic";

export type WordKind = "name" | "text" | "symbol" | "end";
export type Mode = "expression" | "name" | "pattern";

export interface Word {
  /** `text`: in quotation marks. `symbol`: an operator or bracket. */
  readonly kind: WordKind;
  readonly text: string;
  readonly place: Place;
  /** Where the next word's blanks begin. */
  readonly end: number;
}

const BLANK = /(?:\s|\/\*[\s\S]*?\*\/)*/y;
const LINE_COMMENT = /#[^\n]*/y;
const WORDS: Readonly<Record<Mode, RegExp>> = {
  expression: /[A-Za-z_.\\$][\w.\\$]*|\d\w*/y,
  name: /(?:[A-Za-z_./\\$~]|\d)[\w./\\$~+[\]-]*|-[\w./\\$~+:-]+/y,
  pattern: /[\w./\\$~+[\]*?:^!&-]+/y,
};
const SYMBOL = /<<=|>>=|<<|>>|==|!=|<=|>=|&&|\|\||[-+*/&|^]=|[-+*/%&|^~!<>=?:;,(){}]/y;

export class Scanner {
  readonly #text: string;
  readonly #file: string;
  /** Where each line begins. */
  readonly #lines: readonly number[];
  #position = 0;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
    this.#lines = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  }

  /** The next word, which stays the next one. */
  peek(mode: Mode): Word {
    const start = this.#skipBlanks();
    const place = this.#placeOf(start);
    if (start >= this.#text.length) return { kind: "end", text: "", place, end: start };
    if (this.#text[start] === '"') return this.#quoted(start, place);
    const name = this.#match(WORDS[mode], start);
    if (name !== undefined) {
      return { kind: "name", text: name, place, end: start + name.length };
    }
    const symbol = this.#match(SYMBOL, start);
    if (symbol !== undefined) {
      return { kind: "symbol", text: symbol, place, end: start + symbol.length };
    }
    const found = JSON.stringify(this.#text[start]);
    const remedy = "Remove it, or quote the name that it belongs to.";
    throw new Diagnostic("SCRIPT001", `${found} has no meaning here`, remedy, place);
  }

  /** Goes on after `word`. */
  skip(word: Word): void {
    this.#position = word.end;
  }

  /** A position to come back to. */
  mark(): number {
    return this.#position;
  }

  reset(mark: number): void {
    this.#position = mark;
  }

  #quoted(start: number, place: Place): Word {
    const close = this.#text.indexOf('"', start + 1);
    if (close < 0) {
      const remedy = 'Add the closing ".';
      throw new Diagnostic("SCRIPT001", "the quoted name never ends", remedy, place);
    }
    return { kind: "text", text: this.#text.slice(start + 1, close), place, end: close + 1 };
  }

  #skipBlanks(): number {
    let position = this.#position;
    for (let before = -1; before !== position; ) {
      before = position;
      position += this.#match(BLANK, position)?.length ?? 0;
      position += this.#match(LINE_COMMENT, position)?.length ?? 0;
    }
    if (this.#text.startsWith("/*", position)) {
      const place = this.#placeOf(position);
      throw new Diagnostic("SCRIPT001", "the comment never ends", "Add its */.", place);
    }
    this.#position = position;
    return position;
  }

  #match(pattern: RegExp, start: number): string | undefined {
    pattern.lastIndex = start;
    return pattern.exec(this.#text)?.[0];
  }

  #placeOf(offset: number): Place {
    let low = 0;
    for (let high = this.#lines.length; high - low > 1; ) {
      const middle = (low + high) >> 1;
      if ((this.#lines[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return { file: this.#file, line: low + 1, column: offset - (this.#lines[low] ?? 0) + 1 };
  }
}
