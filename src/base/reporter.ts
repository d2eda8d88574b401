// Collects what the passes find wrong, so that one link reports all of it.

import { Diagnostic, Diagnostics, type Place } from "./diagnostic";

/** How many errors one run shows: the rest are mostly consequences. */
const SHOWN = 20;

export class Reporter {
  readonly warnings: Diagnostic[] = [];
  readonly #errors: Diagnostic[] = [];

  error(code: string, text: string, remedy: string, place?: Place): void {
    this.#errors.push(new Diagnostic(code, text, remedy, place));
  }

  warning(code: string, text: string, remedy: string, place?: Place): void {
    this.warnings.push(new Diagnostic(code, text, remedy, place));
  }

  /**
   * Throws what was reported so far: passes after a barrier rely on what those before it checked.
   */
  barrier(): void {
    const [first, ...rest] = this.#errors.slice(0, SHOWN);
    if (!first) return;
    throw rest.length === 0 ? first : new Diagnostics([first, ...rest]);
  }
}
