// `console` and `process` for programs made by `npx isthmus compile`: the names that users of
// TypeScript know, on file descriptors 1 and 2. Every call writes whole lines.

import { nanoseconds } from "./clock";
import { flush, print, printLine, STANDARD_ERROR, STANDARD_OUTPUT, use } from "./output";
import { program_arguments } from "./symbols";
import { exit } from "./system-calls";
import { fromC } from "./text";

/** When each time began, by its name, once one has. */
let known: Map<string, u64> | null = null;

function timers(): Map<string, u64> {
  const found = known;
  if (found !== null) return found;
  const made = new Map<string, u64>();
  known = made;
  return made;
}

const MICROSECOND: u64 = 1000;
const MILLISECOND: u64 = 1000 * MICROSECOND;
const SECOND: u64 = 1000 * MILLISECOND;

/** A time as Node prints it, of less than a minute: `12.345ms`, `1.234s`. */
function duration(time: u64): string {
  if (time < SECOND) return `${thousandths(time / MICROSECOND)}ms`;
  const text = (time / MILLISECOND).toString();
  return `${text.slice(0, -3)}.${text.slice(-3)}s`;
}

/** A number of thousandths without zeros at the end. */
function thousandths(count: u64): string {
  const text = (1000 + (count % 1000)).toString().slice(1);
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 0x30) end--;
  const whole = (count / 1000).toString();
  return end === 0 ? whole : `${whole}.${text.slice(0, end)}`;
}

export namespace console {
  export function log(message: string = ""): void {
    use(STANDARD_OUTPUT);
    printLine(message);
  }

  export function info(message: string = ""): void {
    log(message);
  }

  export function debug(message: string = ""): void {
    log(message);
  }

  export function error(message: string = ""): void {
    use(STANDARD_ERROR);
    printLine(message);
    use(STANDARD_OUTPUT);
  }

  export function warn(message: string = ""): void {
    error(message);
  }

  /** Begins to measure a time that has this name. */
  export function time(label: string = "default"): void {
    if (timers().has(label)) warn(`Warning: Label '${label}' already exists for console.time()`);
    else timers().set(label, nanoseconds());
  }

  /** Prints how much time has passed, and goes on. */
  export function timeLog(label: string = "default"): void {
    const now = nanoseconds();
    if (timers().has(label)) log(`${label}: ${duration(now - timers().get(label))}`);
    else warn(`Warning: No such label '${label}' for console.timeLog()`);
  }

  /** Prints how much time has passed since `time`, and forgets the name. */
  export function timeEnd(label: string = "default"): void {
    const now = nanoseconds();
    if (timers().has(label)) log(`${label}: ${duration(now - timers().get(label))}`);
    else warn(`Warning: No such label '${label}' for console.timeEnd()`);
    timers().delete(label);
  }

  /** Prints a message if `condition` does not hold, and goes on. */
  export function assert<T>(condition: T, message: string = ""): void {
    if (condition) return;
    use(STANDARD_ERROR);
    print("Assertion failed");
    if (message.length > 0) print(": ");
    error(message);
  }
}

/** What the user of a program typed, and the program's end. */
// biome-ignore lint/complexity/noStaticOnlyClass: a namespace has no getters
export class process {
  private static words: string[] | null = null;

  /** The program's name and its arguments. */
  static get argv(): string[] {
    const words = process.words;
    if (words !== null) return words;
    const list: string[] = [];
    let at = load<usize>(program_arguments());
    for (; load<usize>(at) !== 0; at += sizeof<usize>()) list.push(fromC(load<usize>(at)));
    process.words = list;
    return list;
  }

  /** Ends the program; does not return. */
  static exit(status: i32 = 0): void {
    leave(status);
  }
}

function leave(status: i32): void {
  flush();
  exit(status);
}
