// The form of an entry in the table of mistakes, and of what is found in a file.

import type { Place } from "../../base/diagnostic";
import type { Subject } from "./subject";

/** One place where a mistake was made. */
export interface Finding {
  /** What was found and what was expected: one sentence, no full stop. */
  readonly what: string;
  /** The line to change, as it should be, or the option to give. */
  readonly change: string;
  /** The symbol, section or segment that it is about. */
  readonly subject: string;
  readonly place?: Place;
}

/** A row of the table: one mistake that people make, and everything there is to say about it. */
export interface Mistake {
  /** `LAY001`: stable, so that scripts and pages can name it. */
  readonly code: string;
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
}
