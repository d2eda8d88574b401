// From tokens to commands: what to run, with which files, and on what condition.
//
//   line      command { ( ; | & | && | || ) command }
//   command   { word | < word | > word | >> word }
//
// A command without words only opens its files.

import { expand, Variables } from "./expand";
import { Token, TokenKind } from "./words";

/** When a command runs, by the status of the one before it. */
export enum Condition {
  always,
  /** after `&&` */
  ifZero,
  /** after `||` */
  ifNotZero,
}

export class Command {
  /** The program's name and its arguments, as they were written until `expandWith`. */
  words: string[] = [];
  /** Files to read from and write to; empty: none. */
  input: string = "";
  output: string = "";
  appends: bool = false;
  /** `&` follows: the shell does not wait for it. */
  isBackground: bool = false;

  constructor(public condition: Condition) {}

  /** Replaces every word by what it stands for now. */
  expandWith(variables: Variables): void {
    for (let i = 0; i < this.words.length; i++) this.words[i] = expand(this.words[i], variables);
    this.input = expand(this.input, variables);
    this.output = expand(this.output, variables);
  }

  get isEmpty(): bool {
    return this.words.length === 0 && this.input.length === 0 && this.output.length === 0;
  }
}

export class CommandParser {
  /** Why the line is not well-formed; empty: it is. */
  error: string = "";
  readonly commands: Command[] = [];
  private current: Command = new Command(Condition.always);

  /** Parses all tokens; false if the line is not well-formed. */
  parse(tokens: Token[]): bool {
    for (let i = 0; i < tokens.length && this.error.length === 0; i++) {
      const kind = tokens[i].kind;
      if (kind === TokenKind.word) this.current.words.push(tokens[i].text);
      else if (kind >= TokenKind.input) this.redirect(tokens, i++);
      else this.end(tokens[i]);
    }
    if (this.error.length === 0) this.finish();
    return this.error.length === 0;
  }

  private redirect(tokens: Token[], index: i32): void {
    const kind = tokens[index].kind;
    if (index + 1 >= tokens.length || tokens[index + 1].kind !== TokenKind.word) {
      this.error = `no file name follows ${tokens[index].text}`;
      return;
    }
    const name = tokens[index + 1].text;
    if (kind === TokenKind.input) {
      this.current.input = name;
    } else {
      this.current.output = name;
      this.current.appends = kind === TokenKind.append;
    }
  }

  /** Ends a command at `;`, `&`, `&&` or `||`. */
  private end(token: Token): void {
    const kind = token.kind;
    if (this.current.isEmpty && kind !== TokenKind.then) {
      this.error = `no command comes before ${token.text}`;
      return;
    }
    this.current.isBackground = kind === TokenKind.background;
    const condition =
      kind === TokenKind.and
        ? Condition.ifZero
        : kind === TokenKind.or
          ? Condition.ifNotZero
          : Condition.always;
    if (!this.current.isEmpty) this.commands.push(this.current);
    this.current = new Command(condition);
  }

  private finish(): void {
    if (!this.current.isEmpty) this.commands.push(this.current);
    else if (this.current.condition !== Condition.always) this.error = "a command is missing";
  }
}
