// ^R: looks for a line of the history by a part of it, backwards.
//
//   search: make_     make test
//           what was  the newest line that has it; ^R again: the next older one
//           typed
//
// The editor shows both; any key but letters, erase and ^R takes the line that was found.

import { History } from "./history";

export class HistorySearch {
  /** What is looked for. */
  pattern: string = "";
  /** Whether the history has it. */
  isFound: bool = true;
  /** How many lines of the history are older than the one that was found. */
  private at: i32;

  constructor(
    private readonly history: History,
    /** The line that was found; at first the one that was being edited. */
    public line: string,
  ) {
    this.at = history.count;
  }

  /** Looks for one letter more, first in the line that was found. */
  extend(text: string): void {
    this.pattern += text;
    this.findFrom(this.at);
  }

  /** Looks for one letter less, from the newest line on. */
  shorten(): void {
    const last = this.pattern.length - 1;
    const isPair = last > 0 && (this.pattern.charCodeAt(last) & 0xfc00) === 0xdc00;
    this.pattern = this.pattern.substring(0, max(isPair ? last - 1 : last, 0));
    this.findFrom(this.history.count);
  }

  /** Looks for the next older line. */
  older(): void {
    this.findFrom(this.at - 1);
  }

  private findFrom(start: i32): void {
    this.isFound = this.pattern.length === 0;
    if (this.isFound) return;
    for (let at = min(start, this.history.count - 1); at >= 0; at--) {
      const line = this.history.at(at);
      if (!line.includes(this.pattern)) continue;
      this.at = at;
      this.line = line;
      this.isFound = true;
      return;
    }
  }
}
