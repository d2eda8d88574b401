// The lines that were entered, and which of them the user has gone back to.

const LIMIT: i32 = 200;

export class History {
  private readonly lines: string[] = [];
  /** The line that is shown; lines.length: the new one. */
  private shown: i32 = 0;
  /** What was typed on the new line before going back. */
  private draft: string = "";

  /** Remembers a line, unless it is empty or the same as the last one. */
  add(line: string): void {
    const count = this.lines.length;
    if (line.trim().length === 0 || (count > 0 && this.lines[count - 1] === line)) return;
    if (count === LIMIT) this.lines.shift();
    this.lines.push(line);
  }

  /** How many lines there are. */
  get count(): i32 {
    return this.lines.length;
  }

  /** A line by its place: 0 is the oldest. */
  at(index: i32): string {
    return this.lines[index];
  }

  /** Goes to the new line. */
  rewind(): void {
    this.shown = this.lines.length;
    this.draft = "";
  }

  /** The line before the shown one, whose text is `current`. */
  older(current: string): string {
    if (this.shown === 0) return current;
    if (this.shown === this.lines.length) this.draft = current;
    this.shown--;
    return this.lines[this.shown];
  }

  newer(current: string): string {
    if (this.shown === this.lines.length) return current;
    this.shown++;
    return this.shown === this.lines.length ? this.draft : this.lines[this.shown];
  }
}
