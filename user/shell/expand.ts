// What a word of a command line stands for.
//
//   'text'     as it is
//   "text"     but variables are replaced, and \ takes away the meaning of " $ \
//   \x         x as it is
//   $NAME      a variable of the environment; $? the last status; $$ the shell's process
//
// A variable gives one word, never several: there is no field splitting and no globbing.

const QUOTE: i32 = 0x27;
const DOUBLE_QUOTE: i32 = 0x22;
const BACKSLASH: i32 = 0x5c;
const DOLLAR: i32 = 0x24;
const QUESTION_MARK: i32 = 0x3f;

/** Gives the values of `$NAME`, `$?` and `$$`. */
export abstract class Variables {
  abstract lookup(name: string): string;
}

/** The text of a word whose quotes are balanced. */
export function expand(word: string, variables: Variables): string {
  return new Expander(word, variables).expand();
}

class Expander {
  private text: string = "";
  private at: i32 = 0;

  constructor(
    private readonly word: string,
    private readonly variables: Variables,
  ) {}

  expand(): string {
    let isQuoted = false;
    while (this.at < this.word.length) {
      const next = this.unit(0);
      if (next === DOUBLE_QUOTE) {
        isQuoted = !isQuoted;
        this.at++;
      } else if (next === QUOTE && !isQuoted) this.quoted();
      else if (next === BACKSLASH && (!isQuoted || isSpecial(this.unit(1)))) this.escaped();
      else if (next === DOLLAR) this.variable();
      else this.copy();
    }
    return this.text;
  }

  private unit(distance: i32): i32 {
    const at = this.at + distance;
    return at < this.word.length ? this.word.charCodeAt(at) : -1;
  }

  private copy(): void {
    this.text += this.word.charAt(this.at++);
  }

  private quoted(): void {
    const end = this.word.indexOf("'", this.at + 1);
    this.text += this.word.substring(this.at + 1, end);
    this.at = end + 1;
  }

  private escaped(): void {
    this.at++;
    this.copy();
  }

  private variable(): void {
    const start = ++this.at;
    const next = this.unit(0);
    if (next === QUESTION_MARK || next === DOLLAR) this.at++;
    else while (isNamePart(this.unit(0))) this.at++;
    const name = this.word.substring(start, this.at);
    this.text += name.length === 0 ? "$" : this.variables.lookup(name);
  }
}

/** The characters that a backslash escapes within double quotes. */
function isSpecial(unit: i32): bool {
  return unit === DOUBLE_QUOTE || unit === DOLLAR || unit === BACKSLASH;
}

function isNamePart(unit: i32): bool {
  const letter = unit | 0x20;
  return (letter >= 0x61 && letter <= 0x7a) || (unit >= 0x30 && unit <= 0x39) || unit === 0x5f;
}
