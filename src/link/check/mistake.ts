// The form of an entry in the table of mistakes, and of what is found in a file.
//
// How much a finding weighs is declared with its row, once:
//
//   error     it will not boot, or it breaks a law of the machine on a path that is taken
//   warning   most likely a mistake, though the kernel may boot
//   note      something was not checked, or is a matter of style
//
// A finding may weigh less than its row where the row says when (`milder`). What is about loading
// weighs less where a loader loads the kernel all the same (weigh.ts).

import type { Place } from "../../base/diagnostic";
import type { Subject } from "./subject";

/** From the least to the most. */
export const SEVERITIES = ["note", "warning", "error"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Whether `severity` is `least` or weighs more. */
export function isAtLeast(severity: Severity, least: Severity): boolean {
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(least);
}

/** One place where a mistake was made. */
export interface Finding {
  /** What was found and what was expected: one sentence, no full stop. */
  readonly what: string;
  /** The line to change, as it should be, or the option to give. */
  readonly change: string;
  /** The symbol, section or segment that it is about. */
  readonly subject: string;
  /** The function that makes it, where that is not the subject. */
  readonly within?: string | undefined;
  readonly place?: Place;
  /** Less than the row's. */
  readonly severity?: Severity;
}

/** A row of the table: one mistake that people make, and everything there is to say about it. */
export interface Mistake {
  /** `LAY001`: stable, so that scripts and pages can name it. */
  readonly code: string;
  readonly severity: Severity;
  /**
   * It matters only to boot loaders, so it is a warning if one loads the kernel all the same. What
   * is about the image, not its header, is also one if the kernel speaks no protocol that `check`
   * knows: it comes with a loader of its own then. What is about the protocol is one already if a
   * loader takes the kernel, though part of the image may not be where it should be.
   */
  readonly loading?: "header" | "image" | "protocol";
  /** When a finding of it weighs less: the end of the sentence "less if …". */
  readonly milder?: string;
  /** A few words: what is wrong. */
  readonly title: string;
  /** Why it breaks: what a person sees, and where it comes from. Paragraphs of plain text. */
  readonly why: string;
  /** What makes it, as a piece of a linker script, of code or of a command. */
  readonly wrong: string;
  /** The same piece, right. */
  readonly right: string;
  /** Which cases the file shows, where that is less than the title says. */
  readonly limits?: string;
  find(subject: Subject): Finding[];
}

/** A finding with the row that it belongs to. */
export interface CodedFinding extends Finding {
  readonly code: string;
  readonly title: string;
  readonly severity: Severity;
}

/** When a finding weighs less than its row says; undefined: never. */
export function lessIf({
  milder,
  loading,
}: Pick<Mistake, "milder" | "loading">): string | undefined {
  const own = "the kernel speaks no boot protocol that check knows";
  const cases = [
    ...(milder === undefined ? [] : [milder]),
    ...(loading === undefined ? [] : ["a loader loads the kernel all the same"]),
    ...(loading === "image" ? [own] : []),
  ];
  return cases.length === 0 ? undefined : cases.join("; or if ");
}
