// Ways to make the compiler's work harder, for its tests.

export interface Stress {
  /** Keep every value in memory between instructions. */
  readonly spillsAll?: boolean;
  /** Allocate three registers instead of seven, and three for floating-point numbers. */
  readonly fewRegisters?: boolean;
  /** Lay blocks out backwards. */
  readonly reversedBlocks?: boolean;
  /** Make tables of runs of stores, however short, where that is shorter. */
  readonly tabulatesStores?: boolean;
  /** Make code small as in a kernel, whatever it is for. */
  readonly isSmall?: boolean;
}
