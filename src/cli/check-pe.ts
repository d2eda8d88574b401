// What `check` says of a PE file: which firmware loads it, or why it does not.

import type { PeReport } from "../link/check/judge-pe";
import { print, printJson } from "./terminal";

const VERB = { loads: "loads it", refuses: "refuses it" } as const;

/** Prints the report, as text or as one JSON document. */
export function printPe(file: string, report: PeReport, asJson: boolean): void {
  const { machine, loader, outcome, reasons, notes } = report;
  if (asJson) {
    const verdicts = loader === undefined ? [] : [{ loader, outcome, reasons }];
    printJson({ ok: outcome === "loads", file, format: "pe", machine, verdicts, reasons, notes });
    return;
  }
  print(`${file}: a PE file for ${machine}`);
  print(`  ${loader ?? "UEFI"} ${VERB[outcome]}${reasons.length === 0 ? "" : ":"}`);
  for (const reason of reasons) print(`    ${reason}`);
  for (const note of notes) print(`  note: ${note}`);
}
