// Reads a line from a terminal in raw mode: editing, history and completion.
//
//   prompt | text before the cursor | text after it
//          ^ first                    the part that fits in the terminal's width is shown
//
// The line never wraps: what does not fit scrolls sideways, with < and > where it goes on, so that
// nothing depends on how a terminal wraps. A character counts as one column.

import { flush, holdNewline, print, printByte } from "../runtime/output";
import { terminalColumns } from "../runtime/terminal";
import { History } from "./history";
import { HistorySearch } from "./history-search";
import { isKeyWaiting, Key, readKey } from "./keyboard";

/** Knows what an unfinished word could become. */
export abstract class Completer {
  /** What the last word of `before` could be, sorted. */
  abstract candidates(before: string): string[];
  /** How long the last word of `before` is. */
  abstract wordLength(before: string): i32;
}

/** How editing a line ended. */
export enum Ending {
  none,
  entered,
  /** ^C: the line is dropped. */
  cancelled,
  /** ^D on an empty line, or nothing more to read. */
  endOfInput,
}

const BELL: u32 = 0x07;
const CONTROL_A: i32 = 0x01;
const CONTROL_B: i32 = 0x02;
const CONTROL_C: i32 = 0x03;
const CONTROL_D: i32 = 0x04;
const CONTROL_E: i32 = 0x05;
const CONTROL_F: i32 = 0x06;
const CONTROL_H: i32 = 0x08;
const TAB: i32 = 0x09;
const CONTROL_G: i32 = 0x07;
const CONTROL_K: i32 = 0x0b;
const CONTROL_L: i32 = 0x0c;
const CONTROL_N: i32 = 0x0e;
const CONTROL_P: i32 = 0x10;
const CONTROL_R: i32 = 0x12;
const CONTROL_U: i32 = 0x15;
const CONTROL_W: i32 = 0x17;
const CONTROL_Z: i32 = 0x1a;
const DELETE: i32 = 0x7f;
const GAP: i32 = 2;
const CLEAR_SCREEN = "\x1b[H\x1b[2J";
const NOTHING_TO_STOP =
  "^Z: stops a program that runs; jobs lists those, fg and bg let them run on";

export class LineEditor {
  private text: string = "";
  private cursor: i32 = 0;
  /** The first code unit that is shown. */
  private first: i32 = 0;
  private prompt: string = "";
  private ending: Ending = Ending.none;
  /** Not null after ^R. */
  private search: HistorySearch | null = null;

  constructor(
    private readonly history: History,
    private readonly completer: Completer,
  ) {}

  /** The line that was entered. */
  get line(): string {
    return this.text;
  }

  /**
   * Lets the user edit a line. The terminal must be in raw mode. The newline after it is held back:
   * who sees it may type at once for the program that the line starts, so it must not appear before
   * the terminal is as that program finds it.
   */
  edit(prompt: string): Ending {
    this.prompt = prompt;
    this.text = "";
    this.cursor = 0;
    this.first = 0;
    this.ending = Ending.none;
    this.search = null;
    this.history.rewind();
    this.show();
    while (this.ending === Ending.none) {
      this.handle(readKey());
      if (this.ending === Ending.none && !isKeyWaiting()) this.show();
    }
    this.cursor = this.text.length;
    this.show();
    if (this.ending === Ending.cancelled) print("^C");
    flush();
    holdNewline();
    return this.ending;
  }

  private handle(key: i32): void {
    const search = this.search;
    if (search !== null && this.continueSearch(search, key)) return;
    if (key === 0x0d || key === 0x0a) this.ending = Ending.entered;
    else if (key === Key.endOfInput) this.ending = Ending.endOfInput;
    else if (key >= Key.up || key < 0x20 || key === DELETE) this.control(key);
    else this.insert(String.fromCodePoint(key));
  }

  /** What a key does after ^R; false: it ends the search and does what it always does. */
  private continueSearch(search: HistorySearch, key: i32): bool {
    if (key === CONTROL_R) search.older();
    else if (key === CONTROL_H || key === DELETE) search.shorten();
    else if (key >= 0x20 && key < Key.up) search.extend(String.fromCodePoint(key));
    else {
      this.search = null;
      if (key === CONTROL_G) return true;
      this.replace(search.line);
      return false;
    }
    if (!search.isFound) printByte(BELL);
    return true;
  }

  private control(key: i32): void {
    switch (key) {
      case CONTROL_C:
        this.ending = Ending.cancelled;
        break;
      case CONTROL_D:
        if (this.text.length === 0) this.ending = Ending.endOfInput;
        else this.remove(this.cursor, this.after(this.cursor));
        break;
      case CONTROL_H:
      case DELETE:
        this.remove(this.before(this.cursor), this.cursor);
        break;
      case Key.remove:
        this.remove(this.cursor, this.after(this.cursor));
        break;
      case CONTROL_U:
        this.remove(0, this.cursor);
        break;
      case CONTROL_K:
        this.remove(this.cursor, this.text.length);
        break;
      case CONTROL_W:
        this.remove(this.wordBefore(), this.cursor);
        break;
      case CONTROL_L:
        print(CLEAR_SCREEN);
        break;
      case CONTROL_R:
        this.search = new HistorySearch(this.history, this.text);
        break;
      case CONTROL_Z:
        print(`\n${NOTHING_TO_STOP}\n`);
        break;
      case TAB:
        this.complete();
        break;
      case CONTROL_P:
      case Key.up:
        this.replace(this.history.older(this.text));
        break;
      case CONTROL_N:
      case Key.down:
        this.replace(this.history.newer(this.text));
        break;
      default:
        this.move(key);
    }
  }

  private move(key: i32): void {
    switch (key) {
      case CONTROL_A:
      case Key.home:
        this.cursor = 0;
        break;
      case CONTROL_E:
      case Key.end:
        this.cursor = this.text.length;
        break;
      case CONTROL_B:
      case Key.left:
        this.cursor = this.before(this.cursor);
        break;
      case CONTROL_F:
      case Key.right:
        this.cursor = this.after(this.cursor);
        break;
      case Key.wordLeft:
        this.cursor = this.wordBefore();
        break;
      case Key.wordRight:
        this.cursor = this.wordAfter();
        break;
      default:
        printByte(BELL);
    }
  }

  private insert(text: string): void {
    this.text = this.text.substring(0, this.cursor) + text + this.text.substring(this.cursor);
    this.cursor += text.length;
  }

  private remove(start: i32, end: i32): void {
    if (start === end) printByte(BELL);
    this.text = this.text.substring(0, start) + this.text.substring(end);
    this.cursor = start;
  }

  private replace(text: string): void {
    this.text = text;
    this.cursor = text.length;
  }

  /** The place one character to the left; a surrogate pair is one character. */
  private before(at: i32): i32 {
    if (at === 0) return 0;
    return at > 1 && isLowSurrogate(this.text.charCodeAt(at - 1)) ? at - 2 : at - 1;
  }

  private after(at: i32): i32 {
    if (at >= this.text.length) return at;
    const next = at + 1;
    return next < this.text.length && isLowSurrogate(this.text.charCodeAt(next)) ? next + 1 : next;
  }

  private wordBefore(): i32 {
    let at = this.cursor;
    while (at > 0 && this.text.charCodeAt(at - 1) === 0x20) at--;
    while (at > 0 && this.text.charCodeAt(at - 1) !== 0x20) at--;
    return at;
  }

  private wordAfter(): i32 {
    let at = this.cursor;
    while (at < this.text.length && this.text.charCodeAt(at) === 0x20) at++;
    while (at < this.text.length && this.text.charCodeAt(at) !== 0x20) at++;
    return at;
  }

  /** Completes as far as is certain; if that adds nothing, shows the candidates. */
  private complete(): void {
    const before = this.text.substring(0, this.cursor);
    const found = this.completer.candidates(before);
    const known = this.completer.wordLength(before);
    const common = commonPrefix(found);
    if (found.length === 1) {
      const done = found[0].endsWith("/") ? found[0] : `${found[0]} `;
      this.insert(done.substring(known));
    } else if (common.length > known) {
      this.insert(common.substring(known));
    } else {
      printByte(BELL);
      if (found.length > 1) printCandidates(found);
    }
  }

  /** Draws the line again and puts the cursor where it belongs. */
  private show(): void {
    const search = this.search;
    if (search !== null) this.draw(searchPrompt(search), search.line, search.line.length);
    else this.draw(this.prompt, this.text, this.cursor);
  }

  private draw(prompt: string, text: string, cursor: i32): void {
    const room = max(<i32>terminalColumns() - prompt.length - 1, 8);
    // The cursor never is on a mark: where the line goes on, a column is left for it.
    const last = cursor < text.length ? room - 2 : room;
    if (cursor <= this.first) this.first = max(cursor - 1, 0);
    if (cursor - this.first > last) this.first = cursor - last;
    let shown = text.substr(this.first, room);
    if (this.first > 0) shown = `<${shown.substring(1)}`;
    if (this.first + room < text.length) shown = `${shown.substring(0, room - 1)}>`;
    print("\r");
    print(prompt);
    print(shown);
    print("\x1b[K");
    const back = shown.length - (cursor - this.first);
    if (back > 0) print(`\x1b[${back}D`);
    flush();
  }
}

function searchPrompt(search: HistorySearch): string {
  return `${search.isFound ? "search" : "not found"}: ${search.pattern}_  `;
}

function isLowSurrogate(unit: i32): bool {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

function commonPrefix(texts: string[]): string {
  if (texts.length === 0) return "";
  let length = texts[0].length;
  for (let i = 1; i < texts.length; i++) {
    length = min(length, texts[i].length);
    while (!texts[i].startsWith(texts[0].substring(0, length))) length--;
  }
  return texts[0].substring(0, length);
}

function printCandidates(texts: string[]): void {
  print("\n");
  let column = 0;
  const columns = <i32>terminalColumns();
  for (let i = 0; i < texts.length; i++) {
    if (column !== 0 && column + texts[i].length + GAP > columns) {
      print("\n");
      column = 0;
    }
    print(texts[i]);
    print("  ");
    column += texts[i].length + GAP;
  }
  print("\n");
}
