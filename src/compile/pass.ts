// What every pass says of itself: the rows of ir-pipeline.ts and code-pipeline.ts.

/**
 * -O0: what correct code needs, and no more; -O1: what is cheap for what it gains, small code that
 * folds its operands; -O2: everything.
 */
export type Level = 0 | 1 | 2;

export interface PassFacts {
  /** The lowest level that runs it. */
  readonly level: Level;
  /** Its name in textbooks, and what it does here. */
  readonly what: string;
}
