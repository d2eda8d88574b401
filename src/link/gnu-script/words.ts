// The parser's hold on the words: what is next, whether it is what must be there, and what to say
// if it is not.

import { Diagnostic, type Place } from "../../base/diagnostic";
import { type Mode, Scanner, type Word } from "./scanner";

/** How complex one expression or pattern may be: it is parsed and evaluated by recursion. */
const MOST_COMPLEX = 2000;
/** What a level of nesting counts, next to an operator. */
const LEVEL = 8;

export class Words {
  readonly #scanner: Scanner;
  /** Of the expression or pattern that is being parsed. */
  #complexity = 0;

  constructor(text: string, file: string) {
    this.#scanner = new Scanner(text, file);
  }

  /** Where the next word begins. */
  get place(): Place {
    return this.#scanner.peek("pattern").place;
  }

  peek(mode: Mode): Word {
    return this.#scanner.peek(mode);
  }

  next(mode: Mode): Word {
    const word = this.#scanner.peek(mode);
    this.#scanner.skip(word);
    return word;
  }

  /** Whether the next word is the operator or bracket `text`. */
  isAt(text: string): boolean {
    const word = this.#scanner.peek("expression");
    return word.kind === "symbol" && word.text === text;
  }

  /** Whether the next word is the keyword `text`. */
  isAtName(text: string): boolean {
    const word = this.#scanner.peek("name");
    return word.kind === "name" && word.text === text;
  }

  /** Takes `text` if it is next. */
  accept(text: string): boolean {
    const found = this.isAt(text);
    if (found) this.next("expression");
    return found;
  }

  /** Takes the keyword `text` if it is next. */
  acceptName(text: string): boolean {
    const found = this.isAtName(text);
    if (found) this.next("name");
    return found;
  }

  expect(text: string, where: string): void {
    if (!this.accept(text)) throw this.unexpected(`"${text}"`, where);
  }

  /** A name, quoted or not. */
  name(what: string, mode: Mode = "name"): string {
    const word = this.peek(mode);
    if (word.kind !== "name" && word.kind !== "text") throw this.unexpected(what, "", mode);
    this.next(mode);
    return word.text;
  }

  /** `(NAME)` after `keyword`. */
  nameInParentheses(keyword: string, what: string, mode: Mode = "name"): string {
    this.expect("(", `after ${keyword}`);
    const name = this.name(what, mode);
    this.expect(")", `after the name in ${keyword}`);
    return name;
  }

  /** What `parse` finds one level further in. */
  nested<Result>(parse: () => Result): Result {
    const isOutermost = this.#complexity === 0;
    this.complicate(LEVEL);
    const result = parse();
    if (isOutermost) this.#complexity = 0;
    return result;
  }

  /** Counts an operator of the expression that is being parsed. */
  complicate(by = 1): void {
    this.#complexity += by;
    if (this.#complexity <= MOST_COMPLEX) return;
    const remedy = "Give names to its parts: part = EXPRESSION;";
    throw new Diagnostic("SCRIPT001", "this is too complex to be understood", remedy, this.place);
  }

  /** Tries `parse`: where it returns nothing or false, the words are as before. */
  lookAhead<Result>(parse: () => Result): Result {
    const before = this.#scanner.mark();
    const result = parse();
    if (result === undefined || result === false) this.#scanner.reset(before);
    return result;
  }

  /** What `parse` finds; the words are as before. */
  peekAfter<Result>(parse: () => Result): Result {
    const before = this.#scanner.mark();
    const result = parse();
    this.#scanner.reset(before);
    return result;
  }

  unexpected(wanted: string, where: string, mode: Mode = "name"): Diagnostic {
    const { kind, text, place } = this.peek(mode);
    const found = kind === "end" ? "the script ends" : `"${text}" was found`;
    const at = where === "" ? "" : ` ${where}`;
    const remedy =
      kind === "end" ? "Close what is still open." : "Compare the line with the manual of GNU ld.";
    return new Diagnostic("SCRIPT001", `${wanted} is expected${at}, but ${found}`, remedy, place);
  }
}
