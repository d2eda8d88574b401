// Splits a command line into words and operators. Words keep their quotes: they are expanded when
// their command runs (expand.ts), because `$?` may have changed by then.
//
//   word       'text'  "text"  \x  and all other characters but blanks and operators
//   operator   ;  &  &&  ||  <  >  >>  and the end of a line
//   # text     a comment, at the start of a word

/** What a token is. */
export enum TokenKind {
  word,
  /** `;` or the end of a line */
  then,
  /** `&&` */
  and,
  /** `||` */
  or,
  /** `&` */
  background,
  /** `<` */
  input,
  /** `>` */
  output,
  /** `>>` */
  append,
}

export class Token {
  constructor(
    readonly kind: TokenKind,
    readonly text: string,
  ) {}
}

const NEWLINE: i32 = 0x0a;
const QUOTE: i32 = 0x27;
const DOUBLE_QUOTE: i32 = 0x22;
const BACKSLASH: i32 = 0x5c;
const HASH: i32 = 0x23;
const SEMICOLON: i32 = 0x3b;
const AMPERSAND: i32 = 0x26;
const BAR: i32 = 0x7c;
const LESS: i32 = 0x3c;
const GREATER: i32 = 0x3e;

export class Splitter {
  /** Why the line is not well-formed; empty: it is. */
  error: string = "";
  readonly tokens: Token[] = [];
  private at: i32 = 0;

  constructor(private readonly line: string) {}

  /** Splits the whole line; false if it is not well-formed. */
  split(): bool {
    while (this.error.length === 0) {
      while (isBlank(this.peek(0))) this.at++;
      const next = this.peek(0);
      if (next < 0) break;
      if (next === HASH) this.comment();
      else if (!this.operator()) this.word();
    }
    return this.error.length === 0;
  }

  /** The code unit at a distance, -1 at the end. */
  private peek(distance: i32): i32 {
    const at = this.at + distance;
    return at < this.line.length ? this.line.charCodeAt(at) : -1;
  }

  private comment(): void {
    while (this.peek(0) >= 0 && this.peek(0) !== NEWLINE) this.at++;
  }

  private operator(): bool {
    const first = this.peek(0);
    const isTwice = this.peek(1) === first;
    switch (first) {
      case SEMICOLON:
      case NEWLINE:
        return this.take(TokenKind.then, 1);
      case AMPERSAND:
        return isTwice ? this.take(TokenKind.and, 2) : this.take(TokenKind.background, 1);
      case BAR:
        if (isTwice) return this.take(TokenKind.or, 2);
        this.error = "there are no pipes";
        return true;
      case LESS:
        return this.take(TokenKind.input, 1);
      case GREATER:
        return isTwice ? this.take(TokenKind.append, 2) : this.take(TokenKind.output, 1);
      default:
        return false;
    }
  }

  private take(kind: TokenKind, length: i32): bool {
    this.tokens.push(new Token(kind, this.line.substr(this.at, length)));
    this.at += length;
    return true;
  }

  private word(): void {
    const start = this.at;
    while (!endsWord(this.peek(0)) && this.error.length === 0) {
      const next = this.peek(0);
      this.at++;
      if (next === QUOTE) this.skipPast(QUOTE, "a ' has no partner");
      else if (next === DOUBLE_QUOTE) this.skipPast(DOUBLE_QUOTE, 'a " has no partner');
      else if (next === BACKSLASH) this.skipEscaped();
    }
    this.tokens.push(new Token(TokenKind.word, this.line.substring(start, this.at)));
  }

  /** Moves past the next `quote`; a backslash hides a double quote. */
  private skipPast(quote: i32, error: string): void {
    while (this.peek(0) !== quote) {
      if (this.peek(0) < 0) {
        this.error = error;
        return;
      }
      if (quote === DOUBLE_QUOTE && this.peek(0) === BACKSLASH) this.at++;
      this.at++;
    }
    this.at++;
  }

  private skipEscaped(): void {
    if (this.peek(0) < 0) this.error = "nothing follows a \\";
    this.at++;
  }
}

function isBlank(unit: i32): bool {
  return unit === 0x20 || unit === 0x09 || unit === 0x0d;
}

function endsWord(unit: i32): bool {
  if (unit < 0 || isBlank(unit) || unit === NEWLINE) return true;
  return (
    unit === SEMICOLON || unit === AMPERSAND || unit === BAR || unit === LESS || unit === GREATER
  );
}
