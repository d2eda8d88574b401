// Assertions on what the linker says about bad input.

import assert from "node:assert/strict";
import { Diagnostic, Diagnostics, formatDiagnostic } from "../../src/base/diagnostic";

/** Runs `action`, which must throw exactly these codes, and returns the text that a user sees. */
export function diagnosed(codes: string | readonly string[], action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (!(error instanceof Diagnostic)) throw error;
    const list = error instanceof Diagnostics ? error.list : [error];
    const wanted = typeof codes === "string" ? [codes] : codes;
    assert.deepEqual(
      list.map(({ code }) => code),
      wanted,
      formatDiagnostic(error),
    );
    return formatDiagnostic(error);
  }
  return assert.fail(`nothing was diagnosed, expected ${codes}`);
}
