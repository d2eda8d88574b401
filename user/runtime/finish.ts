// What runs after `main` in programs that are compiled by `npx isthmus compile`: text that was
// printed without a newline at its end is still in the buffer.

import { flush } from "./output";

export function _finish(): void {
  flush();
}
