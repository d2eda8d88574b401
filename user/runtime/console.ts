// `console` and `process` for programs made by `npx isthmus compile`: the names that users of
// TypeScript know, on file descriptors 1 and 2. Every call writes whole lines.

import { flush, print, printLine, STANDARD_ERROR, STANDARD_OUTPUT, use } from "./output";
import { exit } from "./system-calls";

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

  /** Prints a message if `condition` does not hold, and goes on. */
  export function assert<T>(condition: T, message: string = ""): void {
    if (condition) return;
    use(STANDARD_ERROR);
    print("Assertion failed");
    if (message.length > 0) print(": ");
    error(message);
  }
}

export namespace process {
  /** Ends the program; does not return. */
  export function exit(status: i32 = 0): void {
    leave(status);
  }
}

function leave(status: i32): void {
  flush();
  exit(status);
}
