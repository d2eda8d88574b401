// Comparisons whose reversal changes nothing that a test could see, each with the reason. One that
// is noticed after all, or is no longer in its file, is reported: it must leave the list.

export interface Equivalent {
  readonly file: string;
  /** The comparison as the source has it. */
  readonly text: string;
  readonly reason: string;
}

export const EQUIVALENTS: readonly Equivalent[] = [];
