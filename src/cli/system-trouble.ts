// Refusals of the operating system, wherever they come from, as diagnostics: a full disk or a
// folder without write permission is not a bug of isthmus and needs no stack trace.

import { Diagnostic } from "../base/diagnostic";
import { systemPath, systemReason } from "../base/system-error";

/** The refusal as a diagnostic; undefined if the error is of another kind. */
export function systemTrouble(error: unknown): Diagnostic | undefined {
  const reason = systemReason(error);
  if (reason === undefined) return undefined;
  const path = systemPath(error) ?? "a file";
  return new Diagnostic(
    "CLI011",
    `${path} cannot be used: ${reason}`,
    "Make room, or see who may read and write there.",
  );
}
