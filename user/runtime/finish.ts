// What runs after `main` in programs made by `npx isthmus compile`: text that was printed without a
// final newline is still in the buffer.

import { abort } from "./abort";
import { flush } from "./output";

// asc compiles what only its library calls after it has looked for references on the stack, and
// then leaves calls of a function that does not exist. An export is compiled earlier; the linker
// drops it.
export { abort as _abort };

export function _finish(): void {
  flush();
}
